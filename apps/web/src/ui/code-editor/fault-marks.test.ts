import { EditorState } from "@codemirror/state";
import { expect, test } from "vitest";
import { faultMarks, markFaults } from "./fault-marks.ts";

const text = "one\ntwo\nthree\n";
const marked = () => {
	const state = EditorState.create({ doc: text, extensions: [faultMarks] });
	return state.update({ effects: markFaults(state, [{ line: 3, message: "wrong" }]) }).state;
};
/** Lines that have marks. */
function linesOf(state: EditorState): number[] {
	const lines: number[] = [];
	for (let at = state.field(faultMarks).iter(); at.value !== null; at.next())
		lines.push(state.doc.lineAt(at.from).number);
	return [...new Set(lines)];
}

test("a mark moves with its line while others are written and taken away", () => {
	const more = marked().update({ changes: { from: 0, insert: "zero\n" } }).state;
	expect(linesOf(more)).toEqual([4]);
	expect(linesOf(more.update({ changes: { from: 0, to: 9 } }).state)).toEqual([2]);
});

test("no mark stands behind the end of a text that became shorter", () => {
	const empty = marked().update({ changes: { from: 0, to: text.length, insert: "x" } }).state;
	for (let at = empty.field(faultMarks).iter(); at.value !== null; at.next())
		expect(at.to).toBeLessThanOrEqual(empty.doc.length);
});

test("a fault of a line that there is not is shown at the last one", () => {
	const state = EditorState.create({ doc: "one", extensions: [faultMarks] });
	const { state: after } = state.update({ effects: markFaults(state, [{ line: 9, message: "wrong" }]) });
	expect(linesOf(after)).toEqual([1]);
});
