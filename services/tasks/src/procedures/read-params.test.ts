import { expect, test, vi } from "vitest";
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

test("a list whose elements are all taken for texts is copied a few times, not once for each of them", () => {
	const lines = Array.from({ length: 500 }, (_, index) => index);
	const map = vi.spyOn(Array.prototype, "map");
	try {
		expect(readParams(schema, { message: "x", lines })).toMatchObject({ lines: lines.map(String) });
		const copies = map.mock.contexts.filter((list) => (list as unknown[]).length === lines.length);
		expect(copies.length).toBeLessThan(20);
	} finally {
		map.mockRestore();
	}
});
