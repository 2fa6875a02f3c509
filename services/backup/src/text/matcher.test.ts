import { patternFault } from "@netconductor/runtime/pattern";
import fc from "fast-check";
import { RE2JS } from "re2js";
import { expect, test } from "vitest";
import { createMatcher, findHits, fold, hasMatch, requiredLiterals } from "./matcher.ts";

test("folding keeps every position and is the same for a text and its parts", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
			expect(fold(a)).toHaveLength(a.length);
			expect(fold(a) + fold(b)).toBe(fold(a + b));
			expect(fold(fold(a))).toBe(fold(a));
		}),
		{ numRuns: 200 },
	);
	expect(fold("ΟΔΟΣ İstanbul")).toHaveLength("ΟΔΟΣ İstanbul".length);
});

const atom = fc.constantFrom(
	"abc",
	"ip route",
	"x",
	"\\d",
	"\\.",
	".",
	"[a-c]",
	"[^]]",
	"[]x]",
	"(abc)",
	"(?:ab)",
	"^",
	"$",
	"\\b",
	"é",
	"10\\.0",
	"{",
	"-",
);
const quantifier = fc.constantFrom("", "", "", "*", "+", "?", "{0}", "{0,2}", "{2}", "+?");
const patterns = fc
	.array(fc.tuple(atom, quantifier), { minLength: 1, maxLength: 6 })
	.map((parts) => parts.map(([a, q]) => (/^[\^$]|\\b$/.test(a) ? a : a + q)).join(""))
	.filter((pattern) => {
		try {
			RE2JS.compile(pattern);
			return true;
		} catch {
			return false;
		}
	});

test("a line that matches a pattern holds every literal that the pattern is said to require", () => {
	const words = fc.array(
		fc.constantFrom("abc", "ip route", "x", "1", ".", "a", "b", "é", "10.0", "{", "-", "ab", "]"),
		{ maxLength: 8 },
	);
	fc.assert(
		fc.property(patterns, words, (pattern, parts) => {
			const line = parts.join("");
			if (!RE2JS.compile(pattern).matcher(line).find()) return;
			for (const literal of requiredLiterals(pattern)) expect(line).toContain(literal);
		}),
		{ numRuns: 3_000 },
	);
	expect(requiredLiterals("^snmp-server community \\S+ RO$")).toEqual(["snmp-server community ", " RO"]);
	expect(requiredLiterals("abc|def")).toEqual([]);
	expect(requiredLiterals("abcd*efgh")).toEqual(["abc", "efgh"]);
	expect(requiredLiterals("(optional)?needed")).toEqual(["needed"]);
});

test("whether a text matches and which lines do agree", () => {
	fc.assert(
		fc.property(
			fc.array(fc.constantFrom("ABC", "abc x", "", "10.0"), { maxLength: 6 }),
			patterns,
			fc.boolean(),
			fc.boolean(),
			(lines, q, regex, ignore_case) => {
				const matcher = createMatcher({ q, regex, ignore_case });
				const text = lines.map((line) => `${line}\n`).join("");
				expect(findHits(text, matcher, 1).hits_total > 0).toBe(hasMatch(text, matcher));
			},
		),
		{ numRuns: 500 },
	);
});

test("a look at all lines at once sorts out no text that has a matching line", () => {
	const piece = fc.constantFrom(
		...[
			"a",
			"b",
			".",
			"\\s",
			"\\S",
			"[^x]",
			"^",
			"$",
			"\\b",
			"\\B",
			"\\A",
			"\\z",
			"\\d",
			"(?:a|b)",
			"(?i:A)",
			"(a|)",
			"a*",
			"b?",
			"|",
		],
		...["\\Qa.\\E", "(?s:.)", "(?m:^)", "[\\s\\d]", " +", "\\pL", "\\n"],
	);
	const line = fc.string({ unit: fc.constantFrom("a", "b", "A", " ", "1", "x", "é"), maxLength: 5 });
	let matching = 0;
	fc.assert(
		fc.property(
			fc.array(piece, { minLength: 1, maxLength: 5 }),
			fc.array(line, { maxLength: 4 }),
			fc.boolean(),
			(pieces, lines, ignore_case) => {
				const q = pieces.join("");
				if (patternFault(q) !== undefined) return;
				const pattern = RE2JS.compile(q, ignore_case ? RE2JS.CASE_INSENSITIVE : 0);
				const expected = lines.some((one) => pattern.matcher(one).find());
				if (expected) matching++;
				const text = lines.map((one) => `${one}\n`).join("");
				expect(hasMatch(text, createMatcher({ q, regex: true, ignore_case }))).toBe(expected);
			},
		),
		{ numRuns: 5_000 },
	);
	expect(matching).toBeGreaterThan(500);
});

test("a hit shows its line with surroundings and section, and a huge line only around the match", () => {
	const text = `interface Gi0/1\n description ${"x".repeat(3_000_000)}NEEDLE${"y".repeat(100)}\n shutdown\n`;
	const { hits, hits_total } = findHits(text, createMatcher({ q: "needle", regex: false, ignore_case: true }), 1);
	expect(hits_total).toBe(1);
	const [hit] = hits;
	expect(hit?.text.slice(hit.start, hit.end)).toBe("NEEDLE");
	expect(hit?.text.length).toBeLessThanOrEqual(2_000);
	expect(hit).toMatchObject({ line: 2, section: "interface Gi0/1", before: ["interface Gi0/1"], after: [" shutdown"] });
});
