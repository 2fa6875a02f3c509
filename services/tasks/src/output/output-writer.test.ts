import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import { createManualClock } from "@netconductor/runtime/clock";
import { createLog } from "@netconductor/runtime/log";
import { expect, test, vi } from "vitest";
import type { NewChunk } from "./output-store.ts";
import { createOutputWriter } from "./output-writer.ts";

/** A writer whose stores are kept, and take until `release` is called where that is asked for. */
function writer(options: { max_per_operation?: number; slow?: boolean } = {}) {
	const stored: NewChunk[][] = [];
	const releases: (() => void)[] = [];
	const seqs: number[] = [];
	const { open } = createOutputWriter({
		store: {
			async append(_, chunks) {
				stored.push([...chunks]);
				if (options.slow) await new Promise<void>((resolve) => releases.push(resolve));
				return stored.flat().length;
			},
		},
		clock: createManualClock(),
		log: createLog({ level: "silent" }),
		onStored: (_, seq) => seqs.push(seq),
		// Where a store waits for the test, no timer begins another one.
		delay_ms: options.slow ? 60_000 : 5,
		...(options.max_per_operation && { max_per_operation: options.max_per_operation }),
	});
	return { open, stored, releases, seqs };
}

test("what operations of a run say within a moment is stored in one statement, one piece each", async () => {
	const { open, stored, seqs } = writer();
	const [a, b] = [open("run", "a"), open("run", "b")];
	a.add("one");
	b.add("two\n");
	a.add("three");
	await Promise.all([a.flush(), b.flush()]);
	expect(stored.map((batch) => batch.map(({ operation_id, text }) => [operation_id, text]))).toEqual([
		[
			["a", "one\nthree\n"],
			["b", "two\n"],
		],
	]);
	expect(seqs).toEqual([2]);
});

test("a flush waits for what came while another one was being stored", async () => {
	const { open, stored, releases } = writer({ slow: true });
	const output = open("run", "a");
	output.add("first");
	const first = output.flush();
	await vi.waitFor(() => expect(stored).toHaveLength(1));
	output.add("second");
	let flushed = false;
	const second = output.flush().then(() => {
		flushed = true;
	});
	releases[0]?.();
	await first;
	await vi.waitFor(() => expect(stored).toHaveLength(2));
	expect(flushed).toBe(false);
	releases[1]?.();
	await second;
	expect(stored[1]?.[0]?.text).toBe("second\n");
});

test("an operation that says too much is cut with a note, others are not", async () => {
	const { open, stored } = writer({ max_per_operation: 100 });
	const [loud, quiet] = [open("run", "loud"), open("run", "quiet")];
	for (let line = 0; line < 50; line++) loud.add("x".repeat(20));
	quiet.add("still here");
	await loud.flush();
	const texts = Object.fromEntries(stored.flat().map(({ operation_id, text }) => [operation_id, text]));
	expect(texts.loud).toMatch(/\n\[further output is left out\]\n$/);
	expect(texts.loud?.length).toBeLessThan(150);
	expect(texts.quiet).toBe("still here\n");
});

test("escapes, bells, NUL and changes of direction are shown instead of obeyed; tabs and lines stay", () => {
	expect(visibleText("a\tb\r\nc\x1b[31m\x07\x00\u202e\u009bd")).toBe("a\tb\nc\\x1b[31m\\x07\\x00\\u202e\\x9bd");
});
