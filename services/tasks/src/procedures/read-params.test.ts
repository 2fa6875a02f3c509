import { expect, test } from "vitest";
import { z } from "zod";
import { readParams } from "./read-params.ts";

const schema = z.strictObject({
	message: z.string(),
	lines: z.union([z.string(), z.array(z.string())]).optional(),
	count: z.int().optional(),
});

test("a number where a text is due is taken for the text", () => {
	expect(readParams(schema, { message: 3 })).toEqual({ message: "3" });
	expect(readParams(schema, { message: true, lines: ["a", 5] })).toEqual({ message: "true", lines: ["a", "5"] });
	expect(readParams(schema, { message: "x", count: 3 })).toEqual({ message: "x", count: 3 });
});

test("what is wrong otherwise is told as it was given", () => {
	for (const wrong of [{ message: null }, { message: ["x"] }, { message: "x", count: 1.5 }, { message: 3, more: 1 }]) {
		expect(() => readParams(schema, wrong)).toThrow(z.ZodError);
	}
});
