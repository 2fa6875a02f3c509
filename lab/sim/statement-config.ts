/** A statement of a Junos or VyOS config: a leaf, or a block when it has `children`. The name may hold several words. */
export interface Statement {
	name: string;
	children?: Statement[];
}

export interface StatementSyntax {
	/** Junos ends leaves with `;`, VyOS does not. */
	semicolons: boolean;
	/** Words that open a block of their own. */
	blocks: ReadonlySet<string>;
	/** Words that open a block together with the word after them: `unit 0`, `neighbor 10.0.0.1`. */
	keyed: ReadonlySet<string>;
	/** Blocks whose every child is a block with a name of its own: `interfaces`. */
	named: ReadonlySet<string>;
	/** Leaves that may stand several times with different values; all others are replaced. */
	repeated: ReadonlySet<string>;
	/** How a value is quoted in a `set` command. */
	quote(value: string): string;
}

/** Reads text in braces. Comments and annotations are dropped: they are made when a config is printed. */
export function parseStatements(text: string): Statement[] {
	const root: Statement[] = [];
	const open: Statement[][] = [root];
	let inComment = false;
	for (const raw of text.split("\n")) {
		if (raw.startsWith("/*")) inComment = true;
		if (inComment) {
			inComment = !raw.includes("*/");
			continue;
		}
		const line = raw.trim().replace(/ ## SECRET-DATA$/, "");
		if (line === "" || line.startsWith("#") || line.startsWith("/*") || line.startsWith("//")) continue;
		const here = open.at(-1) ?? root;
		if (line === "}") {
			if (open.length > 1) open.pop();
		} else if (line.endsWith("{")) {
			const block = { name: line.slice(0, -1).trim(), children: [] };
			here.push(block);
			open.push(block.children);
		} else {
			here.push({ name: line.replace(/;$/, "") });
		}
	}
	return root;
}

/** The same in braces. Junos marks secrets, and so does this. */
export function printStatements(statements: Statement[], syntax: StatementSyntax, depth = 0): string {
	const indent = "    ".repeat(depth);
	let text = "";
	for (const { name, children } of statements) {
		if (children && children.length > 0)
			text += `${indent}${name} {\n${printStatements(children, syntax, depth + 1)}${indent}}\n`;
		else text += `${indent}${name}${syntax.semicolons ? `;${isSecret(name) ? " ## SECRET-DATA" : ""}` : ""}\n`;
	}
	return text;
}

function isSecret(name: string): boolean {
	return /^(encrypted-password|authentication-key|secret|pre-shared-key|plain-text-password-value) /.test(name);
}

/** The same as `set` commands. */
export function printSetCommands(statements: Statement[], syntax: StatementSyntax, path = "set"): string {
	let text = "";
	for (const { name, children } of statements) {
		if (children && children.length > 0) text += printSetCommands(children, syntax, `${path} ${name}`);
		else {
			const [word = "", ...value] = splitStatement(name);
			text += `${[path, word, ...value.map(syntax.quote)].join(" ")}\n`;
		}
	}
	return text;
}

/** Splits at blanks outside quotes; the quotes stay. */
export function splitStatement(text: string): string[] {
	return text.match(/"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"']+/g) ?? [];
}

/** Carries out `set <path>`. */
export function setStatement(root: Statement[], words: string[], syntax: StatementSyntax, parent = ""): void {
	const [first = "", second] = words;
	const existing = root.find(({ name, children }) => {
		const named = name.split(" ");
		return children !== undefined && named.length <= words.length && named.every((word, i) => word === words[i]);
	});
	const width = existing
		? existing.name.split(" ").length
		: syntax.keyed.has(first) && second !== undefined
			? 2
			: syntax.named.has(parent) || syntax.blocks.has(first)
				? 1
				: 0;
	if (width > 0) {
		const block = existing ?? { name: words.slice(0, width).join(" "), children: [] };
		block.children ??= [];
		if (!existing) root.push(block);
		if (words.length > width) setStatement(block.children, words.slice(width), syntax, first);
		return;
	}
	const leaf = words.join(" ");
	if (root.some(({ name }) => name === leaf)) return;
	const same = root.find(({ name, children }) => !children && name.split(" ")[0] === first);
	if (same && words.length > 1 && !syntax.repeated.has(first)) same.name = leaf;
	else root.push({ name: leaf });
}

/** Carries out `delete <path>`; `false` when there was nothing. */
export function deleteStatement(root: Statement[], words: string[]): boolean {
	for (const [i, statement] of root.entries()) {
		const named = splitStatement(statement.name);
		const shared = named.findIndex((word, k) => word !== words[k]);
		if (words.length <= named.length && (shared < 0 || shared >= words.length)) {
			root.splice(i, 1);
			return true;
		}
		if (shared >= 0 || !statement.children) continue;
		if (!deleteStatement(statement.children, words.slice(named.length))) continue;
		if (statement.children.length === 0) root.splice(i, 1);
		return true;
	}
	return false;
}

/** The statements under a path; `undefined` when it does not exist. */
export function statementsAt(root: Statement[], words: string[]): Statement[] | undefined {
	if (words.length === 0) return root;
	for (const statement of root) {
		const named = splitStatement(statement.name);
		if (!named.every((word, i) => word === words[i])) continue;
		return statement.children ? statementsAt(statement.children, words.slice(named.length)) : [statement];
	}
	return undefined;
}

/** Applies `set` and `delete` lines to a config text. */
export function applySetLines(config: string, lines: string[], syntax: StatementSyntax): string {
	const root = parseStatements(config);
	for (const line of lines) {
		const [verb, ...words] = splitStatement(line.trim());
		if (verb === "set") setStatement(root, words, syntax);
		else if (verb === "delete") deleteStatement(root, words);
		else if (verb !== undefined) throw new Error(`not a set or delete line: ${line}`);
	}
	return printStatements(root, syntax);
}
