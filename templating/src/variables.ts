import type { Arguments, Expr, Literal, Statement, Target } from "./ast.ts";
import { TemplateFault } from "./fault.ts";
import {
	anyToOther,
	hintOfFilter,
	listMethods,
	listToItem,
	listToOther,
	listToSame,
	mappingMethods,
	mappingToPairs,
	stringMethods,
} from "./filter-shapes.ts";
import { globals } from "./globals.ts";
import { parseTemplate } from "./parser.ts";
import type { EngineSettings } from "./render-task.ts";
import { type TemplateVariable, type TypeHint, Usage } from "./usage.ts";

export type { TemplateVariable };

/** A value that leads back to a variable of the caller. */
interface Ref {
	usage: Usage;
	/** It may be absent here: a default stands in for it. */
	optional: boolean;
	/** The value is a list of pairs of key and value, of this mapping. */
	pairs_of?: Usage;
}

/** What a name is bound to: a value of the template itself, one that leads back to the caller, a macro, or a module. */
type Binding = { kind: "local" } | { kind: "ref"; ref: Ref } | { kind: "maybe" } | Macro | Module;
interface Macro {
	kind: "macro";
	parameters: { name: string; usage: Usage }[];
}
interface Module {
	kind: "module";
	names: ReadonlyMap<string, Binding>;
}
const local: Binding = { kind: "local" };

class Names {
	readonly own = new Map<string, Binding>();
	/** Names that the body sets somewhere: a macro may use them before they are. */
	readonly later = new Set<string>();
	readonly around: Names | undefined;
	readonly isMacro: boolean;
	constructor(around: Names | undefined, isMacro = false) {
		this.around = around;
		this.isMacro = isMacro;
	}
	find(name: string): Binding | undefined {
		let scope: Names | undefined = this;
		let maybe = false;
		let withinMacro = false;
		while (scope !== undefined) {
			const found = scope.own.get(name);
			if (found?.kind === "maybe") maybe = true;
			else if (found !== undefined) return found;
			else if (withinMacro && scope.later.has(name)) return local;
			withinMacro ||= scope.isMacro;
			scope = scope.around;
		}
		return maybe ? { kind: "maybe" } : undefined;
	}
}

/** Names that the statements of a body set in the scope of the body. */
function namesSetBy(body: Statement[]): string[] {
	const targets = (target: Target): string[] =>
		target.kind === "name" ? [target.name] : target.kind === "tuple" ? target.items.flatMap(targets) : [];
	return body.flatMap((node): string[] => {
		switch (node.kind) {
			case "set":
			case "set_block":
				return targets(node.target);
			case "macro":
				return [node.name];
			case "import":
				return [node.as];
			case "from":
				return node.names.map(({ as }) => as);
			case "if":
				return [...node.branches.flatMap((branch) => namesSetBy(branch.body)), ...namesSetBy(node.otherwise)];
			default:
				return [];
		}
	});
}

/** How often a template that others include is read again: each place may tell something new, but they multiply. */
const readsOfOneTemplate = 20;

interface Reading {
	template: string;
	names: Names;
	/** Variables of the template itself, which its blocks see. */
	top: Names;
	/** Bodies of the blocks of templates that extend this one, by name. */
	overrides: ReadonlyMap<string, { body: Statement[]; template: string }[]>;
}

/**
 * Finds the variables that a template, and all that it includes, imports or extends by a literal name, needs from outside, in the order of
 * their first use, with the shape that their use tells. A template that is not among the given ones is passed over.
 * @throws template.syntax with template and line
 */
