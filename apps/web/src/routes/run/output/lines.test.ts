import { expect, test } from "vitest";
import { findIn, linesOf, markIn } from "./lines.ts";

const piece = (text: string) => ({
	seq: 7,
	operation_id: "00000000-0000-7000-8000-000000000000",
	device_name: "core-1",
	at: "2026-11-21T10:00:00.000Z",
	text,
});

test("a piece is shown line by line, with what could hide or move something made visible", () => {
	const lines = linesOf(piece("one\r\n\r\n\x1b[31mtwo\u202e\n"));
	expect(lines.map(({ text }) => text)).toEqual(["one", "", "\\x1b[31mtwo\\u202e"]);
	expect(lines.map(({ key }) => key)).toEqual(["7.0", "7.1", "7.2"]);
});

test("a line that nobody could read is cut, and says by how much", () => {
	const [line] = linesOf(piece("x".repeat(5_000)));
	expect(line?.text).toHaveLength(2_000);
	expect(line?.left_out).toBe(3_000);
});

test("what is sought is found in any case and marked, and the parts of a line are together the line", () => {
	const lines = linesOf(piece("Interface up\nnothing\ninterface (a) INTERFACE (A)\n"));
	expect(findIn(lines, "interface")).toEqual([0, 2]);
	expect(findIn(lines, "(a)")).toEqual([2]);
	expect(findIn(lines, "")).toEqual([]);
	const parts = markIn("interface (a) INTERFACE (A)", "(a)");
	expect(parts.map(({ text }) => text).join("")).toBe("interface (a) INTERFACE (A)");
	expect(parts.filter(({ hit }) => hit).map(({ text }) => text)).toEqual(["(a)", "(A)"]);
});
