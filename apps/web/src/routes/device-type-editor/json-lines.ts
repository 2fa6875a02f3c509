/** Where in a JSON text each value stands. */
export interface JsonLines {
	/** Line of a value, from 1, by its dotted path; of one that is not there the line of what should hold it. */
	lineOf(path: string): number;
}

export interface JsonFault {
	line: number;
	message: string;
}

const plainValue = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

interface Token {
	/** Empty at the end of the text. */
	text: string;
	line: number;
}

class Unexpected extends Error {
	readonly line: number;
	constructor({ text, line }: Token, wanted: string) {
		super(
			text === ""
				? `The text ends where ${wanted} should come`
				: `${shortened(text)} stands where ${wanted} should come`,
		);
		this.line = line;
	}
}

/**
 * A JSON text (RFC 8259) read, with the lines of its values; or what is wrong with it and where, which the browser's own parser does not
 * always tell.
 */
export function readJson(text: string): { value: unknown; lines: JsonLines } | { fault: JsonFault } {
	try {
		const lines = linesOf(text);
		return { value: JSON.parse(text), lines: { lineOf: (path) => nearest(lines, path) } };
	} catch (error) {
		return { fault: { line: error instanceof Unexpected ? error.line : 1, message: String((error as Error).message) } };
	}
}

function nearest(lines: ReadonlyMap<string, number>, path: string): number {
	for (let at = path; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
		const found = lines.get(at);
		if (found !== undefined) return found;
	}
	return lines.get("") ?? 1;
}

function linesOf(text: string): Map<string, number> {
	const lines = new Map<string, number>();
	const tokens = tokensOf(text);
	let at = 0;
	const next = () => tokens[at++] as Token;
	const peek = () => (tokens[at] as Token).text;

	function take(wanted: string, ...texts: string[]): string {
		const token = next();
		if (!texts.includes(token.text)) throw new Unexpected(token, wanted);
		return token.text;
	}

	function items(end: string, one: (index: number) => void): void {
		if (peek() === end) {
			next();
			return;
		}
		for (let index = 0; ; index += 1) {
			one(index);
			if (take(`a comma or ${end}`, ",", end) === end) return;
		}
	}

	function value(path: string): void {
		const token = next();
		lines.set(path, token.line);
		if (token.text === "[") {
			items("]", (index) => value(joined(path, String(index))));
		} else if (token.text === "{") {
			items("}", () => {
				const name = next();
				if (!isText(name.text)) throw new Unexpected(name, "a name in double quotes");
				take("a colon", ":");
				value(joined(path, JSON.parse(name.text) as string));
			});
		} else if (!isText(token.text) && !plainValue.test(token.text)) {
			throw new Unexpected(token, "a value");
		}
	}

	value("");
	take("the end", "");
	return lines;
}

function tokensOf(text: string): Token[] {
	const tokens: Token[] = [];
	let line = 1;
	for (const [token] of text.matchAll(/"(?:[^"\\\n]|\\.)*"|[{}[\],:]|\n|[^\s{}[\],:]+/g)) {
		if (token === "\n") line += 1;
		else tokens.push({ text: token, line });
	}
	tokens.push({ text: "", line });
	return tokens;
}

/** A whole text in double quotes, without what JSON does not allow in one. */
function isText(token: string): boolean {
	try {
		return token.startsWith('"') && typeof JSON.parse(token) === "string";
	} catch {
		return false;
	}
}

function joined(path: string, name: string): string {
	return path === "" ? name : `${path}.${name}`;
}

function shortened(text: string): string {
	return text.length > 30 ? `${text.slice(0, 30)}…` : text;
}
