import { failed } from "@netconductor/runtime/errors";
import { type CompiledPattern, compilePattern } from "@netconductor/runtime/pattern";

/** A pattern of Python's `re`, matched at the start of a text in linear time. */
export interface PythonPattern {
	/** Name of each capture group by its number; number 0 is the whole. */
	groupNames: readonly (string | undefined)[];
	/** The capture groups of `re.match`, or null. Undefined is a group that took no part. */
	match(text: string): (string | undefined)[] | null;
}

/** Why a pattern cannot be used: Python refuses it too, or it needs what a linear-time engine cannot do. */
export class PatternFault extends Error {
	override readonly name = "PatternFault";
	readonly supported: boolean;
	readonly construct: string;
	constructor(message: string, construct: string, supported = true) {
		super(message);
		this.construct = construct;
		this.supported = supported;
	}
}

const maxLength = 8_192;
const maxDepth = 100;
/** Positions of the automaton, roughly: one line takes at most this many steps for each of its characters. */
const maxSize = 10_000;
/** RE2's own limit. */
const maxRepeat = 1_000;

/**
 * Compiles a pattern in Python's syntax (3.11, `str`) to RE2. Classes like `\d` mean what Python means by them, beyond ASCII too;
 * `\b` knows ASCII words alone. Named groups keep their names. What RE2 lacks (look-around, back-references, conditionals, atomic
 * groups, possessive quantifiers) is refused, never approximated.
 * @throws PatternFault
 */
export function compilePythonPattern(source: string): PythonPattern {
	// Classes beyond ASCII are many times larger, so they are only paid for by lines that hold such characters.
	const ascii = translate(source, false);
	const compiled = compile(ascii.text, source);
	let unicode: CompiledPattern | undefined;
	return {
		groupNames: ascii.groupNames,
		match(text) {
			const plain = isAscii(text);
			if (!plain) unicode ??= compileForOutput(source);
			const pattern = plain || !unicode ? compiled : unicode;
			return pattern.test(text) ? pattern.exec(text) : null;
		},
	};
}

/** The classes beyond ASCII may be what makes a pattern too large; it is found when an output needs them. */
function compileForOutput(source: string): CompiledPattern {
	try {
		return compile(translate(source, true).text, source);
	} catch (fault) {
		if (!(fault instanceof PatternFault)) throw fault;
		throw failed("parse.pattern_unsupported", {
			message: `The pattern '${source.slice(0, 120)}' cannot be used on characters beyond ASCII: ${fault.message}.`,
			details: { construct: fault.construct },
		});
	}
}

function compile(text: string, source: string): CompiledPattern {
	try {
		return compilePattern(`^(?:${text})`);
	} catch (cause) {
		const reason = cause instanceof Error ? cause.message : String(cause);
		throw new PatternFault(`the linear-time engine refuses it: ${reason.slice(0, 200)}`, source.slice(0, 80), false);
	}
}

function isAscii(text: string): boolean {
	for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
	return true;
}

interface Item {
	text: string;
	/** An assertion, to which Python allows no quantifier. */
	at?: boolean;
	repeated?: boolean;
	size: number;
	empty: Emptiness;
	/** Holds a group whose text is asked for. */
	named?: boolean;
}

/** How something may match nothing: not at all, only when all else fails, or before it has tried all else. */
type Emptiness = "never" | "last" | "early";

interface Flags {
	verbose: boolean;
	ascii: boolean;
}

