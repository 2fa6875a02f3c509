/** A running configuration as `set` commands, one per leaf, where it is shown so or in braces. */
export function setLinesOf(text: string, structure: "set_lines" | "braces"): string[] {
	return structure === "braces" && !startsWithSet.test(text)
		? linesOfBraces(text)
		: text.split("\n").filter((line) => line.startsWith("set "));
}

/** People write Junos' configuration in commands, too. */
const startsWithSet = /^(?:\s|#.*\n)*set /;
/** A device that nests deeper, or says more words in one statement, is not believed: it would only cost. */
const deepest = 32;
const longestStatement = 100;
const word = /[^\s{};[\]"]+/y;
const quoted = /"(?:[^"\\]|\\[\s\S])*"/y;

/** What marks a statement of Junos, and the command that takes the mark away. */
const marks: Readonly<Record<string, { set: string; unset: string }>> = {
	"inactive:": { set: "deactivate", unset: "activate" },
	"protect:": { set: "protect", unset: "unprotect" },
};

/**
 * Junos' braces as `set` commands (as `| display set` writes them), with `deactivate` and `protect` commands for what is marked. Comments are left out.
 * Linear; text that ends in the middle of something gives what was whole.
 */
function linesOfBraces(text: string): string[] {
	const lines: string[] = [];
	const path: string[] = [];
	/** How many words each open section added to the path. */
	const open: number[] = [];
	let words: string[] = [];
	let marked: string[] = [];
	let list: string[] | undefined;
	let isEmpty = false;
	const statement = () => [...path, ...words].join(" ");
	const take = (found: string) => {
		if (list !== undefined) list.push(found);
		else if (words.length < longestStatement) words.push(found);
	};
	// A marked section is marked as a whole; what stands in it has its own lines.
	const mark = () => {
		for (const kind of marked) lines.push(`${marks[kind]?.set} ${statement()}`);
	};
	const clear = () => {
		[words, marked, list] = [[], [], undefined];
	};
	for (let at = 0; at < text.length; ) {
		const char = text[at] as string;
		if (text.startsWith("/*", at) || char === "#") {
			const end = char === "#" ? text.indexOf("\n", at) : text.indexOf("*/", at);
			if (end === -1) break;
			at = end + (char === "#" ? 1 : 2);
		} else if (char === '"') {
			quoted.lastIndex = at;
			const found = quoted.exec(text)?.[0];
			if (found === undefined) break;
			take(found);
			at += found.length;
		} else if (char === "[") {
			list = [];
			at++;
		} else if (char === "{") {
			mark();
			const added = open.length < deepest ? words : [];
			path.push(...added);
			open.push(added.length);
			isEmpty = true;
			clear();
			at++;
		} else if (char === ";") {
			if (list !== undefined) for (const value of list) lines.push(`set ${statement()} ${value}`);
			else if (words.length > 0) lines.push(`set ${statement()}`);
			mark();
			clear();
			isEmpty = false;
			at++;
		} else if (char === "}") {
			if (isEmpty && path.length > 0) lines.push(`set ${path.join(" ")}`);
			isEmpty = false;
			path.length -= open.pop() ?? 0;
			clear();
			at++;
		} else {
			word.lastIndex = at;
			const found = word.exec(text)?.[0];
			if (found === undefined) at++;
			else {
				if (words.length === 0 && marks[found] !== undefined) marked.push(found);
				else take(found);
				at += found.length;
			}
		}
	}
	return lines;
}

function wordsOf(line: string): string[] {
	return line.match(/'[^']*'|"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
}

/** The line up to each of its words. */
function headsOf(line: string): string[] {
	const words = wordsOf(line);
	return words.map((_, i) => words.slice(0, i + 1).join(" "));
}

const isSet = (line: string) => line.startsWith("set ");

/**
 * Commands that make `wanted` of `now`. A value that exists once is set back before the new one would be deleted, which then is no more; what is new
 * altogether goes with the highest of its words.
 */
export function inverseSetLines(now: readonly string[], wanted: readonly string[]): string[] {
	const [old, kept] = [new Set(now), new Set(wanted)];
	const heads = new Set(wanted.filter(isSet).flatMap(headsOf));
	const deletions = now
		.filter((line) => isSet(line) && !kept.has(line))
		.map((line) => {
			const gone = headsOf(line).find((head) => !heads.has(head)) ?? line;
			return `delete ${gone.slice("set ".length)}`;
		});
	return [
		...now.filter((line) => !isSet(line) && !kept.has(line)).flatMap((line) => unmarked(line) ?? []),
		...wanted.filter((line) => isSet(line) && !old.has(line)),
		...new Set(deletions),
		...wanted.filter((line) => !isSet(line) && !old.has(line)),
	];
}

function unmarked(line: string): string | undefined {
	const [verb = "", ...path] = line.split(" ");
	const mark = Object.values(marks).find(({ set }) => set === verb);
	return mark && `${mark.unset} ${path.join(" ")}`;
}

/**
 * What becomes of `now` when only that is taken back which made `after` of `wanted`. What somebody else changed since stays: what they set anew in
 * place of our value, and what stood in a section that they removed.
 */
export function takeBackLines(now: readonly string[], after: readonly string[], wanted: readonly string[]): string[] {
	const [there, then, kept] = [new Set(now), new Set(after), new Set(wanted)];
	const ours = after.filter((line) => !kept.has(line));
	const theirs = new Set(now.flatMap(headsOf));
	const [before, known] = [new Set(wanted.flatMap(headsOf)), new Set(after.flatMap(headsOf))];
	/** Where the value that we put in place of another is no more. */
	const replaced = new Set(ours.filter((line) => !there.has(line)).map(parentOf));
	const back = wanted.filter((line) => {
		if (then.has(line) || there.has(line)) return false;
		const parent = parentOf(line);
		if (replaced.has(parent) && before.has(parent)) return false;
		const stood = headsOf(line).findLast((head) => known.has(head));
		return stood === undefined || theirs.has(stood);
	});
	const gone = new Set(ours);
	return [...now.filter((line) => !gone.has(line)), ...back];
}

function parentOf(line: string): string {
	return headsOf(line).at(-2) ?? "";
}
