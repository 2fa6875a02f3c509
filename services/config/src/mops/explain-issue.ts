import { MopDocument, Parameter, procedureKeys, stepKeys } from "@netconductor/contracts/config/mops";
import { Selection } from "@netconductor/contracts/devices/model";
import { nearestName } from "@netconductor/runtime/nearest-name";
import type { z } from "zod";
import { error, type Fault, type FaultPath, inStep } from "./faults.ts";

type Issue = z.core.$ZodIssue;

const settingsKeys: readonly string[] = MopDocument.shape.settings.unwrap().keyof().options;
const parameterKeys: readonly string[] = Parameter.keyof().options;
export const selectionKeys: readonly string[] = Selection.keyof().options;

/** Keys that people coming from other tools write, and what they are called here. */
const otherNames: Readonly<Record<string, string>> = {
	params: "with",
	parameters: "with",
	args: "with",
	action: "type",
	module: "type",
	register: "save_to_variable",
	save_to: "save_to_variable",
	condition: "when",
	if: "when",
	retry: "retries",
	timeout: "timeout_s",
	vars: "variables",
	hosts: "targets",
	devices: "targets",
	tasks: "steps",
};

/** What the schema found, in words of the document. One issue may tell of several keys. */
export function explainIssue(issue: Issue, document: unknown): Fault[] {
	const path = issue.path as FaultPath;
	switch (issue.code) {
		case "unrecognized_keys":
			return issue.keys.map((key) => unknownKey(document, [...path, key]));
		case "invalid_union":
			return explainUnion(issue.errors, path, document);
		case "invalid_key": {
			const name = String(path.at(-1));
			const why = issue.issues[0]?.message ?? "not a name";
			return [invalid(document, path, `\`${name.slice(0, 100)}\` cannot be a name here: ${lower(why)}`)];
		}
		case "invalid_type": {
			const given = at(document, path);
			if (given === undefined) return [missing(document, path)];
			return [invalid(document, path, `${named(path)} must be ${wordOf(issue.expected)}, not ${describe(given)}`)];
		}
		case "invalid_value":
			return [notOneOf(document, path, issue.values.map(String))];
		case "too_small":
			if (Array.isArray(at(document, path))) return [invalid(document, path, `${named(path)} is empty`)];
			return [invalid(document, path, `${named(path)} ${sizeOf(document, path)} at least ${issue.minimum}`)];
		case "too_big":
			return [invalid(document, path, `${named(path)} ${sizeOf(document, path)} at most ${issue.maximum}`)];
		default:
			return [invalid(document, path, `${named(path)}: ${lower(issue.message)}`)];
	}
}

/** What was meant is what has the same shape as what is there. */
function explainUnion(branches: readonly (readonly Issue[])[], path: FaultPath, document: unknown): Fault[] {
	const given = at(document, path);
	const within = (issues: readonly Issue[]) => issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] }));
	const isOther = (issue: Issue) => issue.path.length === 0 && issue.code === "invalid_type";
	const [likely] = branches.filter((issues) => !issues.some(isOther));
	if (likely !== undefined) {
		const [only] = likely;
		if (likely.length === 1 && only?.code === "invalid_value" && only.path.length === 0) {
			const orGoto = path.at(-1) === "on_success" || path.at(-1) === "on_failure" ? "; or { goto: step }" : "";
			return [notOneOf(document, path, only.values.map(String), orGoto)];
		}
		return within(likely).flatMap((issue) => explainIssue(issue as Issue, document));
	}
	const expected = branches.flatMap((issues) =>
		issues.flatMap((issue) =>
			isOther(issue) && issue.code === "invalid_type"
				? [wordOf(issue.expected)]
				: issue.code === "invalid_value"
					? [issue.values.map(String).join(", ")]
					: [],
		),
	);
	const words = [...new Set(expected)].join(", or ");
	return [invalid(document, path, `${named(path)} must be ${words}, not ${describe(given)}`)];
}

function missing(document: unknown, path: FaultPath): Fault {
	return error("document.missing", path, inStep(document, path, `\`${String(path.at(-1))}\` is missing`));
}

export function unknownKey(document: unknown, path: FaultPath): Fault {
	const key = String(path.at(-1));
	const known = keysAt(document, path.slice(0, -1));
	const other = Object.hasOwn(otherNames, key) ? otherNames[key] : undefined;
	const meant = other !== undefined && known.includes(other) ? other : nearestName(key, known);
	const hint = meant === undefined ? `; known are ${known.join(", ")}` : `; did you mean \`${meant}\`?`;
	const message = `there is no key \`${key.slice(0, 100)}\` here${hint}`;
	return error("document.unknown_key", path, inStep(document, path, message));
}

function keysAt(document: unknown, path: FaultPath): readonly string[] {
	const last = path.at(-1);
	if (path.length === 0) return procedureKeys;
	if (last === "targets") return selectionKeys;
	if (path.length === 1 && last === "settings") return settingsKeys;
	if (path.length === 2 && path[0] === "variables") return parameterKeys;
	if (last === "retries") return ["count", "delay_s", "backoff"];
	if (last === "on_success" || last === "on_failure") return ["goto"];
	return Array.isArray(at(document, path.slice(0, -1))) ? stepKeys : [];
}

function notOneOf(document: unknown, path: FaultPath, values: readonly string[], more = ""): Fault {
	const given = at(document, path);
	const meant = typeof given === "string" ? nearestName(given, values) : undefined;
	const hint = meant === undefined ? "" : `; did you mean \`${meant}\`?`;
	const shown = typeof given === "string" ? `\`${given.slice(0, 100)}\`` : describe(given);
	return invalid(document, path, `${named(path)} is ${shown}, but must be one of ${values.join(", ")}${more}${hint}`);
}

function invalid(document: unknown, path: FaultPath, message: string): Fault {
	return error("document.invalid", path, inStep(document, path, message));
}

/** What stands at a path. */
export function at(document: unknown, path: FaultPath): unknown {
	let value = document;
	for (const key of path) {
		if (!Object.hasOwn(Object(value), key)) return undefined;
		value = (value as Record<PropertyKey, unknown>)[key];
	}
	return value;
}

const words: Readonly<Record<string, string>> = {
	string: "text",
	number: "a number",
	int: "a whole number",
	boolean: "true or false",
	array: "a list",
	object: "a mapping",
	record: "a mapping",
	null: "null",
};

function wordOf(expected: string): string {
	return words[expected] ?? expected;
}

export function describe(given: unknown): string {
	if (given === undefined) return "nothing";
	if (given === null) return "empty";
	if (Array.isArray(given)) return "a list";
	if (typeof given === "object") return "a mapping";
	if (typeof given === "string") return `the text ${JSON.stringify(given.slice(0, 60))}`;
	return typeof given === "number" ? `the number ${given}` : `${given}; put text in quotes`;
}

function named(path: FaultPath): string {
	const last = path.at(-1);
	if (last === undefined) return "the document";
	return typeof last === "number" ? `number ${last + 1} of \`${String(path.at(-2))}\`` : `\`${last.slice(0, 100)}\``;
}

function sizeOf(document: unknown, path: FaultPath): string {
	const given = at(document, path);
	return typeof given === "number"
		? "must be"
		: typeof given === "string"
			? "must have characters"
			: "must have entries";
}

function lower(text: string): string {
	return text.charAt(0).toLowerCase() + text.slice(1);
}
