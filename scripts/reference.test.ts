import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { referencePages } from "./reference.ts";

test("the pages of docs/reference are what the contracts say now (npm run generate)", async () => {
	const pages = await referencePages();
	for (const [name, text] of Object.entries(pages)) {
		expect(readFileSync(join(import.meta.dirname, "..", "docs", "reference", name), "utf8"), name).toBe(text);
	}
});
