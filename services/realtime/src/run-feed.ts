import type { Client } from "@netconductor/contracts/kernel/client";
import { RunProgress, type TaskMessage } from "@netconductor/contracts/realtime/messages";
import type { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Run, RunOperation } from "@netconductor/contracts/tasks/model";
import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { Log } from "@netconductor/runtime/log";
import { backlogLimitBytes, type Watcher } from "./watcher.ts";

interface Needs {
	tasks: Pick<Client<typeof tasksApi, CallerContext>, "getRun" | "listOperations" | "readOutput">;
	account: CallerContext;
	ephemeral: Ephemeral;
	log: Log;
}

export interface RunFeeds {
	start(): Promise<void>;
	stop(): Promise<void>;
	/**
	 * Sends a run to a watcher: its state, its operations, its output after `after`, then everything new, then the end.
	 * Resolves when the watcher has everything or is gone.
	 * @throws runs.not_found
	 */
	watch(run_id: string, after: number, watcher: Watcher): Promise<void>;
}

const ended = new Set<Run["status"]>(["succeeded", "partial", "failed", "cancelled", "needs_attention"]);
const pageOfOutput = 1000;
const pageOfOperations = 500;
// Progress messages may be lost, so each feed also looks by itself.
const lookEvery_ms = 1_500;
const stateEvery_ms = 700;
/** A step may take a few milliseconds; whoever watches reads them a few times a second. */
const stepsEvery_ms = 400;
/** Word that steps changed may be lost, too. */
const stepsAnyway_ms = 5_000;

interface RunState {
	run: Run;
	operations: RunOperation[];
}

/** One reader per watched run, however many watch it. */
export function createRunFeeds({ tasks, account, ephemeral, log }: Needs): RunFeeds {
	const wakers = new Map<string, Set<(news: RunProgress) => void>>();
	let unsubscribe: (() => unknown) | undefined;
	const stopping = new AbortController();

	function onWake(run_id: string, fn: (news: RunProgress) => void): () => void {
		const forRun = wakers.get(run_id) ?? new Set();
		forRun.add(fn);
		wakers.set(run_id, forRun);
		return () => {
			forRun.delete(fn);
			if (forRun.size === 0) wakers.delete(run_id);
		};
	}

	/** Reads shared by watchers at the same place: the text of a page is made once. */
	const pages = new Map<string, Promise<{ texts: string[]; next_after: number; ended: boolean }>>();
	function readPage(run_id: string, after: number) {
		const key = `${run_id} ${after}`;
		const underway = pages.get(key);
		if (underway !== undefined) return underway;
		const page = tasks
			.readOutput({ params: { id: run_id }, query: { after, limit: pageOfOutput } }, account)
			.then(({ items, next_after, ended }) => ({
				texts: items.map((chunk) => JSON.stringify({ type: "output", chunk } satisfies TaskMessage)),
				next_after,
				ended,
			}))
			.finally(() => pages.delete(key));
		pages.set(key, page);
		return page;
	}

	/** The run and its operations as they stand, shared by all who watch: read anew at most about once a second. */
	const states = new Map<string, { at: number; state: Promise<RunState> }>();
	function readState(run_id: string): Promise<RunState> {
		const known = states.get(run_id);
		if (known !== undefined && performance.now() - known.at < stateEvery_ms) return known.state;
		const state = readWholeRun(run_id);
		states.set(run_id, { at: performance.now(), state });
		state.catch(() => states.delete(run_id));
		return state;
	}

	async function readWholeRun(run_id: string): Promise<RunState> {
		// The run first: when it has ended, the operations read after it are final.
		const run = await tasks.getRun({ params: { id: run_id } }, account);
		const operations: RunOperation[] = [];
		for (let page = 1; ; page++) {
			const query = { page, page_size: pageOfOperations };
			const { items, total } = await tasks.listOperations({ params: { id: run_id }, query }, account);
			operations.push(...items);
			if (items.length === 0 || page * pageOfOperations >= total) return { run, operations };
		}
	}

	/** Sends what of the state is new to this watcher, so that one that missed something is right again. */
	async function sendState({ run, operations }: RunState, seen: Map<string, string>, watcher: Watcher): Promise<void> {
		for (const operation of operations) {
			sendIfNew(operation, seen, watcher);
			if (watcher.backlog > backlogLimitBytes) await watcher.drained();
		}
		const text = JSON.stringify({ type: "run", run } satisfies TaskMessage);
		if (seen.get("run") !== text) watcher.sendText(text);
		seen.set("run", text);
	}

	async function watch(run_id: string, after: number, watcher: Watcher): Promise<void> {
		let wake = Promise.withResolvers<void>();
		// Who has just begun to watch may have read the steps a moment ago.
		let stepsChanged = true;
		let stepsTold_at = Number.NEGATIVE_INFINITY;
		const stopWaking = onWake(run_id, (news) => {
			if (news.steps) stepsChanged = true;
			wake.resolve();
		});
		watcher.onEnd(() => wake.resolve());
		const seen = new Map<string, string>();
		let seq = after;
		try {
			while (watcher.open && !stopping.signal.aborted) {
				wake = Promise.withResolvers<void>();
				// State first: when it says that the run has ended, the output read after it is complete.
				const state = await readState(run_id);
				await sendState(state, seen, watcher);
				const isOver = ended.has(state.run.status);
				if (state.run.kind === "mop") {
					const since = performance.now() - stepsTold_at;
					if (isOver || since > (stepsChanged ? stepsEvery_ms : stepsAnyway_ms)) {
						stepsChanged = false;
						stepsTold_at = performance.now();
						watcher.send({ type: "steps" } satisfies TaskMessage);
					}
				}
				for (let more = true; more && watcher.open; ) {
					const page = await readPage(run_id, seq);
					for (const text of page.texts) watcher.sendText(text);
					more = page.texts.length > 0;
					seq = page.next_after;
					if (watcher.backlog > backlogLimitBytes) await watcher.drained();
				}
				if (isOver) {
					if (watcher.open) watcher.send({ type: "end", run: state.run, last_seq: seq } satisfies TaskMessage);
					return;
				}
				const owed = stepsChanged && state.run.kind === "mop";
				await Promise.race([wake.promise, pause(owed ? stepsEvery_ms : lookEvery_ms, stopping.signal)]);
			}
		} finally {
			stopWaking();
			if (!wakers.has(run_id)) states.delete(run_id);
		}
	}

	return {
		async start() {
			unsubscribe = await ephemeral.subscribe("run.progress", (payload) => {
				const progress = RunProgress.safeParse(payload);
				if (!progress.success) return log.warn("a progress message is not valid");
				for (const fn of wakers.get(progress.data.run_id) ?? []) fn(progress.data);
			});
		},
		async stop() {
			stopping.abort();
			await unsubscribe?.();
		},
		watch,
	};
}

function sendIfNew(operation: RunOperation, seen: Map<string, string>, watcher: Watcher): void {
	const state = `${operation.status} ${operation.attempts}`;
	if (seen.get(operation.id) === state) return;
	seen.set(operation.id, state);
	watcher.send({ type: "operation", operation } satisfies TaskMessage);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		const timer = setTimeout(done, ms);
		function done() {
			clearTimeout(timer);
			signal.removeEventListener("abort", done);
			resolve();
		}
		signal.addEventListener("abort", done, { once: true });
	});
}
