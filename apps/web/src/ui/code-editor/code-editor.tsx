import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, indentUnit } from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { faultMarks, type LineFault } from "./fault-marks.ts";
import { looks } from "./looks.ts";

/** A text to edit; what is wrong stands below its line. Tab moves on, as everywhere on a page. */
export function CodeEditor({
	label,
	text,
	onText,
	faults,
	readOnly = false,
	extensions = [],
}: {
	/** Names it to a screen reader. */
	label: string;
	text: string;
	onText: (text: string) => void;
	faults: readonly LineFault[];
	readOnly?: boolean;
	/** Language, completion, keys; as they are when the editor is made. */
	extensions?: readonly Extension[];
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
					...extensions,
					lineNumbers(),
					history(),
					drawSelection(),
					highlightActiveLine(),
					highlightSelectionMatches(),
					EditorView.lineWrapping,
					bracketMatching(),
					indentUnit.of("  "),
					keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap]),
					EditorState.readOnly.of(readOnly),
					EditorView.contentAttributes.of({ "aria-label": label }),
					EditorView.updateListener.of((update) => {
						if (update.docChanged) latest.current(update.state.doc.toString());
					}),
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
