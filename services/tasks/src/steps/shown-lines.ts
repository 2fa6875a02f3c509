/** What a result holds of lines that may be many and long: results stand in rows and travel in events. */
const bounds = { lines: 2_000, characters: 200_000 };

/** The first lines, as many as are kept: at least one, cut where it alone is too long. */
export function shownLines(lines: readonly string[]): string[] {
	let size = 0;
	const end = lines.slice(0, bounds.lines).findIndex((line) => {
		size += line.length;
		return size > bounds.characters;
	});
	return lines.slice(0, end === -1 ? bounds.lines : Math.max(1, end)).map((line) => line.slice(0, bounds.characters));
}
