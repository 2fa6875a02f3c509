import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { publishFile } from "./publish-file.ts";

let dir: string;
beforeEach(() => {
	dir = mkdtempSync(join(tmpdir(), "nc-publish-"));
	writeFileSync(join(dir, "draft"), "whole", { mode: 0o600 });
});
afterEach(() => rmSync(dir, { recursive: true }));

const refusing = (code: string) => async () => {
	throw Object.assign(new Error(`${code}: no links here`), { code });
};
const publish = (code?: string) =>
	publishFile(join(dir, "draft"), join(dir, "file"), code === undefined ? undefined : refusing(code));

describe.each([undefined, "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"])("where link() says %s", (code) => {
	test("the file has its name, whole and for its owner alone", async () => {
		await publish(code);
		expect(readFileSync(join(dir, "file"), "utf8")).toBe("whole");
		expect(statSync(join(dir, "file")).mode & 0o777).toBe(0o600);
	});

	test("a file that is there already is not written over", async () => {
		writeFileSync(join(dir, "file"), "another's");
		await expect(publish(code)).rejects.toMatchObject({ code: "EEXIST" });
		expect(readFileSync(join(dir, "file"), "utf8")).toBe("another's");
	});
});

test("what cannot be published leaves nothing under the name", async () => {
	rmSync(join(dir, "draft"));
	await expect(publish("EPERM")).rejects.toMatchObject({ code: "ENOENT" });
	expect(readdirSync(dir)).toEqual([]);
	await expect(publish("EIO")).rejects.toMatchObject({ code: "EIO" });
	expect(existsSync(join(dir, "file"))).toBe(false);
});
