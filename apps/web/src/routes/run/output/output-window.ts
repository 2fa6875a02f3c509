import type { OutputChunk } from "@netconductor/contracts/tasks/model";
import { type Line, linesOf } from "./lines.ts";

/** What a place in the output is read by; the answer is in ascending order. */
export type ReadOutput = (
	query: { after: number; limit: number } | { before: number; tail: number } | { tail: number },
) => Promise<{ items: OutputChunk[]; next_after: number; has_earlier: boolean }>;

/** The part of a run's output that is kept now. A new one at each change. */
export interface OutputView {
	/** False until the end of the output was read for the first time. */
	read: boolean;
	lines: readonly Line[];
	/** There is output before the first line. */
	earlier: boolean;
	/** There is output after the last line. */
	later: boolean;
	reading: "end" | "earlier" | "later" | undefined;
	/** What the last reading failed with. */
	problem: unknown;
}

export interface OutputWindow {
	view(): OutputView;
	/** Answers the function that stops telling. */
	subscribe(tell: () => void): () => void;
	/** Reads the end, unless it was read. Answers the `seq` after which news are wanted. @throws what the reading failed with */
	begin(): Promise<number>;
	/** News, in ascending order. Those that were heard before, or do not follow what is kept, are left out. */
	add(chunks: readonly OutputChunk[]): void;
	/** Whether somebody reads the end: then the beginning makes room for news, otherwise the end does. */
	follow(following: boolean): void;
	readEarlier(): Promise<void>;
	readLater(): Promise<void>;
	/** Leaves what is kept and reads the end. */
	toEnd(): Promise<void>;
}

interface Piece {
	seq: number;
	lines: readonly Line[];
	size: number;
}

interface Bounds {
	most_lines: number;
	/** Characters, with what a line costs besides. */
	most_size: number;
}

const piecesAtOnce = 200;
const costOfLine = 100;

/**
 * Keeps a part of a run's output without a gap in it, at most so much: the end at first, what is earlier or later as somebody goes there.
 * @param read reads the output of the run, or of one operation
 */
export function createOutputWindow(
	read: ReadOutput,
	{ most_lines, most_size }: Bounds = { most_lines: 20_000, most_size: 6_000_000 },
): OutputWindow {
	let pieces: Piece[] = [];
	let held = { lines: 0, size: 0 };
	/** The last piece that is known to be there, kept or not. */
	let heard = 0;
	let following = true;
	let view: OutputView = {
		read: false,
		lines: [],
		earlier: false,
		later: false,
		reading: undefined,
		problem: undefined,
	};
	let under_way: Promise<void> | undefined;
	const readers = new Set<() => void>();

	function show(change: Partial<OutputView>): void {
		view = { ...view, ...change };
		for (const tell of readers) tell();
	}

	function kept(): { lines: Line[] } {
		return { lines: pieces.flatMap(({ lines }) => lines) };
	}

	function put(added: readonly OutputChunk[], where: "front" | "back"): void {
		const fresh = added.map(toPiece);
		pieces = where === "front" ? [...fresh, ...pieces] : [...pieces, ...fresh];
		for (const { lines, size } of fresh) held = { lines: held.lines + lines.length, size: held.size + size };
		heard = Math.max(heard, pieces.at(-1)?.seq ?? 0);
	}

	/** Takes away from one side what is too much. Answers whether something was. */
	function makeRoom(side: "front" | "back"): boolean {
		let taken = 0;
		while (pieces.length - taken > 1 && (held.lines > most_lines || held.size > most_size)) {
			const { lines, size } = pieces.at(side === "front" ? taken : -1 - taken) as Piece;
			held = { lines: held.lines - lines.length, size: held.size - size };
			taken += 1;
		}
		if (taken === 0) return false;
		pieces = side === "front" ? pieces.slice(taken) : pieces.slice(0, -taken);
		return true;
	}

	/** One reading at a time: who comes meanwhile waits for it and gets what it brought. */
	function exclusively(reading: OutputView["reading"], work: () => Promise<void>): Promise<void> {
		if (under_way !== undefined) return under_way;
		show({ reading, problem: undefined });
		under_way = work()
			.then(
				() => show({ reading: undefined }),
				(problem: unknown) => {
					show({ reading: undefined, problem });
					throw problem;
				},
			)
			.finally(() => {
				under_way = undefined;
			});
		return under_way;
	}

	async function onFrom(last: number): Promise<void> {
		const { items } = await read({ after: last, limit: piecesAtOnce });
		put(items, "back");
		const made_room = makeRoom("front");
		show({
			...kept(),
			earlier: view.earlier || made_room,
			// What was said while this was read was not kept.
			later: items.length === piecesAtOnce || (pieces.at(-1)?.seq ?? 0) < heard,
		});
	}

	async function readEnd(): Promise<void> {
		const { items, next_after, has_earlier } = await read({ tail: piecesAtOnce });
		pieces = [];
		held = { lines: 0, size: 0 };
		put(items, "back");
		const made_room = makeRoom("front");
		const last = pieces.at(-1)?.seq ?? next_after;
		show({ read: true, ...kept(), earlier: has_earlier || made_room, later: last < heard });
		heard = Math.max(heard, next_after);
		if (last < heard) await onFrom(last);
	}

	const settled = (work: Promise<void>) => work.catch(() => {});

	return {
		view: () => view,
		subscribe(tell) {
			readers.add(tell);
			return () => readers.delete(tell);
		},
		async begin() {
			if (!view.read) await exclusively("end", readEnd);
			return heard;
		},
		add(chunks) {
			const news = chunks.filter(({ seq }) => seq > heard);
			const last = news.at(-1);
			if (last === undefined) return;
			// While the end is being read, what comes is read with it or after it.
			const follows = view.read && !view.later && view.reading !== "end" && view.reading !== "later";
			heard = last.seq;
			if (!follows) {
				if (view.read && !view.later) show({ later: true });
				return;
			}
			put(news, "back");
			if (following) {
				const made_room = makeRoom("front");
				show({ ...kept(), earlier: view.earlier || made_room });
			} else {
				const made_room = makeRoom("back");
				show({ ...kept(), later: made_room });
			}
		},
		follow(now) {
			following = now;
		},
		readEarlier: () =>
			view.earlier
				? settled(
						exclusively("earlier", async () => {
							const first = pieces[0]?.seq;
							if (first === undefined) return;
							const { items, has_earlier } = await read({ before: first, tail: piecesAtOnce });
							// News may have pushed the beginning out meanwhile: what was read would leave a gap.
							if (pieces[0]?.seq !== first) return;
							put(items, "front");
							const made_room = makeRoom("back");
							show({ ...kept(), earlier: has_earlier, later: view.later || made_room });
						}),
					)
				: Promise.resolve(),
		readLater: () =>
			view.later ? settled(exclusively("later", () => onFrom(pieces.at(-1)?.seq ?? 0))) : Promise.resolve(),
		async toEnd() {
			await under_way?.catch(() => {});
			await settled(exclusively("end", readEnd));
		},
	};
}

function toPiece(chunk: OutputChunk): Piece {
	const lines = linesOf(chunk);
	return {
		seq: chunk.seq,
		lines,
		size: lines.reduce((sum, { text }) => sum + text.length + costOfLine, 0),
	};
}
