import type { MopDocument, Parameter, ParameterType } from "@netconductor/contracts/config/mops";
import type { FieldError } from "@netconductor/contracts/kernel/errors";
import { failed } from "@netconductor/runtime/errors";
import { compilePattern, patternFault } from "@netconductor/runtime/pattern";
import { describe } from "./explain-issue.ts";
import { createHints, type Hints } from "./hints.ts";

/** A variable of a procedure, or a parameter of a step type, whichever way it was declared. */
export interface Declared extends Omit<Parameter, "type"> {
	/** `any` where nothing tells: the value it is declared with is null. */
	type: ParameterType | "any";
}

/** Declarations by name. A variable declared by its value has the type of that value. */
export function declarationsOf(variables: MopDocument["variables"] = {}): Map<string, Declared> {
	return new Map(
		Object.entries(variables).map(([name, declared]): [string, Declared] => {
			if (typeof declared === "object" && declared !== null && !Array.isArray(declared)) return [name, declared];
			return [name, { type: typeOf(declared), description: "", required: false, default: declared, secret: false }];
		}),
	);
}

function typeOf(value: string | number | boolean | null | unknown[]): Declared["type"] {
	if (value === null) return "any";
	if (Array.isArray(value)) return "list";
	return typeof value as "string" | "number" | "boolean";
}

const typeWords: Readonly<Record<Declared["type"], string>> = {
	string: "text",
	integer: "a whole number",
	number: "a number",
	boolean: "true or false",
	list: "a list",
	object: "a mapping",
	any: "anything",
};

/** Why a value is none of this variable; undefined when it is. Nothing is converted. The value of a secret is not told. */
export function valueFault(declared: Declared, value: unknown): string | undefined {
	if (!isOfType(declared.type, value)) {
		return `must be ${typeWords[declared.type]}, not ${declared.secret ? kindOf(value) : describe(value)}`;
	}
	const { choices, pattern } = declared;
	if (choices !== undefined) {
		const bad = (Array.isArray(value) ? value : [value]).find((one) => !choices.includes(one as string | number));
		if (bad !== undefined)
			return `must be one of ${choices.join(", ")}${declared.secret ? "" : `, not ${describe(bad)}`}`;
	}
	if (pattern !== undefined && typeof value === "string" && !compilePattern(pattern).test(value)) {
		return `does not match ${pattern}`;
	}
	return undefined;
}

function kindOf(value: unknown): string {
	return value === null ? "empty" : Array.isArray(value) ? "a list" : `of the type ${typeof value}`;
}

function isOfType(type: Declared["type"], value: unknown): boolean {
	switch (type) {
		case "any":
			return true;
		case "string":
			return typeof value === "string";
		case "integer":
			return Number.isInteger(value);
		case "number":
			return typeof value === "number" && Number.isFinite(value);
		case "boolean":
			return typeof value === "boolean";
		case "list":
			return Array.isArray(value);
		case "object":
			return typeof value === "object" && value !== null && !Array.isArray(value);
	}
}

/** What is wrong with a declaration itself, each with the key that it is about. */
export function declarationFaults(declared: Declared): { key: keyof Parameter; message: string }[] {
	const faults: { key: keyof Parameter; message: string }[] = [];
	const { type, pattern, choices, secret, required } = declared;
	const hasDefault = declared.default !== undefined;
	if (secret && hasDefault) {
		faults.push({ key: "default", message: "a secret has no default: whoever starts the procedure gives it" });
	}
	if (required && hasDefault)
		faults.push({ key: "default", message: "what is required has no default: leave out one" });
	if (pattern !== undefined) {
		const fault = patternFault(pattern);
		if (fault !== undefined) faults.push({ key: "pattern", message: `the pattern is not valid: ${fault}` });
		else if (type !== "string") faults.push({ key: "pattern", message: "only text has a pattern" });
	}
	if (choices !== undefined && type !== "list") {
		const bad = choices.find((choice) => !isOfType(type, choice));
		if (bad !== undefined) faults.push({ key: "choices", message: `${describe(bad)} is not ${typeWords[type]}` });
	}
	if (hasDefault && declared.default !== null && faults.length === 0) {
		const fault = valueFault(declared, declared.default);
		if (fault !== undefined) faults.push({ key: "default", message: `the default ${fault}` });
	}
	return faults;
}

/**
 * Values that a procedure begins with: those given, and defaults. A variable without either is not among them: templates see it as undefined.
 * @throws mops.bad_variables — one that does not exist, is missing or is not as it was declared; all of them are named
 */
export function valuesOf(
	mop: string,
	declarations: ReadonlyMap<string, Declared>,
	given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
	const errors: FieldError[] = unknownNames(declarations, given).map(({ name, message }) => ({
		path: `body.variables.${name}`,
		message,
	}));
	const values: Record<string, unknown> = {};
	for (const [name, declared] of declarations) {
		const value = givenValue(given, name) ?? declared.default;
		if (value === undefined || (value === null && declared.required)) {
			if (declared.required) errors.push({ path: `body.variables.${name}`, message: "is required" });
			continue;
		}
		const fault = value === null ? undefined : valueFault(declared, value);
		if (fault === undefined) values[name] = value;
		else errors.push({ path: `body.variables.${name}`, message: fault });
	}
	if (errors.length === 0) return values;
	const said = errors.map(({ path, message }) => `${path.slice("body.variables.".length)} ${message}`).join("; ");
	throw failed("mops.bad_variables", {
		message: `The variables of ${mop} are not as they should be: ${said}. Nothing was started.`.slice(0, 2_000),
		details: { mop },
		errors,
	});
}

/** Values given for variables that there are none of. */
export function unknownNames(
	declarations: ReadonlyMap<string, Declared>,
	given: Readonly<Record<string, unknown>>,
	hints: Hints = createHints(),
): { name: string; message: string }[] {
	return Object.keys(given)
		.filter((name) => !declarations.has(name))
		.map((name) => {
			const meant = hints(name, declarations.keys());
			return { name, message: `is no variable of it${meant === undefined ? "" : `; did you mean ${meant}?`}` };
		});
}

function givenValue(given: Readonly<Record<string, unknown>>, name: string): unknown {
	return Object.hasOwn(given, name) ? given[name] : undefined;
}
