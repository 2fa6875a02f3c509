import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "@netconductor/runtime/errors";
import { type Cell, parseText, toObjects } from "../textfsm/parse-text.ts";
import { readTemplate, type TextFsmTemplate } from "../textfsm/template.ts";
import { NotUnderstood } from "./parser.ts";

const compiled = new Map<string, TextFsmTemplate>();

/** What a record of a template holds. A Value that is missing is an empty text. */
export interface TemplateRecord {
	text(name: string): string;
	/** Null of an empty one. */
	optional(name: string): string | null;
	number(name: string): number | null;
	list(name: string): string[];
}

/**
 * Reads an answer with one of our own templates, which end their states with `^. -> Error`.
 * @throws NotUnderstood with the line that no rule knows
 */
export function readWithTemplate(file: string, output: string): TemplateRecord[] {
	let template = compiled.get(file);
	if (!template) {
		template = readTemplate(readFileSync(join(import.meta.dirname, "templates", `${file}.textfsm`), "utf8"));
		compiled.set(file, template);
	}
	try {
		return toObjects(parseText(template, output)).map(recordOf);
	} catch (error) {
		if (!hasCode(error, "parse.error_state")) throw error;
		const number = Number(error.details?.output_line);
		throw new NotUnderstood("a line is not known", output.split(/\r?\n/)[number - 1]?.trim(), number);
	}
}

function recordOf(cells: Record<string, Cell>): TemplateRecord {
	const text = (name: string) => {
		const cell = cells[name];
		return typeof cell === "string" ? cell : "";
	};
	return {
		text,
		optional: (name) => text(name) || null,
		number: (name) => (text(name) === "" ? null : Number(text(name))),
		list: (name) => {
			const cell = cells[name];
			return Array.isArray(cell) ? cell.filter((element) => typeof element === "string") : [];
		},
	};
}
