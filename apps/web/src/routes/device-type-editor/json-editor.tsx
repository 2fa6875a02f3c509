import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, indentUnit } from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState } from "@codemirror/state";
import {
	Decoration,
	type DecorationSet,
	drawSelection,
	EditorView,
	highlightActiveLine,
	keymap,
	lineNumbers,
	MatchDecorator,
	ViewPlugin,
	type ViewUpdate,
	WidgetType,
} from "@codemirror/view";
import { useEffect, useRef } from "react";

interface LineFault {
	/** From 1. */
	line: number;
	message: string;
}

const names = Decoration.mark({ class: "cm-json-name" });
const texts = Decoration.mark({ class: "cm-json-text" });
const values = Decoration.mark({ class: "cm-json-value" });
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

const looks = EditorView.theme({
	"&": { fontSize: "var(--nc-code-size)", color: "var(--mantine-color-text)" },
	"&.cm-focused": { outline: "2px solid var(--mantine-primary-color-filled)" },
	".cm-scroller": {
		fontFamily: "var(--mantine-font-family-monospace)",
		lineHeight: "var(--nc-code-line)",
	},
	".cm-content": { caretColor: "var(--mantine-color-text)" },
	".cm-cursor": { borderLeftColor: "var(--mantine-color-text)" },
	".cm-gutters": {
		color: "var(--mantine-color-dimmed)",
		backgroundColor: "var(--nc-surface)",
		borderRight: "1px solid var(--nc-line)",
	},
	".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--nc-hover)" },
	"& .cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
		backgroundColor: "var(--nc-selected)",
	},
	".cm-json-name": { color: "var(--nc-busy)" },
	".cm-json-text": { color: "var(--nc-good)" },
	".cm-json-value": { color: "var(--nc-warn)" },
	".cm-fault": { backgroundColor: "var(--nc-removed)" },
	".cm-fault-text": {
		padding: "2px 8px",
		color: "var(--nc-bad)",
		backgroundColor: "var(--nc-removed)",
		whiteSpace: "pre-wrap",
	},
	".cm-panels": { color: "var(--mantine-color-text)", backgroundColor: "var(--nc-hover)" },
});

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

function faultMarks(state: EditorState, faults: readonly LineFault[]): DecorationSet {
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

/** A JSON text to edit; what is wrong stands below its line. Tab moves on, as everywhere on a page. */
export function JsonEditor({
	text,
	onText,
	faults,
}: {
	text: string;
	onText: (text: string) => void;
	faults: readonly LineFault[];
}) {
	const place = useRef<HTMLDivElement>(null);
	const view = useRef<EditorView>(undefined);
	const marks = useRef(new Compartment()).current;
	const latest = useRef(onText);
	latest.current = onText;

	// biome-ignore lint/correctness/useExhaustiveDependencies: the editor is made once; what changes later is told to it below
	useEffect(() => {
		if (place.current === null) return;
		const editor = new EditorView({
			parent: place.current,
			state: EditorState.create({
				doc: text,
				extensions: [
					lineNumbers(),
					history(),
					drawSelection(),
					highlightActiveLine(),
					highlightSelectionMatches(),
					EditorView.lineWrapping,
					bracketMatching(),
					indentUnit.of("  "),
					keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap]),
					EditorView.contentAttributes.of({ "aria-label": "Definition as JSON" }),
					EditorView.updateListener.of((update) => {
						if (update.docChanged) latest.current(update.state.doc.toString());
					}),
					colours,
					looks,
					marks.of([]),
				],
			}),
		});
		view.current = editor;
		return () => editor.destroy();
	}, []);

	useEffect(() => {
		const editor = view.current;
		if (editor === undefined || editor.state.doc.toString() === text) return;
		editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
	}, [text]);

	useEffect(() => {
		const editor = view.current;
		editor?.dispatch({
			effects: marks.reconfigure(EditorView.decorations.of(faultMarks(editor.state, faults))),
		});
	}, [faults, marks]);

	return <div ref={place} />;
}
