import { expect, test } from "vitest";
import { readTyped, showTyped } from "./parameter-values.ts";

test.each([
	["string", "65001"],
	["string", "true"],
	["integer", 65001],
	["number", 0.5],
	["boolean", false],
	["list", ["r1", 10, "10"]],
	["object", { a: [1] }],
] as const)("a %s that is shown and read again is the same", (type, value) => {
	expect(readTyped(type, showTyped(type, value))).toEqual({ value });
});

test.each([
	["integer", "many"],
	["boolean", "yes"],
	["object", "{"],
] as const)("what is no %s is said, and nothing typed is no value", (type, typed) => {
	expect(readTyped(type, typed)).toHaveProperty("fault");
	expect(readTyped(type, "")).toEqual({ value: undefined });
});
