import { attributeOf, itemOf, SliceKey } from "./access.ts";
import type { Arguments, Expr, Literal, Parameter, Statement, Target } from "./ast.ts";
import { BlockReference, includeTemplate, loadModule, Namespace, SelfReference, templateName } from "./composition.ts";
import { expressionText } from "./expression-text.ts";
import { badValue, locate, TemplateFault } from "./fault.ts";
import { applyFilter, applyTest, unknownFilter, unknownTest } from "./library.ts";
import { Loop } from "./loop.ts";
import { bindMacro, Macro } from "./macro.ts";
import { callValue, pairsOf } from "./methods.ts";
import { calculate, compareBy, negate, unaryPlus } from "./operators.ts";
import { markup, needText, repr, str } from "./print.ts";
import {
	type CompiledBlock,
	type CompiledTemplate,
	type Evaluate,
	type Execute,
	type Frame,
	type Given,
	type Library,
	Output,
	type Place,
	Scope,
} from "./rendering.ts";
import {
	Dict,
	describe,
	iterate,
	Markup,
	makeFloat,
	makeInt,
	noneNamed,
	orElse,
	truthy,
	tupleFrom,
	Undefined,
	type Value,
} from "./values.ts";

/** Makes functions of a template's tree, once for however many times it is rendered. @throws for filters and tests that do not exist */
export function compileTemplate(name: string, tree: Statement[], library: Library): CompiledTemplate {
	const blocks = new Map<string, CompiledBlock>();
	const template: CompiledTemplate = { name, blocks, body: () => undefined };
	/** Within a branch that may not be taken, an unknown filter is an error only when it is used. */
	let branches = 0;

	template.body = statements(tree);
	return template;

	function placeOf({ line }: { line: number }): Place {
		return { template: name, line };
	}

	function branch<T>(work: () => T): T {
		branches++;
		const made = work();
		branches--;
		return made;
	}

	// Statements

	function statements(body: Statement[]): Execute {
		const steps = body.map(statement);
		if (steps.length === 1) return steps[0] as Execute;
		return (frame) => {
			for (const step of steps) {
				const signal = step(frame);
				if (signal !== undefined) return signal;
			}
			return undefined;
		};
	}

	function statement(node: Statement): Execute {
		const place = placeOf(node);
		switch (node.kind) {
			case "text": {
				const { text } = node;
				return ({ output }) => {
					output.add(text);
					return undefined;
				};
			}
			case "print": {
				const value = expression(node.value);
				return (frame) => {
					const { rendering } = frame;
					rendering.step();
					rendering.at = place;
					const printed = value(frame);
					rendering.at = place;
					frame.output.add(rendering.autoescape ? markup(printed).text : str(printed));
					return undefined;
				};
			}
			case "do": {
				const value = expression(node.value);
				return (frame) => {
					frame.rendering.step();
					frame.rendering.at = place;
					value(frame);
					return undefined;
				};
			}
			case "set": {
				const value = expression(node.value);
				const store = assign(node.target);
				return (frame) => {
					frame.rendering.step();
					frame.rendering.at = place;
					store(frame, value(frame));
					return undefined;
				};
			}
			case "set_block": {
				const body = statements(node.body);
				const filter = node.filter === undefined ? undefined : filterOf(node.filter);
				const store = assign(node.target);
				return (frame) => {
					const text = capture(frame, body);
					store(frame, filter === undefined ? text : filter(frame, text));
					return undefined;
				};
			}
			case "filter_block": {
				const body = statements(node.body);
				const filter = filterOf(node.filter);
				return (frame) => {
					const value = filter(frame, capture(frame, body));
					frame.output.add(frame.rendering.autoescape ? markup(value).text : str(value));
					return undefined;
				};
			}
			case "if":
				return ifChain(node);
			case "for":
				return forLoop(node);
			case "with": {
				const body = statements(node.body);
				const targets = node.targets.map(({ target, value }) => ({ store: assign(target), value: expression(value) }));
				return (frame) => {
					const inner = { ...frame, scope: new Scope(frame.scope), top: false };
					// Values see what was before the tag, not each other (Jinja2 2.9).
					const values = targets.map(({ value }) => value(frame));
					for (const [index, { store }] of targets.entries()) store(inner, values[index] as Value);
					return body(inner);
				};
			}
			case "autoescape": {
				const on = expression(node.on);
				const body = statements(node.body);
				return (frame) => {
					const { rendering } = frame;
					const before = rendering.autoescape;
					const value = on(frame);
					rendering.autoescape = value === true || (value !== false && value !== null && str(value) !== "");
					try {
						return body({ ...frame, scope: new Scope(frame.scope), top: false });
					} finally {
						rendering.autoescape = before;
					}
				};
			}
			case "macro": {
				const make = macro(node.name, node.parameters, node.body, place);
				return (frame) => {
					frame.scope.own.set(node.name, make(frame));
					if (frame.top) frame.context.exported.add(node.name);
					return undefined;
				};
			}
			case "call_block":
				return callBlock(node, place);
			case "block":
				return block(node, place);
			case "extends": {
				const parent = expression(node.template);
				return (frame) => {
					frame.rendering.at = place;
					const value = parent(frame);
					frame.rendering.at = place;
					if (frame.run.parent !== undefined) throw badValue("the template extends two templates");
					frame.run.parent = frame.rendering.templates.load(templateName(value));
					frame.run.output.muted = true;
					return undefined;
				};
			}
			case "include": {
				const wanted = expression(node.template);
				return (frame) => {
					frame.rendering.step();
					frame.rendering.at = place;
					includeTemplate(frame, place, wanted(frame), node);
					return undefined;
				};
			}
			case "import": {
				const wanted = expression(node.template);
				return (frame) => {
					frame.rendering.at = place;
					const module = loadModule(frame, place, wanted(frame), node.with_context);
					frame.scope.own.set(node.as, module);
					if (frame.top) frame.context.exported.add(node.as);
					return undefined;
				};
			}
			case "from": {
				const wanted = expression(node.template);
				return (frame) => {
					frame.rendering.at = place;
					const module = loadModule(frame, place, wanted(frame), node.with_context);
					for (const { name: from, as } of node.names) {
						const hint = `the template ${repr(module.name)} has no \`${from}\` to import`;
						frame.scope.own.set(
							as,
							orElse(module.attribute(from), () => new Undefined(as, hint)),
						);
						if (frame.top) frame.context.exported.add(as);
					}
					return undefined;
				};
			}
			case "break":
			case "continue": {
				const signal = node.kind;
				return () => signal;
			}
		}
	}

	/** What a body prints, as a value. */
	function capture(frame: Frame, body: Execute): Value {
		const output = new Output(frame.rendering);
		body({ ...frame, scope: new Scope(frame.scope), output, top: false });
		return frame.rendering.autoescape ? new Markup(output.text()) : output.text();
	}

	function ifChain(node: Statement & { kind: "if" }): Execute {
		const { compiled, otherwise } = branch(() => ({
			compiled: node.branches.map(({ test, body }) => ({
				test: expression(test),
				body: statements(body),
				place: placeOf(test),
			})),
			otherwise: statements(node.otherwise),
		}));
		return (frame) => {
			frame.rendering.step();
			for (const { test, body, place } of compiled) {
				frame.rendering.at = place;
				const value = test(frame);
				frame.rendering.at = place;
				if (isTrue(value)) return body(frame);
			}
			return otherwise(frame);
		};
	}

	function forLoop(node: Statement & { kind: "for" }): Execute {
		const place = placeOf(node);
		const over = expression(node.over);
		const condition = node.condition === undefined ? undefined : expression(node.condition);
		const store = assign(node.target);
		const body = statements(node.body);
		const otherwise = statements(node.otherwise);
		const { recursive } = node;

		function chosen(frame: Frame, items: Value[]): Value[] {
			if (condition === undefined) return items;
			const hint = "`loop` is not there yet in the condition of a loop";
			return items.filter((item) => {
				frame.rendering.step();
				const inner = { ...frame, scope: new Scope(frame.scope), top: false };
				inner.scope.own.set("loop", new Undefined("loop", hint));
				store(inner, item);
				return isTrue(condition(inner));
			});
		}

		function iterateOver(frame: Frame, value: Value, depth: number): undefined {
			const { rendering } = frame;
			rendering.at = place;
			// A copy: the loop may change what it walks through.
			const items = chosen(frame, [...iterate(value)]);
			const again = recursive
				? (below: Value) =>
						rendering.deeper(() => {
							const output = new Output(rendering);
							iterateOver({ ...frame, output }, below, depth + 1);
							return rendering.autoescape ? new Markup(output.text()) : output.text();
						})
				: undefined;
			const loop = new Loop(items, depth, again);
			for (; loop.index0 < items.length; loop.index0++) {
				rendering.step();
				const inner: Frame = { ...frame, scope: new Scope(frame.scope), top: false };
				inner.scope.own.set("loop", loop);
				rendering.at = place;
				store(inner, items[loop.index0] as Value);
				if (body(inner) === "break") break;
			}
			if (items.length === 0) otherwise({ ...frame, scope: new Scope(frame.scope), top: false });
			return undefined;
		}
		return (frame) => {
			frame.rendering.step();
			frame.rendering.at = place;
			return iterateOver(frame, over(frame), 0);
		};
	}

	function assign(target: Target): (frame: Frame, value: Value) => void {
		if (target.kind === "name") {
			const { name: variable } = target;
			return (frame, value) => {
				frame.scope.own.set(variable, value);
				if (frame.top) frame.context.exported.add(variable);
			};
		}
		if (target.kind === "namespace") {
			return (frame, value) => {
				const namespace = variableOf(frame, target.name);
				if (!(namespace instanceof Namespace))
					throw badValue(
						`\`${target.name}.${target.attribute}\` can only be set when \`${target.name}\` is a namespace`,
					);
				namespace.values.set(target.attribute, value);
			};
		}
		const parts = target.items.map(assign);
		return (frame, value) => {
			const values = iterate(value);
			if (values.length !== parts.length) {
				throw badValue(`${parts.length} names are given for ${values.length} value${values.length === 1 ? "" : "s"}`);
			}
			for (const [index, store] of parts.entries()) store(frame, values[index] as Value);
		};
	}

	function macro(macroName: string, parameters: Parameter[], body: Statement[], place: Place): (frame: Frame) => Macro {
		const run = statements(body);
		const compiled = parameters.map((parameter) => ({
			name: parameter.name,
			fallback: parameter.default === undefined ? undefined : expression(parameter.default),
		}));
		const own = new Set(parameters.map((parameter) => parameter.name));
		if (parameters.some((parameter) => parameter.name === "caller" && parameter.default === undefined)) {
			throw new TemplateFault("template.syntax", "the parameter `caller` must be left out, or have a default", place);
		}
		const uses = {
			varargs: !own.has("varargs") && mentions(body, "varargs"),
			kwargs: !own.has("kwargs") && mentions(body, "kwargs"),
			caller: own.has("caller") || mentions(body, "caller"),
		};
		return (frame) =>
			new Macro(
				macroName,
				compiled.map(({ name: parameter }) => parameter),
				uses,
				(args, named) =>
					frame.rendering.deeper(() => {
						const output = new Output(frame.rendering);
						const inner: Frame = { ...frame, scope: new Scope(frame.scope), output, top: false };
						const given = compiled.map(({ name: parameter, fallback }) => ({
							name: parameter,
							fallback: fallback && (() => fallback(inner)),
						}));
						bindMacro(macroName, given, uses, inner.scope, args, named);
						const before = frame.rendering.at;
						locate(
							() => frame.rendering.at,
							() => run(inner),
						);
						frame.rendering.at = before;
						return frame.rendering.autoescape ? new Markup(output.text()) : output.text();
					}),
			);
	}

	function callBlock(node: Statement & { kind: "call_block" }, place: Place): Execute {
		const makeCaller = macro("caller", node.parameters, node.body, place);
		if (node.call.kind !== "call") throw new TemplateFault("template.syntax", "`call` needs a call of a macro", place);
		const call = callExpression(node.call, node.call.given, (frame) => makeCaller(frame));
		return (frame) => {
			frame.rendering.step();
			frame.rendering.at = place;
			const value = call(frame);
			frame.output.add(frame.rendering.autoescape ? markup(value).text : str(value));
			return undefined;
		};
	}

	function block(node: Statement & { kind: "block" }, place: Place): Execute {
		if (blocks.has(node.name)) {
			throw new TemplateFault("template.syntax", `there are two blocks \`${node.name}\``, place);
		}
		const compiled: CompiledBlock = {
			template,
			name: node.name,
			required: node.required,
			place,
			body: () => undefined,
		};
		blocks.set(node.name, compiled);
		compiled.body = statements(node.body);
		return (frame) => {
			// What stands in a block of a template that extends another is shown where the other has the block.
			if (frame.run.parent !== undefined && frame.output === frame.run.output) return undefined;
			frame.rendering.at = place;
			const reference = new BlockReference(node.name, 0, frame, node.scoped ? frame.scope : undefined);
			reference.into(frame.output);
			return undefined;
		};
	}

	// Expressions

	function expression(node: Expr): Evaluate {
		const place = placeOf(node);
		switch (node.kind) {
			case "literal": {
				const value = literal(node.value);
				return () => value;
			}
			case "name": {
				const { name: variable } = node;
				if (variable === "self") return (frame) => orElse(frame.scope.find("self"), () => new SelfReference(frame));
				return (frame) => variableOf(frame, variable);
			}
			case "list": {
				const items = node.items.map(expression);
				return (frame) => items.map((item) => item(frame));
			}
			case "tuple": {
				const items = node.items.map(expression);
				return (frame) => tupleFrom(items.map((item) => item(frame)));
			}
			case "dict": {
				const items = node.items.map(([key, value]) => [expression(key), expression(value)] as const);
				return (frame) => Dict.from(items.map(([key, value]) => [key(frame), value(frame)] as const));
			}
			case "attribute": {
				const of = expression(node.of);
				const { name: attribute } = node;
				return (frame) => {
					const owner = of(frame);
					frame.rendering.at = place;
					return orElse(
						attributeOf(owner, attribute),
						() => new Undefined(expressionText(node), missingIn(owner, expressionText(node))),
					);
				};
			}
			case "item": {
				const of = expression(node.of);
				const key = expression(node.key);
				return (frame) => {
					const owner = of(frame);
					const given = key(frame);
					frame.rendering.at = place;
					const value = itemOf(owner, given);
					if (value !== undefined) return value;
					const text = `${expressionText(node.of)}[${repr(given)}]`;
					return new Undefined(text, missingIn(owner, text));
				};
			}
			case "slice": {
				const bounds = [node.start, node.stop, node.step].map((bound) =>
					bound === undefined ? undefined : expression(bound),
				);
				return (frame) => {
					const [start = null, stop = null, step = null] = bounds.map((bound) => bound?.(frame));
					return new SliceKey(start, stop, step);
				};
			}
			case "call":
				return callExpression(node, node.given, undefined);
			case "filter": {
				if (node.of === undefined) throw new TemplateFault("template.syntax", "the filter has no value", place);
				const of = expression(node.of);
				const apply = filterStep(node);
				return (frame) => apply(frame, of(frame));
			}
			case "test": {
				const { name: test } = node;
				if (!library.tests.has(test) && branches === 0) throw at(unknownTest(test), place);
				const of = expression(node.of);
				const given = argumentsOf(node.given);
				return (frame) => {
					const value = of(frame);
					const arguments_ = given(frame);
					frame.rendering.step();
					frame.rendering.at = place;
					return applyTest(test, value, arguments_, frame.rendering);
				};
			}
			case "not":
			case "negative":
			case "positive": {
				const of = expression(node.of);
				const apply =
					node.kind === "not" ? (value: Value) => !isTrue(value) : node.kind === "negative" ? negate : unaryPlus;
				return (frame) => {
					const value = of(frame);
					frame.rendering.at = place;
					return apply(value);
				};
			}
			case "and":
			case "or": {
				const left = expression(node.left);
				const right = expression(node.right);
				const goesOn = node.kind === "and";
				return (frame) => {
					const first = left(frame);
					frame.rendering.at = place;
					return isTrue(first) === goesOn ? right(frame) : first;
				};
			}
			case "binary": {
				const { operator } = node;
				const left = expression(node.left);
				const right = expression(node.right);
				return (frame) => {
					const [a, b] = [left(frame), right(frame)];
					frame.rendering.step();
					frame.rendering.at = place;
					return calculate(operator, a, b, frame.rendering);
				};
			}
			case "concat": {
				const items = node.items.map(expression);
				return (frame) => {
					const values = items.map((item) => item(frame));
					const { rendering } = frame;
					rendering.at = place;
					const texts = values.map((value) => (rendering.autoescape ? markup(value).text : str(value)));
					rendering.needText(texts.reduce((sum, text) => sum + text.length, 0));
					return rendering.autoescape ? new Markup(texts.join("")) : texts.join("");
				};
			}
			case "compare": {
				const left = expression(node.left);
				const steps = node.steps.map(({ operator, right }) => ({ operator, right: expression(right) }));
				return (frame) => {
					let before = left(frame);
					frame.rendering.step();
					for (const { operator, right } of steps) {
						const value = right(frame);
						frame.rendering.at = place;
						if (!compareBy(operator, before, value)) return false;
						before = value;
					}
					return true;
				};
			}
			case "condition": {
				const test = expression(node.test);
				const [then, otherwise] = branch(() => [
					expression(node.then),
					node.otherwise === undefined ? undefined : expression(node.otherwise),
				]);
				return (frame) => {
					const value = test(frame);
					frame.rendering.at = place;
					if (isTrue(value)) return then(frame);
					return otherwise === undefined
						? new Undefined(
								expressionText(node.then),
								"the condition of this `… if …` is false, and it has no `else`",
								true,
							)
						: otherwise(frame);
				};
			}
		}
	}

	function callExpression(
		node: Expr & { kind: "call" },
		given: Arguments,
		caller: ((frame: Frame) => Value) | undefined,
	): Evaluate {
		const place = placeOf(node);
		const callee = expression(node.callee);
		const readArguments = argumentsOf(given);
		const isSuper = node.callee.kind === "name" && node.callee.name === "super";
		return (frame) => {
			const called = callee(frame);
			const arguments_ = readArguments(frame);
			if (caller !== undefined) arguments_.named = new Map([...arguments_.named, ["caller", caller(frame)]]);
			const { rendering } = frame;
			rendering.at = place;
			if (called instanceof Undefined) throw called.fault();
			try {
				return callValue(called, arguments_, rendering);
			} catch (error) {
				if (
					error instanceof TemplateFault &&
					error.line === undefined &&
					error.code === "template.bad_value" &&
					!isSuper
				) {
					error.message = `\`${expressionText(node.callee)}\`: ${error.message}`;
					// Once is enough: calls around it leave the message as it is.
					Object.assign(error, rendering.at);
				}
				throw error;
			}
		};
	}

	function argumentsOf({ args, named, spread, spread_named }: Arguments): (frame: Frame) => Given {
		if (args.length === 0 && named.length === 0 && spread === undefined && spread_named === undefined) {
			return () => ({ args: [], named: noneNamed });
		}
		const positional = args.map(expression);
		const byName = named.map((one) => [one.name, expression(one.value)] as const);
		const more = spread === undefined ? undefined : expression(spread);
		const moreNamed = spread_named === undefined ? undefined : expression(spread_named);
		if (more === undefined && moreNamed === undefined && byName.length === 0) {
			return (frame) => ({ args: positional.map((value) => value(frame)), named: noneNamed });
		}
		return (frame) => {
			const values = positional.map((value) => value(frame));
			if (more !== undefined) for (const value of iterate(more(frame))) values.push(value);
			const names = new Map<string, Value>(byName.map(([key, value]) => [key, value(frame)]));
			if (moreNamed !== undefined) {
				for (const [key, value] of pairsOf(moreNamed(frame)))
					names.set(needText(key, "the name of an argument"), value);
			}
			return { args: values, named: names };
		};
	}

	function filterStep(node: Expr & { kind: "filter" }): (frame: Frame, value: Value) => Value {
		const place = placeOf(node);
		const { name: filter } = node;
		if (!library.filters.has(filter) && branches === 0) throw at(unknownFilter(filter), place);
		const given = argumentsOf(node.given);
		return (frame, value) => {
			const arguments_ = given(frame);
			frame.rendering.step();
			frame.rendering.at = place;
			return applyFilter(filter, value, arguments_, frame.rendering);
		};
	}

	/** The filters of a `filter` or `set` block, one after the other. */
	function filterOf(node: Expr): (frame: Frame, value: Value) => Value {
		if (node.kind !== "filter") throw new TemplateFault("template.syntax", "expected a filter", placeOf(node));
		const apply = filterStep(node);
		const before = node.of === undefined ? undefined : filterOf(node.of);
		return (frame, value) => apply(frame, before === undefined ? value : before(frame, value));
	}
}

function at(fault: TemplateFault, place: Place): TemplateFault {
	return Object.assign(fault, place);
}

function literal(value: Literal): Value {
	switch (value.type) {
		case "none":
			return null;
		case "int":
			return makeInt(value.value);
		case "float":
			return makeFloat(value.value);
		default:
			return value.value;
	}
}

function isTrue(value: Value): boolean {
	return value === true || (value !== false && truthy(value));
}

export function variableOf({ scope, rendering }: Frame, name: string): Value {
	return orElse(scope.find(name), () =>
		orElse(rendering.library.globals.get(name)?.(rendering), () => new Undefined(name)),
	);
}

function missingIn(owner: Value, text: string): string | undefined {
	if (owner instanceof Dict) return undefined;
	return `\`${text}\` is not defined: ${describe(owner)} does not have it`;
}

/** Whether a name stands anywhere in the tree. */
function mentions(tree: unknown, name: string): boolean {
	if (Array.isArray(tree)) return tree.some((part) => mentions(part, name));
	if (typeof tree !== "object" || tree === null) return false;
	if ("kind" in tree && tree.kind === "name" && "name" in tree && tree.name === name) return true;
	return Object.values(tree).some((part) => mentions(part, name));
}
