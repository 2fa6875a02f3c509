import { failed } from "@netconductor/runtime/errors";
import { callFunction } from "./functions.ts";
import { parseExpression } from "./parser.ts";
import type { Comparator, Node } from "./syntax.ts";
import { isEqual, isFalse, isObject, jsonText, type Spend } from "./values.ts";

export interface JmespathExpression {
	source: string;
	/**
	 * Evaluates on a JSON value, which it does not change; null where there is nothing.
	 * @throws parse.jmespath_failed: a function got a wrong type, a slice has step 0, or it is too much work
	 */
	search(value: unknown): unknown;
}

/** Steps of one evaluation: nodes visited, elements and characters produced. */
const maxSteps = 5_000_000;
const maxDepth = 2_000;

/**
 * Compiles a JMESPath expression (https://jmespath.org/specification.html). Names of functions and the number of their arguments are
 * checked here already, so that a wrong assertion is found before anything runs.
 * @throws parse.jmespath_invalid, with `details.position`
 */
export function compileJmespath(source: string): JmespathExpression {
	const tree = parseExpression(source);
	return {
		source,
		search(value) {
			const spend = createBudget();
			try {
				const result = evaluate(tree, value ?? null, spend);
				// The same part may stand in it many times: whoever writes it out must be able to.
				jsonText(result, spend);
				return result;
			} catch (cause) {
				// A value nested thousands deep, which no device sends and no budget of steps sees.
				if (cause instanceof RangeError) throw tooMuch(`values are nested deeper than about ${maxDepth}`);
				throw cause;
			}
		},
	};
}

function createBudget(): Spend {
	let left = maxSteps;
	return (steps) => {
		left -= steps;
		if (left < 0) throw tooMuch(`it needs more than ${maxSteps} steps`);
	};
}

function tooMuch(reason: string) {
	return failed("parse.jmespath_failed", {
		message: `The JMESPath expression cannot be evaluated: ${reason}.`,
		details: { reason: "too-much" },
	});
}

function evaluate(node: Node, value: unknown, spend: Spend): unknown {
	spend(1);
	switch (node.type) {
		case "current":
			return value;
		case "field":
			return isObject(value) && Object.hasOwn(value, node.name) ? (value[node.name] ?? null) : null;
		case "literal":
			return node.value;
		case "index":
			return Array.isArray(value) ? (value.at(node.index) ?? null) : null;
		case "slice":
			return Array.isArray(value) ? slice(node, value, spend) : null;
		case "chain":
			return evaluate(node.right, evaluate(node.left, value, spend), spend);
		case "projection":
			return project(node, value, spend);
		case "filter": {
			const list = evaluate(node.left, value, spend);
			if (!Array.isArray(list)) return null;
			const kept = list.filter((element) => !isFalse(evaluate(node.condition, element, spend)));
			return eachOf(kept, node.right, spend);
		}
		case "flatten": {
			const list = evaluate(node.node, value, spend);
			if (!Array.isArray(list)) return null;
			const flat = list.flat();
			spend(flat.length);
			return flat;
		}
		case "comparison":
			return compare(node.operator, evaluate(node.left, value, spend), evaluate(node.right, value, spend), spend);
		case "and":
		case "or": {
			const left = evaluate(node.left, value, spend);
			return isFalse(left) === (node.type === "and") ? left : evaluate(node.right, value, spend);
		}
		case "not":
			return isFalse(evaluate(node.node, value, spend));
		case "list":
			return value === null ? null : node.items.map((item) => evaluate(item, value, spend));
		case "hash":
			if (value === null) return null;
			return Object.fromEntries(node.entries.map((entry) => [entry.key, evaluate(entry.node, value, spend)]));
		case "call":
			return callFunction(
				node.name,
				node.arguments.map((argument) => evaluate(argument, value, spend)),
				spend,
			);
		case "reference":
			return (element: unknown) => evaluate(node.node, element ?? null, spend);
	}
}

function project(node: Node & { type: "projection" }, value: unknown, spend: Spend): unknown {
	const left = evaluate(node.left, value, spend);
	if (node.over === "list") return Array.isArray(left) ? eachOf(left, node.right, spend) : null;
	return isObject(left) ? eachOf(Object.values(left), node.right, spend) : null;
}

function eachOf(list: readonly unknown[], right: Node, spend: Spend): unknown[] {
	const results: unknown[] = [];
	for (const element of list) {
		const result = evaluate(right, element ?? null, spend);
		if (result !== null) results.push(result);
	}
	return results;
}

/** As Python slices; a part that is left out reaches to the end that the direction leads to. */
function slice({ start, stop, step = 1 }: Node & { type: "slice" }, list: readonly unknown[], spend: Spend): unknown[] {
	if (step === 0) {
		throw failed("parse.jmespath_failed", {
			message: "The JMESPath expression cannot be evaluated: the step of a slice cannot be 0.",
			details: { reason: "invalid-value" },
		});
	}
	const length = list.length;
	const [lowest, highest] = step > 0 ? [0, length] : [-1, length - 1];
	const within = (bound: number) => Math.min(Math.max(bound < 0 ? bound + length : bound, lowest), highest);
	const from = start === undefined ? (step > 0 ? lowest : highest) : within(start);
	const to = stop === undefined ? (step > 0 ? highest : lowest) : within(stop);
	const sliced: unknown[] = [];
	for (let i = from; step > 0 ? i < to : i > to; i += step) sliced.push(list[i]);
	spend(sliced.length);
	return sliced;
}

/** Order is for numbers alone: of anything else, it is null. */
function compare(operator: Comparator, left: unknown, right: unknown, spend: Spend): boolean | null {
	if (operator === "==") return isEqual(left, right, spend);
	if (operator === "!=") return !isEqual(left, right, spend);
	if (typeof left !== "number" || typeof right !== "number") return null;
	if (operator === "<") return left < right;
	if (operator === "<=") return left <= right;
	return operator === ">" ? left > right : left >= right;
}
