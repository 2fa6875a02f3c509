import type { ConfigSyntaxDefinition } from "@netconductor/contracts/devices/change";
import { compileOnce } from "@netconductor/runtime/compile-once";
import { compilePattern } from "@netconductor/runtime/pattern";

/** One line of an indented configuration and what stands below it. The root's line is empty. */
export interface ConfigNode {
	line: string;
	children: ConfigNode[];
}

/** One line for configuration mode, and the sections it is for, outermost first. */
export interface Edit {
	path: string[];
	command: string;
}

/** What `ConfigSyntaxDefinition` says, ready to be asked. Lines come without indentation. */
export interface ConfigSyntax {
	opensSection(line: string): boolean;
	isTopLevel(line: string): boolean;
	/** The key of a setting that exists once. */
	singleKey(line: string): string | undefined;
	/** What a line is about, where lines about it go together. */
	groupKey(line: string): string | undefined;
	/** Whether this is the line without which the others of its group cannot be. */
	isGroupRoot(line: string): boolean;
	isStoredNegation(line: string): boolean;
	/** Whether `no` takes the key alone, and not the value. */
	isNegatedByKey(line: string): boolean;
	isPermanent(line: string): boolean;
	isOrdered(line: string): boolean;
	/** The test for the line that ends a section whose lines are sent as they are, where `line` opens one. */
	verbatimUntil(line: string): ((line: string) => boolean) | undefined;
	/** Whether a line ends such a section, and with it leaves it. */
	endsVerbatim(line: string): boolean;
}

/** A device that nests deeper is not believed: it would only cost. */
const deepest = 20;
const closer = /^(?:exit|quit|end|exit-[a-z0-9-]+)$/;
const negation = /^(?:no|default) +(.+)$/;
/** `banner motd ^C`: everything up to the mark is text, whatever it looks like. */
const banner = /^banner \S+ (?!(?:line|file) |default$)(\^C|\S)/;
/** EOS ends a banner with a word of its own. */
const bannerWithoutMark = /^banner (?:login|motd)$/;

function anyOf(sources: string[]): (line: string) => boolean {
	if (sources.length === 0) return () => false;
	const pattern = compilePattern(sources.map((source) => `(?:${source})`).join("|"));
	return (line) => pattern.test(line);
}

/** Compiles a definition; the same definition is compiled once. */
export const compileSyntax: (definition: ConfigSyntaxDefinition) => ConfigSyntax = compileOnce((definition) => {
	const singles = definition.single_value.map(compilePattern);
	const isSingle = anyOf(definition.single_value);
	const groups = definition.groups.map(({ key, root }) => ({ key: compilePattern(key), root: compilePattern(root) }));
	const verbatim = definition.verbatim.map(({ start, end }) => ({ start: anyOf([start]), end: anyOf([end]) }));
	return {
		opensSection: anyOf(definition.sections),
		isTopLevel: anyOf(definition.top_level),
		singleKey(line) {
			if (!isSingle(line)) return undefined;
			const [whole, ...captured] = singles.find((pattern) => pattern.test(line))?.exec(line) ?? [];
			return captured.filter(Boolean).join(" ") || whole;
		},
		groupKey: (line) => groups.find(({ key }) => key.test(line))?.key.exec(line)?.[1],
		isGroupRoot: (line) => groups.some(({ root }) => root.test(line)),
		isStoredNegation: anyOf(definition.stored_negations),
		isNegatedByKey: anyOf(definition.negated_by_key),
		isPermanent: anyOf(definition.permanent),
		isOrdered: anyOf([...definition.ordered, ...definition.verbatim.map(({ start }) => start)]),
		verbatimUntil: (line) => verbatim.find(({ start }) => start(line))?.end,
		endsVerbatim: (line) => verbatim.some(({ end }) => end(line)),
	};
});

function emptyConfig(): ConfigNode {
	return { line: "", children: [] };
}

/**
 * Reads an indented configuration. Comments, blank lines, banners and the words that close a section are left out. `syntax` tells sections that hold a
 * language of their own: their lines are kept as they are, with the one that ends them.
 */
