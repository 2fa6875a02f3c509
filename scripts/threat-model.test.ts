import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const document = readFileSync(join(root, "docs", "threat-model.md"), "utf8");
const named = [...document.matchAll(/`([\w./-]+\.test\.tsx?)` “([^”]+)”/g)].map(([, file = "", name = ""]) => ({
	file,
	name,
}));

test("every test that the threat model names exists under that name", () => {
	expect(named.length).toBeGreaterThan(40);
	const missing = named.filter(({ file, name }) => {
		const path = join(root, file);
		const quoted = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
		return !existsSync(path) || !new RegExp(`\\(\\s*["'\`]${quoted}["'\`],`).test(readFileSync(path, "utf8"));
	});
	expect(missing).toEqual([]);
});

test("every row of the threat model names a test", () => {
	const rows = document
		.split("\n")
		.filter((line) => /^\| (?!Tries|---|Asset)/.test(line) && line.split("|").length > 4);
	expect(rows.length).toBeGreaterThan(30);
	expect(rows.filter((row) => !row.includes(".test.ts` “"))).toEqual([]);
});