/** The pattern in RE2's syntax, by one descent over Python's grammar (Lib/re/_parser.py describes it). */
function translate(source: string, unicode: boolean): { text: string; groupNames: (string | undefined)[] } {
	if (source.length > maxLength) {
		throw new PatternFault(`it has more than ${maxLength} characters`, source.slice(0, 80), false);
	}
	const characters = Array.from(source);
	const groupNames: (string | undefined)[] = [undefined];
	let position = 0;
	let globalFlags = "";

	const peek = (offset = 0) => characters[position + offset];
	const rest = (count: number) => characters.slice(position, position + count).join("");
	const unsupported = (what: string, construct: string) =>
		new PatternFault(`${what} (${construct}) is not supported: patterns run in linear time`, construct, false);
	const wrong = (what: string, construct = rest(10)) => new PatternFault(`${what} at position ${position}`, construct);

	const { text } = alternatives(0, { verbose: false, ascii: false });
	if (position < characters.length) throw wrong("unbalanced parenthesis");
	return { text: globalFlags === "" ? text : `(?${globalFlags})${text}`, groupNames };

	function alternatives(depth: number, flags: Flags): Item {
		if (depth > maxDepth) throw new PatternFault(`groups are nested deeper than ${maxDepth}`, "(", false);
		const branches: Item[] = [];
		let size = 0;
		for (;;) {
			const branch = sequence(depth, flags);
			branches.push(branch);
			size += branch.size + 1;
			if (peek() !== "|") break;
			position++;
		}
		const mayBeEmptyBefore = branches.slice(0, -1).some(({ empty }) => empty !== "never");
		return {
			text: branches.map((branch) => branch.text).join("|"),
			size,
			named: branches.some(({ named }) => named),
			empty: mayBeEmptyBefore ? "early" : (branches.at(-1)?.empty ?? "last"),
		};
	}

	function sequence(depth: number, flags: Flags): Item {
		const items: Item[] = [];
		while (position < characters.length) {
			const character = peek() ?? "";
			if (character === "|" || character === ")") break;
			if (flags.verbose && skipVerbose(character)) continue;
			const repeat = quantifier();
			if (repeat) applyRepeat(items, repeat);
			else {
				const item = atom(character, depth, flags);
				if (item) items.push(item);
			}
		}
		let size = 0;
		for (const item of items) size += item.size;
		if (size > maxSize) throw new PatternFault("it is too large: fewer or smaller repetitions are needed", "{}", false);
		const empties = items.map(({ empty }) => empty);
		const empty = empties.includes("never") ? "never" : empties.includes("early") ? "early" : "last";
		return { text: items.map((item) => item.text).join(""), size, empty, named: items.some(({ named }) => named) };
	}

	function skipVerbose(character: string): boolean {
		if (/[ \t\n\r\v\f]/.test(character)) {
			position++;
			return true;
		}
		if (character !== "#") return false;
		while (position < characters.length && peek() !== "\n") position++;
		return true;
	}

	/** `*`, `+`, `?`, `{m}`, `{m,}`, `{,n}`, `{m,n}`; a brace that is none of these stands for itself. */
	function quantifier(): { min: number; max: number } | undefined {
		const character = peek();
		if (character === "*") return taken(1, { min: 0, max: Number.POSITIVE_INFINITY });
		if (character === "+") return taken(1, { min: 1, max: Number.POSITIVE_INFINITY });
		if (character === "?") return taken(1, { min: 0, max: 1 });
		if (character !== "{") return undefined;
		const braces = /^\{(\d*)(?:(,)(\d*))?\}/.exec(rest(24));
		if (!braces || (braces[1] === "" && braces[2] === undefined)) return undefined;
		const min = braces[1] === "" ? 0 : Number(braces[1]);
		const max = braces[2] === undefined ? min : braces[3] === "" ? Number.POSITIVE_INFINITY : Number(braces[3]);
		if (max < min) throw wrong("min repeat greater than max repeat");
		if (Math.max(min, max === Number.POSITIVE_INFINITY ? 0 : max) > maxRepeat) {
			throw unsupported(`a repetition of more than ${maxRepeat}`, braces[0]);
		}
		return taken(braces[0].length, { min, max });
	}

	function taken<T>(count: number, value: T): T {
		position += count;
		return value;
	}

	function applyRepeat(items: Item[], { min, max }: { min: number; max: number }) {
		const item = items.at(-1);
		if (!item || item.at) throw wrong("nothing to repeat");
		if (item.repeated) throw wrong("multiple repeat");
		if (peek() === "+") throw unsupported("a possessive quantifier", `${characters[position - 1]}+`);
		// Python ends a loop at the first round that matched nothing; RE2 goes on, and leaves that round out of its groups.
		if (max > min && max > 1 && (item.empty === "early" || (item.empty === "last" && item.named))) {
			throw unsupported("a repetition of what may match nothing", item.text.slice(0, 60));
		}
		const lazy = peek() === "?" ? taken(1, "?") : "";
		if (lazy && (min === 0 || item.empty !== "never")) item.empty = "early";
		else if (min === 0 && item.empty === "never") item.empty = "last";
		const bound = max === Number.POSITIVE_INFINITY ? `{${min},}` : min === max ? `{${min}}` : `{${min},${max}}`;
		item.text += `${shortBound[bound] ?? bound}${lazy}`;
		item.size = item.size * Math.max(1, max === Number.POSITIVE_INFINITY ? min + 1 : max);
		item.repeated = true;
	}

	function atom(character: string, depth: number, flags: Flags): Item | undefined {
		switch (character) {
			case "(":
				return group(depth, flags);
			case "[":
				return characterClass(flags);
			case "\\":
				return escapeSequence(flags);
			case ".":
				return taken(1, { text: ".", size: 1, empty: "never" });
			case "^":
			case "$":
				return taken(1, { text: character, at: true, size: 1, empty: "last" });
			default:
				return taken(1, literal(character));
		}
	}

	function group(depth: number, flags: Flags): Item | undefined {
		const start = position;
		position++;
		if (peek() !== "?") return closed("(", undefined, depth, flags, true);
		position++;
		const next = peek();
		if (next === "P") return namedGroup(depth, flags);
		if (next === ":") {
			position++;
			return closed("(?:", undefined, depth, flags, false);
		}
		if (next === "#") {
			while (position < characters.length && peek() !== ")") position++;
			if (position >= characters.length) throw wrong("missing ), unterminated comment");
			return taken(1, undefined);
		}
		if (next === "=" || next === "!") throw unsupported("look-ahead", `(?${next}`);
		if (next === "<" && (peek(1) === "=" || peek(1) === "!")) throw unsupported("look-behind", `(?<${peek(1)}`);
		if (next === "(") throw unsupported("a conditional", "(?(");
		if (next === ">") throw unsupported("an atomic group", "(?>");
		return flagGroup(start, depth, flags);
	}

	function namedGroup(depth: number, flags: Flags): Item {
		position++;
		if (peek() === "=") throw unsupported("a back-reference", "(?P=");
		if (peek() !== "<") throw wrong("unknown extension ?P");
		const end = characters.indexOf(">", position);
		const name = end < 0 ? "" : characters.slice(position + 1, end).join("");
		if (!/^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*$/u.test(name))
			throw wrong("bad character in group name");
		if (groupNames.includes(name)) throw wrong(`redefinition of group name '${name}'`);
		position = end + 1;
		return closed("(", name, depth, flags, true);
	}

	/** `(?ims)` for the whole pattern, `(?i-s:...)` for a part. */
	function flagGroup(start: number, depth: number, flags: Flags): Item | undefined {
		const found = /^([aiLmsux]*)(?:-([imsx]+))?([:)])/.exec(rest(24));
		if (!found) throw wrong("unknown extension", characters.slice(start, start + 4).join(""));
		const [whole, on = "", off = "", end] = found;
		position += whole.length;
		if (on.includes("L")) throw wrong("bad inline flags: cannot use 'L' flag with a str pattern", `(?${whole}`);
		if (on.includes("a") && on.includes("u"))
			throw wrong("bad inline flags: flags 'a' and 'u' are incompatible", `(?${whole}`);
		const inner = {
			verbose: (flags.verbose || on.includes("x")) && !off.includes("x"),
			ascii: (flags.ascii || on.includes("a")) && !on.includes("u"),
		};
		const kept = on.replace(/[^ims]/g, "");
		if (end === ")") {
			// Python takes these at the very start; a rule of TextFSM starts with its caret.
			const before = characters.slice(0, start).join("");
			if (off !== "" || on === "" || (before !== "" && before !== "^")) {
				throw wrong("global flags not at the start of the expression", `(?${whole}`);
			}
			globalFlags += kept;
			Object.assign(flags, inner);
			return undefined;
		}
		const without = off.replace(/[^ims]/g, "");
		return closed(`(?${kept}${without === "" ? "" : `-${without}`}:`, undefined, depth, inner, false);
	}

	function closed(open: string, name: string | undefined, depth: number, flags: Flags, captures: boolean): Item {
		if (captures) groupNames.push(name);
		const { text: inside, size, empty, named } = alternatives(depth + 1, flags);
		if (peek() !== ")") throw wrong("missing ), unterminated subpattern", open);
		return taken(1, { text: `${open}${inside})`, size: size + 2, empty, named: named || name !== undefined });
	}

	function escapeSequence(flags: Flags): Item {
		const letter = peek(1);
		if (letter === undefined) throw wrong("bad escape (end of pattern)", "\\");
		if (letter === "A" || letter === "b" || letter === "B")
			return taken(2, { text: `\\${letter}`, at: true, size: 1, empty: "last" });
		if (letter === "Z") return taken(2, { text: "\\z", at: true, size: 1, empty: "last" });
		if (/[dDsSwW]/.test(letter)) return taken(2, { text: `[${classOf(letter, flags)}]`, size: 1, empty: "never" });
		if (/[1-9]/.test(letter)) {
			const octal = /^\\([0-7]{3})/.exec(rest(4));
			if (!octal) throw unsupported("a back-reference", `\\${letter}`);
			position += 4;
			return literal(octalCharacter(octal[1] ?? ""));
		}
		return literal(escapedCharacter(false));
	}

	/** The character that an escape stands for: `\n`, `\x41`, `\u0041`, `\U00000041`, octal, or punctuation as itself. */
	function escapedCharacter(inClass: boolean): string {
		const text = rest(10);
		const letter = text[1] ?? "";
		const octal = (inClass ? /^\\([0-7]{1,3})/ : /^\\(0[0-7]{0,2})/).exec(text);
		if (octal) return taken(octal[0].length, octalCharacter(octal[1] ?? ""));
		const hex = /^\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/.exec(text);
		if (hex) {
			const code = Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? "", 16);
			if (code > 0x10ffff) throw wrong("bad escape", hex[0]);
			return taken(hex[0].length, String.fromCodePoint(code));
		}
		const control = simpleEscapes[letter];
		if (control !== undefined) return taken(2, control);
		if (inClass && letter === "b") return taken(2, "\b");
		if (letter === "N") throw unsupported("a character by its name", "\\N");
		if (/[A-Za-z0-9]/.test(letter)) throw wrong(`bad escape \\${letter}`, `\\${letter}`);
		return taken(2, characters[position + 1] ?? "");
	}

	function octalCharacter(digits: string): string {
		const code = Number.parseInt(digits, 8);
		if (code > 0o377) throw wrong("octal escape value outside of range 0-0o377", `\\${digits}`);
		return String.fromCodePoint(code);
	}

	function characterClass(flags: Flags): Item {
		const start = position;
		position++;
		const negated = peek() === "^";
		if (negated) position++;
		const members: string[] = [];
		for (let first = true; ; first = false) {
			const character = peek();
			if (character === undefined)
				throw wrong("unterminated character set", characters.slice(start, start + 10).join(""));
			if (character === "]" && !first) break;
			const low = member(flags);
			if (peek() !== "-" || peek(1) === "]" || peek(1) === undefined) {
				members.push("set" in low ? low.set : quoted(low.character));
				continue;
			}
			position++;
			const high = member(flags);
			if ("set" in low || "set" in high) throw wrong("bad character range");
			if ((low.character.codePointAt(0) ?? 0) > (high.character.codePointAt(0) ?? 0))
				throw wrong("bad character range");
			members.push(`${quoted(low.character)}-${quoted(high.character)}`);
		}
		position++;
		return { text: `[${negated ? "^" : ""}${members.join("")}]`, size: 1, empty: "never" };
	}

	function member(flags: Flags): { set: string } | { character: string } {
		const character = peek();
		if (character === undefined) throw wrong("unterminated character set");
		if (character !== "\\") return taken(1, { character });
		const letter = peek(1);
		if (letter === undefined) throw wrong("bad escape (end of pattern)", "\\");
		if (/[dDsSwW]/.test(letter)) return taken(2, { set: classOf(letter, flags) });
		return { character: escapedCharacter(true) };
	}

	function classOf(letter: string, flags: Flags): string {
		if (flags.ascii) return classesUnderFlagA[letter] ?? asciiClasses[letter] ?? "";
		return (unicode ? unicodeClasses : asciiClasses)[letter] ?? "";
	}
}

