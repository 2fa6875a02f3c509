import { expect, test } from "vitest";
import { newId } from "./id.ts";

test("ids are UUIDs of version 7 that sort by their time of creation", async () => {
	const first = newId();
	await new Promise((resolve) => setTimeout(resolve, 3));
	const second = newId();
	expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
	expect(second > first).toBe(true);
	expect(new Set(Array.from({ length: 10_000 }, newId)).size).toBe(10_000);
});
