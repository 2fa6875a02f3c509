import { type Document, LineCounter, parseAllDocuments } from "yaml";
import { tooMuch } from "./yaml-limits.ts";

/** Uses of anchors in one document, what they hold counted in. */
const mostAliases = 100;
const mostValues = 200_000;
const mostCharacters = 16 * 1024 * 1024;
const deepest = 60;

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
export function plainValue(document: Document.Parsed): { value: unknown } | { wrong: string } {
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