const shortBound: Record<string, string> = { "{0,}": "*", "{1,}": "+", "{0,1}": "?" };

const simpleEscapes: Record<string, string> = {
	a: "\x07",
	f: "\f",
	n: "\n",
	r: "\r",
	t: "\t",
	v: "\v",
};

/** Members of a class in RE2. Python's `\s` holds what RE2's `\s` does not: the vertical tab and, in Unicode, the separators. */
const asciiClasses: Record<string, string> = {
	d: "0-9",
	D: "\\x{0}-\\x{2f}\\x{3a}-\\x{10ffff}",
	s: "\\x{9}-\\x{d}\\x{1c}-\\x{20}",
	S: "\\x{0}-\\x{8}\\x{e}-\\x{1b}\\x{21}-\\x{10ffff}",
	w: "0-9A-Za-z_",
	W: "\\x{0}-\\x{2f}\\x{3a}-\\x{40}\\x{5b}-\\x{5e}\\x{60}\\x{7b}-\\x{10ffff}",
};
const classesUnderFlagA: Record<string, string> = {
	s: "\\x{9}-\\x{d}\\x{20}",
	S: "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{10ffff}",
};
const unicodeClasses: Record<string, string> = {
	d: "\\p{Nd}",
	D: "\\P{Nd}",
	s: `${asciiClasses.s}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}`,
	S:
		"\\x{0}-\\x{8}\\x{e}-\\x{1b}\\x{21}-\\x{84}\\x{86}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}" +
		"\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{10ffff}",
	w: "\\p{L}\\p{N}_",
	// What is neither letter nor number, by category; the underscore is the one connector (Pc) that is a word character.
	W:
		"\\p{M}\\p{Pd}\\p{Ps}\\p{Pe}\\p{Pi}\\p{Pf}\\p{Po}\\p{S}\\p{Z}\\p{C}" +
		"\\x{203f}\\x{2040}\\x{2054}\\x{fe33}\\x{fe34}\\x{fe4d}-\\x{fe4f}\\x{ff3f}",
};

function literal(character: string): Item {
	return { text: /^[A-Za-z0-9]$/.test(character) ? character : quoted(character), size: 1, empty: "never" };
}

function quoted(character: string): string {
	return `\\x{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
