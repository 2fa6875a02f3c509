/** A deterministic stream of numbers: the same seed makes the same network, so that a restarted lab is the same lab. */
export interface Random {
	/** In [0, 1). */
	next(): number;
	/** An integer in [from, to]. */
	between(from: number, to: number): number;
	pick<T>(items: readonly T[]): T;
	/** `length` characters of `alphabet`. */
	text(length: number, alphabet?: string): string;
	ip(): string;
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/** xoshiro-grade quality is not needed here: mulberry32 over an FNV-1a hash of the seed. */
export function createRandom(seed: string): Random {
	let state = 2_166_136_261;
	for (let i = 0; i < seed.length; i++) state = Math.imul(state ^ seed.charCodeAt(i), 16_777_619);
	const next = () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
	const between = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
	return {
		next,
		between,
		pick<T>(items: readonly T[]) {
			const item = items[between(0, items.length - 1)];
			if (item === undefined) throw new Error("nothing to pick from");
			return item;
		},
		text(length, alphabet = letters) {
			let text = "";
			for (let i = 0; i < length; i++) text += alphabet[between(0, alphabet.length - 1)];
			return text;
		},
		ip: () => `10.${between(0, 255)}.${between(0, 255)}.${between(1, 254)}`,
	};
}
