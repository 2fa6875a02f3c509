import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import type { OutputChunk } from "@netconductor/contracts/tasks/model";

/** A line of a run's output as it is shown. */
export interface Line {
	/** The same line has the same key, however it was read. */
	key: string;
	operation_id: string;
	device_name: string;
	at: string;
	text: string;
	/** Characters of a long line that are not shown; the download has them. */
	left_out: number;
}

/** Longer lines are cut: no terminal has so many columns, and a hostile device may send megabytes without a line end. */
const longestLine = 2_000;

/** The lines of a piece of output, each made visible. */
export function linesOf({ seq, operation_id, device_name, at, text }: OutputChunk): Line[] {
	const texts = visibleText(text).split("\n");
	if (texts.at(-1) === "") texts.pop();
	return texts.map((line, index) => ({
		key: `${seq}.${index}`,
		operation_id,
		device_name,
		at,
		text: line.length > longestLine ? copyOf(line.slice(0, longestLine)) : line,
		left_out: Math.max(0, line.length - longestLine),
	}));
}

/** A part of a string keeps the whole of it in memory, as engines do it. A copy does not. */
function copyOf(part: string): string {
	return JSON.parse(JSON.stringify(part));
}

/** Where a text stands in others, by index; upper and lower case are the same. */
export function findIn(lines: readonly Line[], text: string): number[] {
	if (text === "") return [];
	const sought = text.toLowerCase();
	const found: number[] = [];
	for (const [index, line] of lines.entries()) if (line.text.toLowerCase().includes(sought)) found.push(index);
	return found;
}

/** A line in parts, those that were sought marked. Together they are the line. */
export function markIn(line: string, sought: string): { text: string; hit: boolean; at: number }[] {
	if (sought === "") return [{ text: line, hit: false, at: 0 }];
	const parts: { text: string; hit: boolean; at: number }[] = [];
	let from = 0;
	for (const { index } of line.matchAll(new RegExp(RegExp.escape(sought), "gi"))) {
		if (index > from) parts.push({ text: line.slice(from, index), hit: false, at: from });
		parts.push({ text: line.slice(index, index + sought.length), hit: true, at: index });
		from = index + sought.length;
	}
	if (from < line.length || parts.length === 0) parts.push({ text: line.slice(from), hit: false, at: from });
	return parts;
}
