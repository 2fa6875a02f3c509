/** Every planted secret starts with this, so that one search finds them all. */
export const canaryMark = "Kanarie7";

/** Where a secret was found: what stands around it. */
export interface Finding {
	where: string;
	around: string;
}

/** Looks for planted secrets, and for those that the product made itself, in whatever form they may hide. */
export interface CanarySearch {
	/** Also looks for this secret, whose text nobody could choose. */
	add(secret: string): void;
	find(where: string, text: string | Buffer): Finding[];
}

export function createCanarySearch(): CanarySearch {
	const forms = formsOf(canaryMark);
	return {
		add(secret) {
			forms.push(...formsOf(secret));
		},
		find(where, text) {
			const bytes = typeof text === "string" ? Buffer.from(text) : text;
			return forms.flatMap((form) => {
				const at = bytes.indexOf(form);
				if (at < 0) return [];
				const around = bytes.subarray(Math.max(0, at - 200), at + form.length + 200).toString("latin1");
				return [{ where, around: around.replace(/[^\x20-\x7e]+/g, "·") }];
			});
		},
	};
}

/** The secret verbatim, URL-encoded, in hex, and in base64 (both alphabets) wherever in the encoded bytes it begins. */
function formsOf(secret: string): string[] {
	const bytes = Buffer.from(secret);
	const hex = bytes.toString("hex");
	const base64 = [0, 1, 2].flatMap((offset) => {
		const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
			.toString("base64")
			.replace(/=+$/, "");
		// Digits that also depend on the bytes before and after are left out.
		const first = offset === 0 ? 0 : offset + 1;
		const certain = encoded.slice(first, Math.floor(((offset + bytes.length) * 8) / 6));
		return [certain, certain.replaceAll("+", "-").replaceAll("/", "_")];
	});
	return [...new Set([secret, encodeURIComponent(secret), hex, hex.toUpperCase(), ...base64])];
}
