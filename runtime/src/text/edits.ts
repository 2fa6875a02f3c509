/** Lines `from_start … from_start + from_count` are replaced by `to_start … to_start + to_count`. Positions count from 0. */
export interface Edit {
	from_start: number;
	from_count: number;
	to_start: number;
	to_count: number;
}

/** Lines that the edits add and remove. */
export function countEdits(edits: readonly Edit[]): { added: number; removed: number } {
	let added = 0;
	let removed = 0;
	for (const edit of edits) {
		added += edit.to_count;
		removed += edit.from_count;
	}
	return { added, removed };
}
