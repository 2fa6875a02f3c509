import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { once, testsOfBoth } from "./topologies.ts";

const root = join(import.meta.dirname, "..");

test("every test that a run has once is there", () => {
	const gone = Object.values(once)
		.flat()
		.filter((pattern) => globSync(pattern, { cwd: root }).length === 0);
	expect(gone).toEqual([]);
});

test("what runs in both topologies starts its product in the one that it is told", () => {
	const both = testsOfBoth();
	expect(both).toContain("e2e/src/crash.test.ts");
	expect(both.filter((file) => !readFileSync(join(root, file), "utf8").includes("startProduct("))).toEqual([]);
});