export function findVariables({
	entry,
	templates,
	settings = {},
}: {
	entry: string;
	templates: Record<string, string>;
	settings?: EngineSettings;
}): TemplateVariable[] {
	const sources = new Map(Object.entries(templates));
	const trees = new Map<string, Statement[]>();
	const reads = new Map<string, number>();
	const modules = new Map<string, Module>();
	const roots = new Map<string, Usage>();
	/** Known to be defined where we are. */
	const guarded = new Map<Usage, number>();

	const entryTree = treeOf(entry);
	if (entryTree === undefined)
		throw new TemplateFault("template.not_included", `there is no template '${entry}'`, { template: entry, line: 0 });
	const top = new Names(undefined);
	readTemplate(entryTree, { template: entry, names: top, top, overrides: new Map() });
	return [...roots.values()].map((usage) => usage.describe());

	function treeOf(name: string): Statement[] | undefined {
		const known = trees.get(name);
		if (known !== undefined) return known;
		const source = sources.get(name);
		if (source === undefined) return undefined;
		const tree = parseTemplate(name, source, settings);
		trees.set(name, tree);
		return tree;
	}

	/** Whether the template may be read once more. */
	function mayRead(name: string): boolean {
		const count = (reads.get(name) ?? 0) + 1;
		reads.set(name, count);
		return count <= readsOfOneTemplate;
	}

	function readTemplate(tree: Statement[], reading: Reading): void {
		const parents = tree.flatMap((node) => (node.kind === "extends" ? literalNames(node.template) : []));
		if (!tree.some((node) => node.kind === "extends")) {
			walk(tree, reading);
			return;
		}
		walk(
			tree.filter((node) => node.kind !== "block"),
			reading,
		);
		const overrides = new Map(reading.overrides);
		for (const node of tree) {
			if (node.kind !== "block") continue;
			overrides.set(node.name, [...(overrides.get(node.name) ?? []), { body: node.body, template: reading.template }]);
		}
		for (const parent of parents) {
			const parentTree = treeOf(parent);
			if (parentTree !== undefined && mayRead(parent)) {
				readTemplate(parentTree, { ...reading, template: parent, names: reading.top, overrides });
			}
		}
		// Blocks that no known template shows may still be shown by one that is not known here.
		if (parents.length === 0 || parents.some((parent) => treeOf(parent) === undefined)) {
			for (const node of tree) if (node.kind === "block") readBlock(node.body, reading, new Names(reading.top));
		}
	}

	// Statements

	function walk(body: Statement[], reading: Reading): void {
		for (const name of namesSetBy(body)) reading.names.later.add(name);
		for (const node of body) statement(node, reading);
	}

	function inner(reading: Reading): Reading {
		return { ...reading, names: new Names(reading.names) };
	}

	function statement(node: Statement, reading: Reading): void {
		switch (node.kind) {
			case "text":
			case "break":
			case "continue":
				return;
			case "print":
				use(node.value, reading, "scalar");
				return;
			case "do":
				use(node.value, reading);
				return;
			case "set":
				assign(node.target, refOf(node.value, reading), reading, node.value);
				return;
			case "set_block":
				if (node.filter !== undefined) use(node.filter, reading);
				walk(node.body, inner(reading));
				assign(node.target, undefined, reading);
				return;
			case "filter_block":
				use(node.filter, reading);
				walk(node.body, inner(reading));
				return;
			case "for":
				forLoop(node, reading);
				return;
			case "if":
				ifChain(node, reading);
				return;
			case "with": {
				const within = inner(reading);
				for (const { target, value } of node.targets) assign(target, refOf(value, reading), within, value);
				walk(node.body, within);
				return;
			}
			case "autoescape":
				use(node.on, reading);
				walk(node.body, inner(reading));
				return;
			case "macro":
				reading.names.own.set(node.name, macro(node.parameters, node.body, reading));
				return;
			case "call_block":
				use(node.call, reading);
				macro(node.parameters, node.body, reading);
				return;
			case "block":
				block(node, reading);
				return;
			case "extends":
				use(node.template, reading, "scalar");
				return;
			case "include":
				use(node.template, reading, "any");
				for (const name of literalNames(node.template)) {
					const tree = treeOf(name);
					if (tree === undefined || !mayRead(name)) continue;
					const names = new Names(node.with_context ? reading.names : undefined);
					readTemplate(tree, { template: name, names, top: names, overrides: new Map() });
				}
				return;
			case "import":
				reading.names.own.set(node.as, moduleOf(node, reading));
				return;
			case "from": {
				const module = moduleOf(node, reading);
				for (const { name, as } of node.names)
					reading.names.own.set(as, (module.kind === "module" && module.names.get(name)) || local);
			}
		}
	}

	function moduleOf(node: { template: Expr; with_context: boolean }, reading: Reading): Binding {
		use(node.template, reading, "scalar");
		for (const name of literalNames(node.template)) {
			const known = node.with_context ? undefined : modules.get(name);
			if (known !== undefined) return known;
			const tree = treeOf(name);
			if (tree === undefined || !mayRead(name)) continue;
			const names = new Names(node.with_context ? reading.names : undefined);
			const module: Module = { kind: "module", names: names.own };
			if (!node.with_context) modules.set(name, module);
			readTemplate(tree, { template: name, names, top: names, overrides: new Map() });
			return module;
		}
		return local;
	}

	function block(node: Statement & { kind: "block" }, reading: Reading): void {
		const chain = reading.overrides.get(node.name) ?? [];
		const own = { body: node.body, template: reading.template };
		for (const [index, { body, template }] of [...chain, own].entries()) {
			const around = node.scoped ? reading.names : reading.top;
			readBlock(body, { ...reading, template }, new Names(around));
			if (index < chain.length && !callsSuper(body)) return;
		}
	}

	function readBlock(body: Statement[], reading: Reading, names: Names): void {
		names.own.set("super", local);
		walk(body, { ...reading, names });
	}

	function forLoop(node: Statement & { kind: "for" }, reading: Reading): void {
		const over = refOf(node.over, reading);
		if (over !== undefined) mark(over, reading, node.line, over.pairs_of === undefined ? "list" : "any");
		const within = inner(reading);
		within.names.own.set("loop", local);
		bindItem(node.target, over, within);
		if (node.condition !== undefined) use(node.condition, within, "test");
		const guards = node.condition === undefined ? [] : guardsOf(node.condition, within).whenTrue;
		guarding(guards, () => walk(node.body, within));
		walk(node.otherwise, inner(reading));
	}

	/** Binds what a loop goes through: an element, or key and value. */
	function bindItem(target: Target, over: Ref | undefined, reading: Reading): void {
		if (over === undefined) {
			assign(target, undefined, reading);
		} else if (over.pairs_of !== undefined) {
			const value: Ref = { usage: over.pairs_of.item(), optional: false };
			if (target.kind === "tuple" && target.items.length === 2) {
				assign(target.items[0] as Target, undefined, reading);
				assign(target.items[1] as Target, value, reading);
			} else assign(target, undefined, reading);
		} else if (target.kind === "name") {
			reading.names.own.set(target.name, { kind: "ref", ref: { usage: over.usage.item(), optional: false } });
		} else assign(target, undefined, reading);
	}

	function ifChain(node: Statement & { kind: "if" }, reading: Reading): void {
		const branches: Names[] = [];
		const refused: Usage[] = [];
		const branch = (guards: Usage[], body: Statement[]) => {
			const within = inner(reading);
			guarding(guards, () => walk(body, reading.names === reading.top ? { ...within, top: within.names } : within));
			branches.push(within.names);
		};
		for (const { test, body } of node.branches) {
			const { whenTrue, whenFalse } = guarding(refused, () => testOf(test, reading));
			branch([...refused, ...whenTrue], body);
			refused.push(...whenFalse);
		}
		branch(refused, node.otherwise);
		// An `if` is no scope of its own: what every branch sets is set, what some set may be.
		for (const name of new Set(branches.flatMap((names) => [...names.own.keys()]))) {
			const bound = branches.map((names) => names.own.get(name));
			if (bound.every((one) => one !== undefined && one.kind !== "maybe")) {
				const macros = bound.filter((one) => one?.kind === "macro");
				reading.names.own.set(name, macros.length === bound.length ? (macros[0] as Binding) : local);
			} else if (reading.names.find(name) === undefined) reading.names.own.set(name, { kind: "maybe" });
		}
	}

	function assign(target: Target, ref: Ref | undefined, reading: Reading, value?: Expr): void {
		if (target.kind === "name") {
			reading.names.own.set(target.name, ref === undefined ? local : { kind: "ref", ref });
			return;
		}
		if (ref !== undefined) mark(ref, reading, target.line, target.kind === "tuple" ? "list" : "any");
		if (target.kind === "namespace") {
			nameOf(target.name, reading, target.line);
			return;
		}
		const parts = value?.kind === "tuple" || value?.kind === "list" ? value.items : [];
		for (const [index, one] of target.items.entries()) {
			const part = parts[index];
			assign(one, part === undefined ? undefined : refOf(part, reading), reading);
		}
	}

	function macro(
		parameters: { name: string; default: Expr | undefined }[],
		body: Statement[],
		reading: Reading,
	): Macro {
		const within = { ...reading, names: new Names(reading.names, true) };
		for (const name of ["caller", "varargs", "kwargs"]) within.names.own.set(name, local);
		const made: Macro = { kind: "macro", parameters: [] };
		for (const { name, default: fallback } of parameters) {
			if (fallback !== undefined) use(fallback, within);
			const usage = new Usage(name);
			made.parameters.push({ name, usage });
			within.names.own.set(name, { kind: "ref", ref: { usage, optional: fallback !== undefined } });
		}
		walk(body, within);
		return made;
	}

	// Uses

	function guarding<T>(usages: Usage[], work: () => T): T {
		for (const usage of usages) guarded.set(usage, (guarded.get(usage) ?? 0) + 1);
		const made = work();
		for (const usage of usages) guarded.set(usage, (guarded.get(usage) ?? 1) - 1);
		return made;
	}

	/** Notes that a value is used, and how. */
	function mark(
		{ usage, optional }: Ref,
		{ template }: Reading,
		line: number,
		as: "scalar" | "list" | "mapping" | "test" | "any",
		hint?: TypeHint,
	): void {
		if (!optional && !guarded.get(usage)) usage.required = true;
		usage.at({ template, line });
		if (as !== "any") usage.seen[as]++;
		if (hint !== undefined) usage.hints.add(hint);
	}

	/** Notes that it is asked for without being needed. */
	function touch({ usage }: Ref, { template }: Reading, line: number): void {
		usage.at({ template, line });
	}

	function use(
		node: Expr,
		reading: Reading,
		as: "scalar" | "list" | "mapping" | "test" | "any" = "any",
		hint?: TypeHint,
	): void {
		if (node.kind === "condition") {
			const { then, otherwise } = node;
			const { whenTrue, whenFalse } = testOf(node.test, reading);
			guarding(whenTrue, () => use(then, reading, as, hint));
			if (otherwise !== undefined) guarding(whenFalse, () => use(otherwise, reading, as, hint));
			return;
		}
		const ref = refOf(node, reading);
		if (ref !== undefined) mark(ref, reading, node.line, as, hint);
	}

	function useArguments({ args, named, spread, spread_named }: Arguments, reading: Reading): void {
		for (const arg of args) use(arg, reading);
		for (const { value } of named) use(value, reading);
		if (spread !== undefined) use(spread, reading, "list");
		if (spread_named !== undefined) use(spread_named, reading, "mapping");
	}

	function nameOf(name: string, { names }: Reading, _line: number): Ref | undefined {
		const bound = names.find(name);
		if (bound?.kind === "ref") return bound.ref;
		if (bound !== undefined && bound.kind !== "maybe") return undefined;
		if (bound === undefined && (name in globals || name === "lipsum" || name === "self")) return undefined;
		let root = roots.get(name);
		if (root === undefined) {
			root = new Usage(name);
			roots.set(name, root);
		}
		return { usage: root, optional: bound !== undefined };
	}

	/** Reads an expression; when it leads to a variable of the caller, that one is answered, and its use is left to who asks. */
	function refOf(node: Expr, reading: Reading): Ref | undefined {
		switch (node.kind) {
			case "literal":
				return undefined;
			case "name":
				return nameOf(node.name, reading, node.line);
			case "attribute": {
				const owner = refOf(node.of, reading);
				if (owner === undefined) return undefined;
				mark(owner, reading, node.line, "mapping");
				return { usage: owner.usage.key(node.name), optional: false };
			}
			case "item":
				return itemOf(node, reading);
			case "list":
			case "tuple":
			case "concat":
				for (const item of node.items) use(item, reading, node.kind === "concat" ? "scalar" : "any");
				return undefined;
			case "dict":
				for (const [key, value] of node.items) {
					use(key, reading, "scalar");
					use(value, reading);
				}
				return undefined;
			case "slice":
				for (const bound of [node.start, node.stop, node.step])
					if (bound !== undefined) use(bound, reading, "scalar", "number");
				return undefined;
			case "call":
				return call(node, reading);
			case "filter":
				return filter(node, reading);
			case "test":
				test(node, reading);
				return undefined;
			case "not":
				use(node.of, reading, "test");
				return undefined;
			case "negative":
			case "positive":
				use(node.of, reading, "scalar", "number");
				return undefined;
			case "and":
			case "or": {
				use(node.left, reading, "test");
				const guards = guardsOf(node.left, reading);
				guarding(node.kind === "and" ? guards.whenTrue : guards.whenFalse, () => use(node.right, reading, "test"));
				return undefined;
			}
			case "binary": {
				const hint = node.operator === "+" || node.operator === "%" ? hintBeside(node.left, node.right) : "number";
				use(node.left, reading, "scalar", hint);
				use(node.right, reading, "scalar", node.operator === "%" && isText(node.left) ? undefined : hint);
				return undefined;
			}
			case "compare": {
				let left = node.left;
				for (const { operator, right } of node.steps) {
					const isIn = operator === "in" || operator === "not in";
					use(left, reading, "scalar", hintBeside(left, right));
					use(
						right,
						reading,
						isIn ? (isText(left) || right.kind !== "name" ? "any" : "list") : "scalar",
						isIn ? undefined : hintBeside(left, right),
					);
					left = right;
				}
				return undefined;
			}
			case "condition": {
				const { whenTrue, whenFalse } = testOf(node.test, reading);
				const then = guarding(whenTrue, () => branchRef(node.then, reading));
				const { otherwise } = node;
				if (otherwise !== undefined) guarding(whenFalse, () => use(otherwise, reading));
				return then;
			}
		}
	}

	/** A branch of `… if …`: used here, and still what it leads to for who goes on with it. */
	function branchRef(node: Expr, reading: Reading): Ref | undefined {
		const ref = refOf(node, reading);
		if (ref === undefined) return undefined;
		mark(ref, reading, node.line, "any");
		return { ...ref, optional: true };
	}

	function itemOf(node: Expr & { kind: "item" }, reading: Reading): Ref | undefined {
		const owner = refOf(node.of, reading);
		const { key } = node;
		if (key.kind === "literal" && key.value.type === "string") {
			if (owner === undefined) return undefined;
			mark(owner, reading, node.line, "mapping");
			return { usage: owner.usage.key(key.value.value), optional: false };
		}
		use(key, reading, "scalar");
		if (owner === undefined) return undefined;
		if (key.kind === "slice") {
			mark(owner, reading, node.line, "any");
			return owner;
		}
		const isIndex = key.kind === "literal" || key.kind === "negative";
		mark(owner, reading, node.line, isIndex ? "list" : owner.usage.seen.list > 0 ? "any" : "mapping");
		return { usage: owner.usage.item(), optional: false };
	}

	function call(node: Expr & { kind: "call" }, reading: Reading): Ref | undefined {
		const { callee, given } = node;
		if (callee.kind === "attribute") {
			const module = callee.of.kind === "name" ? reading.names.find(callee.of.name) : undefined;
			if (module?.kind === "module") {
				callMacro(module.names.get(callee.name), given, reading);
				return undefined;
			}
			const isMapping = mappingMethods.has(callee.name);
			if (isMapping || listMethods.has(callee.name) || stringMethods.has(callee.name)) {
				return method(node, callee, isMapping && !(callee.name === "pop" && given.args.length === 0), reading);
			}
		}
		if (callee.kind === "name") {
			const bound = reading.names.find(callee.name);
			if (bound?.kind === "macro") {
				callMacro(bound, given, reading);
				return undefined;
			}
			if (bound === undefined && callee.name === "range") {
				for (const arg of given.args) use(arg, reading, "scalar", "number");
				return undefined;
			}
		}
		use(callee, reading);
		useArguments(given, reading);
		return undefined;
	}

	function method(
		node: Expr & { kind: "call" },
		callee: Expr & { kind: "attribute" },
		isMapping: boolean,
		reading: Reading,
	): Ref | undefined {
		const owner = refOf(callee.of, reading);
		useArguments(node.given, reading);
		if (owner === undefined) return undefined;
		if (!isMapping) {
			const isList = listMethods.has(callee.name);
			mark(owner, reading, node.line, isList ? "list" : "scalar", isList ? undefined : "string");
			return undefined;
		}
		mark(owner, reading, node.line, "mapping");
		const [key] = node.given.args;
		if (callee.name === "get" && key?.kind === "literal" && key.value.type === "string") {
			const usage = owner.usage.key(key.value.value);
			usage.fallback ??= literalOf(node.given.args[1]);
			touch({ usage, optional: true }, reading, node.line);
			return { usage, optional: true };
		}
		if (callee.name === "items") return { usage: new Usage(""), optional: true, pairs_of: owner.usage };
		if (callee.name === "values") {
			const list = new Usage("");
			list.items = owner.usage.item();
			return { usage: list, optional: true };
		}
		return undefined;
	}

	function callMacro(bound: Binding | undefined, given: Arguments, reading: Reading): void {
		useArguments(given, reading);
		if (bound?.kind !== "macro") return;
		const byName = new Map(given.named.map(({ name, value }) => [name, value]));
		for (const [index, { name, usage }] of bound.parameters.entries()) {
			const value = given.args[index] ?? byName.get(name);
			const ref = value === undefined ? undefined : refOf(value, reading);
			ref?.usage.absorb(usage);
		}
	}

	function filter(node: Expr & { kind: "filter" }, reading: Reading): Ref | undefined {
		const { name, given, line } = node;
		const ref = node.of === undefined ? undefined : refOf(node.of, reading);
		if (name === "default" || name === "d") {
			const [fallback] = given.args;
			useArguments(given, reading);
			if (ref === undefined) return undefined;
			touch(ref, reading, line);
			const literal = literalOf(fallback);
			if (literal !== undefined) {
				ref.usage.fallback ??= literal;
				const hint = hintOf(fallback);
				if (hint !== undefined && literal.value !== "") ref.usage.hints.add(hint);
			}
			if (fallback?.kind === "list" || fallback?.kind === "tuple") ref.usage.seen.list++;
			if (fallback?.kind === "dict") ref.usage.seen.mapping++;
			return { ...ref, optional: true };
		}
		useArguments(given, reading);
		if (ref === undefined) return undefined;
		if (listToSame.has(name) || listToItem.has(name) || listToOther.has(name)) {
			if (ref.pairs_of !== undefined) return listToSame.has(name) ? ref : undefined;
			mark(ref, reading, line, listToItem.has(name) || name === "list" ? "any" : "list");
			return listFilter(node, ref, reading);
		}
		if (mappingToPairs.has(name)) {
			mark(ref, reading, line, "mapping");
			return { usage: new Usage(""), optional: true, pairs_of: ref.usage };
		}
		if (name === "dict2items") {
			mark(ref, reading, line, "mapping");
			const list = new Usage("");
			list.item().keys.set("value", ref.usage.item());
			return { usage: list, optional: true };
		}
		if (name === "combine") {
			mark(ref, reading, line, "mapping");
			return ref;
		}
		const hint = hintOfFilter(name);
		mark(ref, reading, line, anyToOther.has(name) || hint === undefined ? "any" : "scalar", hint);
		// A text or number that a filter made is still the variable's, where a loop or key would tell otherwise.
		return undefined;
	}

	/** What a filter of lists tells of the elements. */
	function listFilter(node: Expr & { kind: "filter" }, ref: Ref, reading: Reading): Ref | undefined {
		const { name, given, line } = node;
		const attributeArgument =
			name === "selectattr" || name === "rejectattr" || name === "groupby"
				? given.args[0]
				: given.named.find((one) => one.name === "attribute")?.value;
		const attribute =
			attributeArgument?.kind === "literal" && attributeArgument.value.type === "string"
				? attributeArgument.value.value
				: undefined;
		let reached: Usage | undefined;
		if (attribute !== undefined && name !== "sum" && !attribute.includes(",")) {
			const asks =
				given.args[1]?.kind === "literal" && given.args[1].value.type === "string" ? given.args[1].value.value : "";
			let of: Ref = { usage: ref.usage.item(), optional: false };
			const parts = attribute.split(".");
			for (const [index, part] of parts.entries()) {
				mark(of, reading, line, "mapping");
				of = {
					usage: of.usage.key(part),
					optional:
						index === parts.length - 1 &&
						(asks === "defined" || asks === "undefined" || given.named.some((one) => one.name === "default")),
				};
			}
			mark(of, reading, line, name === "map" ? "any" : "scalar");
			reached = of.usage;
		} else if (name === "join") ref.usage.item().seen.scalar++;
		if (listToSame.has(name)) return ref;
		if (listToItem.has(name)) return { usage: ref.usage.item(), optional: false };
		if (name === "map" && reached !== undefined) {
			const list = new Usage("");
			list.items = reached;
			return { usage: list, optional: true };
		}
		return undefined;
	}

	function test(node: Expr & { kind: "test" }, reading: Reading): void {
		useArguments(node.given, reading);
		const ref = refOf(node.of, reading);
		if (ref === undefined) return;
		if (node.name === "defined" || node.name === "undefined") touch(ref, reading, node.line);
		else {
			const [argument] = node.given.args;
			const isNumber = ["odd", "even", "divisibleby", "number", "integer", "float"].includes(node.name);
			const compares = argument !== undefined && node.name !== "in" ? hintOf(argument) : undefined;
			const hint = isNumber ? "number" : node.name === "string" ? "string" : compares;
			mark(ref, reading, node.line, hint === undefined ? "any" : "scalar", hint);
		}
	}

	function testOf(node: Expr, reading: Reading): { whenTrue: Usage[]; whenFalse: Usage[] } {
		use(node, reading, "test");
		return guardsOf(node, reading);
	}

	/** Variables that are known to be defined when the test holds, or when it does not. */
	function guardsOf(node: Expr, reading: Reading): { whenTrue: Usage[]; whenFalse: Usage[] } {
		const none = { whenTrue: [], whenFalse: [] };
		switch (node.kind) {
			case "test": {
				if (node.name !== "defined" && node.name !== "undefined") return none;
				const usage = pathOf(node.of, reading);
				if (usage === undefined) return none;
				return node.name === "defined" ? { whenTrue: [usage], whenFalse: [] } : { whenTrue: [], whenFalse: [usage] };
			}
			case "filter": {
				const isDefault = node.name === "default" || node.name === "d";
				const usage =
					isDefault && node.of !== undefined && isFalse(node.given.args[0]) ? pathOf(node.of, reading) : undefined;
				return usage === undefined ? none : { whenTrue: [usage], whenFalse: [] };
			}
			case "not": {
				const { whenTrue, whenFalse } = guardsOf(node.of, reading);
				return { whenTrue: whenFalse, whenFalse: whenTrue };
			}
			case "and":
			case "or": {
				const [left, right] = [guardsOf(node.left, reading), guardsOf(node.right, reading)];
				return node.kind === "and"
					? { whenTrue: [...left.whenTrue, ...right.whenTrue], whenFalse: [] }
					: { whenTrue: [], whenFalse: [...left.whenFalse, ...right.whenFalse] };
			}
			default:
				return none;
		}
	}

	/** The variable that a plain path leads to, without noting a use. */
	function pathOf(node: Expr, reading: Reading): Usage | undefined {
		if (node.kind === "name") return nameOf(node.name, reading, node.line)?.usage;
		if (node.kind === "attribute") return pathOf(node.of, reading)?.key(node.name);
		if (node.kind === "item" && node.key.kind === "literal" && node.key.value.type === "string") {
			return pathOf(node.of, reading)?.key(node.key.value.value);
		}
		return undefined;
	}
}

