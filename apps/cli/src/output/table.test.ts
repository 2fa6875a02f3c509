import { expect, test } from "vitest";
import { displayWidth, renderFields, renderTable, shorten } from "./table.ts";
import type { Paint } from "./terminal.ts";

const plain: Paint = (_style, text) => text;
const coloured: Paint = (_style, text) => `\u001b[1m${text}\u001b[22m`;

interface Row {
	id: string;
	name: string;
	size: number | null;
}
const columns = [
	{ title: "ID", value: ({ id }: Row) => id, whole: true },
	{ title: "NAME", value: ({ name }: Row) => name },
	{ title: "SIZE", value: ({ size }: Row) => size, align: "right" as const },
];
const id = "01a1fd59-1b06-7d3d-a1c1-0eb8a85f6aca";

test("columns line up, also with wide characters, and numbers stand to the right", () => {
	const rows = [
		{ id: "1", name: "東京", size: 5 },
		{ id: "2", name: "core-1", size: null },
	];
	expect(renderTable(columns, rows, { width: undefined, paint: plain })).toBe(
		"ID  NAME    SIZE\n1   東京       5\n2   core-1     -\n",
	);
});

test("a table fits the terminal: long columns are shortened, ids stay whole", () => {
	const rows = [{ id, name: "a very long name that does not fit in here at all", size: 12 }];
	const text = renderTable(columns, rows, { width: 60, paint: coloured });
	for (const line of text.trimEnd().split("\n")) expect(displayWidth(line)).toBeLessThanOrEqual(60);
	expect(text).toContain(id);
	expect(text).toContain("…");
});

test("without a terminal nothing is shortened", () => {
	const name = "x".repeat(500);
	expect(renderTable(columns, [{ id, name, size: 1 }], { width: undefined, paint: plain })).toContain(name);
});

test("a hostile cell cannot break out of its line", () => {
	const rows = [{ id: "1", name: "evil\n\u001b[31mroot", size: 1 }];
	expect(renderTable(columns, rows, { width: undefined, paint: plain }).split("\n")).toHaveLength(3);
	expect(renderFields([["Name", "evil\n\u001b[31mroot"]], plain)).toBe("Name  evil\\x0a\\x1b[31mroot\n");
});

test("shortening counts columns, not code units, and keeps graphemes whole", () => {
	expect(shorten("東京都港区", 7)).toBe("東京都…");
	expect(shorten("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 3)).toBe("👩‍👩‍👧‍👦…");
	expect(shorten("short", 5)).toBe("short");
});
