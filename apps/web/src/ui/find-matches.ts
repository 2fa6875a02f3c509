/** Where in a text something was found: line from 0, start and end within it in UTF-16 units. */
export interface Match {
	line: number;
	start: number;
	end: number;
}

/** Places that hold `wanted`, whatever their case, first ones first; at most `most`, so that a single letter does not hold up the page. */
export function findMatches(lines: readonly string[], wanted: string, most = 2_000): Match[] {
	const found: Match[] = [];
	if (wanted === "") return found;
	const pattern = new RegExp(wanted.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "giu");
	for (const [line, text] of lines.entries()) {
		for (const { index, 0: match } of text.matchAll(pattern)) {
			found.push({ line, start: index, end: index + match.length });
			if (found.length === most) return found;
		}
	}
	return found;
}
