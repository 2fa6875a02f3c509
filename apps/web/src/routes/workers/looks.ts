import type { Worker } from "@netconductor/contracts/tasks/model";
import type { z } from "zod";
import type { State } from "../../ui/state.tsx";

export type WorkerRow = z.output<typeof Worker>;

export const workerLooks: Record<WorkerRow["status"], Parameters<typeof State>[0]> = {
	online: { tone: "good", icon: "ok", word: "Online" },
	draining: { tone: "warn", icon: "clock", word: "Finishing" },
	lost: { tone: "bad", icon: "unplugged", word: "Lost" },
	stopped: { tone: "calm", icon: "stop", word: "Stopped" },
};
