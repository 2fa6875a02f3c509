import {
	Document,
	isAlias,
	isCollection,
	isMap,
	isNode,
	isPair,
	isScalar,
	isSeq,
	type Node,
	type Pair,
	parseDocument,
	Scalar,
	stringify,
	visit,
	type YAMLMap,
	type YAMLSeq,
} from "yaml";

/** Keys and indexes from the root. */
export type Path = readonly (string | number)[];

/** A text that cannot be edited in this place but by hand. The message is for the person. */
export class CannotEdit extends Error {
	override readonly name = "CannotEdit";
}

type Block = YAMLMap<Node, Node | null> | YAMLSeq<Node>;

/** What is meant by `&name`, a few times; more is an attack. */
const mostAliases = 100;
const written = {
	lineWidth: 0,
	blockQuote: "literal",
	doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
} as const;

/** What would look the same without it, or turn into something else where blank lines follow: it is written in quotes. */
const invisibleEnd = /(?:^|\n)[ \t]*\n$|[ \t]$|\r/;

/** A value in lines, without the line break at their end. */
function inLines(value: unknown): string {
	const doc = new Document(value);
	visit(doc, {
		Scalar(_, node) {
			if (typeof node.value === "string" && invisibleEnd.test(node.value)) node.type = Scalar.QUOTE_DOUBLE;
		},
	});
	return doc.toString(written).replace(/\n$/, "");
}

/** Reads a text, with the places of everything in it. */
function parseYaml(text: string): Document.Parsed {
	return parseDocument(text, { keepSourceTokens: true, uniqueKeys: true });
}

/** The value of a node as plain data. */
export function plainOf(node: unknown, doc: Document): unknown {
	return isNode(node) ? node.toJS(doc, { maxAliasCount: mostAliases }) : undefined;
}

/**
 * Carries out an edit of a text. Lines end as they did, and what comes of it can be read: a word that others refer to is not taken from them.
 * @throws CannotEdit
 */
export function edited(given: string, edit: (text: string) => string): string {
	const isWindows = given.includes("\r\n") && !/(?<!\r)\n/.test(given);
	const [mark = ""] = /^\ufeff/.exec(given) ?? [];
	// It would be counted as a column.
	const words = given.slice(mark.length);
	const text = edit(isWindows ? words.replaceAll("\r\n", "\n") : words);
	const doc = parseYaml(text);
	const [fault] = doc.errors;
	if (fault !== undefined) throw new CannotEdit("The text would not be readable any more: edit it there");
	const anchors = new Set<string>();
	visit(doc, {
		Node(_, node) {
			if (isAlias(node) && !anchors.has(node.source))
				throw new CannotEdit(`What stands elsewhere refers to it as ${node.source}: edit it in the text`);
			if ("anchor" in node && node.anchor !== undefined) anchors.add(node.anchor);
		},
	});
	return mark + (isWindows ? text.replaceAll("\n", "\r\n") : text);
}

/** Whether others may refer to what stands at a path, or in it. */
export function isReferredTo(text: string, path: Path): boolean {
	const node = nodeAt(open(text), path);
	let found = false;
	if (isNode(node)) {
		visit(node, {
			Node(_, one) {
				if ("anchor" in one && one.anchor !== undefined) found = true;
			},
		});
	}
	return found;
}

function open(text: string): Document.Parsed {
	const doc = parseYaml(text);
	const [fault] = doc.errors;
	if (fault !== undefined) throw new CannotEdit("The YAML cannot be read as it stands: put it right in the text first");
	return doc;
}

/** What stands at a path, as a node. Undefined where there is nothing. */
function nodeAt(doc: Document, path: Path): Node | null | undefined {
	let node: unknown = doc.contents;
	for (const [depth, part] of path.entries()) {
		if (isAlias(node))
			throw new CannotEdit(`${path.slice(0, depth).join(".")} is written by reference: edit it in the text`);
		if (isMap(node)) node = pairOf(node as YAMLMap<Node, Node | null>, part)?.value;
		else if (isSeq(node) && typeof part === "number") node = node.items[part];
		else return undefined;
	}
	return node === null || isNode(node) ? node : undefined;
}

function pairOf(map: YAMLMap<Node, Node | null>, key: string | number): Pair<Node, Node | null> | undefined {
	return map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(key));
}

