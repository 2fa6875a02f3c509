import { clip, splitLines } from "@netconductor/runtime/text/lines";
import { sectionHeadings } from "@netconductor/runtime/text/section-headings";
import { RE2JS } from "re2js";

/** What is searched for: `q` as it was given. */
export interface SearchTerm {
	q: string;
	regex: boolean;
	ignore_case: boolean;
}

export interface Hit {
	line: number;
	text: string;
	start: number;
	end: number;
	section: string | null;
	before: string[];
	after: string[];
}

/** Hits that are told in full; more are counted. */
const mostHits = 100;
/** A longer line is shown as the part around the match. */
const longestShown = 2_000;

/**
 * `text` with case folded, character by character, so that positions stay. Stored texts and terms are folded by this alone: what PostgreSQL finds in
 * folded text is what a line-by-line look finds.
 */
export function fold(text: string): string {
	const lower = text.toLowerCase();
	// Which sigma ends a word depends on its neighbours; to search they are one.
	const folded = lower.includes("ς") ? lower.replaceAll("ς", "σ") : lower;
	if (folded.length === text.length) return folded;
	// A few letters (İ) become longer: they stay as they are.
	let kept = "";
	for (const character of text) {
		const small = character.toLowerCase();
		kept += small.length !== character.length ? character : small === "ς" ? "σ" : small;
	}
	return kept;
}

/**
 * Strings that every line which matches the pattern must hold, case aside: they let an index or a plain look sort out most texts. Only what is
 * certain: ASCII side by side, outside of groups, classes and alternatives. May be empty.
 */
export function requiredLiterals(pattern: string): string[] {
	if (pattern.includes("|") || /\(\?|\\[pPQEx0-7]/.test(pattern)) return [];
	const literals: string[] = [];
	let current = "";
	let depth = 0;
	const end = () => {
		if (current !== "") literals.push(current);
		current = "";
	};
	for (let index = 0; index < pattern.length; index++) {
		const unit = pattern[index] as string;
		if (unit === "[") {
			// The first unit of a class may be a bracket, also after a negation.
			index++;
			if (pattern[index] === "^") index++;
			if (pattern[index] === "]") index++;
			while (index < pattern.length && pattern[index] !== "]") index += pattern[index] === "\\" ? 2 : 1;
			end();
		} else if (unit === "\\") {
			index++;
			const escaped = pattern[index] ?? "";
			// `\d`, `\b`, `\t` …: letters mean something else.
			if (/[A-Za-z0-9]/.test(escaped) || depth > 0) end();
			else current += escaped;
		} else if (unit === "(") {
			end();
			depth++;
		} else if (unit === ")") {
			end();
			depth--;
		} else if (unit === "*" || unit === "?" || unit === "{") {
			// What stands before it may be absent.
			current = current.slice(0, -1);
			end();
			if (unit === "{") while (index < pattern.length && pattern[index] !== "}") index++;
		} else if (unit === "+" || unit === "." || unit === "^" || unit === "$" || unit > "\x7f") end();
		else if (depth === 0) current += unit;
	}
	end();
	return literals;
}

export interface LineMatcher {
	/** Text or line in the form that is compared: folded where case does not count. */
	subjectOf(text: string): string;
	/** First match in a line, or undefined. `subject` is the line's. */
	find(line: string, subject: string): { start: number; end: number } | undefined;
	/** False when no line of the text, of which `subject` is the form that is compared, can match. */
	mayMatch(text: string, subject: string): boolean;
	/** What the subject of every line that matches holds, the longest that is known: other lines need no look. */
	anchor: string | undefined;
}

/** @throws the engine's syntax error */
export function createMatcher({ q, regex, ignore_case }: SearchTerm): LineMatcher {
	const subjectOf = ignore_case ? fold : (text: string) => text;
	if (!regex) {
		const wanted = subjectOf(q);
		return {
			subjectOf,
			find(_, subject) {
				const start = subject.indexOf(wanted);
				return start < 0 ? undefined : { start, end: start + wanted.length };
			},
			mayMatch: (_, subject) => subject.includes(wanted),
			anchor: wanted,
		};
	}
	const pattern = RE2JS.compile(q, ignore_case ? RE2JS.CASE_INSENSITIVE : 0);
	const literals = requiredLiterals(q).map(subjectOf);
	const whole = literals.length === 0 ? wholeTextPattern(q, ignore_case) : undefined;
	return {
		subjectOf,
		find(line, subject) {
			for (const literal of literals) if (!subject.includes(literal)) return undefined;
			const matcher = pattern.matcher(line);
			return matcher.find() ? { start: matcher.start(), end: matcher.end() } : undefined;
		},
		mayMatch: (text, subject) =>
			literals.every((literal) => subject.includes(literal)) && (whole === undefined || whole.test(text)),
		anchor: literals.toSorted((a, b) => b.length - a.length)[0],
	};
}

/**
 * The pattern for a look at all lines at once, ten times as fast as one by one: `^` and `$` mean line ends, so that every match in a line is one in
 * the text (which may have more, over line ends). Undefined where the pattern asks for the ends of the text, or changes what signs mean.
 */
function wholeTextPattern(q: string, ignore_case: boolean): RE2JS | undefined {
	if (/\\[AzZQ]|\(\?(?!:)/.test(q)) return undefined;
	return RE2JS.compile(q, RE2JS.MULTILINE | (ignore_case ? RE2JS.CASE_INSENSITIVE : 0));
}

/** Whether any line of `text` matches. */
export function hasMatch(text: string, matcher: LineMatcher): boolean {
	const subject = matcher.subjectOf(text);
	if (!matcher.mayMatch(text, subject)) return false;
	for (let from = 0; from < text.length; ) {
		if (matcher.anchor !== undefined) {
			const at = subject.indexOf(matcher.anchor, from);
			if (at === -1) return false;
			if (at > from) from = Math.max(from, subject.lastIndexOf("\n", at - 1) + 1);
		}
		const newline = text.indexOf("\n", from);
		const end = newline === -1 ? text.length : newline;
		if (matcher.find(text.slice(from, end), subject.slice(from, end)) !== undefined) return true;
		from = end + 1;
	}
	return false;
}

/** Matching lines of `text` with their surroundings. */
export function findHits(text: string, matcher: LineMatcher, context: number): { hits: Hit[]; hits_total: number } {
	const lines = splitLines(text);
	const hits: Hit[] = [];
	let hits_total = 0;
	let headings: Int32Array | undefined;
	const shown = (line: string) => clip(line, longestShown);
	for (const [index, line] of lines.entries()) {
		const found = matcher.find(line, matcher.subjectOf(line));
		if (found === undefined) continue;
		if (++hits_total > mostHits) continue;
		headings ??= sectionHeadings(lines);
		const heading = headings[index] ?? -1;
		hits.push({
			line: index + 1,
			...around(line, found),
			section: heading < 0 ? null : clip((lines[heading] as string).trim(), 200),
			before: lines.slice(Math.max(0, index - context), index).map(shown),
			after: lines.slice(index + 1, index + 1 + context).map(shown),
		});
	}
	return { hits, hits_total };
}

/** A match with its line, or with the part of it around the match. */
function around(line: string, found: { start: number; end: number }): { text: string; start: number; end: number } {
	if (line.length <= longestShown) return { text: line, ...found };
	const from = Math.max(0, found.start - 200);
	const text = line.slice(from, from + longestShown).toWellFormed();
	return { text, start: found.start - from, end: Math.min(found.end - from, text.length) };
}
