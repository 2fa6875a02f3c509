import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import { createBatch } from "@netconductor/runtime/batch";
import type { Clock } from "@netconductor/runtime/clock";
import type { Log } from "@netconductor/runtime/log";
import type { NewChunk, OutputStore } from "./output-store.ts";

/** Output of one operation. */
export interface OperationOutput {
	/** Adds text, made printable. Beyond the bound of one operation a note is added once and the rest dropped. */
	add(text: string): void;
	/** Resolves when all of it so far is stored, or was given up because the database is away. */
	flush(): Promise<void>;
}

export interface OutputWriter {
	open(run_id: string, operation_id: string): OperationOutput;
}

export interface OutputWriterNeeds {
	store: Pick<OutputStore, "append">;
	clock: Clock;
	log: Log;
	/** Called after pieces were stored. */
	onStored(run_id: string, seq: number): void;
	/** Longest that text waits for more, in milliseconds. */
	delay_ms?: number;
	/** Most text of one operation, in characters. */
	max_per_operation?: number;
}

/** Text that waits for its turn in one run is stored at once when it reaches this. */
const batchLength = 16 * 1024;
/** More waiting than this means that the database cannot keep up: what is added then is dropped, with a note. */
const longestBacklog = 4 * 1024 * 1024;

/** Operations that end in the same moment have their output stored together, when there are many. */
const gather_ms = 40;

interface RunBuffer {
	/** One piece for each operation that has something to say, in the order in which they began. */
	pieces: Map<string, NewChunk>;
	length: number;
	timer: NodeJS.Timeout | undefined;
	/** The store under way. */
	storing: Promise<void> | undefined;
}

/** Collects output of many operations and stores it in few statements: what comes while one is under way goes with the next. */
export function createOutputWriter({
	store,
	clock,
	log,
	onStored,
	delay_ms = 200,
	max_per_operation = 8 * 1024 * 1024,
}: OutputWriterNeeds): OutputWriter {
	const runs = new Map<string, RunBuffer>();

	function bufferOf(run_id: string): RunBuffer {
		let buffer = runs.get(run_id);
		if (buffer === undefined) {
			buffer = { pieces: new Map(), length: 0, timer: undefined, storing: undefined };
			runs.set(run_id, buffer);
		}
		return buffer;
	}

	/** Stores what waits, after what is under way. */
	async function flush(run_id: string): Promise<void> {
		const buffer = runs.get(run_id);
		if (buffer === undefined) return;
		if (buffer.storing !== undefined) {
			await buffer.storing;
			// Whoever waited together with us may have stored ours already.
			return flush(run_id);
		}
		clearTimeout(buffer.timer);
		buffer.timer = undefined;
		if (buffer.pieces.size === 0) {
			runs.delete(run_id);
			return;
		}
		const chunks = [...buffer.pieces.values()];
		buffer.pieces = new Map();
		buffer.length = 0;
		buffer.storing = storeChunks(run_id, chunks);
		await buffer.storing;
		buffer.storing = undefined;
		if (buffer.pieces.size === 0) runs.delete(run_id);
	}

	async function storeChunks(run_id: string, chunks: NewChunk[]): Promise<void> {
		try {
			onStored(run_id, await store.append(run_id, chunks));
		} catch (err) {
			// Output is for people to watch; operations do not fail or wait for it.
			log.warn({ err, run_id, pieces: chunks.length }, "output of a run could not be stored");
		}
	}

	const settled = createBatch<string, void>({
		interval_ms: gather_ms,
		async perform(run_ids) {
			await Promise.all([...new Set(run_ids)].map(flush));
			return run_ids.map(() => undefined);
		},
	});

	return {
		open(run_id, operation_id) {
			let written = 0;
			let full = false;
			return {
				add(text) {
					if (full || text === "") return;
					const buffer = bufferOf(run_id);
					let safe = visibleText(text);
					if (!safe.endsWith("\n")) safe += "\n";
					if (written + safe.length > max_per_operation || buffer.length + safe.length > longestBacklog) {
						full = true;
						safe = `${safe.slice(0, Math.max(0, max_per_operation - written))}\n[further output is left out]\n`;
					}
					written += safe.length;
					const waiting = buffer.pieces.get(operation_id);
					if (waiting === undefined) buffer.pieces.set(operation_id, { operation_id, at: clock.now(), text: safe });
					else waiting.text += safe;
					buffer.length += safe.length;
					if (buffer.length >= batchLength) void flush(run_id);
					else buffer.timer ??= setTimeout(() => void flush(run_id), delay_ms);
				},
				flush: () => settled(run_id),
			};
		},
	};
}
