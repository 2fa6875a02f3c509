import type { Run, RunOperation } from "@netconductor/contracts/tasks/model";
import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useApi } from "../../api/context.tsx";
import type { LiveState } from "../../api/live.ts";
import { type Operations, withNews } from "./operations.ts";
import { createStepsReader } from "./procedure/use-steps.ts";
import { createRunFeed, type RunFeed } from "./run-feed.ts";

const operationsAtOnce = 500;
const readAgainAfter_ms = 1_500;
const askEvery_ms = 3_000;

/** Whether nothing in a run happens any more, unless somebody decides so. */
export function hasEnded({ finished_at }: Run): boolean {
	return finished_at !== null;
}

/** All operations of a run, as far as they were read: shown from the first answer on. */
export function useOperations(run_id: string, enabled = true) {
	const api = useApi();
	const queries = useQueryClient();
	return useQuery({
		queryKey: ["operations", run_id],
		queryFn: async ({ signal, queryKey }) => {
			for (let page = 1; ; page++) {
				const query = { page, page_size: operationsAtOnce };
				const { items, total } = await api.tasks.listOperations({ params: { id: run_id }, query }, { signal });
				const known = withNews(queries.getQueryData<Operations>(queryKey), items);
				if (items.length === 0 || page * operationsAtOnce >= total) return known;
				queries.setQueryData<Operations>(queryKey, known);
			}
		},
		structuralSharing: false,
		staleTime: Number.POSITIVE_INFINITY,
		enabled,
	});
}

function tellOperations(queries: QueryClient, run_id: string, news: readonly RunOperation[]): void {
	queries.setQueryData<Operations>(["operations", run_id], (known) => withNews(known, news));
}

/** Operations as an answer of the API brought them. */
export function useTellOperations(run_id: string): (news: readonly RunOperation[]) => void {
	const queries = useQueryClient();
	return (news) => tellOperations(queries, run_id, news);
}

/**
 * A run that the page follows: what it tells goes into what the page shows of it. While it goes on, a connection of its own tells of every
 * operation and of the output; after its end, what is heard of all runs tells whether there is something to read again.
 */
export function useLiveRun(run: Run): { state: LiveState; feed: RunFeed } {
	const api = useApi();
	const queries = useQueryClient();
	const { id } = run;
	const [feed] = useState(() => createRunFeed(api, id));
	const [readSteps] = useState(() => createStepsReader(queries, id));
	const [state, setState] = useState<LiveState>(hasEnded(run) ? "ended" : "connecting");
	const goesOn = !hasEnded(run);
	const [following, setFollowing] = useState(goesOn);
	if (goesOn && !following && state !== "refused") setFollowing(true);

	useEffect(() => {
		if (!following) return;
		return feed.follow({
			onRun: (news) => queries.setQueryData(["run", id], news),
			onOperations: (news) => tellOperations(queries, id, news),
			onSteps: readSteps,
			onState(now) {
				setState(now);
				if (now === "ended" || now === "refused") setFollowing(false);
			},
		});
	}, [feed, following, readSteps, queries, id]);

	useEffect(() => {
		if (!following || state !== "lost") return;
		// Where no connection is to be had the page asks: a proxy may let none through.
		let asking = false;
		const timer = setInterval(async () => {
			if (asking) return;
			asking = true;
			try {
				const now = await api.tasks.getRun({ params: { id } });
				queries.setQueryData(["run", id], now);
				await feed.catchUp();
				readSteps();
				if (!hasEnded(now)) return;
				setState("ended");
				setFollowing(false);
			} catch {
				// The server is away; the state says so, and the next time may go better.
			} finally {
				asking = false;
			}
		}, askEvery_ms);
		return () => clearInterval(timer);
	}, [api, feed, following, state, readSteps, queries, id]);

	useReadAgain(queries, run, following && state === "live", readSteps);
	return { state, feed };
}

/** What stands on counts is read again when they changed, at most so often. */
function useReadAgain(
	queries: QueryClient,
	{ id, status, counts, waiting_for }: Run,
	live: boolean,
	readSteps: () => void,
): void {
	const told = `${status} ${waiting_for?.since} ${Object.values(counts).join(" ")}`;
	const known = useRef(told);
	const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
	const isLive = useRef(live);
	isLive.current = live;
	useEffect(() => {
		if (known.current === told) return;
		known.current = told;
		timer.current ??= setTimeout(() => {
			timer.current = undefined;
			void queries.invalidateQueries({ queryKey: ["groups", id] });
			readSteps();
			if (!isLive.current) void queries.invalidateQueries({ queryKey: ["operations", id] });
		}, readAgainAfter_ms);
	}, [told, readSteps, queries, id]);
	useEffect(() => () => clearTimeout(timer.current), []);
}
