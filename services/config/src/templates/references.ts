import type { Expr, Statement } from "@netconductor/templating/ast";

/** Stands for a name that is computed: no template has it. */
export const anyName = "*";

/**
 * Names that a template includes, imports or extends, wherever in it; `anyName` among them where one is computed and could be any.
 * Templates within those are not looked into.
 */
export function referencesOf(tree: readonly Statement[]): string[] {
	const names = new Set<string>();
	for (const { template } of compositions(tree)) addNames(template, names);
	return [...names];
}

type Composition = Extract<Statement, { template: Expr }>;

/** Every statement that names a template. Statements stand in statements, never in expressions. */
function* compositions(statements: readonly Statement[]): Generator<Composition> {
	for (const statement of statements) {
		if ("template" in statement) yield statement;
		if ("body" in statement) yield* compositions(statement.body);
		if ("otherwise" in statement) yield* compositions(statement.otherwise);
		if ("branches" in statement) for (const { body } of statement.branches) yield* compositions(body);
	}
}

/** Adds what the expression after `include` may come to. */
function addNames(expression: Expr, names: Set<string>): void {
	switch (expression.kind) {
		case "literal":
			if (expression.value.type === "string") names.add(expression.value.value);
			return;
		case "list":
		case "tuple":
			for (const item of expression.items) addNames(item, names);
			return;
		case "condition":
			addNames(expression.then, names);
			if (expression.otherwise !== undefined) addNames(expression.otherwise, names);
			return;
		default:
			names.add(anyName);
	}
}
