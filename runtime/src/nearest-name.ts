/** The known name that is closest to `name` by edits, or undefined when none is close enough to be what was meant. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
	let nearest: string | undefined;
	let fewest = Math.max(2, Math.floor(name.length / 3)) + 1;
	for (const candidate of known) {
		if (Math.abs(candidate.length - name.length) >= fewest) continue;
		const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
		if (distance < fewest) {
			fewest = distance;
			nearest = candidate;
		}
	}
	return nearest;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(from: string, to: string): number {
	let row = Array.from({ length: to.length + 1 }, (_, index) => index);
	for (let i = 1; i <= from.length; i++) {
		const next = [i];
		for (let j = 1; j <= to.length; j++) {
			const substituted = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
			next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substituted));
		}
		row = next;
	}
	return row[to.length] ?? 0;
}
