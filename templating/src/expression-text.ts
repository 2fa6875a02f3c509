import type { Expr, Literal } from "./ast.ts";
import { printFloat, quote } from "./print.ts";

function literalText(value: Literal): string {
	switch (value.type) {
		case "none":
			return "none";
		case "bool":
			return String(value.value);
		case "int":
			return String(value.value);
		case "float":
			return printFloat(value.value);
		case "string":
			return quote(value.value);
	}
}

/** An expression about as a template would write it, short enough for a message. */
export function expressionText(node: Expr): string {
	switch (node.kind) {
		case "name":
			return node.name;
		case "attribute":
			return `${expressionText(node.of)}.${node.name}`;
		case "item":
			return `${expressionText(node.of)}[${expressionText(node.key)}]`;
		case "call":
			return `${expressionText(node.callee)}(${node.given.args.length + node.given.named.length > 0 ? "…" : ""})`;
		case "literal":
			return literalText(node.value).slice(0, 60);
		case "filter":
			return node.of === undefined ? node.name : `${expressionText(node.of)}|${node.name}`;
		default:
			return "…";
	}
}
