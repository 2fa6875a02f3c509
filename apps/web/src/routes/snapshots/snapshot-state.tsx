import type { Snapshot, SnapshotCell } from "@netconductor/contracts/backup/model";
import type { z } from "zod";
import { type Look, State } from "../../ui/state.tsx";

export const snapshotLooks: Record<Snapshot["status"], Look> = {
	running: { tone: "busy", icon: "running", word: "Running" },
	complete: { tone: "good", icon: "ok", word: "Complete" },
	partial: { tone: "warn", icon: "warning", word: "Partly failed" },
	failed: { tone: "bad", icon: "cross", word: "Failed" },
};

export const cellLooks: Record<z.infer<typeof SnapshotCell>["status"], Look> = {
	first: { tone: "calm", icon: "plus", word: "First backup" },
	changed: { tone: "busy", icon: "edit", word: "Changed" },
	unchanged: { tone: "good", icon: "ok", word: "Unchanged" },
	failed: { tone: "bad", icon: "cross", word: "Failed" },
	absent: { tone: "calm", icon: "minus", word: "Not part of it" },
};

export function SnapshotState({ status }: { status: Snapshot["status"] }) {
	return <State {...snapshotLooks[status]} />;
}
