import { diff } from "node:util";

/** More lines on both sides than this would take too long to compare. */
const mostLines = 5_000;
const around = 3;

/**
 * Unified diff of two texts, without file names. Undefined when what differs is too much to compare: its beginning and end that are the same are
 * left out of account.
 */
export function unifiedDiff(before: string, after: string): string | undefined {
	const [left, right] = [linesOf(before), linesOf(after)];
	let start = 0;
	while (start < left.length && start < right.length && left[start] === right[start]) start++;
	let end = 0;
	while (
		end < left.length - start &&
		end < right.length - start &&
		left[left.length - 1 - end] === right[right.length - 1 - end]
	)
		end++;
	const middle = [left.slice(start, left.length - end), right.slice(start, right.length - end)] as const;
	if (middle[0].length + middle[1].length > mostLines) return undefined;
	const edits: Edit[] = [
		...left.slice(Math.max(0, start - around), start).map((line) => ({ mark: " ", line })),
		...editsOf(...middle),
		...left.slice(left.length - end, left.length - end + around).map((line) => ({ mark: " ", line })),
	];
	return hunksOf(edits, Math.max(0, start - around));
}

interface Edit {
	mark: string;
	line: string;
}

function editsOf(left: string[], right: string[]): Edit[] {
	if (left.length === 0) return right.map((line) => ({ mark: "+", line }));
	if (right.length === 0) return left.map((line) => ({ mark: "-", line }));
	const edits = diff(left, right).map(([side, line]) => ({ mark: side === 0 ? " " : side === 1 ? "-" : "+", line }));
	// Node gives what is new before what it replaces; people read it the other way round.
	const ordered: Edit[] = [];
	for (let at = 0; at < edits.length; ) {
		let until = at;
		while (until < edits.length && edits[until]?.mark !== " ") until++;
		const changed = edits.slice(at, until);
		ordered.push(...changed.filter(({ mark }) => mark === "-"), ...changed.filter(({ mark }) => mark === "+"));
		const same = edits[until];
		if (same !== undefined) ordered.push(same);
		at = until + 1;
	}
	return ordered;
}

function hunksOf(edits: readonly Edit[], first: number): string {
	const kept = edits.map((_, at) =>
		edits.slice(Math.max(0, at - around), at + around + 1).some(({ mark }) => mark !== " "),
	);
	const parts: string[] = [];
	let [old, fresh] = [first, first];
	for (let at = 0; at < edits.length; ) {
		let until = at;
		while (until < edits.length && kept[until] === kept[at]) until++;
		const piece = edits.slice(at, until);
		const [removed, added] = ["+", "-"].map((other) => piece.filter(({ mark }) => mark !== other).length) as [
			number,
			number,
		];
		if (kept[at]) {
			parts.push(`@@ -${range(old, removed)} +${range(fresh, added)} @@\n`);
			parts.push(
				...piece.map(({ mark, line }) =>
					line.endsWith("\n") ? mark + line : `${mark}${line}\n\\ No newline at end\n`,
				),
			);
		}
		old += removed;
		fresh += added;
		at = until;
	}
	return parts.join("");
}

/** Line and length as `diff -u` writes them: a length of none stands after the line before it. */
function range(from: number, length: number): string {
	return `${length === 0 ? from : from + 1},${length}`;
}

/** Each with its line end. */
function linesOf(text: string): string[] {
	return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