export function parseConfig(text: string, syntax?: ConfigSyntax): ConfigNode {
	const root = emptyConfig();
	const open = [{ indent: -1, node: root }];
	const known = new Map<ConfigNode, Map<string, ConfigNode>>();
	let bannerEnds: string | undefined;
	let verbatim: { node: ConfigNode; ends(line: string): boolean } | undefined;
	const lines = text.split("\n");
	const lastBannerEnd = lines.findLastIndex((line) => line.trim() === "EOF");
	for (const [i, raw] of lines.entries()) {
		const line = raw.trim();
		if (verbatim !== undefined) {
			if (line !== "") verbatim.node.children.push({ line, children: [] });
			if (verbatim.ends(line)) verbatim = undefined;
			continue;
		}
		if (bannerEnds !== undefined) {
			if (line.includes(bannerEnds)) bannerEnds = undefined;
			continue;
		}
		if (line === "" || line.startsWith("!") || closer.test(line)) continue;
		const mark = banner.exec(line);
		if (mark?.[1] !== undefined) {
			if (!line.slice(mark[0].length).includes(mark[1])) bannerEnds = mark[1];
			continue;
		}
		if (i < lastBannerEnd && bannerWithoutMark.test(line)) {
			bannerEnds = "EOF";
			continue;
		}
		const indent = raw.length - raw.trimStart().length;
		while (open.length > 1 && (open.at(-1)?.indent ?? -1) >= indent) open.pop();
		const parent = open.at(-1)?.node ?? root;
		const siblings = known.get(parent) ?? new Map<string, ConfigNode>();
		known.set(parent, siblings);
		let node = siblings.get(line);
		if (node === undefined) {
			node = { line, children: [] };
			siblings.set(line, node);
			parent.children.push(node);
		}
		const ends = node.children.length === 0 ? syntax?.verbatimUntil(line) : undefined;
		if (ends !== undefined) verbatim = { node, ends };
		else if (open.length <= deepest) open.push({ indent, node });
	}
	return root;
}

/** The configuration as text, one blank per level. */
export function printConfig(node: ConfigNode): string {
	return printedLines(node)
		.map(({ text }) => `${text}\n`)
		.join("");
}

/** Each line of a configuration with its indentation, in order. */
export function printedLines(root: ConfigNode): { node: ConfigNode; text: string }[] {
	const lines: { node: ConfigNode; text: string }[] = [];
	const visit = (node: ConfigNode, depth: number) => {
		for (const child of node.children) {
			lines.push({ node: child, text: " ".repeat(depth) + child.line });
			visit(child, depth + 1);
		}
	};
	visit(root, 0);
	return lines;
}

/**
 * Reads lines as people write them, indented like a configuration or flat with `exit`. A flat section ends with `exit`, with a line that only the
 * top level knows, and with the next section of its kind.
 */
export function readLines(lines: readonly string[], syntax: ConfigSyntax): Edit[] {
	const items = lines
		.map((raw) => ({ text: raw.trim(), indent: raw.length - raw.trimStart().length }))
		.filter(({ text }) => text !== "" && !text.startsWith("!"));
	const edits: Edit[] = [];
	let open: { text: string; indent: number; flat: boolean }[] = [];
	let verbatim: { path: string[]; ends(line: string): boolean } | undefined;
	for (const [i, { text, indent }] of items.entries()) {
		if (verbatim !== undefined) {
			edits.push({ path: verbatim.path, command: text });
			if (verbatim.ends(text)) verbatim = undefined;
			continue;
		}
		const depth = open.length;
		while (open.length > 0) {
			const top = open.at(-1);
			if (top === undefined || (top.flat ? top.indent <= indent : top.indent < indent)) break;
			open.pop();
		}
		if (text === "end") {
			open = [];
			continue;
		}
		if (closer.test(text)) {
			if (open.length === depth) open.pop();
			continue;
		}
		const bare = negation.exec(text)?.[1] ?? text;
		if (open.at(-1)?.flat) {
			if (syntax.isTopLevel(bare)) open = open.filter((section) => !section.flat && section.indent < indent);
			else if (syntax.opensSection(bare)) {
				const like = open.findIndex((section) => section.flat && firstWord(section.text) === firstWord(bare));
				if (like >= 0) open = open.slice(0, like);
			}
		}
		edits.push({ path: open.map((section) => section.text), command: text });
		if (open.length >= deepest) continue;
		const ends = syntax.verbatimUntil(text);
		if (ends !== undefined) {
			verbatim = { path: [...open.map((section) => section.text), text], ends };
			continue;
		}
		const next = items[i + 1];
		if (next !== undefined && next.indent > indent) open.push({ text, indent, flat: false });
		else if (bare === text && syntax.opensSection(text)) open.push({ text, indent, flat: true });
	}
	return edits;
}

