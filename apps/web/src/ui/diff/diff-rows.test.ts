import type { DiffHunk } from "@netconductor/contracts/backup/model";
import { expect, test } from "vitest";
import type { z } from "zod";
import { changedPart } from "./changed-part.ts";
import { type DiffRow, diffRows, splitLines } from "./diff-rows.ts";

type Hunk = z.infer<typeof DiffHunk>;

const before = ["hostname a", "!", "interface e1", " mtu 1500", "!", "interface e2", " mtu 1500", "!", "ntp 1", "end"];
const after = ["hostname a", "!", "interface e1", " mtu 9000", "!", "interface e2", " mtu 1500", "!", "end"];

const context = (from_line: number, to_line: number): Hunk["lines"][number] => ({
	kind: "context",
	from_line,
	to_line,
	text: after[to_line - 1] ?? "",
});
const hunks: Hunk[] = [
	{
		from_start: 3,
		from_lines: 3,
		to_start: 3,
		to_lines: 3,
		section: "interface e1",
		lines: [
			context(3, 3),
			{ kind: "removed", from_line: 4, to_line: null, text: " mtu 1500" },
			{ kind: "added", from_line: null, to_line: 4, text: " mtu 9000" },
			context(5, 5),
		],
	},
	{
		from_start: 9,
		from_lines: 1,
		to_start: 8,
		to_lines: 0,
		section: null,
		lines: [{ kind: "removed", from_line: 9, to_line: null, text: "ntp 1" }],
	},
];

/** Rows in a word each: what a reader sees. */
function shown(rows: readonly DiffRow[]): string[] {
	return rows.map((row) => {
		if (row.kind === "fold") return `… ${row.hidden ?? "?"}`;
		if (row.kind === "same") return `${row.from_line} ${row.to_line} ${row.text}`;
		if (row.show === "both") return `${row.from?.text ?? ""} | ${row.to?.text ?? ""}`;
		return row.show === "from" ? `- ${row.from?.text}` : `+ ${row.to?.text}`;
	});
}

test("unchanged lines are folded, and the fold says how many there are", () => {
	const { rows, changes } = diffRows(hunks, { layout: "unified", ordered: true, unfolded: new Map() });
	expect(shown(rows)).toEqual([
		"… 2",
		"3 3 interface e1",
		"-  mtu 1500",
		"+  mtu 9000",
		"5 5 !",
		"… 3",
		"- ntp 1",
		"… ?",
	]);
	expect(changes).toEqual([2, 6]);
});

test("side by side a changed line stands beside the one that took its place", () => {
	const { rows, changes } = diffRows(hunks, { layout: "split", ordered: true, unfolded: new Map() });
	expect(shown(rows)).toEqual(["… 2", "3 3 interface e1", " mtu 1500 |  mtu 9000", "5 5 !", "… 3", "ntp 1 | ", "… ?"]);
	expect(changes).toEqual([2, 5]);
});

test("a fold is opened from either end, and with all of them open every line of the later version is there once", () => {
	const some = diffRows(hunks, {
		layout: "unified",
		ordered: true,
		to_lines: after,
		unfolded: new Map([
			[0, { above: 0, below: 1 }],
			[1, { above: 1, below: 1 }],
		]),
	});
	expect(shown(some.rows)).toEqual([
		"… 1",
		"2 2 !",
		"3 3 interface e1",
		"-  mtu 1500",
		"+  mtu 9000",
		"5 5 !",
		"6 6 interface e2",
		"… 1",
		"8 8 !",
		"- ntp 1",
		"… 1",
	]);

	for (const layout of ["unified", "split"] as const) {
		const { rows } = diffRows(hunks, { layout, ordered: true, to_lines: after, unfolded: "all" });
		const of = (version: "from" | "to") =>
			rows.flatMap((row) => {
				if (row.kind === "fold") return [`fold`];
				if (row.kind === "same") return [`${version === "from" ? row.from_line : row.to_line} ${row.text}`];
				const side = row[version];
				return side === undefined || (row.show !== "both" && row.show !== version) ? [] : [`${side.line} ${side.text}`];
			});
		expect(of("to")).toEqual(after.map((text, index) => `${index + 1} ${text}`));
		expect(of("from")).toEqual(before.map((text, index) => `${index + 1} ${text}`));
	}
});

test("sections that moved stand one after the other, with nothing to unfold between them", () => {
	const { rows } = diffRows([hunks[1] as Hunk, hunks[0] as Hunk], {
		layout: "unified",
		ordered: false,
		to_lines: after,
		unfolded: "all",
	});
	expect(rows.filter(({ kind }) => kind === "fold")).toEqual([
		expect.objectContaining({ hidden: 0, section: null, above: false, below: false }),
		expect.objectContaining({ hidden: 0, section: "interface e1", above: false, below: false }),
	]);
	expect(shown(rows)).toHaveLength(2 + 1 + 4);
});

test("lines are cut as the server cuts them", () => {
	expect(splitLines("a\r\nb\n\nc\n")).toEqual(["a", "b", "", "c"]);
	expect(splitLines("")).toEqual([]);
});

test("of a changed line the words that changed are marked, of a replaced one nothing", () => {
	const part = (from: string, to: string) => {
		const found = changedPart(from, to);
		return found === undefined ? undefined : [from.slice(...found.from), to.slice(...found.to)];
	};
	expect(part(" mtu 1500", " mtu 1900")).toEqual(["1500", "1900"]);
	expect(part("ip address 10.0.0.1 255.255.255.0", "ip address 10.0.0.1 255.255.255.0 secondary")).toEqual([
		"",
		" secondary",
	]);
	expect(part("description uplink to core-1", "description uplink to core-12")).toEqual(["1", "12"]);
	expect(part("ntp server 192.0.2.1", "snmp-server location Wien")).toBeUndefined();
	expect(part("", "")).toBeUndefined();
});
