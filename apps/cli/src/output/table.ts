import stringWidth from "string-width";
import { sanitiseLine } from "./sanitise.ts";
import type { Paint, Style } from "./terminal.ts";

/** One column of a table of `T`. Cells are plain text: they are made safe and shortened here. */
export interface Column<T> {
	title: string;
	value: (row: T) => string | number | null | undefined;
	align?: "right";
	/** Never shortened, such as an id that will be copied. */
	whole?: boolean;
	style?: (row: T) => Style | undefined;
}

const gap = "  ";
const smallest = 6;

/** Columns that text takes on a terminal. */
export function displayWidth(text: string): number {
	return stringWidth(text);
}

/** The text, shortened with … to at most `width` columns. */
export function shorten(text: string, width: number): string {
	if (displayWidth(text) <= width) return text;
	let taken = "";
	let used = 0;
	for (const { segment } of new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text)) {
		used += displayWidth(segment);
		if (used > width - 1) break;
		taken += segment;
	}
	return `${taken}…`;
}

/**
 * Rows under their titles, at most `width` columns wide: the widest columns are shortened first. Without a width (a file, a pipe)
 * everything is whole. The last column is not padded.
 */
export function renderTable<T>(
	columns: readonly Column<T>[],
	rows: readonly T[],
	{ width, paint }: { width: number | undefined; paint: Paint },
): string {
	const cells = rows.map((row) => columns.map(({ value }) => sanitiseLine(String(value(row) ?? "-")) || "-"));
	const natural = columns.map(({ title }, at) =>
		cells.reduce((most, row) => Math.max(most, displayWidth(row[at] ?? "")), displayWidth(title)),
	);
	const widths = width === undefined ? natural : narrowed(columns, natural, width);
	const line = (texts: readonly string[], styleOf: (at: number) => Style | undefined) =>
		texts
			.map((text, at) => {
				const room = widths[at] ?? 0;
				const shown = shorten(text, room);
				const padding = " ".repeat(Math.max(0, room - displayWidth(shown)));
				const style = styleOf(at);
				const painted = style === undefined ? shown : paint(style, shown);
				if (columns[at]?.align === "right") return padding + painted;
				return at === texts.length - 1 ? painted : painted + padding;
			})
			.join(gap);
	return [
		line(
			columns.map(({ title }) => title),
			() => "heading",
		),
		...rows.map((row, index) => line(cells[index] ?? [], (at) => columns[at]?.style?.(row))),
	]
		.map((text) => `${text}\n`)
		.join("");
}

/** Widths that fit: the widest column that may be shortened gives way until the rest is as wide as it. */
function narrowed<T>(columns: readonly Column<T>[], natural: readonly number[], width: number): number[] {
	const widths = [...natural];
	let excess = widths.reduce((sum, each) => sum + each, gap.length * (widths.length - 1)) - width;
	while (excess > 0) {
		let widest = -1;
		for (const [at, each] of widths.entries()) {
			if (!columns[at]?.whole && each > smallest && each > (widths[widest] ?? 0)) widest = at;
		}
		if (widest < 0) break;
		widths[widest] = (widths[widest] ?? 0) - 1;
		excess -= 1;
	}
	return widths;
}

/** Named values one below the other. Undefined ones are left out, null ones show as `-`. */
export function renderFields(
	fields: readonly (readonly [name: string, value: string | number | boolean | null | undefined])[],
	paint: Paint,
): string {
	const shown = fields.filter(([, value]) => value !== undefined);
	const width = Math.max(0, ...shown.map(([name]) => displayWidth(name)));
	return shown
		.map(([name, value]) => {
			const text = value === true ? "yes" : value === false ? "no" : sanitiseLine(String(value ?? "-")) || "-";
			return `${paint("dim", name.padEnd(width))}  ${text}\n`;
		})
		.join("");
}
