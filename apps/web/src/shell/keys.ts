import { useEffect, useSyncExternalStore } from "react";

/** A key that does something on the page that is shown. Two letters are typed after one another: "g d". */
export interface Key {
	keys: string;
	/** What it does: stands in the list that `?` opens. */
	does: string;
	group: string;
	/** Undefined for one that only is told of, because something else listens to it. */
	run?: () => void;
}

const chordWithin_ms = 1_200;
const listed = new Map<symbol, Key>();
const readers = new Set<() => void>();
let snapshot: Key[] = [];
let first: { key: string; at: number } | undefined;

function changed(): void {
	snapshot = [...listed.values()];
	for (const read of readers) read();
}

/** Lists keys while the component that names them is on the page. Give a list that stays the same between renders. */
export function useKeyList(keys: readonly Key[]): void {
	useEffect(() => {
		const names = keys.map((key) => {
			const name = Symbol(key.keys);
			listed.set(name, key);
			return name;
		});
		changed();
		return () => {
			for (const name of names) listed.delete(name);
			changed();
		};
	}, [keys]);
}

/** Every key that does something now. */
export function useKeys(): readonly Key[] {
	return useSyncExternalStore(
		(read) => {
			readers.add(read);
			return () => readers.delete(read);
		},
		() => snapshot,
	);
}

/** Does what a listed key does, for who chose it by its words. */
export function runKey(keys: string): void {
	snapshot.findLast((key) => key.keys === keys && key.run !== undefined)?.run?.();
}

/** Whether what has the focus takes letters itself. */
function isTyping(target: EventTarget | null): boolean {
	return (
		target instanceof HTMLElement &&
		(target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
		!(target instanceof HTMLInputElement && /^(checkbox|radio|button|submit)$/.test(target.type))
	);
}

/** Runs what the pressed key stands for. Dialogs keep their keys to themselves. */
export function pressKey(event: KeyboardEvent): void {
	if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
	if (document.querySelector("[role=dialog][data-modal-content], .mantine-Modal-content, .mantine-Drawer-content"))
		return;
	const now = performance.now();
	const chord = first !== undefined && now - first.at < chordWithin_ms ? `${first.key} ${event.key}` : undefined;
	const all = [...listed.values()].reverse();
	const found = all.find(
		({ keys, run }) => run !== undefined && (keys === chord || (chord === undefined && keys === event.key)),
	);
	const begins = all.some(({ keys }) => keys.startsWith(`${event.key} `));
	first = found === undefined && begins ? { key: event.key, at: now } : undefined;
	if (found === undefined) return;
	event.preventDefault();
	found.run?.();
}
