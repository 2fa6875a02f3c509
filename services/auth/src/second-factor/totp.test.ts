import fc from "fast-check";
import { expect, test } from "vitest";
import { base32, matchingStep, otpauthUri, stepAt, totpCode } from "./totp.ts";

const key = Buffer.from("12345678901234567890");
const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

test.each([
	[59, "94287082"],
	[1_111_111_109, "07081804"],
	[1_111_111_111, "14050471"],
	[1_234_567_890, "89005924"],
	[2_000_000_000, "69279037"],
	[20_000_000_000, "65353130"],
])("the code at %d s is that of RFC 6238, appendix B", (seconds, code) => {
	expect(totpCode(key, stepAt(new Date(seconds * 1000)), 8)).toBe(code);
});

test.each([
	["", ""],
	["f", "MY"],
	["fo", "MZXQ"],
	["foo", "MZXW6"],
	["foob", "MZXW6YQ"],
	["fooba", "MZXW6YTB"],
	["foobar", "MZXW6YTBOI"],
])("base32 of %j is that of RFC 4648, 10, without padding", (text, coded) => {
	expect(base32(Buffer.from(text))).toBe(coded);
});

test("a code is good from one step before its own to one after, and no longer", () => {
	fc.assert(
		fc.property(fc.integer({ min: 4, max: 100_000_000 }), fc.integer({ min: -3, max: 3 }), (step, away) => {
			// Codes of steps next to each other are the same once in a million times.
			const codes = [-1, 0, 1].map((by) => totpCode(key, step + by));
			fc.pre(new Set(codes).size === 3);
			const code = totpCode(key, step + away);
			const found = matchingStep(secret, code, new Date(step * 30_000));
			if (Math.abs(away) <= 1) expect(found).toBe(step + away);
			else if (!codes.includes(code)) expect(found).toBeUndefined();
		}),
	);
});

test.each(["", "28708", "2870820", "abcdef", "٢٨٧٠٨٢", "287082\0"])("%j is no code", (code) => {
	expect(matchingStep(secret, code, new Date(59_000))).toBeUndefined();
	expect(matchingStep(secret, "287082", new Date(59_000))).toBe(1);
});

test("names of installations and users cannot add anything to the address that apps read", () => {
	const uri = new URL(otpauthUri(secret, { issuer: "Net & Co", account: "a@b?secret=x" }));
	expect(uri.searchParams.getAll("secret")).toEqual([secret]);
	expect(decodeURIComponent(uri.pathname)).toContain("Net & Co:a@b?secret=x");
});
