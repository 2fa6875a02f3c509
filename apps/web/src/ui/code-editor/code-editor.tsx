import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, indentUnit } from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { faultMarks, type LineFault, markFaults } from "./fault-marks.ts";
import { looks } from "./looks.ts";

/** A text to edit; what is wrong stands below its line. Tab moves on, as everywhere on a page. */
export function CodeEditor({
	label,
	text,
	onText,
	faults,
	readOnly = false,
	extensions = [],
	undo,
	redo,
	line,
}: {
	/** Names it to a screen reader. */
	label: string;
	text: string;
	onText: (text: string) => void;
	faults: readonly LineFault[];
	readOnly?: boolean;
	/** Language, completion, keys; as they are when the editor is made. */
	extensions?: readonly Extension[];
	/** Where the text has a history of its own, because it is changed elsewhere too. */
	undo?: () => void;
	redo?: () => void;
	/** Where the cursor is put; another object puts it there once more. */
	line?: { number: number } | undefined;
}) {
	const place = useRef<HTMLDivElement>(null);
	const view = useRef<EditorView>(undefined);
	const latest = useRef(onText);
	latest.current = onText;
	const own = useRef({ undo, redo });
	own.current = { undo, redo };

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
					...(undo === undefined ? [history(), keymap.of(historyKeymap)] : [keymap.of(keysOf(own))]),
					drawSelection(),
					highlightActiveLine(),
					highlightSelectionMatches(),
					EditorView.lineWrapping,
					bracketMatching(),
					indentUnit.of("  "),
					keymap.of([...defaultKeymap, ...searchKeymap]),
					EditorState.readOnly.of(readOnly),
					EditorView.contentAttributes.of({ "aria-label": label }),
					EditorView.updateListener.of((update) => {
						if (update.docChanged) latest.current(update.state.doc.toString());
					}),
					looks,
					faultMarks,
				],
			}),
		});
		view.current = editor;
		return () => editor.destroy();
	}, []);

	useEffect(() => {
		const editor = view.current;
		if (editor === undefined) return;
		const before = editor.state.doc.toString();
		if (before !== text) editor.dispatch({ changes: difference(before, text) });
	}, [text]);

	useEffect(() => {
		const editor = view.current;
		editor?.dispatch({ effects: markFaults(editor.state, faults) });
	}, [faults]);

	useEffect(() => {
		const editor = view.current;
		if (editor === undefined || line === undefined) return;
		const { from } = editor.state.doc.line(Math.min(Math.max(line.number, 1), editor.state.doc.lines));
		editor.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: "center" }) });
		editor.focus();
	}, [line]);

	return <div ref={place} />;
}

function keysOf(own: { current: { undo?: (() => void) | undefined; redo?: (() => void) | undefined } }) {
	const undo = () => {
		own.current.undo?.();
		return true;
	};
	const redo = () => {
		own.current.redo?.();
		return true;
	};
	return [
		{ key: "Mod-z", run: undo },
		{ key: "Mod-y", mac: "Mod-Shift-z", run: redo },
		{ linux: "Ctrl-Shift-z", run: redo },
	];
}

/** The one part in which two texts differ: the cursor stays where it is outside of it. */
function difference(before: string, after: string) {
	let from = 0;
	const most = Math.min(before.length, after.length);
	while (from < most && before[from] === after[from]) from += 1;
	let end = 0;
	while (end < most - from && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
	return { from, to: before.length - end, insert: after.slice(from, after.length - end) };
}
