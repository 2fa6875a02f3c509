/** JSON that a `jsonb` column takes: PostgreSQL refuses NUL and half of a surrogate pair, which hostile input may hold; they become U+FFFD. */
export function jsonbText(value: unknown): string {
	return JSON.stringify(value, (_, part: unknown) =>
		typeof part === "string" ? part.toWellFormed().replaceAll("\0", "\ufffd") : part,
	);
}
