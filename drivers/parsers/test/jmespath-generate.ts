/** Values and expressions for them, by chance; the same seed gives the same. */
export function generatedSearches(seed: number, count: number): { expression: string; given: unknown }[] {
	let state = seed >>> 0;
	const random = (below: number): number => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return Math.floor((state / 2 ** 32) * below);
	};
	const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T;
	const names = ["a", "b", "c"];

	function value(depth: number): unknown {
		const kind = random(depth > 0 ? 8 : 5);
		if (kind === 0) return random(4);
		if (kind === 1) return pick(["x", "y", "", "b"]);
		if (kind === 2) return random(2) === 0;
		if (kind === 3) return null;
		if (kind === 4) return 1.5;
		if (kind < 7) return Array.from({ length: random(4) }, () => value(depth - 1));
		return Object.fromEntries(names.filter(() => random(2) === 0).map((name) => [name, value(depth - 1)]));
	}

	function expression(depth: number): string {
		if (depth === 0)
			return pick(["a", "b", "c", "@", "*", "[0]", "[-1]", "[]", "[*]", "'x'", "`1`", "`null`", "[:2]", "[::-1]"]);
		const inner = () => expression(depth - 1);
		return pick<() => string>([
			() => `${inner()}.${pick(["a", "b", "*", `[${inner()}]`, `{a: ${inner()}, b: ${inner()}}`])}`,
			() => `${inner()}${pick(["[0]", "[*]", "[]", "[1:]", "[::2]"])}`,
			() => `${inner()}[?${inner()}]`,
			() => `${inner()}[?${inner()} ${pick(["==", "!=", "&&", "||"])} ${inner()}]`,
			() => `${inner()} | ${inner()}`,
			() => `(${inner()} ${pick(["&&", "||", "==", "!="])} ${inner()})`,
			() => `!${inner()}`,
			() => `[${inner()}, ${inner()}]`,
			() => `{a: ${inner()}}`,
			() =>
				`${pick(["type", "to_array", "length", "keys", "values", "sort", "max", "sum", "reverse", "not_null", "to_number"])}(${inner()})`,
			() => `${pick(["sort_by", "max_by"])}(${inner()}, &${inner()})`,
			() => `map(&${inner()}, ${inner()})`,
			() => `contains(${inner()}, ${pick(["'x'", "'b'"])})`,
			() => `${inner()}.${inner()}`,
		])();
	}
	return Array.from({ length: count }, () => ({ expression: expression(1 + random(3)), given: value(3) }));
}
