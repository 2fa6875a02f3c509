import type { Expr, Statement } from "./ast.ts";
import { TemplateFault } from "./fault.ts";
import { parseTemplate } from "./parser.ts";
import type { StringKind } from "./render-task.ts";

/** Whether a string has a tag; others are what they say. */
export function hasTag(source: string): boolean {
	return /\{[{%#]/.test(source);
}

/** A bare expression as a template, with the same lines. */
export function conditionSource(source: string): string {
	const trimmed = source.trim();
	return trimmed.startsWith("{{") && trimmed.endsWith("}}") ? source.trimEnd() : `{{ ${source} }}`;
}

/**
 * Reads a string into its tree. With `expression` set, its value is that expression's, with its type; a condition always is one.
 * @throws template.syntax with line
 */
export function readString(
	name: string,
	source: string,
	kind: StringKind,
): { tree: Statement[]; expression: Expr | undefined } {
	const isCondition = kind === "condition";
	const all = parseTemplate(name, isCondition ? conditionSource(source) : source, {});
	const tree = isCondition ? all.filter((node) => node.kind !== "text" || node.text.trim() !== "") : all;
	const [first, ...others] = tree;
	const expression = others.length === 0 && first?.kind === "print" ? first.value : undefined;
	if (isCondition && (expression === undefined || expression.kind === "tuple")) {
		const message = "a condition is one expression, joined with `and` and `or` where there are several";
		throw new TemplateFault("template.syntax", message, { template: name, line: (expression ?? others[0])?.line ?? 1 });
	}
	return { tree, expression };
}
