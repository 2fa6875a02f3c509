import { failed } from "@netconductor/runtime/errors";
import type { Node } from "./syntax.ts";
import { compareStrings, isEqual, type JsonObject, jsonText, type Spend, typeOf, type ValueType } from "./values.ts";

/** What a parameter takes: types by name, arrays of one type, or an expression (`&...`). */
type Parameter = readonly (ValueType | "array[number]" | "array[string]")[] | "any" | "expression";
type Expression = (value: unknown) => unknown;

interface BuiltIn {
	parameters: readonly Parameter[];
	/** The last parameter may be given again and again. */
	variadic?: boolean;
	call(given: unknown[], spend: Spend): unknown;
}

const number: Parameter = ["number"];
const text: Parameter = ["string"];
const array: Parameter = ["array"];
const object: Parameter = ["object"];
const numbers: Parameter = ["array[number]"];
const sortable: Parameter = ["array[number]", "array[string]"];

/** The functions of https://jmespath.org/specification.html#built-in-functions. Arguments are checked before a call. */
const builtIns = new Map<string, BuiltIn>(
	Object.entries({
		abs: { parameters: [number], call: ([x]) => Math.abs(x as number) },
		avg: {
			parameters: [numbers],
			call: ([list], spend) => {
				const values = list as number[];
				return values.length === 0 ? null : sumOf(values, spend) / values.length;
			},
		},
		ceil: { parameters: [number], call: ([x]) => Math.ceil(x as number) },
		contains: {
			parameters: [["array", "string"], "any"],
			call: ([subject, wanted], spend) => {
				if (Array.isArray(subject)) return subject.some((element) => isEqual(element, wanted, spend));
				spend((subject as string).length);
				return typeof wanted === "string" && (subject as string).includes(wanted);
			},
		},
		ends_with: { parameters: [text, text], call: ([subject, end]) => (subject as string).endsWith(end as string) },
		floor: { parameters: [number], call: ([x]) => Math.floor(x as number) },
		join: {
			parameters: [text, ["array[string]"]],
			call: ([glue, list], spend) => {
				const parts = list as string[];
				let length = (glue as string).length * parts.length;
				for (const part of parts) length += part.length;
				spend(length);
				return parts.join(glue as string);
			},
		},
		keys: { parameters: [object], call: ([of]) => Object.keys(of as JsonObject) },
		length: {
			parameters: [["string", "array", "object"]],
			call: ([of]) => {
				if (typeof of === "string") return Array.from(of).length;
				return Array.isArray(of) ? of.length : Object.keys(of as JsonObject).length;
			},
		},
		map: {
			parameters: ["expression", array],
			call: ([by, list]) => (list as unknown[]).map((each) => (by as Expression)(each)),
		},
		max: { parameters: [sortable], call: ([list]) => extreme(list as unknown[], list as (number | string)[], 1) },
		max_by: {
			parameters: [array, "expression"],
			call: ([list, by]) => extremeBy("max_by", list as unknown[], by as Expression, 1),
		},
		merge: {
			parameters: [object],
			variadic: true,
			call: (given, spend) => {
				const merged = given.flatMap((each) => Object.entries(each as JsonObject));
				spend(merged.length);
				return Object.fromEntries(merged);
			},
		},
		min: { parameters: [sortable], call: ([list]) => extreme(list as unknown[], list as (number | string)[], -1) },
		min_by: {
			parameters: [array, "expression"],
			call: ([list, by]) => extremeBy("min_by", list as unknown[], by as Expression, -1),
		},
		not_null: {
			parameters: ["any"],
			variadic: true,
			call: (given) => given.find((each) => typeOf(each) !== "null") ?? null,
		},
		reverse: {
			parameters: [["string", "array"]],
			call: ([of]) => (typeof of === "string" ? Array.from(of).toReversed().join("") : (of as unknown[]).toReversed()),
		},
		sort: { parameters: [sortable], call: ([list]) => (list as (number | string)[]).toSorted(compare) },
		sort_by: {
			parameters: [array, "expression"],
			call: ([list, by]) => {
				const keys = keysOf("sort_by", list as unknown[], by as Expression);
				const order = keys.map((_, i) => i).toSorted((a, b) => compare(keys[a] ?? 0, keys[b] ?? 0));
				return order.map((i) => (list as unknown[])[i]);
			},
		},
		starts_with: {
			parameters: [text, text],
			call: ([subject, start]) => (subject as string).startsWith(start as string),
		},
		sum: { parameters: [numbers], call: ([list], spend) => sumOf(list as number[], spend) },
		to_array: { parameters: ["any"], call: ([value]) => (Array.isArray(value) ? value : [value ?? null]) },
		to_number: { parameters: ["any"], call: ([value]) => numberFrom(value) },
		to_string: {
			parameters: ["any"],
			call: ([value], spend) => (typeof value === "string" ? value : jsonText(value, spend)),
		},
		type: { parameters: ["any"], call: ([value]) => typeOf(value) },
		values: { parameters: [object], call: ([of]) => Object.values(of as JsonObject) },
	} satisfies Record<string, BuiltIn>),
);

