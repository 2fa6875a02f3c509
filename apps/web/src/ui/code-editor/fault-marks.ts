import type { EditorState } from "@codemirror/state";
import { Decoration, type DecorationSet, WidgetType } from "@codemirror/view";

export interface LineFault {
	/** From 1. */
	line: number;
	message: string;
}

class FaultText extends WidgetType {
	readonly text: string;
	constructor(text: string) {
		super();
		this.text = text;
	}
	override eq(other: FaultText): boolean {
		return other.text === this.text;
	}
	override toDOM(): HTMLElement {
		const element = document.createElement("div");
		element.className = "cm-fault-text";
		element.setAttribute("role", "note");
		element.textContent = `↑ ${this.text}`;
		return element;
	}
}

/** Marks the lines with faults; what is wrong stands below each. */
export function faultMarks(state: EditorState, faults: readonly LineFault[]): DecorationSet {
	const sorted = faults
		.map(({ line, message }) => ({ at: state.doc.line(Math.min(Math.max(line, 1), state.doc.lines)), message }))
		.sort((one, other) => one.at.from - other.at.from);
	return Decoration.set(
		sorted.flatMap(({ at, message }) => [
			Decoration.line({ class: "cm-fault" }).range(at.from),
			Decoration.widget({ widget: new FaultText(message), block: true, side: 1 }).range(at.to),
		]),
		true,
	);
}
