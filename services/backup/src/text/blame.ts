import type { Edit } from "@netconductor/runtime/text/edits";

/** The backup that brought a line. */
export interface Origin {
	backup_id: string;
	run_id: string;
	since: string;
	started_by: string;
}

/** Origins of the lines of a text: `runs` are pairs of an index into `origins` and how many lines in a row it brought. */
export interface Blame {
	origins: Origin[];
	runs: [origin: number, lines: number][];
}

/** Every line of a first version comes from it. */
export function firstBlame(lines: number, origin: Origin): Blame {
	return lines === 0 ? { origins: [], runs: [] } : { origins: [origin], runs: [[0, lines]] };
}

/** Blame of the text that `edits` make of the one `before` is about: new lines come from `origin`. Linear in runs and edits. */
export function nextBlame(before: Blame, edits: readonly Edit[], origin: Origin): Blame {
	const origins: Origin[] = [];
	const newIndex = new Map<number, number>();
	const runs: [number, number][] = [];
	let own = -1;

	const push = (index: number, lines: number) => {
		if (lines === 0) return;
		const last = runs.at(-1);
		if (last !== undefined && last[0] === index) last[1] += lines;
		else runs.push([index, lines]);
	};
	let at = 0;
	let used = 0;
	/** Takes the next `lines` lines of the text before, kept or dropped. */
	const advance = (lines: number, keep: boolean) => {
		let left = lines;
		while (left > 0 && at < before.runs.length) {
			const [old, length] = before.runs[at] as [number, number];
			const taken = Math.min(left, length - used);
			if (keep) {
				let index = newIndex.get(old);
				if (index === undefined) {
					index = origins.push(before.origins[old] as Origin) - 1;
					newIndex.set(old, index);
				}
				push(index, taken);
			}
			left -= taken;
			used += taken;
			if (used === length) {
				at++;
				used = 0;
			}
		}
	};
	let position = 0;
	for (const edit of edits) {
		advance(edit.from_start - position, true);
		advance(edit.from_count, false);
		position = edit.from_start + edit.from_count;
		if (edit.to_count === 0) continue;
		if (own < 0) own = origins.push(origin) - 1;
		push(own, edit.to_count);
	}
	advance(Number.POSITIVE_INFINITY, true);
	return { origins, runs };
}
