import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { inspectDataDir, makeDataDir } from "./data-dir.ts";

let dir: string;
beforeEach(() => {
	dir = mkdtempSync(join(tmpdir(), "netconductor-data-dir-"));
	chmodSync(dir, 0o755);
});
afterEach(() => {
	chmodSync(dir, 0o700);
	rmSync(dir, { recursive: true, force: true });
});

/** What a process finds that may not write everywhere: root may, so as root it becomes another user first. */
function inspectedByAnyUser(path: string): ReturnType<typeof inspectDataDir> {
	const script = `
		const { inspectDataDir } = await import(${JSON.stringify(new URL("./data-dir.ts", import.meta.url).href)});
		if (process.getuid() === 0) process.setgid(65534), process.setuid(65534);
		process.stdout.write(JSON.stringify(inspectDataDir(process.argv[1])));`;
	return JSON.parse(
		execFileSync(process.execPath, ["--input-type=module", "--eval", script, path], { encoding: "utf8" }),
	);
}

test("a folder that is not there is made for its owner alone, and looking makes nothing", () => {
	const path = join(dir, "a", "b");
	expect(inspectDataDir(path)).toEqual({ exists: false });
	expect(existsSync(join(dir, "a"))).toBe(false);
	makeDataDir(path);
	expect(statSync(path).mode & 0o777).toBe(0o700);
	expect(inspectDataDir(path)).toEqual({ exists: true });
});

test("a file in its place, or on the way to it, is named", () => {
	const file = join(dir, "file");
	writeFileSync(file, "");
	expect(() => makeDataDir(file)).toThrow(expect.objectContaining({ code: "startup.data_dir_unusable" }));
	expect(inspectDataDir(file)).toMatchObject({ exists: true, problem: expect.stringContaining("is a file") });
	expect(inspectDataDir(join(file, "data"))).toMatchObject({ exists: false, problem: expect.stringContaining(file) });
});

describe("a user who may not write", () => {
	test("is told whose folder it is and how to get it", () => {
		const path = join(dir, "data");
		mkdirSync(path);
		chmodSync(path, 0o555);
		const { problem } = inspectedByAnyUser(path);
		expect(problem).toContain(`The data directory ${path} cannot be written to`);
		expect(problem).toContain(process.getuid?.() === 0 ? "chown -R 65534" : "chmod 700");
		expect(problem).toContain("NETCONDUCTOR_DATA_DIR");
	});

	test("is told where the folder cannot be made", () => {
		chmodSync(dir, 0o555);
		expect(inspectedByAnyUser(join(dir, "x", "data")).problem).toContain(`cannot be made in ${dir}`);
	});
});
