import { DashboardMessage } from "@netconductor/contracts/realtime/messages";
import { type Query, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useApi } from "../api/context.tsx";
import { followLive, type LiveState } from "../api/live.ts";

declare module "@tanstack/react-query" {
	interface Register {
		queryMeta: {
			/** Kinds of things that the answer shows besides the one that its key begins with. */
			shows?: readonly string[];
		};
	}
}

function isAbout(kinds: ReadonlySet<string>) {
	return ({ queryKey: [first], meta }: Query) =>
		kinds.has(String(first)) || (meta?.shows?.some((kind) => kinds.has(kind)) ?? false);
}

/**
 * Keeps what is on the screen current without asking: when the server says that things of a kind have changed, the queries whose key
 * begins with that kind, or whose `meta.shows` names it, are read again.
 */
export function useLiveChanges(): LiveState {
	const api = useApi();
	const queries = useQueryClient();
	const [live, setLive] = useState<LiveState>("connecting");
	useEffect(() => {
		let was_lost = false;
		const readAgain = (...kinds: string[]) => void queries.invalidateQueries({ predicate: isAbout(new Set(kinds)) });
		return followLive({
			api,
			path: () => "/ws/dashboard",
			read: (message) => DashboardMessage.parse(message),
			onMessage: (message) => {
				if (message.type === "changed") return readAgain(message.what);
				queries.setQueryData(["run", message.run.id], message.run);
				readAgain("runs");
			},
			onState: (state) => {
				setLive(state);
				// What changed while nobody listened is not told later.
				if (state === "live" && was_lost) void queries.invalidateQueries();
				was_lost = state === "lost" || (was_lost && state !== "live");
			},
		});
	}, [api, queries]);
	return live;
}
