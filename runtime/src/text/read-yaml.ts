import { CST, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, type ParsedNode, parseDocument } from "yaml";

/** Words, signs, blanks and line ends; a text of several lines is one. */
const mostTokens = 200_000;
/** What a document holds, anchors counted as often as they are used. */
const mostValues = 100_000;
/** In its texts and keys, counted alike: whoever writes the data out writes each of them out. */
const mostCharacters = 2_000_000;
const deepest = 60;
const mostFaults = 50;
/** No text of PostgreSQL could hold it; escapes bring it in. */
const unstorable = /[\0\p{Surrogate}]/u;

type Path = readonly PropertyKey[];

/** Where something stands, counted from 1. */
export interface YamlPlace {
	line: number;
	column: number;
}

export interface YamlFault extends YamlPlace {
	message: string;
	path: (string | number)[];
}

export interface YamlReading {
	/** Plain data, as JSON could say it. Undefined where the text could not be read. */
	value: unknown;
	/** In the order of the text. */
	faults: YamlFault[];
	/** Where the value of a path begins, or its key in a mapping; as much of the path as there is counts. */
	placeOf(path: Path): YamlPlace;
}

/** Where the parts of a value stand: offsets in the text. */
interface Spot {
	offset: number;
	parts: Map<string, Spot>;
}

/**
 * Reads one document in YAML 1.2 that anybody may have written (JSON is YAML, too). It holds nothing that JSON cannot say: no tags but those of
 * text, numbers and the like, no merge keys. Anchors are followed; what they hold counts as often as it is used, so that no text grows on reading.
 * A key that stands twice, `__proto__`, NUL and broken characters are faults. All faults of the values are told at once, or else what keeps the text from being read.
 */
