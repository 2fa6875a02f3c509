import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { isFailure } from "./failure.ts";
import { jsonOrText, readText } from "./variables.ts";

const folder = mkdtempSync(join(tmpdir(), "netconductor-variables-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(bytes: string | Buffer): string {
	const path = join(folder, "text");
	writeFileSync(path, bytes);
	return path;
}

test("a number that would be written in another way stays the text that was typed", () => {
	for (const text of ["17.10", "1e10", "9007199254740993", "65000.0", "-0", "1e999"])
		expect(jsonOrText(text)).toBe(text);
	for (const [text, value] of [
		["65001", 65001],
		["-1.5", -1.5],
		["true", true],
		['["a"]', ["a"]],
		["007", "007"],
		["10.0.0.1", "10.0.0.1"],
	] as const) {
		expect(jsonOrText(text)).toEqual(value);
	}
});

test("a file that is not UTF-8 is refused, never read as something else", async () => {
	const refused = await readText(fileOf(Buffer.from([0x70, 0xe4, 0x73, 0x73]))).catch((error: unknown) => error);
	expect(isFailure(refused)).toBe(true);
});

test("a mark of byte order is no part of a text", async () => {
	expect(await readText(fileOf("\ufeffsecret\n"))).toBe("secret\n");
});
