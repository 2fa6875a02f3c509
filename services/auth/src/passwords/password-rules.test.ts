import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBreachedPasswords } from "./breached-passwords.ts";
import { createPasswordRules } from "./password-rules.ts";

let dir: string;
beforeAll(() => {
	dir = mkdtempSync(join(tmpdir(), "netconductor-passwords-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const sha1 = (text: string) => createHash("sha1").update(text).digest("hex").toUpperCase();

function listOf(passwords: readonly string[], end = "\r\n"): string {
	const lines = passwords.map((one, index) => `${sha1(one)}:${(index * 7919) % 4_000_000}${end}`);
	const path = join(dir, `${Math.random()}.txt`);
	writeFileSync(path, lines.toSorted().join(""));
	return path;
}

const rules = { username: "alice", min_length: 12 };

test.each([
	["Password1234", "tried first"],
	["P@ssw0rd2026", "tried first"],
	["qwertyuiop12", "tried first"],
	["123456789012", "tried first"],
	["letmeinletmein", "tried first"],
	["netconductor1", "tried first"],
	["aaaaaaaaaaaaaaaa", "repeats"],
	["alice1234567", "user name"],
	["short", "at least 12 characters"],
])("%s is refused, and why is said", async (password, why) => {
	await expect(createPasswordRules().check(password, rules)).rejects.toThrow(why);
});

test.each([
	"correct horse battery staple",
	"tr0ub4dor&3xyz",
	"Übermüdete Käuzchen im Gebälk",
	"猫が屋根の上で歌っているよ、今夜も。",
	"kX9#pQ".repeat(40),
])("%s is accepted", async (password) => {
	await expect(createPasswordRules().check(password, rules)).resolves.toBeUndefined();
});

test("exactly the passwords of the list are known from breaches, wherever they stand in it and however its lines end", async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.uniqueArray(
				fc.string({ minLength: 1 }).map((text) => text.normalize("NFKC")),
				{ minLength: 1, maxLength: 200 },
			),
			fc.string(),
			fc.constantFrom("\n", "\r\n"),
			async (known, other, end) => {
				const list = await openBreachedPasswords(listOf(known, end));
				for (const password of known) expect(await list.includes(password)).toBe(true);
				expect(await list.includes(other)).toBe(known.includes(other.normalize("NFKC")));
			},
		),
		{ numRuns: 30 },
	);
});

test("what is on the list of breaches is refused, however good it looks, and a newer list counts at once", async () => {
	const path = listOf(["an entirely good password"]);
	const { check } = createPasswordRules(await openBreachedPasswords(path));
	await expect(check("an entirely good password", rules)).rejects.toMatchObject({ code: "auth.weak_password" });
	await expect(check("another entirely good one", rules)).resolves.toBeUndefined();
	writeFileSync(path, `${sha1("another entirely good one")}:1\n`);
	await expect(check("another entirely good one", rules)).rejects.toThrow("breach");
});

test("a file that is no such list is not taken, and one that breaks off never lets a password pass", async () => {
	const path = join(dir, "other.txt");
	writeFileSync(path, "password\n123456\n");
	await expect(openBreachedPasswords(path)).rejects.toThrow("HASH:COUNT");
	await expect(openBreachedPasswords(join(dir, "none.txt"))).rejects.toThrow("ENOENT");
	writeFileSync(path, `${"0".repeat(40)}:1\n${"#".repeat(4000)}\n`);
	const list = await openBreachedPasswords(path);
	await expect(list.includes("an entirely good password")).rejects.toThrow();
	rmSync(path);
	await expect(list.includes("an entirely good password")).rejects.toThrow("ENOENT");
});
