/** Lines, without the blanks around them, that separate or close and head nothing: `!`, `#`, `}`, `end`. */
const noHeading = /^(?:$|[!#]|[}\])]+;?$|(?:end|exit|next|quit)$)/;

/** Blanks and tabs before the first word. */
export function indentOf(line: string): number {
	let indent = 0;
	while (line.charCodeAt(indent) === 32 || line.charCodeAt(indent) === 9) indent++;
	return indent;
}

/**
 * For each line the number of the line that heads its section, -1 at top level: the nearest line above with less indentation.
 * Systems without indentation that name a menu first (RouterOS: `/ip address`) are headed by that.
 */
export function sectionHeadings(lines: readonly string[]): Int32Array {
	const headings = new Int32Array(lines.length);
	const open: { line: number; indent: number }[] = [];
	let menu = -1;
	for (const [number, line] of lines.entries()) {
		const indent = indentOf(line);
		if (indent === line.length) {
			headings[number] = open.at(-1)?.line ?? menu;
			continue;
		}
		while (open.length > 0 && (open.at(-1) as { indent: number }).indent >= indent) open.pop();
		if (indent === 0 && line.startsWith("/")) menu = number;
		headings[number] = open.at(-1)?.line ?? (menu === number ? -1 : menu);
		if (!noHeading.test(line.trim())) open.push({ line: number, indent });
	}
	return headings;
}
