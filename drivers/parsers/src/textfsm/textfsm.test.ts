import { expect, test } from "vitest";
import { type ParseLimits, parseText, toObjects } from "./parse-text.ts";
import { readTemplate } from "./template.ts";

const run = (template: string, output: string, limits?: Partial<ParseLimits>) =>
	toObjects(parseText(readTemplate(template), output, limits));
const simple = `Value A (\\w+)\n\nStart\n  ^\${A} -> Record\n`;

test("an interface table with a list of nested groups becomes records", () => {
	const template = [
		"Value Required Name (\\S+)",
		"Value State (up|down)",
		"Value List Address ((?P<ip>\\d+(?:\\.\\d+){3})/(?P<length>\\d+))",
		"",
		"Start",
		"  ^\\S -> Continue.Record",
		`  ^\${Name} is \${State}`,
		`  ^\\s+inet \${Address}`,
		"  ^. -> Error",
	].join("\n");
	expect(run(template, "eth0 is up\n  inet 10.0.0.1/24\n  inet 10.0.1.1/25\nlo is down\n")).toEqual([
		{
			Name: "eth0",
			State: "up",
			Address: [
				{ ip: "10.0.0.1", length: "24" },
				{ ip: "10.0.1.1", length: "25" },
			],
		},
		{ Name: "lo", State: "down", Address: [] },
	]);
});

test("a look-around is refused with the template's line and the construct", () => {
	expect(() => readTemplate(`Value A (\\w+)\n\nStart\n  ^a\n  ^(?=b)\${A}\n`)).toThrow(
		expect.objectContaining({
			code: "parse.pattern_unsupported",
			message: expect.stringMatching(/^Line 5 of the template: .*look-ahead \(\(\?=\) is not supported/),
			details: { line: 5, construct: "(?=" },
		}),
	);
});

test("an error in the template names its line", () => {
	expect(() => readTemplate(`Value A (\\w+)\n\nStart\n  ^\${B}\n`)).toThrow(
		expect.objectContaining({ code: "parse.template_invalid", details: { line: 4 } }),
	);
});

test("an Error rule names its text, its line and the output's", () => {
	expect(() =>
		run(`Value A (\\w+)\n\nStart\n  ^% -> Error "no such command"\n  ^\${A}\n`, "x\n% Invalid input"),
	).toThrow(
		expect.objectContaining({
			code: "parse.error_state",
			message: "The template calls line 2 of the output an error: no such command (template line 4): % Invalid input",
			details: { template_line: 4, output_line: 2, text: "no such command" },
		}),
	);
});

test.each<[string, string, Partial<ParseLimits>]>([
	["lines", "a\nb\nc\n", { max_lines: 2 }],
	["the length of a line", "abcdef\n", { max_line_length: 5 }],
	["records", "a\nb\nc\n", { max_records: 2 }],
	["the result", "abcdef\n", { max_result: 3 }],
	["time", "a\n", { timeout_ms: -1 }],
])("the bound on %s is an error, not a cut", (_, output, limits) => {
	expect(() => run(simple, output, limits)).toThrow(expect.objectContaining({ code: "parse.too_much" }));
});

test("a list that every record copies cannot grow without bound", () => {
	const template = `Value List,Filldown A (\\w+)\n\nStart\n  ^\${A} -> Record\n`;
	expect(() => run(template, "a\n".repeat(100_000))).toThrow(expect.objectContaining({ code: "parse.too_much" }));
	const never = `Value List A (\\w+)\n\nStart\n  ^\${A}\n`;
	expect(() => run(never, "aaaa\n".repeat(1_000), { max_result: 1_000 })).toThrow(
		expect.objectContaining({ code: "parse.too_much" }),
	);
});

test("patterns that stall a backtracking engine read a hostile line at once", () => {
	const template = `Value A ((?:a*)*b|(?:a|a)*c)\n\nStart\n  ^\${A}$$ -> Record\n  ^(?:(?:\\S+\\s*)+)x\n`;
	expect(run(template, "a".repeat(30_000))).toEqual([]);
});

test.each([
	["a pattern of too many positions", "Value A (a)\n\nStart\n  ^(?:(?:x{900}){100})\n"],
	["groups within groups", `Value A (a)\n\nStart\n  ^${"(?:".repeat(200)}${")".repeat(200)}\n`],
	["a very long pattern", `Value A (a)\n\nStart\n  ^${"x".repeat(10_000)}\n`],
	["a megabyte of template", `# ${"x".repeat(1_000_000)}\n`],
	["ten thousand rules", `Value A (a)\n\nStart\n${"  ^a\n".repeat(10_000)}`],
])("a hostile template is refused: %s", (_, template) => {
	expect(() => readTemplate(template)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^parse\./) }));
});

test("a Value that is called as a part of every object is a column like others", () => {
	const [record] = run(
		`Value __proto__ (\\w+)\nValue constructor (\\w+)\n\nStart\n  ^\${__proto__} \${constructor}\n`,
		"a b",
	);
	expect(Object.entries(record ?? {})).toEqual([
		["__proto__", "a"],
		["constructor", "b"],
	]);
});
