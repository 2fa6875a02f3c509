import type { ConfigStructure } from "@netconductor/contracts/devices/platform";
import type { Edit } from "@netconductor/runtime/text/edits";
import { indentOf } from "@netconductor/runtime/text/section-headings";
import type { z } from "zod";
import { diffLines } from "./diff.ts";

export type Structure = z.infer<typeof ConfigStructure>;

/** A part of a config that may stand elsewhere without meaning something else. */
interface Section {
	heading: string;
	/** Number of its first line. */
	start: number;
	end: number;
	/** The whole text. */
	body: string;
}

/** Cuts a text into its top-level sections. Together they hold every line once, save bare separators of indented configs. */
function cutSections(lines: readonly string[], structure: Structure): Section[] {
	if (structure === "flat") {
		return lines.length === 0 ? [] : [{ heading: "", start: 0, end: lines.length, body: lines.join("\n") }];
	}
	const sections: Section[] = [];
	let start = 0;
	const close = (end: number) => {
		if (end > start) {
			const heading = lines[start] as string;
			sections.push({ heading, start, end, body: lines.slice(start, end).join("\n") });
		}
		start = end;
	};
	const menus = structure === "set_lines" && lines.some((line) => line.startsWith("/"));
	for (let number = 0; number < lines.length; number++) {
		const line = lines[number] as string;
		if (!beginsSection(line, structure, menus)) continue;
		close(number);
		if (["", "!", "#"].includes(line.trim())) start = number + 1;
	}
	close(lines.length);
	return sections;
}

function beginsSection(line: string, structure: Structure, menus: boolean): boolean {
	if (menus) return line.startsWith("/");
	if (structure === "set_lines") return true;
	if (line === "" || indentOf(line) > 0) return line === "" && structure === "indent";
	// The closing brace belongs to what it closes.
	return !(structure === "braces" && /^[}\])]/.test(line));
}

/**
 * Edits between two configs when the order of their sections does not count. Positions of different edits need not rise together: a
 * section may stand elsewhere. Inside a section order counts (access lists).
 */
export function diffSections(from: readonly string[], to: readonly string[], structure: Structure): Edit[] {
	const sections = { from: cutSections(from, structure), to: cutSections(to, structure) };
	const equal = new Map<string, number>();
	for (const section of sections.from) equal.set(section.body, (equal.get(section.body) ?? 0) + 1);
	const changedTo = sections.to.filter(({ body }) => !take(equal, body));
	// What is left in `equal` counts the sections of `from` without an equal one; the last of them are the unmatched.
	const changedFrom = sections.from.filter(({ body }) => take(equal, body));

	// The first comes last, where taking it costs nothing, however many have one heading.
	const byHeading = Map.groupBy(changedFrom.reverse(), ({ heading }) => heading);
	const edits: Edit[] = [];
	for (const section of changedTo) {
		const before = byHeading.get(section.heading)?.pop();
		if (before === undefined) {
			edits.push({
				from_start: from.length,
				from_count: 0,
				to_start: section.start,
				to_count: section.end - section.start,
			});
			continue;
		}
		for (const edit of diffLines(from.slice(before.start, before.end), to.slice(section.start, section.end))) {
			edits.push({ ...edit, from_start: edit.from_start + before.start, to_start: edit.to_start + section.start });
		}
	}
	for (const removed of [...byHeading.values()].flat().sort((a, b) => a.start - b.start)) {
		edits.push({
			from_start: removed.start,
			from_count: removed.end - removed.start,
			to_start: to.length,
			to_count: 0,
		});
	}
	return edits;
}

function take(counts: Map<string, number>, key: string): boolean {
	const count = counts.get(key) ?? 0;
	if (count === 0) return false;
	counts.set(key, count - 1);
	return true;
}
