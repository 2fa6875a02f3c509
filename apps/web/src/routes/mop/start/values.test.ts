import { expect, test } from "vitest";
import { askedVariables, missingNames, readValue, showValue, valuesOf } from "./values.ts";

const declared = {
	type: "string" as const,
	description: "",
	required: false,
	secret: false,
};
const asked = askedVariables({
	prefix: "203.0.113.0/24",
	neighbor: { ...declared, required: true },
	count: { ...declared, type: "integer" },
	peers: ["a", "b"],
});

test("what must be given comes first, what has a value last", () => {
	expect(asked.map(({ name }) => name)).toEqual(["neighbor", "count", "prefix", "peers"]);
	expect(asked.at(-1)).toMatchObject({ type: "list", byDefault: ["a", "b"], declared: false });
});

test("only what was typed is sent, as its type says", () => {
	expect(valuesOf(asked, { neighbor: "192.0.2.1", count: "5", peers: "x\ny\n", prefix: "" })).toEqual({
		neighbor: "192.0.2.1",
		count: 5,
		peers: ["x", "y"],
	});
	expect(missingNames(asked, { count: "1" })).toEqual(["neighbor"]);
});

test.each([
	["string", "5", "5"],
	["integer", "x", "x"],
	["boolean", "true", true],
	["list", '[{"a":1}]', [{ a: 1 }]],
	["object", '{"a":[1]}', { a: [1] }],
	["object", "{", "{"],
] as const)("a %s from %j", (type, typed, value) => {
	expect(readValue({ type, choices: [] }, typed)).toEqual(value);
});

test.each([
	["list", ["a", "b"]],
	["list", [1, "2"]],
	["object", { a: 1 }],
	["boolean", false],
] as const)("what is shown of a %s reads as the same", (type, value) => {
	expect(readValue({ type, choices: [] }, showValue(value))).toEqual(value);
});

test("a number among the choices stays a number", () => {
	expect(readValue({ type: "string", choices: [10, "a"] }, "10")).toBe(10);
});
