import {
	Decoration,
	type DecorationSet,
	type EditorView,
	MatchDecorator,
	ViewPlugin,
	type ViewUpdate,
} from "@codemirror/view";
import { CodeEditor } from "../../ui/code-editor/code-editor.tsx";
import type { LineFault } from "../../ui/code-editor/fault-marks.ts";

const names = Decoration.mark({ class: "cm-name" });
const texts = Decoration.mark({ class: "cm-text" });
const values = Decoration.mark({ class: "cm-value" });
const tokens = new MatchDecorator({
	regexp: /"(?:[^"\\]|\\.)*"(\s*:)?|\b(?:true|false|null)\b|-?\b\d+(?:\.\d+)?\b/g,
	decoration: ([token, colon]) => (colon !== undefined ? names : token.startsWith('"') ? texts : values),
});
const colours = ViewPlugin.fromClass(
	class {
		decorations: DecorationSet;
		constructor(view: EditorView) {
			this.decorations = tokens.createDeco(view);
		}
		update(update: ViewUpdate) {
			this.decorations = tokens.updateDeco(update, this.decorations);
		}
	},
	{ decorations: ({ decorations }) => decorations },
);
const extensions = [colours];

/** A definition as JSON to edit. */
export function JsonEditor({
	text,
	onText,
	faults,
}: {
	text: string;
	onText: (text: string) => void;
	faults: readonly LineFault[];
}) {
	return <CodeEditor label="Definition as JSON" text={text} onText={onText} faults={faults} extensions={extensions} />;
}