function firstWord(line: string): string {
	return line.split(" ", 1)[0] ?? "";
}

/** Whether a line is these words, or begins with them. */
export function isAbout(line: string, words: string): boolean {
	return line === words || line.startsWith(`${words} `);
}

/** The configuration after these edits, as far as the syntax tells; the given one stays as it is. */
export function mergeEdits(config: ConfigNode, edits: readonly Edit[], syntax: ConfigSyntax): ConfigNode {
	const root = structuredClone(config);
	for (const { path, command } of edits) {
		let section = root;
		for (const header of path) section = childOf(section, header) ?? addLine(section, header, syntax);
		const removed = negation.exec(command)?.[1];
		if (removed === undefined) setLine(section, command, syntax);
		else removeLine(section, removed, syntax);
	}
	return root;
}

/** What stands below the section with these headers, if it is there. */
export function sectionAt(config: ConfigNode, path: readonly string[]): ConfigNode | undefined {
	let section: ConfigNode | undefined = config;
	for (const header of path) section = section && childOf(section, header);
	return section;
}

function childOf(node: ConfigNode, line: string): ConfigNode | undefined {
	return node.children.find((child) => child.line === line);
}

function addLine(section: ConfigNode, line: string, syntax: ConfigSyntax): ConfigNode {
	const node = { line, children: [] };
	const word = firstWord(line);
	const like = syntax.isOrdered(section.line)
		? -1
		: section.children.findLastIndex((child) => isAbout(child.line, word));
	section.children.splice(like < 0 ? section.children.length : like + 1, 0, node);
	return node;
}

function setLine(section: ConfigNode, line: string, syntax: ConfigSyntax): void {
	if (syntax.verbatimUntil(section.line) !== undefined) {
		section.children.push({ line, children: [] });
		return;
	}
	const key = syntax.singleKey(line);
	section.children = section.children.filter((child) => !isNegationOf(child.line, line, key));
	// What is on by itself is not shown.
	if (childOf(section, line) !== undefined || syntax.isStoredNegation(`no ${line}`)) return;
	const same = key === undefined ? undefined : section.children.find((child) => syntax.singleKey(child.line) === key);
	if (same) same.line = line;
	else addLine(section, line, syntax);
}

/** Whether `stored` is what the system shows where `line` is not set. */
function isNegationOf(stored: string, line: string, key: string | undefined): boolean {
	return stored.startsWith("no ") && (stored === `no ${line}` || (key !== undefined && stored === `no ${key}`));
}

function removeLine(section: ConfigNode, line: string, syntax: ConfigSyntax): void {
	const group = syntax.groupKey(line);
	if (group !== undefined && (line === group || syntax.isGroupRoot(line))) removeGroup(section, group, syntax);
	const stays = (child: ConfigNode) => !isAbout(child.line, line);
	for (const child of section.children) {
		// What cannot be removed is emptied.
		if (!stays(child) && syntax.isPermanent(child.line)) child.children = [];
	}
	section.children = section.children.filter((child) => stays(child) || syntax.isPermanent(child.line));
	const stored = `no ${line}`;
	if (syntax.isStoredNegation(stored) && childOf(section, stored) === undefined) addLine(section, stored, syntax);
}