/** Why a call cannot be right whatever it is given: no such function, or too few or many arguments. */
export function callFault(name: string, given: readonly Node[]): string | undefined {
	const builtIn = builtIns.get(name);
	if (!builtIn) return `there is no function ${name}()`;
	const { parameters, variadic } = builtIn;
	const wanted = parameters.length;
	if (variadic ? given.length < wanted : given.length !== wanted) {
		return `${name}() takes ${variadic ? "at least " : ""}${wanted} argument${wanted === 1 ? "" : "s"}, not ${given.length}`;
	}
	for (const [i, node] of given.entries()) {
		const parameter = parameters[Math.min(i, wanted - 1)];
		if ((parameter === "expression") !== (node.type === "reference")) {
			return `argument ${i + 1} of ${name}() is ${parameter === "expression" ? "an expression, written with '&'" : "a value, not an expression"}`;
		}
	}
	return undefined;
}

/**
 * Calls a function whose name and number of arguments were checked by `callFault`.
 * @throws parse.jmespath_failed when an argument has another type than the function takes
 */
export function callFunction(name: string, given: unknown[], spend: Spend): unknown {
	const builtIn = builtIns.get(name);
	if (!builtIn) throw wrongType(`there is no function ${name}()`);
	for (const [i, value] of given.entries()) {
		const parameter = builtIn.parameters[Math.min(i, builtIn.parameters.length - 1)] ?? "any";
		if (Array.isArray(value)) spend(value.length);
		if (typeof parameter === "string" || parameter.some((type) => isOf(type, value))) continue;
		throw wrongType(`argument ${i + 1} of ${name}() must be ${parameter.join(" or ")}, and is ${described(value)}`);
	}
	return builtIn.call(given, spend);
}

function isOf(type: string, value: unknown): boolean {
	const element = /^array\[(.*)\]$/.exec(type)?.[1];
	if (element === undefined) return typeOf(value) === type;
	return Array.isArray(value) && value.every((each) => typeOf(each) === element);
}

function described(value: unknown): string {
	const type = typeOf(value);
	if (type !== "array") return type;
	const types = new Set((value as unknown[]).map(typeOf));
	return `array[${[...types].toSorted().join("|")}]`;
}

function sumOf(values: readonly number[], spend: Spend): number {
	spend(values.length);
	let sum = 0;
	for (const value of values) sum += value;
	return sum;
}

function compare(a: number | string, b: number | string): number {
	return typeof a === "string" ? compareStrings(a, String(b)) : a - Number(b);
}

/** The first of the largest (1) or smallest (-1). */
function extreme(list: readonly unknown[], keys: readonly (number | string)[], sign: 1 | -1): unknown {
	let found = -1;
	for (const [i, key] of keys.entries()) {
		if (found < 0 || sign * compare(key, keys[found] ?? key) > 0) found = i;
	}
	return found < 0 ? null : list[found];
}

function extremeBy(name: string, list: unknown[], by: Expression, sign: 1 | -1): unknown {
	return extreme(list, keysOf(name, list, by), sign);
}

/** What the expression makes of each element: all numbers or all strings. */
function keysOf(name: string, list: readonly unknown[], by: Expression): (number | string)[] {
	const keys = list.map((each) => by(each));
	const type = keys.length === 0 ? "number" : typeOf(keys[0]);
	for (const [i, key] of keys.entries()) {
		if ((type !== "number" && type !== "string") || typeOf(key) !== type) {
			throw wrongType(
				`the expression of ${name}() must give numbers or strings alone, and gives ${typeOf(key)} for element ${i}`,
			);
		}
	}
	return keys as (number | string)[];
}

function numberFrom(value: unknown): number | null {
	if (typeof value === "number") return value;
	return typeof value === "string" && /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(value) ? Number(value) : null;
}

function wrongType(reason: string) {
	return failed("parse.jmespath_failed", {
		message: `The JMESPath expression cannot be evaluated: ${reason}.`,
		details: { reason: "invalid-type" },
	});
}
