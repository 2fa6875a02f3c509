import { setImmediate as turn } from "node:timers/promises";
import type { ImportProblem } from "@netconductor/contracts/devices/model";
import { type FoundRow, fieldOf, type ImportField, unknownField } from "./fields.ts";

/** Fields that null empties; elsewhere it says nothing, like a field that is left out. */
const nullable = new Set<ImportField>(["site", "worker_pool", "jump_host"]);
const charactersATurn = 256 * 1024;

/**
 * Rows of a JSON file: an array of objects. Each is cut out and parsed by itself, so that a problem has its row and line and a large
 * file does not hold up other work.
 */
export async function readJson(
	content: string,
	columns: Readonly<Record<string, string>>,
	problems: ImportProblem[],
): Promise<FoundRow[]> {
	const rows: FoundRow[] = [];
	const cutter = createCutter(content);
	let fault = cutter.open();
	let row = 0;
	let paused = 0;
	while (fault === undefined) {
		const element = cutter.next();
		if (element === undefined) break;
		row++;
		if (typeof element === "string") {
			fault = element;
			break;
		}
		const values = readElement(element.text, columns, { row, line: element.line }, problems);
		if (values !== undefined) rows.push({ row, line: element.line, values });
		if (cutter.at() - paused > charactersATurn) {
			paused = cutter.at();
			await turn();
		}
	}
	if (fault !== undefined) problems.push({ row, line: cutter.line(), column: null, message: fault });
	return rows;
}

function readElement(
	text: string,
	columns: Readonly<Record<string, string>>,
	place: { row: number; line: number },
	problems: ImportProblem[],
): Map<ImportField, unknown> | undefined {
	const problem = (column: string | null, message: string) => {
		problems.push({ ...place, column, message });
		return undefined;
	};
	let object: unknown;
	try {
		object = JSON.parse(text);
	} catch {
		// The engine's message quotes the text around the fault.
		return problem(null, "This is not valid JSON");
	}
	if (typeof object !== "object" || object === null || Array.isArray(object)) {
		return problem(null, "Each entry must be an object with the fields of a device");
	}
	const values = new Map<ImportField, unknown>();
	for (const [key, value] of Object.entries(object)) {
		const field = fieldOf(key, columns);
		if (field === undefined) problem(key.slice(0, 60), unknownField(key));
		else if (field === "" || (value === null && !nullable.has(field))) continue;
		else if (values.has(field)) problem(field, `The field ${field} is there twice`);
		else values.set(field, value);
	}
	return values;
}

/** Cuts the elements out of an array without looking into them further than their brackets and strings. */
function createCutter(text: string) {
	let at = text.startsWith("\uFEFF") ? 1 : 0;
	let line = 1;
	let first = true;
	const skipBlanks = () => {
		for (; at < text.length; at++) {
			const character = text[at];
			if (character === "\n") line++;
			else if (character !== " " && character !== "\t" && character !== "\r") return;
		}
	};
	const open = "The file must be an array of objects: [ { … }, … ]";
	const unended = "The file ends before its array does";

	return {
		at: () => at,
		line: () => line,
		/** Goes into the array; answers a fault. */
		open(): string | undefined {
			skipBlanks();
			if (text[at] !== "[") return open;
			at++;
			return undefined;
		},
		/** The next element, a fault, or undefined at the end. */
		next(): { text: string; line: number } | string | undefined {
			skipBlanks();
			if (at >= text.length) return unended;
			if (text[at] === "]" && first) return end();
			if (!first) {
				const separator = text[at];
				at++;
				if (separator === "]") {
					at--;
					return end();
				}
				if (separator !== ",") return "A comma is missing between two entries";
				skipBlanks();
			}
			first = false;
			const start = at;
			const startLine = line;
			let depth = 0;
			let inString = false;
			for (; at < text.length; at++) {
				const character = text[at];
				if (character === "\n") line++;
				if (inString) {
					if (character === "\\") at++;
					else if (character === '"') inString = false;
				} else if (character === '"') inString = true;
				else if (character === "{" || character === "[") depth++;
				else if (character === "}" || character === "]") {
					if (depth === 0) break;
					depth--;
				} else if (character === "," && depth === 0) break;
			}
			if (at >= text.length) return unended;
			return { text: text.slice(start, at), line: startLine };
		},
	};

	function end(): string | undefined {
		at++;
		skipBlanks();
		return at < text.length ? "Text follows the end of the array" : undefined;
	}
}
