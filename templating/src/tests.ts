import { compilePattern } from "@netconductor/runtime/pattern";
import type { Comparison } from "./ast.ts";
import { badValue } from "./fault.ts";
import { test } from "./library.ts";
import { callable } from "./methods.ts";
import { calculate, compareBy, contains } from "./operators.ts";
import { needText, str } from "./print.ts";
import type { Rendering, Test } from "./rendering.ts";
import {
	Dict,
	equal,
	Float,
	isFloat,
	isInt,
	isIterable,
	isNumeric,
	isText,
	iterate,
	Markup,
	truthy,
	Undefined,
	type Value,
	View,
} from "./values.ts";

function defined(value: Value): Value {
	if (value instanceof Undefined) throw value.fault();
	return value;
}

const comparing = (operator: Comparison) =>
	test(["other"], (value, [other]) => compareBy(operator, value, other as Value));

const remainder = (value: Value, by: Value, rendering: Rendering) => calculate("%", value, by, rendering);

function same(value: Value, other: Value): boolean {
	if (value instanceof Float && other instanceof Float) return value.value === other.value;
	return value === other;
}

/** Ansible's tests on patterns: `match` at the beginning, `search` anywhere. */
function matching(anchored: "start" | "any"): Test {
	return test(["pattern", ["ignorecase", false], ["multiline", false]], (value, [pattern, ignorecase, multiline]) => {
		const flags = (truthy(ignorecase as Value) ? "i" : "") + (truthy(multiline as Value) ? "m" : "");
		const source = needText(pattern as Value, "the pattern");
		const anchor = anchored === "start" ? "\\A" : "";
		try {
			return compilePattern(`${flags === "" ? "" : `(?${flags})`}${anchor}(?:${source})`).test(str(value));
		} catch (error) {
			throw badValue(`the pattern is not valid: ${error instanceof Error ? error.message : String(error)}`);
		}
	});
}

/** Tests of Jinja2 3.1, and those of Ansible that templates for devices use. */
export const tests: Record<string, Test> = {
	defined: test([], (value) => !(value instanceof Undefined)),
	undefined: test([], (value) => value instanceof Undefined),
	none: test([], (value) => value === null),
	boolean: test([], (value) => typeof value === "boolean"),
	true: test([], (value) => value === true),
	false: test([], (value) => value === false),
	integer: test([], (value) => isInt(value)),
	float: test([], (value) => isFloat(value)),
	number: test([], (value) => isNumeric(value)),
	string: test([], (value) => isText(value)),
	mapping: test([], (value) => value instanceof Dict),
	sequence: test(
		[],
		(value) => (Array.isArray(value) && !(value instanceof View)) || isText(value) || value instanceof Dict,
	),
	iterable: test([], (value) => isIterable(defined(value))),
	callable: test([], (value) => callable(value)),
	escaped: test([], (value) => value instanceof Markup),
	odd: test([], (value, _, rendering) => equal(remainder(value, 2, rendering), 1)),
	even: test([], (value, _, rendering) => equal(remainder(value, 2, rendering), 0)),
	divisibleby: test(["num"], (value, [num], rendering) => equal(remainder(value, num as Value, rendering), 0)),
	lower: test([], (value) => isCased(str(value)) && str(value) === str(value).toLowerCase()),
	upper: test([], (value) => isCased(str(value)) && str(value) === str(value).toUpperCase()),
	sameas: test(["other"], (value, [other]) => same(value, other as Value)),
	filter: test([], (value, _, rendering) => isText(value) && rendering.library.filters.has(str(value))),
	test: test([], (value, _, rendering) => isText(value) && rendering.library.tests.has(str(value))),
	in: test(["seq"], (value, [seq]) => contains(seq as Value, value)),
	...Object.fromEntries(
		(
			[
				["==", "eq", "equalto"],
				["!=", "ne"],
				["<", "lt", "lessthan"],
				["<=", "le"],
				[">", "gt", "greaterthan"],
				[">=", "ge"],
			] as const
		).flatMap((names) => names.map((name) => [name, comparing(names[0])])),
	),
	match: matching("start"),
	search: matching("any"),
	contains: test(["item"], (value, [item]) => contains(value, item as Value)),
	subset: test(["superset"], (value, [superset]) => iterate(value).every((item) => contains(superset as Value, item))),
	superset: test(["subset"], (value, [subset]) => iterate(subset as Value).every((item) => contains(value, item))),
};

const isCased = (text: string) => /\p{Lu}|\p{Ll}|\p{Lt}/u.test(text);