/** Names of templates that an expression can only stand for. */
export function literalNames(node: Expr): string[] {
	if (node.kind === "literal") return node.value.type === "string" ? [node.value.value] : [];
	if (node.kind === "list" || node.kind === "tuple") return node.items.flatMap(literalNames);
	if (node.kind === "condition")
		return [node.then, ...(node.otherwise === undefined ? [] : [node.otherwise])].flatMap(literalNames);
	return [];
}

function callsSuper(tree: unknown): boolean {
	if (Array.isArray(tree)) return tree.some(callsSuper);
	if (typeof tree !== "object" || tree === null) return false;
	if ("kind" in tree && tree.kind === "name" && "name" in tree && tree.name === "super") return true;
	return Object.values(tree).some(callsSuper);
}

function plainValue(value: Literal): string | number | boolean | null {
	switch (value.type) {
		case "none":
			return null;
		case "int":
			return Number(value.value);
		default:
			return value.value;
	}
}

function literalOf(node: Expr | undefined): { value: string | number | boolean | null } | undefined {
	return node?.kind === "literal" ? { value: plainValue(node.value) } : undefined;
}

function isFalse(node: Expr | undefined): boolean {
	if (node === undefined) return true;
	if (node.kind === "literal") return !plainValue(node.value);
	return (node.kind === "list" || node.kind === "dict" || node.kind === "tuple") && node.items.length === 0;
}

const isText = (node: Expr) => node.kind === "literal" && node.value.type === "string";

function hintOf(node: Expr | undefined): TypeHint | undefined {
	if (node?.kind !== "literal") return undefined;
	switch (node.value.type) {
		case "bool":
			return "boolean";
		case "int":
		case "float":
			return "number";
		case "string":
			return "string";
		case "none":
			return undefined;
	}
}

const hintBeside = (left: Expr, right: Expr) => hintOf(right) ?? hintOf(left);
