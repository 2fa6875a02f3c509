/** Where in a procedure the cursor stands, read from the lines around it: the text is seldom whole while it is written. */
export interface Place {
	/** Keys from the root, indexes left out: `steps`, `then`, `with`. */
	keys: readonly string[];
	/** `type` of the step around it. */
	type: string | undefined;
	/** Keys that the mapping around it has already. */
	taken: ReadonlySet<string>;
	what:
		| { kind: "key" }
		| { kind: "value"; key: string }
		| { kind: "template" /** What stands before the dot, where there is one: `device`. */; of: string | undefined };
	/** What of it stands before the cursor. */
	written: string;
}

/** Of lines further away nothing is read: nobody writes such long steps by hand. */
const farthest = 4_000;

interface Line {
	/** Column of the first sign, a dash also. */
	indent: number;
	/** Column of what stands behind the dashes. */
	column: number;
	dash: boolean;
	key: string | undefined;
	value: string;
}

/** Keys of one mapping. */
interface Level {
	column: number;
	/** What holds it stands this far in at most. */
	bound: number;
	/** Its first line was read. */
	closed: boolean;
	lines: Line[];
}

function readLine(line: string): Line | undefined {
	if (/^\s*(?:#.*)?$/.test(line)) return undefined;
	const ahead = /^\s*(?:-(?:\s+|$))*/.exec(line)?.[0] ?? "";
	const found = /^(["']?)([\w-]+)\1\s*:(?:\s+(.*))?$/.exec(line.slice(ahead.length));
	return {
		indent: line.length - line.trimStart().length,
		column: ahead.length,
		dash: ahead.includes("-"),
		key: found?.[2],
		value: (found?.[3] ?? "").replace(/\s+#.*$/, "").replace(/^(["'])(.*)\1$/, "$2"),
	};
}

const levelOf = ({ column, dash, indent }: Line): Level => ({
	column,
	bound: dash ? indent : column - 1,
	closed: dash,
	lines: [],
});

/**
 * @param text the whole text
 * @param at the cursor
 * @returns undefined where nothing can be offered: in a comment, in a text of several lines
 */
export function placeAt(text: string, at: number): Place | undefined {
	const before = text.slice(0, at).split("\n");
	const current = before.pop() ?? "";
	const inTemplate = /\{\{[^{}]*$/.test(current);
	if (!inTemplate && /(?:^|\s)#/.test(current)) return undefined;
	const ahead = /^\s*(?:-\s+)*/.exec(current)?.[0] ?? "";
	const here = levelOf({
		column: ahead.length,
		dash: ahead.includes("-"),
		indent: current.length - current.trimStart().length,
		key: undefined,
		value: "",
	});
	const levels = [here];
	const keys: string[] = [];
	for (const line of before.slice(-farthest).reverse().map(readLine)) {
		const level = levels[0] as Level;
		if (line === undefined) continue;
		if (line.column === level.column && !level.closed) {
			level.lines.push(line);
			if (line.dash) Object.assign(level, { closed: true, bound: line.indent });
		} else if (line.column <= level.bound && line.key !== undefined) {
			// A text of several lines holds nothing but templates.
			if (/^[|>]/.test(line.value) && !inTemplate) return undefined;
			keys.unshift(line.key);
			levels.unshift({ ...levelOf(line), lines: [line] });
		}
	}
	let open: readonly Level[] = levels;
	for (const line of text.slice(at).split("\n").slice(1, farthest).map(readLine)) {
		if (line === undefined) continue;
		// What stands further out ends what stands further in, and a dash begins another mapping.
		open = open.filter(({ column }) => column < line.column || (column === line.column && !line.dash));
		open.find(({ column }) => column === line.column)?.lines.push(line);
		if (open.length === 0) break;
	}
	const typed = current.slice(ahead.length);
	const typeOf = (level: Level) => level.lines.find(({ key }) => key === "type")?.value;
	const type = [here, ...levels.toReversed()].map(typeOf).find((one) => one !== undefined);
	const taken = new Set(here.lines.flatMap(({ key }) => key ?? []));
	const place = { keys, type, taken };
	if (inTemplate) {
		const [, of, written = ""] = /(?:([\w.]+)\.)?(\w*)$/.exec(current) ?? [];
		return { ...place, what: { kind: "template", of }, written };
	}
	const pair = /^(["']?)([\w-]+)\1\s*:\s+(.*)$/.exec(typed);
	if (pair === null) {
		if (/[^\w-]/.test(typed)) return undefined;
		return { ...place, what: { kind: "key" }, written: typed };
	}
	const [, , key = "", value = ""] = pair;
	const braces = /\{(?:[^{}]*,)?\s*(?:([\w-]+)\s*:\s*)?([\w-]*)$/.exec(value);
	if (braces === null) return { ...place, what: { kind: "value", key }, written: value };
	const inside = new Set([...value.matchAll(/([\w-]+)\s*:/g)].map(([, name]) => name ?? ""));
	const [, inner, written = ""] = braces;
	return {
		keys: [...keys, key],
		type,
		taken: inside,
		what: inner === undefined ? { kind: "key" } : { kind: "value", key: inner },
		written,
	};
}
