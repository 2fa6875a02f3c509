import { expect, test } from "vitest";
import { shownLines } from "./shown-lines.ts";

test("few short lines are kept whole, of many or long ones the first", () => {
	expect(shownLines(["a", "b"])).toEqual(["a", "b"]);
	expect(shownLines([])).toEqual([]);
	expect(shownLines(Array(5_000).fill("x"))).toHaveLength(2_000);
	const long = shownLines(Array(5_000).fill("x".repeat(10_000)));
	expect(long).toHaveLength(20);
	expect(shownLines(["x".repeat(1_000_000)])).toEqual(["x".repeat(200_000)]);
});
