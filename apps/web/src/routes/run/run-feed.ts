import { TaskMessage } from "@netconductor/contracts/realtime/messages";
import type { OutputChunk, Run, RunOperation } from "@netconductor/contracts/tasks/model";
import type { Api } from "../../api/api.ts";
import { followLive, type LiveState } from "../../api/live.ts";
import { createOutputWindow, type OutputWindow } from "./output/output-window.ts";

/** What a run tells while it goes on. */
export interface RunFeed {
	/** Output of the whole run. */
	output: OutputWindow;
	/** Output of one operation, with what is said while it is listened to. */
	outputOf(operation_id: string): { output: OutputWindow; listen(): () => void };
	/** Asks for what was said since, where no connection brings it. @throws what the reading failed with */
	catchUp(): Promise<void>;
	/** Connects, and again after each loss, until the run has ended. Answers the function that stops it. */
	follow(told: {
		onRun(run: Run): void;
		onOperations(operations: readonly RunOperation[]): void;
		/** Steps of the procedure that it carries out changed. */
		onSteps(): void;
		onState(state: LiveState): void;
	}): () => void;
}

// A fleet's run says something a hundred times a second; a page is read a few times.
const gather_ms = 200;
/** A tab that is not looked at is woken seldom: what comes meanwhile is not left to pile up. */
const mostGathered = 2_000;
const piecesAtOnce = 1_000;

export function createRunFeed(api: Api, run_id: string): RunFeed {
	const readOutput = (operation_id?: string) =>
		createOutputWindow((query) =>
			api.tasks.readOutput({ params: { id: run_id }, query: { ...query, ...(operation_id && { operation_id }) } }),
		);
	const output = readOutput();
	const listening = new Map<OutputWindow, string>();
	/** Up to where a connection brought the output: the next one goes on from there. */
	let seq: number | undefined;
	let chunks: OutputChunk[] = [];

	/** Keeps what was not heard before. */
	function hear(chunk: OutputChunk): void {
		if (chunk.seq <= (seq ?? 0)) return;
		seq = chunk.seq;
		chunks.push(chunk);
	}

	function showOutput(): void {
		const said = chunks;
		chunks = [];
		if (said.length === 0) return;
		output.add(said);
		for (const [window, id] of listening) window.add(said.filter(({ operation_id }) => operation_id === id));
	}

	return {
		output,
		async catchUp() {
			seq ??= await output.begin();
			for (let more = true; more; ) {
				const { items } = await api.tasks.readOutput({
					params: { id: run_id },
					query: { after: seq, limit: piecesAtOnce },
				});
				for (const chunk of items) hear(chunk);
				showOutput();
				more = items.length === piecesAtOnce;
			}
		},
		outputOf(operation_id) {
			const window = readOutput(operation_id);
			return {
				output: window,
				listen() {
					listening.set(window, operation_id);
					return () => void listening.delete(window);
				},
			};
		},
		follow({ onRun, onOperations, onSteps, onState }) {
			let run: Run | undefined;
			const operations = new Map<string, RunOperation>();
			let steps = false;
			let timer: ReturnType<typeof setTimeout> | undefined;

			function show(): void {
				clearTimeout(timer);
				timer = undefined;
				if (run !== undefined) onRun(run);
				run = undefined;
				if (operations.size > 0) onOperations([...operations.values()]);
				operations.clear();
				if (steps) onSteps();
				steps = false;
				showOutput();
			}

			const stop = followLive({
				api,
				async path() {
					seq ??= await output.begin();
					return `/ws/tasks/${run_id}?after=${seq}`;
				},
				read: (message) => TaskMessage.parse(message),
				onMessage(message) {
					if (message.type === "operation") operations.set(message.operation.id, message.operation);
					else if (message.type === "output") hear(message.chunk);
					else if (message.type === "steps") steps = true;
					else run = message.run;
					if (chunks.length + operations.size >= mostGathered) show();
					else timer ??= setTimeout(show, gather_ms);
				},
				onState,
			});
			return () => {
				stop();
				clearTimeout(timer);
				// What was heard counts as shown: the next connection does not bring it again.
				show();
			};
		},
	};
}