/** Where an entry of a collection in block style begins and ends, its own comments included. */
interface Extent {
	/** The dash, or the key. */
	head: number;
	column: number;
	/** Beginning of its first line: that of the comments directly above it. */
	start: number;
	/** End of its last line, before the line break. */
	end: number;
	/** Something else stands before it in its line. */
	inline: boolean;
}

const lineStart = (text: string, at: number) => text.lastIndexOf("\n", at - 1) + 1;
function lineEnd(text: string, at: number): number {
	const end = text.indexOf("\n", at);
	return end === -1 ? text.length : end;
}
const indentOf = (line: string) => line.length - line.trimStart().length;
const isRemark = (line: string) => line.trimStart().startsWith("#");

function headsOf(collection: Block): number[] {
	if (isMap(collection)) {
		return collection.items.map(({ key, srcToken }) => {
			if ((srcToken as { explicitKey?: true } | undefined)?.explicitKey === true || !isNode(key) || key.range == null)
				throw new CannotEdit("A key is written with a question mark: edit it in the text");
			return key.range[0];
		});
	}
	const token = collection.srcToken;
	if (token?.type !== "block-seq") throw new CannotEdit("Edit it in the text");
	return token.items.flatMap(({ start }) => start.find(({ type }) => type === "seq-item-ind")?.offset ?? []);
}

/** Where the last sign of an entry stands. */
function contentEnd(text: string, entry: unknown): number {
	if (isPair(entry)) {
		const { key, value, srcToken } = entry as Pair<Node, Node | null>;
		const colon = srcToken?.sep?.find(({ type }) => type === "map-value-ind")?.offset;
		const least = Math.max(key.range?.[1] ?? 0, colon === undefined ? 0 : colon + 1);
		return value === null ? least : Math.max(least, contentEnd(text, value));
	}
	if (isCollection(entry) && entry.flow !== true && entry.items.length > 0) return contentEnd(text, entry.items.at(-1));
	if (!isNode(entry) || entry.range == null) throw new CannotEdit("Edit it in the text");
	const [from, to] = entry.range;
	if (isScalar(entry) && (entry.type === Scalar.BLOCK_LITERAL || entry.type === Scalar.BLOCK_FOLDED)) {
		const header = text.slice(from, lineEnd(text, from));
		const content = text.slice(from, to);
		return /^[|>]\d?\+/.test(header)
			? from + content.replace(/\n$/, "").length
			: from + content.replace(/(?:\r?\n[ \t]*)+$/, "").length;
	}
	return to;
}

function extentsOf(text: string, collection: Block): Extent[] {
	const heads = headsOf(collection);
	if (heads.length !== collection.items.length) throw new CannotEdit("Edit it in the text");
	return heads.map((head, index) => {
		const first = lineStart(text, head);
		const column = head - first;
		const inline = text.slice(first, head).trim() !== "";
		let start = inline ? head : first;
		while (!inline && start > 0) {
			const above = lineStart(text, start - 1);
			const line = text.slice(above, start - 1);
			if (!isRemark(line) || indentOf(line) > column) break;
			start = above;
		}
		let end = lineEnd(text, Math.max(contentEnd(text, collection.items[index]), head + 1));
		// A comment that stands further in, below it, is about it too.
		for (let at = end; at < text.length; ) {
			const to = lineEnd(text, at + 1);
			const line = text.slice(at + 1, to);
			if (line.trim() !== "" && !(isRemark(line) && indentOf(line) > column)) break;
			if (line.trim() !== "") end = to;
			at = to;
		}
		return { head, column, start, end, inline };
	});
}

/** Moves all lines of a chunk to the right, or to the left. */
function shift(chunk: string, by: number): string {
	if (by === 0) return chunk;
	return chunk
		.split("\n")
		.map((line) => {
			if (line.trim() === "") return line;
			return by > 0 ? " ".repeat(by) + line : line.slice(Math.min(-by, indentOf(line)));
		})
		.join("\n");
}

const spliced = (text: string, from: number, to: number, by: string) => text.slice(0, from) + by + text.slice(to);

function inFlow(doc: Document, path: Path): boolean {
	return path.some((_, depth) => {
		const node = nodeAt(doc, path.slice(0, depth));
		return isCollection(node) && node.flow === true;
	});
}

