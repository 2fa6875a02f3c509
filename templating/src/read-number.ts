/** Python's `int(text, base)`, or undefined when the text is no such number. */
export function readInt(text: string, base: number): bigint | undefined {
	const found = /^\s*([+-]?)(0[xX]|0[oO]|0[bB])?_?([\da-zA-Z]+(?:_[\da-zA-Z]+)*)\s*$/.exec(text);
	if (found === null || text.length > 4_300) return undefined;
	const [, sign, prefix = "", body = ""] = found;
	const prefixBase = { "0x": 16, "0o": 8, "0b": 2 }[prefix.toLowerCase()];
	let digits = body.replaceAll("_", "").toLowerCase();
	let radix = base;
	if (base === 0) {
		radix = prefixBase ?? 10;
		if (prefixBase === undefined && /^0+[1-9]/.test(digits)) return undefined;
	} else if (prefix !== "" && prefixBase !== base) {
		digits = prefix.toLowerCase() + digits;
	}
	let value = 0n;
	for (const digit of digits) {
		const worth = Number.parseInt(digit, 36);
		if (!(worth < radix)) return undefined;
		value = value * BigInt(radix) + BigInt(worth);
	}
	return sign === "-" ? -value : value;
}

/** Python's `float(text)`, or undefined when the text is no number. */
export function readFloat(text: string): number | undefined {
	const bare = text.trim().toLowerCase();
	if (/^[+-]?(?:inf|infinity)$/.test(bare))
		return bare.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
	if (/^[+-]?nan$/.test(bare)) return Number.NaN;
	const number = /^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/;
	return number.test(bare) ? Number(bare.replaceAll("_", "")) : undefined;
}
