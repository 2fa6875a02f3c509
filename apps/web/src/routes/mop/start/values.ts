import type { Mop, MopDocument, Parameter } from "@netconductor/contracts/config/mops";
import type { Selection } from "@netconductor/contracts/devices/model";
import { selectionValue } from "../builder/selection-value.ts";

/** A variable of a procedure as it is asked for before a start. */
export interface AskedVariable {
	name: string;
	type: Parameter["type"];
	required: boolean;
	secret: boolean;
	description: string;
	choices: readonly (string | number)[];
	pattern: string | undefined;
	/** What it is where nothing is given. */
	byDefault: unknown;
	/** Whether whoever wrote the procedure asks for it; others have a value already. */
	declared: boolean;
}

/** What is asked before a procedure starts, those first that must be given. */
export function askedVariables(variables: MopDocument["variables"]): AskedVariable[] {
	const all = Object.entries(variables ?? {}).map(([name, declaration]): AskedVariable => {
		if (typeof declaration === "object" && declaration !== null && !Array.isArray(declaration)) {
			const { type, required, secret, description, choices = [], pattern, default: byDefault } = declaration;
			return { name, type, required, secret, description, choices, pattern, byDefault, declared: true };
		}
		return {
			name,
			type: typeOf(declaration),
			required: false,
			secret: false,
			description: "",
			choices: [],
			pattern: undefined,
			byDefault: declaration,
			declared: false,
		};
	});
	const rank = ({ declared, required }: AskedVariable) => (declared ? (required ? 0 : 1) : 2);
	return all.toSorted((one, other) => rank(one) - rank(other));
}

function typeOf(value: unknown): AskedVariable["type"] {
	if (Array.isArray(value)) return "list";
	if (typeof value === "number") return "number";
	return typeof value === "boolean" ? "boolean" : "string";
}

/** What a person typed, as a value of the variable's type; undefined for nothing. What is not of the type stays a text: the server says so. */
export function readValue({ type, choices }: Pick<AskedVariable, "type" | "choices">, typed: string): unknown {
	if (typed === "") return undefined;
	const chosen = choices.find((choice) => String(choice) === typed);
	if (chosen !== undefined) return chosen;
	if (type === "integer" || type === "number") return /^-?\d+(?:\.\d+)?$/.test(typed.trim()) ? Number(typed) : typed;
	if (type === "boolean") return typed === "true" ? true : typed === "false" ? false : typed;
	if (type === "list") {
		const read = readJson(typed);
		if (Array.isArray(read)) return read;
		return typed
			.split("\n")
			.map((line) => line.trim())
			.filter(Boolean);
	}
	if (type === "object") return readJson(typed) ?? typed;
	return typed;
}

function readJson(text: string): unknown {
	try {
		return JSON.parse(text) as unknown;
	} catch {
		return undefined;
	}
}

/** Words for a value in its field. */
export function showValue(value: unknown): string {
	if (value === undefined || value === null) return "";
	if (typeof value === "string") return value;
	if (Array.isArray(value) && value.every((one) => typeof one === "string" && one.trim() === one && one !== ""))
		return value.join("\n");
	return JSON.stringify(value);
}

/** Values by name as the server takes them. */
export function valuesOf(
	asked: readonly AskedVariable[],
	typed: Readonly<Record<string, string>>,
): Record<string, unknown> {
	return Object.fromEntries(
		asked.flatMap((one) => {
			const value = readValue(one, typed[one.name] ?? "");
			return value === undefined ? [] : [[one.name, value]];
		}),
	);
}

/** Names of what must be given and is not. */
export function missingNames(asked: readonly AskedVariable[], typed: Readonly<Record<string, string>>): string[] {
	return asked.filter(({ name, required }) => required && (typed[name] ?? "") === "").map(({ name }) => name);
}

/** What is filled in before a procedure is tried or started. */
export interface StartValues extends Record<string, unknown> {
	typed: Record<string, string>;
	which: "own" | "others";
	selection: Selection;
}

/** Where the procedure names its devices those are for whom it is; else they are chosen. */
export function firstValues(mop: Mop): StartValues {
	return { typed: {}, which: mop.document.targets === undefined ? "others" : "own", selection: {} };
}

/** The same as the server takes it. */
export function startBody(mop: Mop, { typed, which, selection }: StartValues) {
	const targets = which === "others" ? selectionValue(selection) : undefined;
	return {
		variables: valuesOf(askedVariables(mop.document.variables), typed),
		...(targets !== undefined && { targets }),
	};
}

/** The same for a question about it: what is secret stays here. */
export function askedBody(mop: Mop, { typed, which, selection }: StartValues) {
	const open = askedVariables(mop.document.variables).filter(({ secret }) => !secret);
	return { mop: mop.id, ...startBody(mop, { typed, which, selection }), variables: valuesOf(open, typed) };
}
