// As JSON.stringify writes NUL and half of a surrogate pair; an escaped backslash before them looks the same, which costs only the slower way.
const refused = /\\u(?:0000|d[89a-f])/;

/** JSON that a `jsonb` column takes: PostgreSQL refuses NUL and half of a surrogate pair, which hostile input may hold; they become U+FFFD. */
export function jsonbText(value: unknown): string {
	const text = JSON.stringify(value);
	// A replacer makes it several times slower, and hardly any text needs it.
	if (!refused.test(text)) return text;
	return JSON.stringify(value, (_, part: unknown) =>
		typeof part === "string" ? part.toWellFormed().replaceAll("\0", "\ufffd") : part,
	);
}
