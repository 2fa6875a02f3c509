import { readScalar, showScalar, type Values } from "../template/values.ts";

/** A variable as it is typed. */
export interface VariableRow {
	name: string;
	text: string;
}

/** Rows for values: what looks like JSON is JSON, the rest is the text itself. */
export function rowsOfValues(values: Values): VariableRow[] {
	return Object.entries(values).map(([name, value]) => ({ name, text: showValue(value) }));
}

function showValue(value: unknown): string {
	if (typeof value === "object" && value !== null) return JSON.stringify(value);
	// Read again it would be a list or a mapping.
	if (typeof value === "string" && /^\s*[[{]|^null$/.test(value)) return JSON.stringify(value);
	return showScalar(value);
}

function readValue(text: string): { value: unknown } | { fault: string } {
	const trimmed = text.trim();
	if (trimmed === "null") return { value: null };
	if (!/^[[{]/.test(trimmed)) return { value: readScalar(text) };
	try {
		return { value: JSON.parse(trimmed) };
	} catch {
		return { fault: "This is no JSON yet; in double quotes it is a text" };
	}
}

/** The values, and by row what is wrong with it. A row with neither name nor text is none. */
export function valuesOfRows(rows: readonly VariableRow[]): { values: Values; faults: Map<number, string> } {
	const values = new Map<string, unknown>();
	const faults = new Map<number, string>();
	for (const [index, { name, text }] of rows.entries()) {
		if (name === "" && text.trim() === "") continue;
		const read = readValue(text);
		if (name === "") faults.set(index, "A variable needs a name");
		else if (values.has(name)) faults.set(index, `There are two variables named ${name}`);
		else if ("fault" in read) faults.set(index, read.fault);
		else values.set(name, read.value);
	}
	return { values: Object.fromEntries(values), faults };
}