/** One of the steps' lists written in brackets is written out line by line, so that something can be put in between. */
function unfolded(text: string, path: Path): string {
	const doc = open(text);
	const depth = path.findIndex((_, index) => {
		const node = nodeAt(doc, path.slice(0, index));
		return isCollection(node) && node.flow === true;
	});
	const outermost = depth === -1 ? path : path.slice(0, depth);
	const node = nodeAt(doc, outermost);
	if (!isCollection(node) || node.flow !== true) return text;
	unfold(node, path.slice(outermost.length));
	try {
		if (outermost.length === 0) return doc.toString(written);
		const to = node.range?.[1] ?? text.length;
		const remark = /^[ \t]*(#[^\n]*)/.exec(text.slice(to))?.[0] ?? "";
		// It stays beside the key, so it is not also one of the list.
		const said = remark.trim().slice(1);
		if (remark !== "" && node.comment?.endsWith(said)) node.comment = node.comment.slice(0, -said.length).trimEnd();
		const key = outermost.at(-1) as string | number;
		const own = parseYaml("");
		own.contents = node as never;
		const lines = own.toString(written).trimEnd();
		const parent = nodeAt(doc, outermost.slice(0, -1));
		const extent = extentsOf(text, parent as Block)[indexIn(parent, key)] as Extent;
		const from = valueStart(doc, outermost);
		return spliced(text, from, to + remark.length, `${remark}\n${shift(lines, extent.column + 2)}`);
	} catch (error) {
		if (error instanceof CannotEdit) throw error;
		throw new CannotEdit("The list is written in brackets with references in it: edit it in the text", {
			cause: error,
		});
	}
}

/** Steps and the lists that they stand in lose their brackets; what steps are given keeps them. */
function unfold(node: unknown, towards: Path): void {
	if (isSeq(node)) {
		node.flow = false;
		for (const item of node.items) unfold(item, []);
	} else if (isMap(node) && (towards.length > 0 || node.has("type") || node.has("id"))) {
		node.flow = false;
		const [next] = towards;
		for (const pair of node.items) {
			const key = isScalar(pair.key) ? String(pair.key.value) : "";
			if (key === String(next)) unfold(pair.value, towards.slice(1));
			else if (["steps", "then", "else", "branches", "rollback"].includes(key)) unfold(pair.value, []);
		}
	}
}

function indexIn(parent: unknown, key: string | number): number {
	if (isMap(parent))
		return parent.items.findIndex((pair) => isScalar(pair.key) && String(pair.key.value) === String(key));
	return key as number;
}

/** Directly after the colon or the dash that a value belongs to. */
function valueStart(doc: Document, path: Path): number {
	const parent = nodeAt(doc, path.slice(0, -1));
	const index = indexIn(parent, path.at(-1) as string | number);
	if (isMap(parent)) {
		const colon = parent.items[index]?.srcToken?.sep?.find(({ type }) => type === "map-value-ind")?.offset;
		if (colon !== undefined) return colon + 1;
	} else if (isSeq(parent)) {
		const head = headsOf(parent as Block)[index];
		if (head !== undefined) return head + 1;
	}
	throw new CannotEdit("Edit it in the text");
}

/** A value within brackets. */
function inBrackets(value: unknown, json: boolean): string {
	const plain = JSON.stringify(value);
	// What has several lines would be folded, and blanks at the end would go with the bracket.
	if (json || plain.includes("\\n") || / "/.test(plain)) return plain;
	return stringify([value], { ...written, collectionStyle: "flow" })
		.trim()
		.replace(/^\[\s?/, "")
		.replace(/\s?\]$/, "");
}

const isJson = (key: unknown) => isScalar(key) && key.type === Scalar.QUOTE_DOUBLE;
const isPlainObject = (value: unknown): value is Record<string, unknown> =>
	typeof value === "object" && value !== null && !Array.isArray(value);
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** The value as it is written now, in the quotes that the one before it has. */
function asBefore(value: unknown, before: unknown): unknown {
	if (typeof value !== "string" || !isScalar(before) || typeof before.value !== "string") return value;
	const type = before.type;
	const manyLines = value.includes("\n");
	const scalar = new Scalar(value);
	if (type === Scalar.QUOTE_SINGLE || type === Scalar.QUOTE_DOUBLE) {
		if (!manyLines) scalar.type = type;
	} else if (type === Scalar.BLOCK_LITERAL || type === Scalar.BLOCK_FOLDED) scalar.type = Scalar.BLOCK_LITERAL;
	return scalar;
}

/** Writes another value where one stands. Of mappings and lists only what differs is written anew. */
function replaceValue(text: string, path: Path, value: unknown, doc = open(text)): string {
	const before = nodeAt(doc, path);
	if (before === undefined) throw new CannotEdit(`There is no ${path.join(".")}`);
	if (same(plainOf(before, doc), value)) return text;
	if (isAlias(before) || (isNode(before) && "anchor" in before && before.anchor !== undefined))
		throw new CannotEdit(`${path.join(".")} is written by reference: edit it in the text`);
	if (isMap(before) && isPlainObject(value) && before.items.length > 0 && Object.keys(value).length > 0) {
		let result = text;
		for (const key of Object.keys(plainOf(before, doc) as object))
			if (!(key in value)) result = removeValue(result, [...path, key]);
		for (const [key, one] of Object.entries(value)) result = setValue(result, [...path, key], one);
		return result;
	}
	const parent = nodeAt(doc, path.slice(0, -1));
	const key = path.at(-1) as string | number;
	const index = indexIn(parent, key);
	if (isSeq(before) && Array.isArray(value) && before.flow !== true && before.items.length > 0 && value.length > 0) {
		return replaceItems(text, path, plainOf(before, doc) as unknown[], value);
	}
	if (inFlow(doc, path)) {
		if (before === null || before.range == null) throw new CannotEdit("Edit it in the text");
		const json = isMap(parent) && isJson(parent.items[index]?.key);
		return spliced(text, before.range[0], before.range[1], inBrackets(json ? value : asBefore(value, before), json));
	}
	const { column } = extentsOf(text, parent as Block)[index] as Extent;
	const from = valueStart(doc, path);
	const isEmpty = before === null || before.range == null || before.range[0] === before.range[1];
	const to = isEmpty ? from : contentEnd(text, isMap(parent) ? parent.items[index] : before);
	// The place of a value that is not written may be anywhere behind it.
	const begins = isEmpty ? from : Math.max(from, before.range?.[0] ?? from);
	const [beside = "", ...above] = text
		.slice(from, begins)
		.split("\n")
		.map((line) => line.trim());
	const after = /^[ \t]*(#[^\n]*)/.exec(text.slice(to))?.[0] ?? "";
	const header = /^[|>][^\n#]*(#[^\n]*)/.exec(text.slice(begins, to))?.[1] ?? "";
	const remark = [beside, header, after.trim()].filter((one) => one.startsWith("#")).join(" ");
	const next = asBefore(value, before);
	const bracketed =
		isCollection(before) && before.flow === true && before.items.length > 0 && typeof value === "object";
	const lines = bracketed
		? `k: ${inBrackets(value, false)}`
		: shift(inLines(isMap(parent) ? { k: next } : [next]), column);
	const [first = "", ...rest] = lines
		.trimStart()
		.replace(/^(?:k:|-)/, "")
		.split("\n");
	if (rest.length === 0 && isEmpty) return spliced(text, from, from, first);
	if (rest.length === 0 && begins > from && !text.slice(from, to).includes("\n"))
		return spliced(text, begins, to, first.trimStart());
	const remarks = above.filter((line) => line.startsWith("#")).map((line) => " ".repeat(column + 2) + line);
	const isText = typeof value === "string";
	const all = [
		`${first}${remark === "" ? "" : ` ${remark}`}`,
		...(isText ? [] : remarks),
		...rest,
		...(isText ? remarks.map((line) => line.slice(2)) : []),
	];
	return spliced(text, from, to + after.length, all.join("\n"));
}

function replaceItems(text: string, path: Path, before: readonly unknown[], after: readonly unknown[]): string {
	let first = 0;
	while (first < Math.min(before.length, after.length) && same(before[first], after[first])) first += 1;
	let last = 0;
	while (last < Math.min(before.length, after.length) - first && same(before.at(-1 - last), after.at(-1 - last)))
		last += 1;
	const gone = before.length - first - last;
	const come = after.slice(first, after.length - last);
	let result = text;
	for (let at = 0; at < Math.min(gone, come.length); at += 1)
		result = replaceValue(result, [...path, first + at], come[at]);
	for (let at = come.length; at < gone; at += 1) result = removeItem(result, path, first + come.length);
	for (let at = gone; at < come.length; at += 1) result = insertItem(result, path, first + at, come[at]);
	return result;
}

/**
 * Sets what stands at a path, and makes the mappings above it where they are not there. Everything else stays as it is written.
 * @param order keys in the order in which they are written, where a new one is put between others
 * @throws CannotEdit
 */
export function setValue(text: string, path: Path, value: unknown, order: readonly string[] = []): string {
	const doc = open(text);
	if (path.length === 0) throw new TypeError("the whole is not a value");
	if (nodeAt(doc, path) !== undefined) return replaceValue(text, path, value, doc);
	const key = String(path.at(-1));
	const above = path.slice(0, -1);
	const map = nodeAt(doc, above);
	if (map === undefined) return setValue(text, above, { [key]: value }, order);
	if (!isMap(map) || map.items.length === 0) {
		if (above.length === 0 && (map === null || isMap(map)))
			return `${text.replace(/\{\s*\}\s*$/, "").replace(/(?<!\n|^)$/, "\n")}${inLines({ [key]: value })}\n`;
		return replaceValue(text, above, { [key]: value });
	}
	const earlier = order.slice(0, Math.max(0, order.indexOf(key)));
	const known = map.items.map((pair) => (isScalar(pair.key) ? String(pair.key.value) : ""));
	const last = order.includes(key) ? known.findLastIndex((one) => earlier.includes(one)) : known.length - 1;
	const index = Math.max(0, last);
	const neighbour = map.items[index] as Pair<Node, Node | null>;
	if (map.flow === true || inFlow(doc, above)) {
		const json = isJson(neighbour.key);
		const pair = json
			? `${JSON.stringify(key)}: ${JSON.stringify(value)}`
			: `${inBrackets(key, false)}: ${inBrackets(value, false)}`;
		const at = contentEnd(text, neighbour);
		return spliced(text, at, at, `, ${pair}`);
	}
	const { end, column } = extentsOf(text, map as Block)[index] as Extent;
	return spliced(text, end, end, `\n${shift(inLines({ [key]: value }), column)}`);
}

/** Takes a key with its value away, and the comments that are about it. What is not there may be taken away too. @throws CannotEdit */
export function removeValue(text: string, path: Path): string {
	const doc = open(text);
	if (nodeAt(doc, path) === undefined) return text;
	const above = path.slice(0, -1);
	const map = nodeAt(doc, above);
	if (isSeq(map)) return removeItem(text, above, path.at(-1) as number);
	if (!isMap(map)) return text;
	const index = indexIn(map, path.at(-1) as string);
	if (map.items.length === 1) {
		if (above.length === 0) throw new CannotEdit("It is all that there is: edit it in the text");
		return replaceValue(text, above, {});
	}
	if (map.flow === true || inFlow(doc, above)) return withoutInBrackets(text, map.items, index);
	const extents = extentsOf(text, map as Block);
	const one = extents[index] as Extent;
	const next = extents[index + 1];
	if (index === 0 && next !== undefined && one.inline) return spliced(text, one.head, next.head, "");
	return withoutExtent(text, extents, index);
}

function withoutInBrackets(text: string, entries: readonly unknown[], index: number): string {
	const headOf = (entry: unknown) => {
		const node = isPair(entry) ? entry.key : entry;
		if (!isNode(node) || node.range == null) throw new CannotEdit("Edit it in the text");
		return node.range[0];
	};
	if (index > 0) return spliced(text, contentEnd(text, entries[index - 1]), contentEnd(text, entries[index]), "");
	return spliced(text, headOf(entries[0]), headOf(entries[1]), "");
}

function withoutExtent(text: string, extents: readonly Extent[], index: number): string {
	const { start, end } = extents[index] as Extent;
	const before = extents[index - 1];
	const next = extents[index + 1];
	if (before !== undefined && text.slice(before.end, start).trim() === "") return spliced(text, before.end, end, "");
	if (next !== undefined && text.slice(end, next.start).trim() === "") return spliced(text, start, next.start, "");
	return spliced(text, start, Math.min(end + 1, text.length), "");
}

/** The list at a path in block style, with its entries each in lines of its own. */
function listAt(given: string, path: Path): { text: string; list: YAMLSeq<Node>; extents: Extent[] } {
	let text = unfolded(given, path);
	for (;;) {
		const list = nodeAt(open(text), path);
		if (!isSeq(list) || list.flow === true) throw new CannotEdit(`${path.join(".")} is no list`);
		const extents = extentsOf(text, list as Block);
		const first = extents[0];
		if (first?.inline !== true) return { text, list: list as YAMLSeq<Node>, extents };
		const outer = text.slice(0, first.head).trimEnd().length;
		text = spliced(text, outer, first.head, `\n${" ".repeat(first.column)}`);
	}
}

function isEmptyList(node: Node | null | undefined): boolean {
	return node === null || (isScalar(node) && node.value === null) || (isSeq(node) && node.items.length === 0);
}

/** An entry of a list with its comments, as it is written, at the left margin. */
export function cutItem(text: string, path: Path, index: number): string {
	const { text: now, extents } = listAt(text, path);
	const one = extents[index];
	if (one === undefined) throw new CannotEdit(`There is no ${[...path, index].join(".")}`);
	return shift(now.slice(one.start, one.end), -one.column);
}

/** Puts an entry into a list, before the one at `index`. @throws CannotEdit */
export function insertItem(
	text: string,
	path: Path,
	index: number,
	value: unknown,
	order: readonly string[] = [],
): string {
	const node = nodeAt(open(text), path);
	if (isSeq(node) && node.flow === true && !isPlainObject(value) && !isEmptyList(node)) {
		const json = node.items.every(isJson);
		const before = node.items[index - 1];
		const at = before === undefined ? (node.range?.[0] ?? 0) + 1 : contentEnd(text, before);
		return spliced(
			text,
			at,
			at,
			before === undefined ? `${inBrackets(value, json)}, ` : `, ${inBrackets(value, json)}`,
		);
	}
	return insertText(text, path, index, inLines([value]), order);
}

/** The same for an entry as it was written: what `cutItem` answered. */
export function insertText(
	given: string,
	path: Path,
	index: number,
	chunk: string,
	order: readonly string[] = [],
): string {
	const doc = open(given);
	const node = nodeAt(doc, path);
	if (node === undefined || isEmptyList(node)) {
		const holder = setValue(given, path, [0], order);
		const { text, extents } = listAt(unfolded(holder, path), path);
		const { start, end, column } = extents[0] as Extent;
		return spliced(text, start, end, shift(chunk, column));
	}
	const { text, extents } = listAt(given, path);
	const apart = extents.some(({ start }, at) => {
		const before = extents[at - 1];
		return before !== undefined && /\n[ \t]*\r?\n/.test(text.slice(before.end, start));
	});
	const gap = apart ? "\n\n" : "\n";
	const { column } = extents[0] as Extent;
	const here = extents[index];
	if (here !== undefined) return spliced(text, here.start, here.start, shift(chunk, column) + gap);
	const last = extents.at(-1) as Extent;
	return spliced(text, last.end, last.end, gap + shift(chunk, column));
}

/** Takes an entry out of a list, with the comments that are about it; a list without any is `[]`. @throws CannotEdit */
export function removeItem(text: string, path: Path, index: number): string {
	const doc = open(text);
	const node = nodeAt(doc, path);
	if (!isSeq(node) || node.items[index] === undefined)
		throw new CannotEdit(`There is no ${[...path, index].join(".")}`);
	if (node.items.length === 1) return replaceValue(text, path, []);
	if (node.flow === true || inFlow(doc, path)) return withoutInBrackets(text, node.items, index);
	const { text: now, extents } = listAt(text, path);
	return withoutExtent(now, extents, index);
}

/** Lets an entry of a list and the next one change places. What stands between them stays. @throws CannotEdit */
export function swapItems(text: string, path: Path, index: number): string {
	const { text: now, extents } = listAt(text, path);
	const one = extents[index];
	const next = extents[index + 1];
	if (one === undefined || next === undefined) throw new CannotEdit("There is nothing to change places with");
	return (
		now.slice(0, one.start) +
		now.slice(next.start, next.end) +
		now.slice(one.end, next.start) +
		now.slice(one.start, one.end) +
		now.slice(next.end)
	);
}
