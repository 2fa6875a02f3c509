/** Shorter values are too common to be hidden: everything would be. */
const shortest = 3;

/**
 * Replaces the values of secret variables wherever they stand in texts and data that are kept or shown. Parts of lists and mappings that are
 * secret are hidden each.
 */
export function hideSecrets(values: readonly unknown[]): <T>(shown: T) => T {
	const secrets = [...new Set(values.flatMap(textsIn))]
		.filter((text) => text.length >= shortest)
		// The longer first: one may be part of another.
		.sort((one, other) => other.length - one.length);
	if (secrets.length === 0) return (shown) => shown;
	const hidden = (shown: unknown): unknown => {
		if (typeof shown === "string") return secrets.reduce((text, secret) => text.replaceAll(secret, "<secret>"), shown);
		if (typeof shown === "number") return secrets.includes(String(shown)) ? "<secret>" : shown;
		if (Array.isArray(shown)) return shown.map(hidden);
		if (typeof shown !== "object" || shown === null || shown instanceof Date) return shown;
		return Object.fromEntries(Object.entries(shown).map(([key, value]) => [hidden(key), hidden(value)]));
	};
	return <T>(shown: T) => hidden(shown) as T;
}

function textsIn(value: unknown): string[] {
	if (typeof value === "string") return [value, JSON.stringify(value).slice(1, -1)];
	if (typeof value === "number") return [String(value)];
	if (typeof value !== "object" || value === null) return [];
	return Object.values(value).flatMap(textsIn);
}
