import type { FieldError } from "@netconductor/contracts/kernel/errors";
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from "yaml";
import type { z } from "zod";
import { AnyDocument, documentKinds } from "./documents.ts";
import { tooMuch } from "./yaml-limits.ts";

/** Uses of anchors in one document, what they hold counted in. */
const mostAliases = 100;
const mostValues = 200_000;
const mostCharacters = 16 * 1024 * 1024;
const deepest = 60;
const mostErrorsOfDocument = 20;

/** A document and where it stands. */
export interface Placed<D extends AnyDocument = AnyDocument> {
	document: D;
	/** `stacks/edge.yaml:1` */
	at: string;
	/** Where in it the value of a path stands: `stacks/edge.yaml:7:3`. */
	placeOf(path: readonly PropertyKey[]): string;
}

interface Parsed {
	documents: Placed[];
	errors: FieldError[];
}

/**
 * The documents of a text in YAML 1.2 (JSON is YAML, too). Nothing in it may say more than JSON can; anchors are followed within limits. Keys that
 * no document of the kind has are errors. Each error's path is its place: `edge.yaml:7:3`.
 */
export function parseDocuments(file: string, text: string): Parsed {
	const refused = tooMuch(text);
	if (refused !== undefined) return { documents: [], errors: [{ path: `${file}:1`, message: refused }] };
	const lines = new LineCounter();
	const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, customTags: [], strict: true });
	const documents: Placed[] = [];
	const errors: FieldError[] = [];
	const place = (offset: number) => {
		const { line, col } = lines.linePos(offset);
		return `${file}:${Math.max(1, line)}:${Math.max(1, col)}`;
	};
	if ("empty" in parsed) return { documents, errors };
	for (const one of parsed) {
		// `prettyErrors: false` leaves the message without the text around it, which could be as long as the file.
		const [broken] = [...one.errors, ...one.warnings];
		if (broken !== undefined) {
			errors.push({ path: place(broken.pos[0]), message: broken.message });
			continue;
		}
		if (one.contents === null || (isScalar(one.contents) && one.contents.value === null)) continue;
		const placeOf = (path: readonly PropertyKey[]) => place(offsetOf(one, path));
		const given = plainValue(one);
		if ("wrong" in given) {
			errors.push({ path: placeOf([]), message: given.wrong });
			continue;
		}
		const read = AnyDocument.safeParse(given.value);
		if (!read.success) {
			errors.push(...read.error.issues.slice(0, mostErrorsOfDocument).map((issue) => errorOf(issue, placeOf)));
			continue;
		}
		const unknown = unknownKeys(given.value, read.data, []);
		errors.push(
			...unknown.slice(0, mostErrorsOfDocument).map((path) => ({
				path: placeOf(path),
				message: `There is no key ${String(path.at(-1))} here`,
			})),
		);
		if (unknown.length > 0) continue;
		const at = placeOf([]).replace(/:\d+$/, "");
		documents.push({ document: read.data, at, placeOf });
	}
	return { documents, errors };
}

function errorOf(issue: z.core.$ZodIssue, placeOf: Placed["placeOf"]): FieldError {
	const path = issue.path.map(String).join(".");
	if (issue.code === "invalid_union" && path === "kind") {
		return { path: placeOf(issue.path), message: `kind: One of ${documentKinds.join(", ")}` };
	}
	return { path: placeOf(issue.path), message: path === "" ? issue.message : `${path}: ${issue.message}` };
}

/** Where the value of a path begins; that of its key for a key of a mapping. As much of the path as there is counts. */
function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
	let node: unknown = document.contents;
	let offset = document.contents?.range[0] ?? document.range[0];
	for (const part of path) {
		if (isAlias(node)) node = node.resolve(document);
		if (isMap(node)) {
			const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
			if (pair === undefined) break;
			if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset;
			node = pair.value;
		} else if (isSeq(node)) {
			const item: unknown = node.items[Number(part)];
			if (item === undefined) break;
			offset = (item as { range?: [number, number, number] | null }).range?.[0] ?? offset;
			node = item;
		} else break;
	}
	return offset;
}

/**
 * The mapping that a text in YAML 1.2 holds, alone, within the same limits.
 * @throws TypeError saying what is wrong, and on which line
 */
export function parseMapping(text: string): Record<string, unknown> {
	const refused = tooMuch(text);
	if (refused !== undefined) throw new TypeError(refused);
	const lines = new LineCounter();
	const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, customTags: [], strict: true });
	if ("empty" in parsed) return {};
	const [document, second] = parsed;
	if (document === undefined || second !== undefined) throw new TypeError("it holds more than one document");
	const [broken] = [...document.errors, ...document.warnings];
	if (broken !== undefined) throw new TypeError(`line ${lines.linePos(broken.pos[0]).line}: ${broken.message}`);
	const given = plainValue(document);
	if ("wrong" in given) throw new TypeError(given.wrong);
	const { value } = given;
	if (typeof value !== "object" || value === null || Array.isArray(value)) throw new TypeError("it holds no mapping");
	return value as Record<string, unknown>;
}

/** What JSON could have said as well, of a size that can be held. */
function plainValue(document: Document.Parsed): { value: unknown } | { wrong: string } {
	let value: unknown;
	try {
		value = document.toJS({ maxAliasCount: mostAliases });
	} catch (error) {
		// What the library says of too many aliases and of those that lead nowhere.
		return { wrong: (error as Error).message };
	}
	let values = 0;
	let characters = 0;
	let level = [value];
	for (let depth = 0; level.length > 0; depth++) {
		if (depth > deepest) return { wrong: `More than ${deepest} levels deep` };
		const below: unknown[] = [];
		for (const one of level) {
			values += 1;
			if (typeof one === "string") characters += one.length;
			if (typeof one === "number" && !Number.isFinite(one)) return { wrong: `${one} is not a number that JSON knows` };
			if (typeof one === "bigint" || one instanceof Uint8Array || one instanceof Set || one instanceof Map) {
				return { wrong: "It holds a value that JSON does not know" };
			}
			if (typeof one === "object" && one !== null) {
				for (const [key, part] of Object.entries(one)) {
					characters += key.length;
					below.push(part);
				}
			}
			if (values + below.length > mostValues || characters > mostCharacters) {
				return { wrong: "It holds more than a document may, its anchors counted as often as they are used" };
			}
		}
		level = below;
	}
	return { value };
}

/** Paths of the keys that parsing has left out: those are known to no schema. */
function unknownKeys(given: unknown, read: unknown, path: readonly PropertyKey[]): PropertyKey[][] {
	if (given === null || typeof given !== "object" || read === null || typeof read !== "object") return [];
	const known = read as Record<PropertyKey, unknown>;
	return Object.entries(given).flatMap(([key, value]) => {
		const below = [...path, key];
		return Object.hasOwn(known, key) ? unknownKeys(value, known[key], below) : Array.isArray(given) ? [] : [below];
	});
}
