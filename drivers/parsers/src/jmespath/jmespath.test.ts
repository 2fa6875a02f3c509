import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isAppError } from "@netconductor/runtime/errors";
import { beforeAll, describe, expect, test } from "vitest";
import { generatedSearches } from "../../test/jmespath-generate.ts";
import { askOracle, requireOracles } from "../../test/oracle.ts";
import { compileJmespath } from "./jmespath.ts";

interface Case {
	suite: string;
	given: unknown;
	expression: string;
	result?: unknown;
	error?: true;
}

/** A line that names a suite gives the value for the cases below it. */
function readCases(): Case[] {
	const lines = readFileSync(join(import.meta.dirname, "..", "..", "test", "jmespath-cases.jsonl"), "utf8").split("\n");
	const cases: Case[] = [];
	let head = { suite: "", given: null as unknown };
	for (const line of lines.filter(Boolean)) {
		const entry = JSON.parse(line);
		if ("suite" in entry) head = entry;
		else cases.push({ ...head, ...entry });
	}
	return cases;
}

const cases = readCases();
const search = (expression: string, value: unknown) => compileJmespath(expression).search(value);

function answer({ expression, given }: Pick<Case, "expression" | "given">): unknown {
	try {
		return { result: search(expression, given) };
	} catch (error) {
		if (!isAppError(error) || !error.code.startsWith("parse.jmespath_")) throw error;
		return { error: true };
	}
}

describe.each([...new Set(cases.map(({ suite }) => suite))])("compliance: %s", (suite) => {
	test("every case answers as the specification says", () => {
		for (const each of cases.filter((one) => one.suite === suite)) {
			const { expression, result, error } = each;
			expect(answer(each), `${expression} on ${JSON.stringify(each.given)}`).toEqual(error ? { error } : { result });
		}
	});
});

describe("against Debian's python3-jmespath", () => {
	beforeAll(requireOracles, 300_000);

	/** Where the specification and the library part: we follow the specification. */
	const partings = new Map([
		["foo[?age > '20']", "only numbers have an order"],
		["abs(foo,)", "the grammar knows no comma after the last argument"],
	]);

	test("every case answers as the library does, but for the partings that are listed", async () => {
		expect(cases.length).toBeGreaterThan(800);
		const answers = await askOracle<{ result?: unknown; error?: string }[]>("jmespath-oracle.py", cases);
		for (const [i, each] of cases.entries()) {
			const theirs = answers[i]?.error === undefined ? { result: answers[i]?.result } : { error: true };
			if (partings.has(each.expression)) expect(answer(each), each.expression).not.toEqual(theirs);
			else expect(answer(each), each.expression).toEqual(theirs);
		}
	});

	test("generated expressions answer as the library does", async () => {
		// A slice behind an index projects, says the grammar; the library leaves the projection out: `[0][1:].a`.
		const searches = generatedSearches(1, 4_000).filter(({ expression }) => !/\]\[-?\d*:/.test(expression));
		const answers = await askOracle<{ result?: unknown; error?: string }[]>("jmespath-oracle.py", searches);
		let results = 0;
		for (const [i, each] of searches.entries()) {
			const { result, error } = answers[i] ?? {};
			if (error === undefined && result !== null) results++;
			const theirs = error === undefined ? { result } : { error: true };
			expect(answer(each), `${each.expression} on ${JSON.stringify(each.given)}`).toEqual(theirs);
		}
		expect(results).toBeGreaterThan(500);
	});
});

test("an expression that cannot be read is marked at its place", () => {
	expect(() => compileJmespath("neighbors[?state == 'up'].name)")).toThrow(
		expect.objectContaining({
			code: "parse.jmespath_invalid",
			details: { position: 30 },
			message:
				"The JMESPath expression cannot be read at position 30: ')' stands where an operator or the end is expected.\n" +
				"neighbors[?state == 'up'].name)\n                              ^",
		}),
	);
});

test.each([
	["an unknown function", "sum(@) == lenght(@)", 10, "there is no function lenght()"],
	["too many arguments", "length(@, @)", 0, "length() takes 1 argument, not 2"],
	["a value for an expression", "sort_by(@, age)", 0, "argument 2 of sort_by() is an expression, written with '&'"],
])("%s is found before anything is evaluated", (_, expression, position, reason) => {
	expect(() => compileJmespath(expression)).toThrow(
		expect.objectContaining({ message: expect.stringContaining(reason), details: { position } }),
	);
});

test("an argument of a wrong type says which, and what it was", () => {
	expect(() => search("sum(@)", [1, "2"])).toThrow(
		expect.objectContaining({
			code: "parse.jmespath_failed",
			message: expect.stringContaining("argument 1 of sum() must be array[number], and is array[number|string]"),
		}),
	);
});

test("what is not the value's own is not found", () => {
	for (const name of ["constructor", "__proto__", "toString", "length"]) expect(search(name, {}), name).toBeNull();
	expect(search("length", [1])).toBeNull();
	expect(Object.keys(search('{"__proto__": a}', { a: 1 }) as object)).toEqual(["__proto__"]);
	expect(search("merge(@, @)", JSON.parse('{"__proto__": {"x": 1}}'))).not.toHaveProperty("x");
});

test.each([
	["a list doubled forty times", Array.from({ length: 40 }, () => "[@, @]").join(" | ")],
	["flattening what was doubled", `${Array.from({ length: 40 }, () => "[@, @] | []").join(" | ")} | [0]`],
	["quoting what was quoted", `${"to_string([".repeat(60)}'"'${"])".repeat(60)}`],
	["joining what was joined", Array.from({ length: 40 }, () => "join('', [@, @])").join(" | ")],
])("hostile work ends with an error: %s", (_, expression) => {
	expect(() => search(expression, "ab")).toThrow(
		expect.objectContaining({ code: "parse.jmespath_failed", details: { reason: "too-much" } }),
	);
});

test.each([
	["brackets", `${"[".repeat(5_000)}a${"]".repeat(5_000)}`],
	["parentheses", `${"(".repeat(5_000)}a${")".repeat(5_000)}`],
	["negations", `${"!".repeat(5_000)}a`],
	["a chain", `a${".a".repeat(5_000)}`],
	["calls", `${"abs(".repeat(5_000)}a${")".repeat(5_000)}`],
	["length", "a || ".repeat(50_000)],
])("an expression that is too deep or too long is refused: %s", (_, expression) => {
	expect(() => compileJmespath(expression)).toThrow(expect.objectContaining({ code: "parse.jmespath_invalid" }));
});

test("a value nested a hundred thousand deep is an error, not a crash", () => {
	let deep: unknown = 1;
	for (let i = 0; i < 100_000; i++) deep = [deep];
	expect(() => search("to_string(@)", deep)).toThrow(expect.objectContaining({ code: "parse.jmespath_failed" }));
	expect(() => search("@ == @", deep)).toThrow(expect.objectContaining({ code: "parse.jmespath_failed" }));
});
