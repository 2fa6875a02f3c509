import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "./canonical-json.ts";

/** The same value with the members of every object in another order. */
function shuffled(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(shuffled);
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(
		Object.entries(value)
			.reverse()
			.map(([key, member]) => [key, shuffled(member)]),
	);
}

const anyJson = fc.jsonValue({ stringUnit: "binary" });

test("it reads back as the same value", () => {
	fc.assert(
		fc.property(anyJson, (value) => {
			expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
		}),
	);
});

test("the order of members makes no difference, and nothing else goes unnoticed", () => {
	fc.assert(
		fc.property(anyJson, anyJson, (one, other) => {
			expect(canonicalJson(shuffled(one))).toBe(canonicalJson(one));
			const same = JSON.stringify(JSON.parse(canonicalJson(one))) === JSON.stringify(JSON.parse(canonicalJson(other)));
			expect(canonicalJson(one) === canonicalJson(other)).toBe(same);
		}),
		{ numRuns: 1_000 },
	);
});

test("it is what it was before it was stored", () => {
	fc.assert(
		fc.property(anyJson, (value) => {
			expect(canonicalJson(JSON.parse(canonicalJson(value)))).toBe(canonicalJson(value));
		}),
	);
});

test("the example of RFC 8785, section 3.2.3", () => {
	const value = JSON.parse(
		'{"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\\ud83d\\ude00":"Emoji: Grinning Face","\\u0080":"Control","\\u00f6":"Latin Small Letter O With Diaeresis"}',
	);
	expect(Object.values(JSON.parse(canonicalJson(value)))).toHaveLength(7);
	expect(canonicalJson(value)).toBe(
		'{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
	);
	expect(canonicalJson([333333333.3333333, 1e30, 4.5, 0.002, 1e-27, -0])).toBe(
		"[333333333.3333333,1e+30,4.5,0.002,1e-27,0]",
	);
});

test("hostile nesting is refused before the stack is", () => {
	let deep: unknown = 1;
	for (let n = 0; n < 100_000; n++) deep = [deep];
	expect(() => canonicalJson(deep)).toThrow(RangeError);
});
