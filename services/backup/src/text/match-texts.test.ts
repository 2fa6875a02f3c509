import fc from "fast-check";
import { expect, test } from "vitest";
import { matchTexts } from "./match-texts.ts";
import { createMatcher, hasMatch } from "./matcher.ts";
import { pack } from "./packing.ts";

function packedTexts(texts: readonly string[]) {
	const buffers = texts.map((text) => Buffer.from(text));
	return { packed: Buffer.concat(buffers.map((buffer) => pack(buffer))), sizes: buffers.map(({ length }) => length) };
}

test("texts looked through together match as each does alone", () => {
	// Few letters, so that terms are found, also over the end of one text and the begin of the next.
	const letters = fc.constantFrom("a", "A", "b", "\n", "é", "ς", "Σ", "K", "İ", "😀");
	const text = fc.string({ unit: letters, maxLength: 12 });
	const q = fc.string({ unit: letters, minLength: 1, maxLength: 3 }).filter((word) => !word.includes("\n"));
	fc.assert(
		fc.property(
			fc.array(text, { maxLength: 8 }),
			q,
			fc.boolean(),
			fc.boolean(),
			(texts, wanted, ignore_case, regex) => {
				const term = { q: wanted, regex, ignore_case };
				const alone = texts.map((one) => hasMatch(one, createMatcher(term)));
				expect(matchTexts(packedTexts(texts), term)).toEqual(alone);
			},
		),
		{ numRuns: 2_000 },
	);
});

test("in ASCII texts as well", () => {
	const text = fc.string({ unit: fc.constantFrom("a", "A", "b", "\n"), maxLength: 8 });
	const q = fc.string({ unit: fc.constantFrom("a", "A", "b", "é"), minLength: 1, maxLength: 4 });
	fc.assert(
		fc.property(fc.array(text, { maxLength: 8 }), q, fc.boolean(), (texts, wanted, ignore_case) => {
			const term = { q: wanted, regex: false, ignore_case };
			const alone = texts.map((one) => hasMatch(one, createMatcher(term)));
			expect(matchTexts(packedTexts(texts), term)).toEqual(alone);
		}),
		{ numRuns: 2_000 },
	);
});

test("a damaged text is an error, not an answer", () => {
	const { packed, sizes } = packedTexts(["one text", "another"]);
	expect(() => matchTexts({ packed, sizes: [...sizes, 5] }, { q: "x", regex: false, ignore_case: true })).toThrow(
		RangeError,
	);
});
