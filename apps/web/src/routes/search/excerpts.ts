import type { SearchResult } from "@netconductor/contracts/backup/model";

export type Hit = SearchResult["items"][number]["hits"][number];

/** A line of an excerpt; number 0 is the heading of the section that the excerpt lies in. */
export interface ExcerptLine {
	number: number;
	text: string;
	hit?: Hit;
}

/** Hits with the lines around them; those that touch become one excerpt, in which no line stands twice. */
export function excerpts(hits: readonly Hit[]): ExcerptLine[][] {
	const all: ExcerptLine[][] = [];
	for (const hit of hits) {
		const lines = [...hit.before, hit.text, ...hit.after].map((text, index): ExcerptLine => {
			const number = hit.line - hit.before.length + index;
			return { number, text, ...(number === hit.line && { hit }) };
		});
		const open = all.at(-1);
		const last = open?.at(-1)?.number ?? 0;
		if (open === undefined || (lines[0]?.number ?? 0) > last + 1) {
			const heading = hit.section !== null && !hit.before.includes(hit.section);
			all.push(heading ? [{ number: 0, text: hit.section ?? "" }, ...lines] : lines);
			continue;
		}
		for (const line of lines) {
			const at = open.findIndex(({ number }) => number === line.number);
			if (at === -1) open.push(line);
			else if (line.hit !== undefined) open[at] = line;
		}
	}
	return all;
}
