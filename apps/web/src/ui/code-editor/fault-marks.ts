import { type EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, WidgetType } from "@codemirror/view";

export interface LineFault {
	/** From 1. */
	line: number;
	message: string;
	/** An error unless told. */
	severity?: "error" | "warning";
}

class FaultText extends WidgetType {
	readonly text: string;
	readonly warns: boolean;
	constructor(text: string, warns: boolean) {
		super();
		this.text = text;
		this.warns = warns;
	}
	override eq(other: FaultText): boolean {
		return other.text === this.text && other.warns === this.warns;
	}
	override toDOM(): HTMLElement {
		const element = document.createElement("div");
		element.className = this.warns ? "cm-fault-text cm-warn-text" : "cm-fault-text";
		element.setAttribute("role", "note");
		element.textContent = `↑ ${this.text}`;
		return element;
	}
}

const setMarks = StateEffect.define<DecorationSet>();

/** Marks of lines with faults. They move with their lines until other faults are told. */
export const faultMarks = StateField.define<DecorationSet>({
	create: () => Decoration.none,
	update: (marks, { changes, effects }) => effects.find((effect) => effect.is(setMarks))?.value ?? marks.map(changes),
	provide: (field) => EditorView.decorations.from(field),
});

/** Marks other lines: what is wrong stands below each. */
export function markFaults(state: EditorState, faults: readonly LineFault[]): StateEffect<DecorationSet> {
	const sorted = faults
		.map(({ line, message, severity }) => ({
			at: state.doc.line(Math.min(Math.max(line, 1), state.doc.lines)),
			message,
			warns: severity === "warning",
		}))
		.sort((one, other) => one.at.from - other.at.from);
	const marks = Decoration.set(
		sorted.flatMap(({ at, message, warns }) => [
			Decoration.line({ class: warns ? "cm-warn" : "cm-fault" }).range(at.from),
			Decoration.widget({ widget: new FaultText(message, warns), block: true, side: 1 }).range(at.to),
		]),
		true,
	);
	return setMarks.of(marks);
}