export function readYaml(text: string): YamlReading {
	const lines = new LineCounter();
	const place = (offset: number): YamlPlace => {
		const { line, col } = lines.linePos(offset);
		return { line: Math.max(1, line), column: Math.max(1, col) };
	};
	const refused = tooMuch(text);
	if (refused !== undefined) {
		const start = { line: 1, column: 1 };
		return { value: undefined, faults: [{ ...start, message: refused, path: [] }], placeOf: () => start };
	}
	// Keys are compared here: the library compares each with each.
	const parsed = parseDocument(text, {
		lineCounter: lines,
		prettyErrors: false,
		strict: true,
		stringKeys: true,
		uniqueKeys: false,
		resolveKnownTags: false,
		merge: false,
	});
	const broken = [...parsed.errors, ...parsed.warnings]
		.sort((one, other) => one.pos[0] - other.pos[0])
		.slice(0, mostFaults)
		.map(({ message, pos }) => ({ ...place(pos[0]), message: message.slice(0, 300), path: [] }));
	const root: Spot = { offset: parsed.contents?.range[0] ?? 0, parts: new Map() };
	if (broken.length > 0) return { value: undefined, faults: broken, placeOf: () => place(root.offset) };

	const faults: YamlFault[] = [];
	const anchors = new Map<string, { node: ParsedNode; open: boolean }>();
	let values = 0;
	let characters = 0;
	let isTooLarge = false;
	const value = build(parsed.contents, [], root, 0);
	return {
		value: isTooLarge ? undefined : value,
		faults,
		placeOf(path) {
			let spot = root;
			for (const part of path) {
				const next = spot.parts.get(String(part));
				if (next === undefined) break;
				spot = next;
			}
			return place(spot.offset);
		},
	};

	function fault(offset: number, path: (string | number)[], message: string): undefined {
		if (faults.length < mostFaults) faults.push({ ...place(offset), message, path });
	}

	/** Whether there is room for so much more. */
	function count(offset: number, path: (string | number)[], more: number, text: number): boolean {
		if (isTooLarge) return false;
		values += more;
		characters += text;
		isTooLarge = values > mostValues || characters > mostCharacters;
		if (!isTooLarge) return true;
		const most = values > mostValues ? `${mostValues} values` : `${mostCharacters} characters`;
		fault(offset, path, `It holds more than ${most}, its anchors counted as often as they are used`);
		return false;
	}

	function build(node: ParsedNode | null, path: (string | number)[], spot: Spot, depth: number): unknown {
		if (node === null) return null;
		const offset = node.range[0];
		if (!count(offset, path, 1, 0)) return undefined;
		if (depth > deepest) return fault(offset, path, `More than ${deepest} levels deep`);
		if (isAlias(node)) {
			const anchor = anchors.get(node.source);
			if (anchor === undefined) return fault(offset, path, `No anchor &${node.source} stands before its use`);
			if (anchor.open) return fault(offset, path, `The anchor &${node.source} contains itself`);
			return build(anchor.node, path, spot, depth + 1);
		}
		const anchor = node.anchor === undefined ? undefined : { node, open: true };
		if (anchor !== undefined && node.anchor !== undefined) anchors.set(node.anchor, anchor);
		const made = buildPlain(node, path, spot, depth);
		if (anchor !== undefined) anchor.open = false;
		return made;
	}

	function buildPlain(node: ParsedNode, path: (string | number)[], spot: Spot, depth: number): unknown {
		if (isMap(node)) {
			const entries = new Map<string, unknown>();
			for (const { key, value: of } of node.items) {
				const name = String(isScalar(key) ? key.value : "");
				const offset = key.range[0];
				if (!count(offset, path, 0, name.length)) break;
				if (name === "__proto__") fault(offset, path, "The key `__proto__` is not allowed");
				else if (unstorable.test(name)) fault(offset, path, "A key holds a NUL, or half of a character");
				else if (entries.has(name)) fault(offset, path, `The key \`${name.slice(0, 100)}\` stands here twice`);
				else {
					const part: Spot = { offset, parts: new Map() };
					spot.parts.set(name, part);
					entries.set(name, build(of, [...path, name], part, depth + 1));
				}
			}
			return Object.fromEntries(entries);
		}
		if (isSeq(node)) {
			return node.items.map((item, index) => {
				// No pair stands alone in a list: those are mappings of one key.
				const of = item as ParsedNode;
				const part: Spot = { offset: of.range[0], parts: new Map() };
				spot.parts.set(String(index), part);
				return build(of, [...path, index], part, depth + 1);
			});
		}
		const plain: unknown = isScalar(node) ? node.value : null;
		if (typeof plain === "string" && !count(node.range[0], path, 0, plain.length)) return undefined;
		if (typeof plain === "string" && unstorable.test(plain)) {
			return fault(node.range[0], path, "It holds a NUL, or half of a character");
		}
		if (typeof plain !== "number") return plain;
		const offset = node.range[0];
		if (!Number.isFinite(plain)) return fault(offset, path, "Infinity and NaN are no values: put it in quotes");
		if (Number.isInteger(plain) && !Number.isSafeInteger(plain)) {
			return fault(offset, path, "The number is too large to be kept exactly: put it in quotes");
		}
		return plain;
	}
}

/** Why a text is not parsed: it could take more time and memory than there is. */
function tooMuch(text: string): string | undefined {
	let tokens = 0;
	let open = 0;
	let onLine = 0;
	for (const token of new Lexer().lex(text)) {
		tokens += 1;
		if (tokens > mostTokens) return "It holds more than a document may";
		switch (CST.tokenType(token)) {
			case "flow-map-start":
			case "flow-seq-start":
				open += 1;
				break;
			case "flow-map-end":
			case "flow-seq-end":
				open -= 1;
				break;
			case "newline":
				onLine = 0;
				break;
			case "seq-item-ind":
			case "explicit-key-ind":
				onLine += 1;
				break;
		}
		if (open > deepest || onLine > deepest) return `More than ${deepest} levels deep`;
	}
	return undefined;
}
