/**
 * One command of a CLI. `words` is what the user types; `WORD` stands for any single word, `LINE` for the rest of the line, `[LINE]` for a
 * rest that may be missing. Words may be abbreviated as long as they stay unambiguous, as on every Cisco-like system.
 */
export interface Command<C> {
	words: string;
	run(context: C, args: string[]): Promise<void> | void;
}

export type Resolution<C> =
	| { kind: "found"; command: Command<C>; args: string[] }
	/** `at` is the offset of the word that no command continues with. */
	| { kind: "invalid"; at: number }
	| { kind: "ambiguous"; at: number }
	| { kind: "incomplete" };

export interface Word {
	text: string;
	at: number;
}

export function splitWords(line: string): Word[] {
	return [...line.matchAll(/\S+/g)].map((match) => ({ text: match[0], at: match.index }));
}

/** Finds the command that a line means. */
export function resolveCommand<C>(line: string, commands: readonly Command<C>[]): Resolution<C> {
	const words = splitWords(line);
	let candidates = commands.map((command) => ({ command, pattern: command.words.split(" ") }));
	for (const [i, word] of words.entries()) {
		const typed = word.text.toLowerCase();
		const rest = candidates.find(({ pattern }) => pattern[i] === "LINE" || pattern[i] === "[LINE]");
		const literal = candidates.filter(({ pattern }) => isLiteral(pattern[i]) && pattern[i]?.startsWith(typed));
		const exact = literal.filter(({ pattern }) => pattern[i] === typed);
		if (exact.length > 0) candidates = exact;
		else if (literal.length > 0) {
			if (new Set(literal.map(({ pattern }) => pattern[i])).size > 1) return { kind: "ambiguous", at: word.at };
			candidates = literal;
		} else if (rest) {
			return { kind: "found", command: rest.command, args: argumentsOf(rest.pattern, words, i) };
		} else {
			candidates = candidates.filter(({ pattern }) => pattern[i] === "WORD");
		}
		if (candidates.length === 0) return { kind: "invalid", at: word.at };
	}
	const complete = candidates.find(
		({ pattern }) => pattern.length === words.length || pattern[words.length] === "[LINE]",
	);
	if (!complete) return { kind: "incomplete" };
	return { kind: "found", command: complete.command, args: argumentsOf(complete.pattern, words, words.length) };
}

function isLiteral(word: string | undefined): boolean {
	return word !== undefined && word !== "WORD" && word !== "LINE" && word !== "[LINE]";
}

function argumentsOf(pattern: string[], words: Word[], until: number): string[] {
	const args = words.slice(0, until).flatMap((word, i) => (pattern[i] === "WORD" ? [word.text] : []));
	if (until < words.length) {
		args.push(
			words
				.slice(until)
				.map(({ text }) => text)
				.join(" "),
		);
	}
	return args;
}

/** What follows the first `|` of a line, and what stands before it. */
export function splitPipe(line: string): { command: string; pipe: string | undefined } {
	const at = line.search(/\s\|\s*\S/);
	if (at < 0) return { command: line, pipe: undefined };
	return { command: line.slice(0, at), pipe: line.slice(at).replace(/^\s*\|\s*/, "") };
}

/** `| include`, `| exclude`, `| begin`, `| section`, `| count`, `| no-more`: what Cisco-like systems do with output. `undefined` for any other. */
export function filterOutput(text: string, pipe: string): string | undefined {
	const [verb = "", ...rest] = pipe.split(/\s+/);
	const pattern = toRegExp(rest.join(" "));
	const lines = text.replace(/\n$/, "").split("\n");
	const is = (name: string) => verb !== "" && name.startsWith(verb);
	const matching = () => lines.filter((line) => pattern.test(line));
	if (is("no-more")) return text;
	if (is("include")) return joined(matching());
	if (is("exclude")) return joined(lines.filter((line) => !pattern.test(line)));
	if (is("count")) return `Number of lines which match regexp = ${matching().length}\n`;
	if (is("begin")) {
		const first = lines.findIndex((line) => pattern.test(line));
		return joined(first < 0 ? [] : lines.slice(first));
	}
	if (is("section")) {
		let inside = false;
		return joined(
			lines.filter((line) => {
				if (!line.startsWith(" ")) inside = pattern.test(line);
				return inside;
			}),
		);
	}
	return undefined;
}

function toRegExp(text: string): RegExp {
	try {
		return new RegExp(text);
	} catch {
		return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
	}
}

function joined(lines: string[]): string {
	return lines.map((line) => `${line}\n`).join("");
}
