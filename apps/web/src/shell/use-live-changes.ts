import type { CursorPage } from "@netconductor/contracts/kernel/page";
import { DashboardMessage } from "@netconductor/contracts/realtime/messages";
import type { Run } from "@netconductor/contracts/tasks/model";
import { type InfiniteData, type Query, type QueryClient, useQueryClient } from "@tanstack/react-query";
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
 * A run that goes on is told of twice a second, with all there is to know: histories that show it have it put in its place. They are read
 * again when it is new to them, or its status changed and with it perhaps its place among filters.
 */
function tellOfRun(queries: QueryClient, run: Run): void {
	queries.setQueryData(["run", run.id], run);
	const asTold = new Set<string>();
	for (const { queryHash, queryKey } of queries.getQueryCache().findAll({ queryKey: ["runs", "history"] })) {
		queries.setQueryData<InfiniteData<CursorPage<Run>>>(queryKey, (data) => {
			const before = data?.pages.flatMap(({ items }) => items).find(({ id }) => id === run.id);
			if (data === undefined || before === undefined) return data;
			if (before.status === run.status) asTold.add(queryHash);
			return {
				...data,
				pages: data.pages.map((page) => ({
					...page,
					items: page.items.map((item) => (item.id === run.id ? run : item)),
				})),
			};
		});
	}
	const isAboutRuns = isAbout(new Set(["runs"]));
	void queries.invalidateQueries({ predicate: (query) => isAboutRuns(query) && !asTold.has(query.queryHash) });
}

// Who is signed in is asked before the frame is there.
const asksAhead_ms = 2_000;

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
		const began = performance.now();
		const readAgain = (...kinds: string[]) => void queries.invalidateQueries({ predicate: isAbout(new Set(kinds)) });
		return followLive({
			api,
			// What changed since this page asked its first questions is told, too. After a loss everything is read again anyway.
			path: () =>
				was_lost ? "/ws/dashboard" : `/ws/dashboard?past_ms=${Math.ceil(performance.now() - began + asksAhead_ms)}`,
			// A page that was opened before an upgrade may hear of what it does not know.
			read: (message) => DashboardMessage.safeParse(message).data,
			onMessage: (message) => {
				if (message === undefined) return;
				if (message.type === "changed") readAgain(message.what);
				else if (message.type === "run") tellOfRun(queries, message.run);
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
