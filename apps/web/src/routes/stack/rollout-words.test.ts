import { expect, test } from "vitest";
import { readBatchSizes, rolloutWords } from "./rollout-words.ts";

test.each([
	[{ batch_sizes: [1, 10] }, "1 device first, then 10 at a time; stops when one fails"],
	[{ batch_sizes: [50_000] }, "all devices at once; stops when one fails"],
	[{ batch_sizes: [5], most_failures: 2 }, "5 devices at a time; stops when more than 2 fail"],
	[
		{ batch_sizes: [1, 5, 50_000], pause_after_first: true },
		"1 device first, then 5, then all others at once; waits for somebody's word after the first batch; stops when one fails",
	],
])("a rollout is said in words", (rollout, words) => {
	expect(rolloutWords({ most_failures: 0, pause_after_first: false, ...rollout })).toBe(words);
});

test("batch sizes are read however they are parted, and what is no number is not lost", () => {
	expect(readBatchSizes(" 1, 5;20 ")).toEqual([1, 5, 20]);
	expect(readBatchSizes("1, x")).toEqual([1, Number.NaN]);
	expect(readBatchSizes("")).toEqual([]);
});
