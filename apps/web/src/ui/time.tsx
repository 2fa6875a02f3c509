import { useSyncExternalStore } from "react";
import { ago, moment } from "./words.ts";

const every_ms = 15_000;
let now = Date.now();
const readers = new Set<() => void>();
let ticking: ReturnType<typeof setInterval> | undefined;

/** One clock for all times on a page. */
function subscribe(read: () => void): () => void {
	readers.add(read);
	ticking ??= setInterval(() => {
		now = Date.now();
		for (const fn of readers) fn();
	}, every_ms);
	return () => {
		readers.delete(read);
		if (readers.size === 0) {
			clearInterval(ticking);
			ticking = undefined;
		}
	};
}

/** How long ago; hovering tells the exact time. Never in the future by a clock that is a little off. */
export function Ago({ at }: { at: string }) {
	const reference = useSyncExternalStore(subscribe, () => now);
	return (
		<time dateTime={at} title={moment(at)}>
			{ago(at, Math.max(reference, new Date(at).getTime()))}
		</time>
	);
}

/** How long until then, or ago; hovering tells the exact time. */
export function Until({ at }: { at: string }) {
	const reference = useSyncExternalStore(subscribe, () => now);
	return (
		<time dateTime={at} title={moment(at)}>
			{ago(at, reference)}
		</time>
	);
}

export function Moment({ at }: { at: string }) {
	return <time dateTime={at}>{moment(at)}</time>;
}
