/** Shorter values are too common to be hidden: everything would be. */
const shortest = 3;

export interface Hide {
	/** The same with `<secret>` wherever a secret stands. */
	<T>(shown: T): T;
	/** Values that are secret, too, from now on. */
	add(values: readonly unknown[]): void;
}

/**
 * Replaces the values of secret variables wherever they stand in texts and data that are kept or shown. Parts of lists and mappings that are
 * secret are hidden each.
 */
export function hideSecrets(values: readonly unknown[]): Hide {
	const known = new Set<string>();
	/** The longer first: one may be part of another. */
	let secrets: string[] = [];
	const hidden = (shown: unknown): unknown => {
		if (typeof shown === "string") return secrets.reduce((text, secret) => text.replaceAll(secret, "<secret>"), shown);
		if (typeof shown === "number") return known.has(String(shown)) ? "<secret>" : shown;
		if (Array.isArray(shown)) return shown.map(hidden);
		if (typeof shown !== "object" || shown === null || shown instanceof Date) return shown;
		return Object.fromEntries(Object.entries(shown).map(([key, value]) => [hidden(key), hidden(value)]));
	};
	const hide: Hide = Object.assign(<T>(shown: T) => (secrets.length === 0 ? shown : (hidden(shown) as T)), {
		add(more: readonly unknown[]) {
			const before = known.size;
			for (const text of more.flatMap(textsIn)) if (text.length >= shortest) known.add(text);
			if (known.size > before) secrets = [...known].sort((one, other) => other.length - one.length);
		},
	});
	hide.add(values);
	return hide;
}

function textsIn(value: unknown): string[] {
	if (typeof value === "string") return [value, JSON.stringify(value).slice(1, -1)];
	if (typeof value === "number") return [String(value)];
	if (typeof value !== "object" || value === null) return [];
	return Object.values(value).flatMap(textsIn);
}
