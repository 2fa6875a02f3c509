import type { FieldError } from "@netconductor/contracts/kernel/errors";
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from "yaml";
import type { z } from "zod";
import { type AnyDocument, documentKinds, FileDocument } from "./documents.ts";
import { mopSource } from "./mop-text.ts";
import { plainValue } from "./parse-mapping.ts";
import { tooMuch } from "./yaml-limits.ts";

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
	for (const [index, one] of parsed.entries()) {
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
		const read = FileDocument.safeParse(given.value);
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
		const document: AnyDocument =
			read.data.kind === "Mop"
				? { kind: "Mop", name: read.data.name, source: mopSource(text, one, index === 0) }
				: read.data;
		documents.push({ document, at, placeOf });
	}
	return { documents, errors };
}

function errorOf(issue: z.core.$ZodIssue, placeOf: Placed["placeOf"]): FieldError {
	const path = issue.path.map(String).join(".");
	if (issue.code === "invalid_union" && path === "kind") {
		return { path: placeOf(issue.path), message: `kind: One of ${documentKinds.join(", ")}` };
	}
	if (issue.code === "unrecognized_keys") {
		const [key = ""] = issue.keys;
		return { path: placeOf([...issue.path, key]), message: `There is no key ${key} here` };
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

/** Paths of the keys that parsing has left out: those are known to no schema. */
function unknownKeys(given: unknown, read: unknown, path: readonly PropertyKey[]): PropertyKey[][] {
	if (given === null || typeof given !== "object" || read === null || typeof read !== "object") return [];
	const known = read as Record<PropertyKey, unknown>;
	return Object.entries(given).flatMap(([key, value]) => {
		const below = [...path, key];
		return Object.hasOwn(known, key) ? unknownKeys(value, known[key], below) : Array.isArray(given) ? [] : [below];
	});
}