function removeGroup(section: ConfigNode, group: string, syntax: ConfigSyntax): void {
	section.children = section.children.filter((child) => syntax.groupKey(child.line) !== group);
	for (const child of section.children) removeGroup(child, group, syntax);
}

/** Edits that make `to` of `from`: first what is removed, from the end to the beginning, then what is added, in order. */
export function editsBetween(from: ConfigNode, to: ConfigNode, syntax: ConfigSyntax): Edit[] {
	const edits: Edit[] = [];
	collectRemovals(from, to, [], new Set(), syntax, edits);
	collectAdditions(from, to, [], syntax, edits);
	return edits;
}

function collectRemovals(
	from: ConfigNode,
	to: ConfigNode,
	path: string[],
	goneAbove: ReadonlySet<string>,
	syntax: ConfigSyntax,
	edits: Edit[],
): void {
	const wanted = new Map(to.children.map((child) => [child.line, child]));
	const there = new Set(from.children.map(({ line }) => line));
	// A setting that exists once is replaced by the line that is added; one that stands there already replaces nothing.
	const replaced = new Set(
		to.children.filter(({ line }) => !there.has(line)).map(({ line }) => syntax.singleKey(line)),
	);
	const wantedGroups = new Set(to.children.map((child) => syntax.groupKey(child.line)));
	const set = new Set(to.children.flatMap(({ line }) => [`no ${line}`, `no ${syntax.singleKey(line) ?? line}`]));
	const gone = new Set(goneAbove);
	for (const { line } of from.children) {
		const group = syntax.isGroupRoot(line) ? syntax.groupKey(line) : undefined;
		if (group !== undefined && !wantedGroups.has(group)) gone.add(group);
	}
	const removedGroups = new Set<string>();
	for (const child of from.children.toReversed()) {
		const { line } = child;
		const kept = wanted.get(line);
		if (kept !== undefined) {
			if (isSame(child, kept)) continue;
			if (isRebuilt(child, kept, syntax)) edits.push({ path, command: `no ${line}` });
			else collectRemovals(child, kept, [...path, line], gone, syntax, edits);
			continue;
		}
		const group = syntax.groupKey(line);
		if (group !== undefined && gone.has(group)) {
			if (goneAbove.has(group) || removedGroups.has(group)) continue;
			removedGroups.add(group);
			edits.push({ path, command: removalOf(from, group, syntax) });
			continue;
		}
		const key = syntax.singleKey(line);
		if (key !== undefined && replaced.has(key)) continue;
		const positive = /^no (.+)$/.exec(line)?.[1];
		if (positive !== undefined) {
			if (!set.has(line)) edits.push({ path, command: positive });
			continue;
		}
		if (wanted.has(`no ${line}`) || (key !== undefined && wanted.has(`no ${key}`))) continue;
		// One that is empty and shown all the same is one that can go: FRR keeps interfaces that the kernel does not have.
		if (syntax.isPermanent(line) && child.children.length > 0) {
			collectRemovals(child, emptyConfig(), [...path, line], gone, syntax, edits);
		} else edits.push({ path, command: `no ${key !== undefined && syntax.isNegatedByKey(line) ? key : line}` });
	}
}

function collectAdditions(from: ConfigNode, to: ConfigNode, path: string[], syntax: ConfigSyntax, edits: Edit[]): void {
	const old = new Map(from.children.map((child) => [child.line, child]));
	for (const child of to.children) {
		const found = old.get(child.line);
		if (found !== undefined && isSame(found, child)) continue;
		const existing = found !== undefined && isRebuilt(found, child, syntax) ? undefined : found;
		if (existing === undefined) edits.push({ path, command: child.line });
		if (child.children.length > 0) {
			collectAdditions(existing ?? emptyConfig(), child, [...path, child.line], syntax, edits);
		}
	}
}

/** Most of two configurations is the same, and told so without asking what each line means. */
export function isSame(from: ConfigNode, to: ConfigNode): boolean {
	return (
		from.line === to.line &&
		from.children.length === to.children.length &&
		from.children.every((child, i) => isSame(child, to.children[i] as ConfigNode))
	);
}

