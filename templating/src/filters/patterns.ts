import { RE2JS } from "re2js";
import { badValue } from "../fault.ts";
import { bind, filter } from "../library.ts";
import { needInt, needText, str } from "../print.ts";
import type { Filter, Rendering } from "../rendering.ts";
import { truthy, tupleFrom, type Value } from "../values.ts";

const longestPattern = 2_000;
const keptPatterns = 500;
const compiled = new Map<string, RE2JS>();

/** Compiles a pattern of Python's syntax, as far as a linear-time engine can (RE2: no lookahead, no back-references). */
function compile(pattern: Value, ignorecase: Value, multiline: Value): RE2JS {
	const source = needText(pattern, "the pattern");
	if (source.length > longestPattern) throw badValue(`the pattern is longer than ${longestPattern} characters`);
	const flags = (truthy(ignorecase) ? RE2JS.CASE_INSENSITIVE : 0) | (truthy(multiline) ? RE2JS.MULTILINE : 0);
	const key = `${flags} ${source}`;
	const known = compiled.get(key);
	if (known !== undefined) return known;
	try {
		const made = RE2JS.compile(source.replace(/(?<!\\)((?:\\\\)*)\\Z/g, "$1\\z"), flags);
		if (compiled.size >= keptPatterns) compiled.clear();
		compiled.set(key, made);
		return made;
	} catch (error) {
		throw badValue(`the pattern is not valid: ${error instanceof Error ? error.message : String(error)}`);
	}
}

/** A replacement of Python's `re.sub`: `\1`, `\g<1>`, `\g<name>`. */
function expand(replacement: string, group: (name: string) => string): string {
	return replacement.replace(
		/\\(?:g<([^>]*)>|(\d{1,2})|([\s\S]))/g,
		(_, named?: string, number?: string, other = "") => {
			const name = named ?? number;
			if (name !== undefined) return group(name);
			return { n: "\n", t: "\t", r: "\r", "\\": "\\" }[other as string] ?? `\\${other}`;
		},
	);
}

const groupOf = (matcher: ReturnType<RE2JS["matcher"]>) => (name: string) => {
	try {
		return matcher.group(/^\d+$/.test(name) ? Number(name) : name) ?? "";
	} catch {
		throw badValue(`the pattern has no group \`${name}\``);
	}
};

const regexReplace = filter(
	[
		["pattern", ""],
		["replacement", ""],
		["ignorecase", false],
		["multiline", false],
		["count", 0],
	],
	(value, [pattern, replacement, ignorecase, multiline, count], rendering) => {
		const text = str(value);
		const regex = compile(pattern as Value, ignorecase as Value, multiline as Value);
		const into = str(replacement as Value);
		const most = needInt(count as Value, "count") || Number.POSITIVE_INFINITY;
		const matcher = regex.matcher(text);
		let made = "";
		let position = 0;
		for (let times = 0; times < most && find(matcher, rendering); times++) {
			made += text.slice(position, matcher.start()) + expand(into, groupOf(matcher));
			position = matcher.end();
			rendering.needText(made.length);
		}
		return made + text.slice(position);
	},
);

function find(matcher: ReturnType<RE2JS["matcher"]>, rendering: Rendering): boolean {
	rendering.step();
	return matcher.find();
}

const regexSearch: Filter = (value, { args: [pattern, ...groups], named }, rendering) => {
	if (pattern === undefined) throw badValue("it needs a pattern");
	const [multiline, ignorecase] = bind(
		"it",
		[
			["multiline", false],
			["ignorecase", false],
		],
		{ args: [], named },
	);
	const matcher = compile(pattern, ignorecase as Value, multiline as Value).matcher(str(value));
	if (!find(matcher, rendering)) return null;
	if (groups.length === 0) return matcher.group() ?? null;
	return groups.map((group) => {
		const name = /^\\(?:g<(\S+)>|(\d+))$/.exec(needText(group, "the group"));
		if (name === null) throw badValue("a group is asked for as `\\\\1` or `\\\\g<name>`");
		return groupOf(matcher)((name[1] ?? name[2]) as string);
	});
};

const regexFindall = filter(
	["regex", ["multiline", false], ["ignorecase", false]],
	(value, [pattern, multiline, ignorecase], rendering) => {
		const matcher = compile(pattern as Value, ignorecase as Value, multiline as Value).matcher(str(value));
		const found: Value[] = [];
		while (find(matcher, rendering)) {
			const count = matcher.groupCount();
			const groups = Array.from({ length: count }, (_, index) => matcher.group(index + 1) ?? "");
			rendering.needElements(found.length + 1);
			found.push(count === 0 ? (matcher.group() ?? "") : count === 1 ? (groups[0] as string) : tupleFrom(groups));
		}
		return found;
	},
);

/** Ansible's filters on patterns (ansible.builtin), on a linear-time engine. */
export const patternFilters: Record<string, Filter> = {
	regex_replace: regexReplace,
	regex_search: regexSearch,
	regex_findall: regexFindall,
	regex_escape: filter([], (value) => str(value).replace(/[\t\n\v\f\r #$&()*+\-.?[\\\]^{|}~]/g, "\\$&")),
};
