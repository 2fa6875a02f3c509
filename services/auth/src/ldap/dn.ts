/**
 * What distinguished names (RFC 4514) are compared by: two that mean the same entry have the same key, however they are written; undefined for
 * text that is none. Values are compared as `caseIgnoreMatch` does (RFC 4518): without regard to capital letters and to how much space there is.
 */
export function dnKey(text: string): string | undefined {
	const parts = splitDn(text);
	if (parts === undefined || parts.length === 0) return undefined;
	return JSON.stringify(
		parts.map((attributes) => attributes.map(({ type, value }) => `${type.toLowerCase()}=${fold(value)}`).sort()),
	);
}

interface Attribute {
	type: string;
	value: string;
}

/** The relative names of which it is made, each of one attribute or several. */
function splitDn(text: string): Attribute[][] | undefined {
	const parts: Attribute[][] = [[]];
	let rest = text;
	while (rest !== "") {
		// An attribute's name or number, and its value up to the next separator that is not escaped.
		const found = /^\s*([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)*)\s*=((?:\\[\s\S]|[^\\,;+])*)([,;+]|$)/.exec(rest);
		if (found === null) return undefined;
		const [whole, type = "", raw = "", separator = ""] = found;
		const value = readValue(raw);
		if (value === undefined) return undefined;
		parts.at(-1)?.push({ type, value });
		rest = rest.slice(whole.length);
		if (separator === "") return parts;
		if (rest === "") return undefined;
		if (separator !== "+") parts.push([]);
	}
	return undefined;
}

/** Undefined where an escape is none, or bytes are no UTF-8. */
function readValue(raw: string): string | undefined {
	const trimmed = raw.replace(/^ +/, "").replace(/(?<!\\) +$/, "");
	// Values given as bytes (RFC 4514, 2.4) are of attributes that no group is named by.
	if (trimmed.startsWith("#")) return undefined;
	const bytes: Buffer[] = [];
	for (const [whole, hex, character] of trimmed.matchAll(/\\([0-9A-Fa-f]{2})|\\([ "#+,;<=>\\])|[\s\S]/gu)) {
		if (whole === "\\") return undefined;
		bytes.push(hex === undefined ? Buffer.from(character ?? whole) : Buffer.from(hex, "hex"));
	}
	const joined = Buffer.concat(bytes);
	const value = joined.toString("utf8");
	return Buffer.from(value).equals(joined) ? value : undefined;
}

function fold(value: string): string {
	return value.normalize("NFKC").toLowerCase().trim().replaceAll(/\s+/g, " ");
}
