import { execFile, execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createProgram } from "../program.ts";
import { describeTree } from "./command-tree.ts";
import { renderBash, renderFish, renderZsh } from "./scripts.ts";

const system = { env: {}, stdin: process.stdin, stdout: process.stdout, stderr: process.stderr };
const tree = describeTree(createProgram(system));

let folder: string;
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "netconductor-completion-"));
	writeFileSync(join(folder, "netconductor.bash"), renderBash(tree));
	// Stands where the real program would ask a server for names; one of them has a space.
	const program =
		'#!/bin/sh\n[ "$1" = __complete ] && printf "%s:%s\\n" "$2" "$3" >> "$0.asked"\nprintf "core-1\\ncore 2\\n"\n';
	writeFileSync(join(folder, "netconductor"), program);
	chmodSync(join(folder, "netconductor"), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a real bash offers after these words, the last of which is being typed. */
async function bash(...words: string[]): Promise<string[]> {
	const script = `source "$1/netconductor.bash"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _netconductor; printf '%s\\n' "\${COMPREPLY[@]}"`;
	const env = { PATH: `${folder}${delimiter}${process.env.PATH}` };
	const { stdout } = await promisify(execFile)("bash", ["-c", script, "bash", folder, "netconductor", ...words], {
		env,
	});
	return stdout.split("\n").filter(Boolean);
}

describe("bash", () => {
	test("completes commands and those below them", async () => {
		expect(await bash("dev")).toEqual(["devices", "device-types"].filter((name) => name.startsWith("dev")));
		expect(await bash("devices", "ex")).toEqual(["export"]);
		expect(await bash("--json", "backup", "schedule", "s")).toEqual(["show", "set"]);
	});

	test("completes options, shared ones too, and the values that are choices", async () => {
		expect(await bash("devices", "list", "--he")).toEqual(["--health", "--help"]);
		expect(await bash("backup", "run", "--js")).toEqual(["--json"]);
		expect(await bash("devices", "list", "--health", "un")).toEqual(["unknown", "unreachable"]);
		expect(await bash("completion", "f")).toEqual(["fish"]);
	});

	test("asks for names where a name is meant, also behind options with values and for each of several", async () => {
		for (const words of [
			["devices", "show", ""],
			["--url", "devices", "devices", "show", ""],
			["backup", "run", "--name", "devices", "core-1", ""],
			["devices", "list", "--group", ""],
		]) {
			expect(await bash(...words), words.join(" ")).toEqual(["core-1", "core\\ 2"]);
		}
	});

	test("offers nothing where anything may stand", async () => {
		expect(await bash("devices", "add", "")).toEqual([]);
		expect(await bash("login", "--username", "")).toEqual([]);
	});

	test("is a script that a shell accepts, and hides what is not for people", () => {
		execFileSync("bash", ["-n", join(folder, "netconductor.bash")]);
		expect(renderBash(tree)).not.toMatch(/'[^']*\b__complete [^"]*'\)/);
	});
});

test("zsh and fish scripts know every command and option", () => {
	for (const script of [renderZsh(tree), renderFish(tree)]) {
		for (const { path, options } of tree) {
			expect(script).toContain(path);
			for (const { flags } of options) for (const flag of flags) expect(script).toContain(flag.replace(/^-+/, ""));
		}
	}
});

test("quotes in descriptions end no string", () => {
	const hostile = [
		{ ...tree[0], path: "", children: [{ name: "x", description: "it's $(id) `id`" }], options: [], arguments: [] },
	];
	const [fish, zsh] = [renderFish(hostile as typeof tree), renderZsh(hostile as typeof tree)];
	expect(fish).toContain("'it\\'s $(id) `id`'");
	expect(zsh).toContain("it'\\''s $(id) `id`'");
});
