import { expect, test } from "vitest";
import { cutRows, cutValue } from "./shown-output.ts";

test("rows are kept from the first on, as many as fit", () => {
	const rows = Array.from({ length: 100 }, (_, i) => ({ i }));
	expect(cutRows(rows)).toEqual({ rows, cut: false });
	const { rows: kept, cut } = cutRows(rows, 50);
	expect(cut).toBe(true);
	expect(kept).toEqual(rows.slice(0, kept.length));
	expect(JSON.stringify(kept).length).toBeLessThanOrEqual(52);
});

test("what is too long and no list is left out, and said to be", () => {
	expect(cutValue("x".repeat(100), 50)).toEqual({ value: null, cut: true });
	expect(cutValue({ a: 1 }, 50)).toEqual({ value: { a: 1 }, cut: false });
	expect(cutValue(undefined)).toEqual({ value: null, cut: false });
});

test("texts hold no characters that cannot be stored, however deep they stand", () => {
	expect(cutValue([{ "a\0": ["b\0c", "d\ud800"] }]).value).toEqual([{ "a\\x00": ["b\\x00c", "d\\ud800"] }]);
});

test("a value that is nested too deep to be written is left out", () => {
	const nested = (levels: number) => JSON.parse("[".repeat(levels) + "]".repeat(levels));
	expect(cutValue(nested(100_000))).toEqual({ value: null, cut: true });
	expect(cutValue({ a: nested(1_000) })).toEqual({ value: null, cut: true });
	expect(cutValue(nested(50))).toEqual({ value: nested(50), cut: false });
});