/** Whether a section is removed and made anew: it is a text of its own, or its lines stand in an order that adding and removing them does not make. */
function isRebuilt(from: ConfigNode, to: ConfigNode, syntax: ConfigSyntax): boolean {
	if (syntax.verbatimUntil(from.line) !== undefined) return true;
	if (!syntax.isOrdered(from.line)) return false;
	const wanted = new Set(to.children.map(({ line }) => line));
	const left = from.children.filter(({ line }) => wanted.has(line));
	return left.some(({ line }, i) => to.children[i]?.line !== line);
}

/** A neighbour goes with its address, a peer group only with the line that makes it one. */
function removalOf(section: ConfigNode, group: string, syntax: ConfigSyntax): string {
	const root = section.children.find(({ line }) => syntax.groupKey(line) === group && syntax.isGroupRoot(line))?.line;
	return `no ${root === `${group} peer-group` ? root : group}`;
}

/** What is typed in configuration mode for these edits: sections are entered and left as needed. */
export function typedCommands(edits: readonly Edit[], syntax: ConfigSyntax): string[] {
	const typed: string[] = [];
	const opens = opensFor(edits, syntax);
	let at: string[] = [];
	for (const { path, command } of edits) {
		let shared = 0;
		while (shared < at.length && shared < path.length && at[shared] === path[shared]) shared++;
		for (let left = at.length; left > shared; left--) typed.push("exit");
		typed.push(...path.slice(shared), command);
		at = opens(command) ? [...path, command] : syntax.endsVerbatim(command) ? path.slice(0, -1) : path;
	}
	return typed;
}

/** Tells of which of these commands are sections entered, and not only lines. */
export function opensFor(edits: readonly Edit[], syntax: ConfigSyntax): (command: string) => boolean {
	const headers = new Set(edits.flatMap(({ path }) => path));
	return (command) => !negation.test(command) && (syntax.opensSection(command) || headers.has(command));
}

/** The configuration with nothing that a device would not show or that only its order distinguishes: for comparing. */
export function canonical(node: ConfigNode, syntax: ConfigSyntax): ConfigNode {
	const children = node.children
		.map((child) => canonical(child, syntax))
		.filter((child) => child.children.length > 0 || !syntax.isPermanent(child.line));
	if (!syntax.isOrdered(node.line)) children.sort((a, b) => (a.line < b.line ? -1 : a.line > b.line ? 1 : 0));
	return { line: node.line, children };
}

/** Lines of `from` and `to` that differ, in the order of `to`; `kept` lines are headers of sections that hold such lines. */
export interface Difference {
	sign: "+" | "-" | " ";
	node: ConfigNode;
	depth: number;
}

export function differences(from: ConfigNode, to: ConfigNode, syntax: ConfigSyntax): Difference[] {
	const found: Difference[] = [];
	compare(from, to, 0, syntax, found);
	return found;
}

function compare(from: ConfigNode, to: ConfigNode, depth: number, syntax: ConfigSyntax, found: Difference[]): void {
	const wanted = new Map(to.children.map((child) => [child.line, child]));
	const old = new Set(from.children.map(({ line }) => line));
	const added = to.children.filter(({ line }) => !old.has(line));
	const shown = new Set<ConfigNode>();
	const whole = (sign: "+" | "-", node: ConfigNode, at: number) => {
		found.push({ sign, node, depth: at });
		for (const child of node.children) whole(sign, child, at + 1);
	};
	for (const child of from.children) {
		const kept = wanted.get(child.line);
		if (kept === undefined) {
			whole("-", child, depth);
			const key = syntax.singleKey(child.line);
			const instead = key === undefined ? undefined : added.find(({ line }) => syntax.singleKey(line) === key);
			if (instead !== undefined && !shown.has(instead)) {
				shown.add(instead);
				whole("+", instead, depth);
			}
			continue;
		}
		if (isSame(child, kept)) continue;
		const header = found.length;
		compare(child, kept, depth + 1, syntax, found);
		if (found.length > header) found.splice(header, 0, { sign: " ", node: kept, depth });
	}
	for (const node of added) if (!shown.has(node)) whole("+", node, depth);
}
