import { failed } from "@netconductor/runtime/errors";
import { splitLines } from "./python-text.ts";
import type { TemplateRule, TemplateValue, TextFsmTemplate } from "./template.ts";

/** An element of a `List`: what matched, or its nested named groups. Null is a group that took no part. */
export type ListElement = string | null | Record<string, string | null>;
export type Cell = string | ListElement[];

export interface TextFsmTable {
	header: string[];
	records: Cell[][];
}

/** What one run may use; every limit that is met is the error `parse.too_much`. */
export interface ParseLimits {
	max_lines: number;
	max_line_length: number;
	max_records: number;
	/** Characters and list elements of the whole result. */
	max_result: number;
	timeout_ms: number;
}

export const defaultLimits: ParseLimits = {
	max_lines: 200_000,
	max_line_length: 32_768,
	max_records: 200_000,
	max_result: 64 * 1024 * 1024,
	timeout_ms: 10_000,
};

/**
 * Runs a template over a device's output, as Google's TextFSM does.
 * @throws parse.error_state when a rule says `Error`, naming the rule and the line; parse.too_much beyond a limit
 */
export function parseText(template: TextFsmTemplate, output: string, limits: Partial<ParseLimits> = {}): TextFsmTable {
	const { max_lines, max_line_length, max_records, max_result, timeout_ms } = { ...defaultLimits, ...limits };
	const deadline = performance.now() + timeout_ms;
	const columns = template.values.map(createColumn);
	const byName = new Map(columns.map((column) => [column.name, column]));
	const records: Cell[][] = [];
	let resultSize = 0;
	let state = "Start";
	let rules = template.states.get("Start") ?? [];

	const lines = splitLines(output);
	if (lines.length > max_lines) throw tooMuch(`The output has ${lines.length} lines; ${max_lines} are read at most.`);
	for (const [index, line] of lines.entries()) {
		if (line.length > max_line_length) {
			throw tooMuch(
				`Line ${index + 1} of the output has ${line.length} characters; ${max_line_length} are read at most.`,
			);
		}
		readLine(line, index + 1);
		if (state === "End" || state === "EOF") break;
	}
	// The implicit EOF records what is left; a template that has the (empty) state does not want it.
	if (state !== "End" && !template.states.has("EOF")) record();
	return { header: columns.map(({ name }) => name), records };

	function readLine(line: string, number: number) {
		for (const rule of rules) {
			if (performance.now() > deadline) {
				throw tooMuch(`Parsing took longer than ${timeout_ms} ms and was stopped at line ${number} of the output.`);
			}
			const groups = rule.pattern.match(line);
			if (!groups) continue;
			assign(rule, groups);
			if (rule.record === "Record") record();
			else if (rule.record !== "NoRecord") for (const column of columns) column.clear(rule.record === "Clearall");
			if (rule.line === "Error") throw errorState(rule, line, number);
			if (rule.line === "Continue") continue;
			if (rule.next !== undefined) {
				state = rule.next;
				rules = template.states.get(state) ?? rules;
			}
			return;
		}
	}

	function assign(rule: TemplateRule, groups: (string | undefined)[]) {
		for (const [index, name] of rule.pattern.groupNames.entries()) {
			const column = name === undefined ? undefined : byName.get(name);
			if (!column) continue;
			const value = groups[index] ?? null;
			column.assign(value);
			if (column.fillsUp && value) resultSize += fillUp(records, columns.indexOf(column), value);
			// What a list holds is kept until it is recorded, which may be never.
			if (column.listed > max_result) throw tooMuch("A list has become longer than allowed.");
		}
		if (resultSize > max_result) throw tooMuch("The records hold more than allowed.");
	}

	function record() {
		if (columns.length === 0) return;
		const cells: (Cell | null)[] = [];
		for (const column of columns) {
			const saved = column.save();
			if (saved === "skip") {
				for (const each of columns) each.clear(false);
				return;
			}
			cells.push(saved.cell);
		}
		if (cells.every((cell) => cell === null || (Array.isArray(cell) && cell.length === 0))) return;
		const full = cells.map((cell) => cell ?? "");
		for (const cell of full) resultSize += 1 + cell.length;
		if (resultSize > max_result) throw tooMuch("The records hold more than allowed.");
		if (records.length >= max_records) throw tooMuch(`There are more than ${max_records} records.`);
		records.push(full);
		for (const column of columns) column.clear(false);
	}
}

/** The records as objects by the names of the Values. */
export function toObjects({ header, records }: TextFsmTable): Record<string, Cell>[] {
	return records.map((cells) => Object.fromEntries(header.map((name, i) => [name, cells[i] ?? ""])));
}

interface Column {
	name: string;
	fillsUp: boolean;
	/** Elements and characters in the list that is not recorded yet. */
	readonly listed: number;
	assign(value: string | null): void;
	clear(all: boolean): void;
	/** What goes into the record, or that the record is not wanted. */
	save(): "skip" | { cell: Cell | null };
}

/** The life of one Value between records. The options act in the order in which the template names them. */
function createColumn({ name, options, nested }: TemplateValue): Column {
	const isList = options.includes("List");
	const fillsDown = options.includes("Filldown");
	let value: Cell | null = null;
	let kept: string | null = null;
	let elements: ListElement[] = [];
	let listed = 0;
	return {
		name,
		fillsUp: options.includes("Fillup"),
		get listed() {
			return listed;
		},
		assign(assigned) {
			value = assigned;
			if (fillsDown) kept = assigned;
			if (!isList) return;
			elements.push(elementOf(assigned, nested));
			listed += 1 + (assigned?.length ?? 0);
		},
		clear(all) {
			value = null;
			if (all) kept = null;
			else if (fillsDown) value = kept;
			if (isList && (all || !fillsDown)) {
				elements = [];
				listed = 0;
			}
		},
		save() {
			for (const option of options) {
				if (option === "List") value = [...elements];
				if (option === "Required" && (value === null || value.length === 0)) return "skip";
			}
			return { cell: value };
		},
	};
}

function elementOf(value: string | null, nested: TemplateValue["nested"]): ListElement {
	if (value === null || !nested?.groupNames.some(Boolean)) return value;
	const groups = nested.match(value);
	if (!groups) return value;
	const named: [string, string | null][] = [];
	for (const [index, name] of nested.groupNames.entries()) {
		if (name !== undefined) named.push([name, groups[index] ?? null]);
	}
	return Object.fromEntries(named);
}

/** Writes a value into the records above that have none, up to the first that has one; answers the characters written. */
function fillUp(records: Cell[][], column: number, value: string): number {
	let written = 0;
	for (let row = records.length - 1; row >= 0; row--) {
		const cells = records[row];
		if (!cells || (cells[column]?.length ?? 0) > 0) break;
		cells[column] = value;
		written += value.length;
	}
	return written;
}

function errorState(rule: TemplateRule, line: string, number: number) {
	const said = rule.next?.replace(/^"(.*)"$/s, "$1");
	return failed("parse.error_state", {
		message: `The template calls line ${number} of the output an error${said ? `: ${said}` : ""} (template line ${rule.line_number}): ${line.slice(0, 200)}`,
		details: { template_line: rule.line_number, output_line: number, ...(said && { text: said }) },
	});
}

function tooMuch(message: string) {
	return failed("parse.too_much", { message });
}
