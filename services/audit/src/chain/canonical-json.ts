/**
 * JSON with one spelling per value (RFC 8785, JSON Canonicalization Scheme): no blanks, keys sorted by UTF-16 code units, numbers and strings as
 * ECMAScript writes them. Takes what JSON can hold; members that are undefined are left out, as in JSON itself.
 * @throws RangeError — nested deeper than `max_depth`
 */
export function canonicalJson(value: unknown, max_depth = 100): string {
	if (max_depth < 0) throw new RangeError("the value is nested too deeply");
	if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
	if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, max_depth - 1)).join(",")}]`;
	const members = Object.entries(value)
		.filter(([, member]) => member !== undefined)
		// Compared by code units, as `<` does and the standard asks; a locale's order would differ between machines.
		.sort(([a], [b]) => (a < b ? -1 : 1))
		.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member, max_depth - 1)}`);
	return `{${members.join(",")}}`;
}
