import { expect, test } from "vitest";
import { z } from "zod";
import { fits, paramFields, readField, showField } from "./fields.ts";

const schema = z.toJSONSchema(
	z.object({
		count: z.int().min(0).optional(),
		level: z.enum(["info", "error"]).default("info"),
		lines: z.union([z.string(), z.array(z.string())]),
		commands: z.array(z.string()),
		title: z.string().max(200).optional(),
		message: z.string().max(20_000),
		quiet: z.boolean().optional(),
		headers: z.record(z.string(), z.string()).optional(),
		items: z.array(z.object({ a: z.string() })).optional(),
	}),
	{ io: "input" },
);
const fields = paramFields(schema);
const field = (name: string) => fields.find((one) => one.name === name) as (typeof fields)[number];

test("each parameter has the field that its schema asks for, those that must be given first", () => {
	expect(fields.map(({ name, kind }) => `${name}: ${kind}`)).toEqual([
		"lines: lines",
		"commands: list",
		"message: lines",
		"count: number",
		"level: choice",
		"title: text",
		"quiet: boolean",
		"headers: yaml",
		"items: yaml",
	]);
	expect(fields.filter(({ required }) => required)).toHaveLength(3);
});

test.each([
	["count", 5],
	["level", "error"],
	["commands", ["show a", "show b"]],
	["title", "5"],
	["message", "one\ntwo\n"],
	["quiet", false],
	["count", "{{ some }}"],
	["quiet", "{{ some }}"],
	["commands", "{{ all }}"],
])("what the field %s shows of %j means the same", (name, value) => {
	expect(fits(field(name), value)).toBe(true);
	expect(readField(field(name), showField(field(name), value))).toEqual(value);
});

test("what a field cannot show is not put into it", () => {
	expect(fits(field("count"), "five")).toBe(false);
	expect(fits(field("commands"), [1])).toBe(false);
	expect(fits(field("title"), ["a"])).toBe(false);
	expect(fits(field("level"), "loud")).toBe(false);
});

test("a field that was emptied gives nothing", () => {
	expect(readField(field("title"), " ")).toBeUndefined();
	expect(readField(field("commands"), "\n\n")).toBeUndefined();
});
