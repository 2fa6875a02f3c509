import { DashboardMessage } from "@netconductor/contracts/realtime/messages";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useApi, usePermitted } from "../api/context.tsx";
import { followLive } from "../api/live.ts";

/** Lists that show a kind of thing, by the first word of their query's key. */
const shownBy: Record<Extract<DashboardMessage, { type: "changed" }>["what"], string[]> = {
	devices: ["devices", "device"],
	backups: ["backups", "history", "device", "devices"],
	snapshots: ["snapshots"],
	workers: ["workers"],
};

/** Keeps what is on the screen current: what the server says has changed is read again. */
export function useDashboard(): void {
	const api = useApi();
	const queries = useQueryClient();
	const allowed = usePermitted()("runs:read");
	useEffect(() => {
		if (!allowed) return;
		let was_lost = false;
		const readAgain = (words: string[]) => {
			for (const word of words) void queries.invalidateQueries({ queryKey: [word] });
		};
		return followLive({
			api,
			path: () => "/ws/dashboard",
			read: (message) => DashboardMessage.parse(message),
			onMessage: (message) => {
				if (message.type === "changed") return readAgain(shownBy[message.what]);
				queries.setQueryData(["run", message.run.id], message.run);
				readAgain(message.run.finished_at === null ? ["runs"] : ["runs", "devices", "device", "history"]);
			},
			onState: (state) => {
				// What changed while nobody listened is not told later.
				if (state === "live" && was_lost) void queries.invalidateQueries();
				was_lost = state === "lost" || (was_lost && state !== "live");
			},
		});
	}, [api, queries, allowed]);
}
