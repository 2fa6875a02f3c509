import { expect, test } from "vitest";
import { fillIn, placesIn } from "./fill-in.ts";
import { problemsOfParameters, readParameters } from "./parameters.ts";

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: places of parameters are written so
test("a place alone becomes the value as it is, in a list its entries, in a longer text its words", () => {
	const values = { asn: 65001, routers: ["r1", "r2"], site: "ams", on: false, peers: [{ ip: "::1" }] };
	expect(
		fillIn(
			{
				asn: "${asn}",
				names: ["edge", "${routers}"],
				text: "AS${asn} of ${site}: ${peers}",
				nested: { on: ["${on}"], peers: "${peers}" },
				lists: [["${routers}"]],
				"${asn}": "a field stays",
			},
			values,
		),
	).toEqual({
		asn: 65001,
		names: ["edge", "r1", "r2"],
		text: 'AS65001 of ams: [{"ip":"::1"}]',
		nested: { on: [false], peers: [{ ip: "::1" }] },
		lists: [["r1", "r2"]],
		"${asn}": "a field stays",
	});
});

test("what is doubled is no place, and a value that looks like one is not read again", () => {
	expect(fillIn(["$${asn}", "${text}", "x${text}"], { text: "${asn}", asn: 1 })).toEqual([
		"${asn}",
		"${asn}",
		"x${asn}",
	]);
	expect([...placesIn({ a: "${one} $${two}", b: ["${three}"] })]).toEqual(["one", "three"]);
});

test("in a pattern a value means itself", () => {
	const filled = fillIn({ expect: "^${neighbor} ${count}$", name: "${neighbor}" }, { neighbor: "10.0.0.9", count: 2 });
	expect(filled).toEqual({ expect: "^10\\.0\\.0\\.9 2$", name: "10.0.0.9" });
	expect(fillIn({ expect: "${any}" }, { any: ".*" })).toEqual({ expect: "\\.\\*" });
});

test.each([
	["alone", "${text}"],
	["in a longer text", "x ${text}"],
	["in a pattern", { expect: "${text}" }],
	["as entries of a list", ["${list}"]],
])("a long value that stands in many places, %s, is refused before it is all there", (_, part) => {
	const values = { text: "x".repeat(1_000_000), list: Array.from({ length: 100_000 }, () => "x".repeat(10)) };
	const definition = { variables: Array.from({ length: 10_000 }, () => part) };
	expect(() => fillIn(definition, values)).toThrow(
		expect.objectContaining({
			code: "stack_templates.bad_parameters",
			message: expect.stringContaining("longer than"),
		}),
	);
	expect(fillIn([part, part], values)).toHaveLength(2);
});
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: places of parameters are written so

const one = { type: "string" as const, description: "", required: true };

test("values are told apart by type, choices and pattern, each with what is wrong; a default stands in", () => {
	const parameters = [
		{ ...one, name: "asn", type: "integer" as const },
		{ ...one, name: "site", choices: ["ams", "fra"] },
		{ ...one, name: "router", pattern: "r\\d+" },
		{ ...one, name: "vlans", type: "list" as const, choices: [10, 20], default: [10] },
		{ ...one, name: "note", required: false },
	];
	const good = readParameters(parameters, { asn: 1, site: "ams", router: "r1" }, "body.parameters");
	expect(good).toEqual({ values: { asn: 1, site: "ams", router: "r1", vlans: [10], note: null }, errors: [] });
	const { errors } = readParameters(
		parameters,
		{ asn: "1", site: "lon", router: "r1 or more", vlans: [10, 30], nope: 1 },
		"body.parameters",
	);
	expect(Object.fromEntries(errors.map(({ path, message }) => [path, message]))).toEqual({
		"body.parameters.nope": "There is no such parameter",
		"body.parameters.asn": "Must be a whole number",
		"body.parameters.site": "lon is none of ams, fra",
		"body.parameters.router": "r1 or more does not match r\\d+",
		"body.parameters.vlans": "30 is none of 10, 20",
	});
	expect(readParameters(parameters, {}, "p").errors.map(({ path }) => path)).toEqual(["p.asn", "p.site", "p.router"]);
});

test.each([
	[
		[
			{ ...one, name: "a" },
			{ ...one, name: "a" },
		],
		"parameters.1.name",
	],
	[[{ ...one, name: "a", pattern: "(" }], "parameters.0.pattern"],
	[[{ ...one, name: "a", type: "integer" as const, pattern: "1" }], "parameters.0.pattern"],
	[[{ ...one, name: "a", choices: ["x", 1] }], "parameters.0.choices.1"],
	[[{ ...one, name: "a", choices: ["x"], default: "y" }], "parameters.0.default"],
	[[{ ...one, name: "a", type: "boolean" as const, default: "yes" }], "parameters.0.default"],
])("a declaration that cannot be is named at its place: %j", (parameters, path) => {
	expect(problemsOfParameters(parameters, "parameters").map((error) => error.path)).toEqual([path]);
});
