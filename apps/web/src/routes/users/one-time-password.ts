// Without those that are easily taken for one another (0 O, 1 l I).
const letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const groupLength = 4;

/**
 * A password that nobody chose, in groups of four that can be read out: 20 characters, over 110 bits, or more where the rules ask for more.
 * @param least characters that the rules ask for
 */
export function oneTimePassword(least = 0): string {
	const groups = Math.max(5, Math.ceil((least + 1) / (groupLength + 1)));
	return Array.from({ length: groups }, () => Array.from({ length: groupLength }, randomLetter).join("")).join("-");
}

function randomLetter(): string {
	// What lies above the last whole multiple would make the first letters likelier.
	const limit = 256 - (256 % letters.length);
	for (;;) {
		const [byte = limit] = crypto.getRandomValues(new Uint8Array(1));
		if (byte < limit) return letters.charAt(byte % letters.length);
	}
}
