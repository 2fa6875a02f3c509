import { parseYamlDocuments } from "@netconductor/runtime/testing/yaml-documents";
import { writeYaml } from "@netconductor/runtime/text/write-yaml";

/**
 * As much of Go's text/template, and of what Helm adds to it, as our chart uses. Whatever else a template says is an error, and so is a
 * value that is not there where it would be written: Helm writes `<no value>`.
 */

type Node =
	| { kind: "text"; text: string }
	| { kind: "write"; pipe: string[] }
	| { kind: "assign"; name: string; isNew: boolean; pipe: string[] }
	| { kind: "if" | "with"; pipe: string[]; body: Node[]; otherwise: Node[] }
	| { kind: "range"; names: string[]; pipe: string[]; body: Node[] };

interface Scope {
	dot: unknown;
	/** Innermost first. */
	variables: Map<string, unknown>[];
}

type Callable = (...args: unknown[]) => unknown;

export interface Templates {
	/** What the file of this name writes. @throws of what it does not understand, and of `fail` and `required` */
	render(file: string, top: unknown): string;
}

const token = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|:=|[()|=,]|\$?[\w$]*(?:\.\w+)+|\$\w*|\.|\w+/g;

function tokens(text: string): string[] {
	const found = text.match(token) ?? [];
	if (found.join("") !== text.replaceAll(/\s+(?=(?:[^"]*"[^"]*")*[^"]*$)/g, ""))
		throw new SyntaxError(`not understood: {{ ${text} }}`);
	return found;
}

/** @throws SyntaxError naming what is not understood */
export function createTemplates(files: Readonly<Record<string, string>>): Templates {
	const named = new Map<string, Node[]>();

	for (const [file, text] of Object.entries(files)) {
		// Text and actions by turns; a dash takes the blank space on its side with it.
		const parts = text
			.replaceAll(/\s*\{\{-/g, "{{")
			.replaceAll(/-\}\}\s*/g, "}}")
			.replaceAll(/\{\{\s*\/\*[\s\S]*?\*\/\s*\}\}/g, "")
			.split(/\{\{([\s\S]*?)\}\}/);
		let at = 0;
		const parse = (ends: readonly string[]): { nodes: Node[]; end: string } => {
			const nodes: Node[] = [];
			while (at < parts.length) {
				const part = parts[at] ?? "";
				if (at++ % 2 === 0) {
					nodes.push({ kind: "text", text: part });
					continue;
				}
				const action = part.trim();
				const [word = "", ...rest] = tokens(action);
				if (word === "end" || word === "else") {
					if (!ends.includes(word)) throw new SyntaxError(`${file}: {{ ${action} }} without a beginning`);
					return { nodes, end: action };
				}
				if (word === "define") {
					named.set(JSON.parse(rest[0] ?? ""), parse(["end"]).nodes);
				} else if (word === "if" || word === "with") {
					nodes.push(parseBranch(word, rest));
				} else if (word === "range") {
					const assigned = rest.indexOf(":=");
					const names = rest.slice(0, Math.max(0, assigned)).filter((each) => each !== ",");
					nodes.push({ kind: "range", names, pipe: rest.slice(assigned + 1), body: parse(["end"]).nodes });
				} else if (rest[0] === ":=" || rest[0] === "=") {
					nodes.push({ kind: "assign", name: word, isNew: rest[0] === ":=", pipe: rest.slice(1) });
				} else {
					nodes.push({ kind: "write", pipe: [word, ...rest] });
				}
			}
			if (ends.length > 0) throw new SyntaxError(`${file}: something does not end`);
			return { nodes, end: "" };
		};
		const parseBranch = (kind: "if" | "with", pipe: string[]): Node => {
			const { nodes: body, end } = parse(["else", "end"]);
			if (end === "end") return { kind, pipe, body, otherwise: [] };
			const [, word, ...rest] = tokens(end);
			const otherwise = word === "if" ? [parseBranch("if", rest)] : parse(["end"]).nodes;
			return { kind, pipe, body, otherwise };
		};
		named.set(file, parse([]).nodes);
	}

	function run(nodes: readonly Node[], scope: Scope): string {
		return nodes.map((node) => runOne(node, scope)).join("");
	}

	function inside({ variables }: Scope, dot: unknown): Scope {
		return { dot, variables: [new Map(), ...variables] };
	}

	function runOne(node: Node, scope: Scope): string {
		switch (node.kind) {
			case "text":
				return node.text;
			case "write":
				return written(evaluate(node.pipe, scope), node.pipe);
			case "assign": {
				const holder = node.isNew ? scope.variables[0] : scope.variables.find((each) => each.has(node.name));
				if (holder === undefined) throw new SyntaxError(`${node.name} is assigned before it is there`);
				holder.set(node.name, evaluate(node.pipe, scope));
				return "";
			}
			case "if":
			case "with": {
				const value = evaluate(node.pipe, scope);
				const dot = node.kind === "with" && isTrue(value) ? value : scope.dot;
				return run(isTrue(value) ? node.body : node.otherwise, inside(scope, dot));
			}
			case "range": {
				const value = evaluate(node.pipe, scope) ?? [];
				const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value).toSorted(byKey);
				return entries
					.map(([key, each]) => {
						const inner = inside(scope, each);
						const [first = "", second] = node.names;
						inner.variables[0]?.set(second === undefined ? first : second, each);
						if (second !== undefined) inner.variables[0]?.set(first, key);
						return run(node.body, inner);
					})
					.join("");
			}
		}
	}

	/** A pipeline: commands with `|` between them, each given what the one before answered as its last argument. */
	function evaluate(pipe: readonly string[], scope: Scope): unknown {
		let position = 0;
		const pipeline = (): unknown => {
			let value = command([]);
			while (pipe[position] === "|") {
				position++;
				value = command([value]);
			}
			return value;
		};
		const command = (piped: unknown[]): unknown => {
			const head = operand();
			const args: unknown[] = [];
			while (position < pipe.length && pipe[position] !== "|" && pipe[position] !== ")") {
				const argument = operand();
				args.push(typeof argument === "function" ? (argument as Callable)() : argument);
			}
			if (typeof head === "function") return (head as Callable)(...args, ...piped);
			if (args.length + piped.length > 0)
				throw new SyntaxError(`${pipe.join(" ")}: what is no function takes no arguments`);
			return head;
		};
		const operand = (): unknown => {
			const word = pipe[position++] ?? "";
			if (word === "(") {
				const value = pipeline();
				if (pipe[position++] !== ")") throw new SyntaxError(`${pipe.join(" ")}: a parenthesis does not end`);
				return /^\.\w/.test(pipe[position] ?? "") ? fieldOf(value, pipe[position++] ?? "") : value;
			}
			if (word.startsWith('"')) return JSON.parse(word);
			if (/^-?\d/.test(word)) return Number(word);
			if (word === "true" || word === "false") return word === "true";
			if (word.startsWith("$")) {
				const [name = "", ...path] = word.split(".");
				const holder = scope.variables.find((each) => each.has(name));
				if (holder === undefined) throw new SyntaxError(`there is no ${name}`);
				return fieldOf(holder.get(name), path.map((each) => `.${each}`).join(""));
			}
			if (word.startsWith(".")) return fieldOf(scope.dot, word === "." ? "" : word);
			const known = functions[word];
			if (known === undefined) throw new SyntaxError(`there is no function ${word}`);
			return known;
		};
		const value = pipeline();
		if (position !== pipe.length) throw new SyntaxError(`not understood: {{ ${pipe.join(" ")} }}`);
		return value;
	}

	const functions: Record<string, Callable> = {
		...plainFunctions,
		include(name, dot) {
			const nodes = named.get(String(name));
			if (nodes === undefined) throw new SyntaxError(`there is no template ${name}`);
			return run(nodes, { dot, variables: [new Map([["$", dot]])] });
		},
	};

	return {
		render: (file, top) => String(functions.include?.(file, top)),
	};
}

const byKey = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);

function fieldOf(value: unknown, path: string): unknown {
	let found = value;
	for (const name of path.split(".").slice(1)) {
		if (typeof found !== "object" || found === null) throw new SyntaxError(`nothing has ${path}`);
		found = (found as Record<string, unknown>)[name];
	}
	return found;
}

function isTrue(value: unknown): boolean {
	if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
	return Boolean(value);
}

function written(value: unknown, pipe: readonly string[]): string {
	if (typeof value === "string") return value;
	if (typeof value === "number" || typeof value === "boolean") return String(value);
	throw new SyntaxError(`{{ ${pipe.join(" ")} }} is no text, number or truth value`);
}

/** As Helm and sprig have them, last argument last. */
const plainFunctions: Record<string, Callable> = {
	and: (...values) => values.find((value) => !isTrue(value)) ?? values.at(-1),
	or: (...values) => values.find(isTrue) ?? values.at(-1),
	not: (value) => !isTrue(value),
	eq: (a, b) => a === b,
	list: (...items) => items,
	append: (items, item) => [...(items as unknown[]), item],
	has: (item, items) => (items as unknown[]).includes(item),
	dict: (...pairs) => Object.fromEntries(pairs.flatMap((key, i) => (i % 2 === 0 ? [[key, pairs[i + 1]]] : []))),
	get: (map, key) => (map as Record<string, unknown>)[String(key)] ?? "",
	default: (fallback, value) => (isTrue(value) ? value : fallback),
	required(message, value) {
		if (value === undefined || value === null || value === "") throw new Error(String(message));
		return value;
	},
	fail(message) {
		throw new Error(String(message));
	},
	quote: (value) => JSON.stringify(String(value)),
	upper: (text) => String(text).toUpperCase(),
	trunc: (length, text) => String(text).slice(0, Number(length)),
	trimSuffix: (suffix, text) =>
		String(text).endsWith(String(suffix)) ? String(text).slice(0, -String(suffix).length) : text,
	contains: (part, text) => String(text).includes(String(part)),
	join: (separator, items) => (items as unknown[]).join(String(separator)),
	printf: (format, ...values) =>
		values.reduce((text: string, value) => text.replace(/%[sv]/, () => String(value)), String(format)),
	regexMatch: (pattern, text) => new RegExp(String(pattern)).test(String(text)),
	nindent: (width, text) => `\n${String(text).replaceAll(/^(?=.)/gm, " ".repeat(Number(width)))}`,
	toYaml: (value) => writeYaml(value).trimEnd(),
	fromYaml: (text) => parseYamlDocuments(String(text))[0],
};
