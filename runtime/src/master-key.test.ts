import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { deriveKey, loadMasterKeys, parseMasterKey } from "./master-key.ts";

let data_dir: string;
beforeEach(() => {
	data_dir = mkdtempSync(join(tmpdir(), "nc-master-"));
});
afterEach(() => rmSync(data_dir, { recursive: true, force: true }));

test("the first start makes a key file that only its owner can read, and later starts use it", async () => {
	const folder = join(data_dir, "not", "there", "yet");
	const first = await loadMasterKeys({ data_dir: folder });
	expect(statSync(join(folder, "master.key")).mode & 0o777).toBe(0o600);
	expect(readdirSync(folder)).toEqual(["master.key"]);
	const second = await loadMasterKeys({ data_dir: folder });
	expect(second.current).toEqual(first.current);
	expect(first.current.id).toMatch(/^[0-9a-f]{8}$/);
	expect(first.previous).toBeUndefined();
});

test("processes that start at the same time agree on one key", async () => {
	const loaded = await Promise.all(Array.from({ length: 20 }, () => loadMasterKeys({ data_dir })));
	expect(new Set(loaded.map(({ current }) => current.id)).size).toBe(1);
	expect(readdirSync(data_dir)).toEqual(["master.key"]);
});

test("a key file that others can read is refused with the command that mends it", async () => {
	await loadMasterKeys({ data_dir });
	const path = join(data_dir, "master.key");
	chmodSync(path, 0o640);
	await expect(loadMasterKeys({ data_dir })).rejects.toMatchObject({
		code: "startup.master_key_invalid",
		message: expect.stringContaining(`chmod 600 ${path}`),
	});
});

test("a damaged key file is refused and left as it is, and its content is not shown", async () => {
	const path = join(data_dir, "master.key");
	writeFileSync(path, "cAnary", { mode: 0o600 });
	const refused = loadMasterKeys({ data_dir });
	await expect(refused).rejects.toMatchObject({ code: "startup.master_key_invalid" });
	await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining("cAnary") });
	expect(readFileSync(path, "utf8")).toBe("cAnary");
});

test("a configured key wins over the file and makes none", async () => {
	const { current, previous } = await loadMasterKeys({
		configured: "ab".repeat(32),
		configured_previous: "cd".repeat(32),
		data_dir,
	});
	expect(current).toMatchObject({ bytes: Buffer.alloc(32, 0xab), source: "NETCONDUCTOR_MASTER_KEY" });
	expect(previous?.id).not.toBe(current.id);
	expect(readdirSync(data_dir)).toEqual([]);
});

test("32 bytes are read from hexadecimal and both forms of base64, and nothing else is", () => {
	const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => 255 - index));
	for (const text of [
		bytes.toString("hex"),
		bytes.toString("base64"),
		bytes.toString("base64url"),
		`${bytes.toString("base64")}\n`,
	]) {
		expect(parseMasterKey(text)).toEqual(bytes);
	}
	for (const text of [
		"",
		"password",
		"a".repeat(43),
		bytes.subarray(1).toString("base64"),
		`${bytes.toString("hex")}0`,
		`${"A".repeat(42)}B=`,
	]) {
		expect(parseMasterKey(text), text).toBeUndefined();
	}
});

test("a derived key depends on the master key and on the purpose", async () => {
	const { current, previous } = await loadMasterKeys({
		configured: "ab".repeat(32),
		configured_previous: "cd".repeat(32),
		data_dir,
	});
	const key = deriveKey(current, "service token");
	expect(key).toHaveLength(32);
	expect(deriveKey(current, "service token")).toEqual(key);
	expect(deriveKey(current, "database role")).not.toEqual(key);
	expect(previous && deriveKey(previous, "service token")).not.toEqual(key);
});
