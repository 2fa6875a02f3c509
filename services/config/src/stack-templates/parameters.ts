import type { ParameterType, StackParameter } from "@netconductor/contracts/config/stack-templates";
import type { FieldError } from "@netconductor/contracts/kernel/errors";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { compilePattern } from "@netconductor/runtime/pattern";

type Values = Readonly<Record<string, unknown>>;

const isOf: Readonly<Record<ParameterType, (value: unknown) => boolean>> = {
	string: (value) => typeof value === "string",
	integer: (value) => Number.isSafeInteger(value),
	number: (value) => typeof value === "number" && Number.isFinite(value),
	boolean: (value) => typeof value === "boolean",
	list: Array.isArray,
	object: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
};

const words: Readonly<Record<ParameterType, string>> = {
	string: "a text",
	integer: "a whole number",
	number: "a number",
	boolean: "true or false",
	list: "a list",
	object: "a mapping",
};

const mostChoices = 20;

/** Values for all parameters: what was given, else the default, else null. What is wrong is said of each parameter, at `path.<name>`. */
export function readParameters(
	parameters: readonly StackParameter[],
	given: Values,
	path: string,
): { values: Record<string, unknown>; errors: FieldError[] } {
	const known = new Set(parameters.map(({ name }) => name));
	const errors: FieldError[] = Object.keys(given).flatMap((name) =>
		known.has(name) ? [] : [{ path: `${path}.${name}`, message: "There is no such parameter" }],
	);
	const values: [string, unknown][] = [];
	for (const parameter of parameters) {
		const { name, required } = parameter;
		const value = (Object.hasOwn(given, name) ? given[name] : undefined) ?? parameter.default ?? null;
		const problem = value !== null ? problemOf(parameter, value) : required ? "Needed: it has no default" : undefined;
		if (problem !== undefined) errors.push({ path: `${path}.${name}`, message: problem });
		values.push([name, value]);
	}
	return { values: Object.fromEntries(values), errors };
}

/** What is wrong with the declarations themselves: names given twice, patterns that are none, defaults that are not allowed. */
export function problemsOfParameters(parameters: readonly StackParameter[], path: string): FieldError[] {
	const names = new Set<string>();
	return parameters.flatMap((parameter, index) => {
		const at = `${path}.${index}`;
		const { name, type, pattern, choices } = parameter;
		const errors: FieldError[] = [];
		if (names.has(name)) errors.push({ path: `${at}.name`, message: `Two parameters are named ${name}` });
		names.add(name);
		if (pattern !== undefined) {
			const fault = type !== "string" && type !== "list" ? "Only texts and lists have patterns" : patternFault(pattern);
			if (fault !== undefined) return [...errors, { path: `${at}.pattern`, message: fault }];
		}
		const single = { ...parameter, choices: undefined, type: type === "list" ? undefined : type };
		const wrong = choices?.findIndex((choice) => single.type !== undefined && !isOf[single.type](choice)) ?? -1;
		if (wrong >= 0) errors.push({ path: `${at}.choices.${wrong}`, message: `Must be ${words[type]}` });
		const fault = parameter.default == null ? undefined : problemOf(parameter, parameter.default);
		if (fault !== undefined) errors.push({ path: `${at}.default`, message: fault });
		return errors;
	});
}

function patternFault(pattern: string): string | undefined {
	try {
		compilePattern(pattern);
		return undefined;
	} catch (error) {
		return `This is no pattern (RE2): ${error instanceof Error ? error.message : error}`;
	}
}

function problemOf({ type, choices, pattern }: StackParameter, value: unknown): string | undefined {
	if (!isOf[type](value)) return `Must be ${words[type]}`;
	const entries = Array.isArray(value) ? value : [value];
	if (choices !== undefined) {
		const allowed = new Set(choices.map(inOneForm));
		const other = entries.find((entry) => !allowed.has(inOneForm(entry)));
		if (other !== undefined) {
			const some = choices.slice(0, mostChoices).map((choice) => shown(choice));
			return `${shown(other)} is none of ${some.join(", ")}${choices.length > mostChoices ? " …" : ""}`;
		}
	}
	if (pattern !== undefined) {
		const whole = compilePattern(`^(?:${pattern})$`);
		const other = entries.find((entry) => typeof entry !== "string" || !whole.test(entry));
		if (other !== undefined) return `${shown(other)} does not match ${pattern}`;
	}
	return undefined;
}

function shown(value: unknown): string {
	return visibleLine(typeof value === "string" ? value : JSON.stringify(value)).slice(0, 100);
}

function inOneForm(value: unknown): string {
	return JSON.stringify(value, (_, held: unknown) =>
		typeof held === "object" && held !== null && !Array.isArray(held)
			? Object.fromEntries(Object.entries(held).sort(([one], [other]) => (one < other ? -1 : 1)))
			: held,
	);
}
