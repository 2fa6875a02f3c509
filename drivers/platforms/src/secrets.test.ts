import { readFileSync } from "node:fs";
import { maskSecrets } from "@netconductor/runtime/config-text";
import { describe, expect, test } from "vitest";
import { builtInPlatforms } from "./platforms.ts";

/**
 * `secret-lines` holds lines as the systems print them, gathered from their command references. `«»` encloses what is secret: exactly that is
 * masked and the rest of the line stays. A line without it looks like one that holds a secret and comes through untouched.
 */
describe.each(builtInPlatforms)("$id", (definition) => {
	const lines = readFileSync(new URL(`../secret-lines/${definition.id}.txt`, import.meta.url), "utf8")
		.split("\n")
		.filter((line) => line !== "");
	const asPrinted = (marked: string) => marked.replace(/[«»]/g, "");
	const asShown = (marked: string) => marked.replace(/«[^»]*»/g, "<secret>");

	test("every secret in a line is masked, and nothing but it", () => {
		const secret = lines.filter((line) => line.includes("«"));
		expect(secret.length).toBeGreaterThanOrEqual(15);
		expect(secret.map((line) => maskSecrets(asPrinted(line), definition))).toEqual(secret.map(asShown));
	});

	test("a line that only looks like it stays as it is", () => {
		const harmless = lines.filter((line) => !line.includes("«"));
		expect(harmless.length).toBeGreaterThan(1);
		expect(harmless.map((line) => maskSecrets(line, definition))).toEqual(harmless);
	});

	test("masking what is masked already changes nothing", () => {
		const shown = lines.map(asShown);
		expect(shown.map((line) => maskSecrets(line, definition))).toEqual(shown);
	});
});
