import { useState } from "react";

/** What is typed in one go is undone in one go. */
const oneGo_ms = 700;
const mostKept = 200;
/** Characters of all texts that are kept. */
const mostText = 20_000_000;

interface History {
	past: readonly string[];
	text: string;
	future: readonly string[];
	/** What the last change was, and when: another one like it soon after belongs to it. */
	last: { what: string; at: number } | undefined;
}

/** A text with its own undo, because it is edited in more than one place. */
export function useTextHistory(initial: string) {
	const [history, set] = useState<History>(() => beginning(initial));
	return {
		text: history.text,
		/** @param what the part that was edited, such as a field: further edits of it soon after are undone with it; none stands for itself */
		change: (text: string, what = "") =>
			set((before) => {
				if (text === before.text) return before;
				const now = Date.now();
				const joined = what !== "" && before.last?.what === what && now - before.last.at < oneGo_ms;
				const past = joined ? before.past : shortened([...before.past, before.text]);
				return { past, text, future: [], last: { what, at: now } };
			}),
		undo: () =>
			set((before) => {
				const text = before.past.at(-1);
				if (text === undefined) return before;
				return { past: before.past.slice(0, -1), text, future: [before.text, ...before.future], last: undefined };
			}),
		redo: () =>
			set((before) => {
				const [text, ...future] = before.future;
				return text === undefined ? before : { past: [...before.past, before.text], text, future, last: undefined };
			}),
		begin: (text: string) => set(beginning(text)),
		canUndo: history.past.length > 0,
		canRedo: history.future.length > 0,
	};
}

function beginning(text: string): History {
	return { past: [], text, future: [], last: undefined };
}

function shortened(past: readonly string[]): readonly string[] {
	let size = 0;
	const first = past.findLastIndex((text) => {
		size += text.length;
		return size > mostText;
	});
	return past.slice(Math.max(first + 1, past.length - mostKept));
}
