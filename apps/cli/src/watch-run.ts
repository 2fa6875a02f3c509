import { setTimeout as sleep } from "node:timers/promises";
import { closeCodes, TaskMessage } from "@netconductor/contracts/realtime/messages";
import type { Run, RunOperation } from "@netconductor/contracts/tasks/model";
import type { Cli } from "./cli.ts";
import { hasProblem, isFailure, isNotForRole } from "./failure.ts";

/** Run states that last. `needs_attention` waits for a person, so watching ends there too. */
const endedStates: ReadonlySet<Run["status"]> = new Set([
	"succeeded",
	"partial",
	"failed",
	"cancelled",
	"needs_attention",
]);

/** What happens in a run. Operations and the run come whole, each time they changed; of steps of a procedure only that some may have. */
export type RunNews = Exclude<TaskMessage, { type: "end" }>;

interface WatchOptions {
	run_id: string;
	onNews: (news: RunNews) => void;
	/** Stops watching; the run goes on. */
	signal: AbortSignal;
	/** Also the output; without it only states are fetched when the live connection is not to be had. */
	output?: boolean;
}

// So often in a row the live connection may fail before watching goes on by asking.
const mostFailures = 3;
const askEvery_ms = 1_000;

/**
 * Watches a run to its end over a WebSocket that is taken up again where it broke off, or by asking where there is none to be had.
 * Answers the run as it ended, or undefined when `signal` stopped it.
 */
export async function watchRun(cli: Cli, options: WatchOptions): Promise<Run | undefined> {
	let after = 0;
	let news = 0;
	const seen = new Map<string, string>();
	// A new connection sends all states again: only what changed is news.
	const onNews = (message: RunNews) => {
		if (message.type === "steps") return options.onNews(message);
		if (message.type === "output") {
			if (message.chunk.seq <= after) return;
			after = message.chunk.seq;
		} else {
			const [key, state] = message.type === "run" ? ["run", message.run] : [message.operation.id, message.operation];
			const text = JSON.stringify(state);
			if (seen.get(key) === text) return;
			seen.set(key, text);
		}
		news += 1;
		options.onNews(message);
	};
	for (let failures = 0; failures < mostFailures && !options.signal.aborted; ) {
		const before = news;
		const outcome = await watchLive(cli, { ...options, onNews }, after);
		if (outcome.ended !== undefined) return outcome.ended;
		if (outcome.refused) break;
		// Only what was new counts: a wire that always breaks within the first states would be tried for ever.
		failures = news > before ? 0 : failures + 1;
		await sleep(200 * 2 ** failures, undefined, { signal: options.signal }).catch(() => undefined);
	}
	return watchByAsking(cli, { ...options, onNews }, () => after);
}

interface LiveOutcome {
	ended?: Run;
	/** Trying again would not help. */
	refused: boolean;
}

async function watchLive(cli: Cli, { run_id, onNews, signal }: WatchOptions, after: number): Promise<LiveOutcome> {
	let ticket: string;
	try {
		({ ticket } = await cli.clients.auth.createWsTicket({}));
	} catch (error) {
		if (isNotForRole(error) || hasProblem(error, "auth.unauthenticated")) throw error;
		return { refused: false };
	}
	if (signal.aborted) return { refused: true };
	const url = new URL(`${cli.url}/ws/tasks/${encodeURIComponent(run_id)}`);
	url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
	url.searchParams.set("ticket", ticket);
	url.searchParams.set("after", String(after));
	const socket = new WebSocket(url);
	const stop = () => socket.close();
	signal.addEventListener("abort", stop);
	try {
		return await new Promise((resolve) => {
			const outcome: LiveOutcome = { refused: false };
			socket.addEventListener("message", ({ data }) => {
				const message = readMessage(data);
				if (message === undefined) return;
				if (message.type === "end") {
					outcome.ended = message.run;
					onNews({ type: "run", run: message.run });
					socket.close();
				} else onNews(message);
			});
			// After an error a close follows, always.
			socket.addEventListener("close", ({ code }) => {
				outcome.refused = code === closeCodes.forbidden || code === closeCodes.not_found;
				resolve(outcome);
			});
		});
	} finally {
		signal.removeEventListener("abort", stop);
	}
}

function readMessage(data: unknown): TaskMessage | undefined {
	if (typeof data !== "string") return undefined;
	try {
		return TaskMessage.safeParse(JSON.parse(data)).data;
	} catch {
		// Not JSON: not for us.
		return undefined;
	}
}

/** Asks about once a second. A server that is away for a while is waited for, since the run goes on without us. */
async function watchByAsking(cli: Cli, options: WatchOptions, seen: () => number): Promise<Run | undefined> {
	const { run_id, onNews, signal } = options;
	const { tasks } = cli.clients;
	let after = seen();
	let unreachable = 0;
	while (!signal.aborted) {
		try {
			// The run first: when it has ended, what is read after it is final.
			const run = await tasks.getRun({ params: { id: run_id } });
			if (options.output) {
				for (;;) {
					const output = await tasks.readOutput({ params: { id: run_id }, query: { after } });
					for (const chunk of output.items) onNews({ type: "output", chunk });
					if (output.items.length === 0 || output.next_after <= after) break;
					after = output.next_after;
				}
			}
			for (const operation of await readOperations(cli, run_id)) onNews({ type: "operation", operation });
			if (run.kind === "mop") onNews({ type: "steps" });
			onNews({ type: "run", run });
			if (endedStates.has(run.status)) return run;
			unreachable = 0;
		} catch (error) {
			const passing = isFailure(error) && (error.problem.retryable || error.problem.status >= 502);
			if (!passing || ++unreachable > 60) throw error;
		}
		await sleep(askEvery_ms, undefined, { signal }).catch(() => undefined);
	}
	return undefined;
}

/** Every operation of a run. */
export async function readOperations(cli: Cli, run_id: string): Promise<RunOperation[]> {
	const operations: RunOperation[] = [];
	for (let page = 1; ; page++) {
		const answer = await cli.clients.tasks.listOperations({ params: { id: run_id }, query: { page, page_size: 500 } });
		operations.push(...answer.items);
		if (answer.items.length === 0 || page * answer.page_size >= answer.total) return operations;
	}
}
