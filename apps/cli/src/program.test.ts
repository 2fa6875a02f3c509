import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { afterAll, describe, expect, test } from "vitest";
import type { System } from "./output/terminal.ts";
import { createProgram, run } from "./program.ts";

const home = mkdtempSync(join(tmpdir(), "netconductor-program-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The command line with pipes for streams, as a script runs it. */
async function netconductor(argv: string[], env: Record<string, string> = {}) {
	const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
	streams.stdin.end();
	const system = { env: { XDG_CONFIG_HOME: home, ...env }, ...streams } as unknown as System;
	const code = await run(argv, system);
	streams.stdout.end();
	streams.stderr.end();
	return { code, stdout: await text(streams.stdout), stderr: await text(streams.stderr) };
}

describe("exit codes", () => {
	test("help and version are answers", async () => {
		expect(await netconductor(["--help"])).toMatchObject({ code: 0, stdout: expect.stringContaining("Exit codes: 0") });
		expect(await netconductor(["--version"])).toMatchObject({
			code: 0,
			stdout: expect.stringMatching(/^\d+\.\d+\.\d+/),
		});
	});

	test("2 for what cannot be understood, with what was meant", async () => {
		expect(await netconductor(["devices", "lst"])).toMatchObject({ code: 2, stderr: expect.stringContaining("list?") });
		expect(await netconductor(["devices"])).toMatchObject({ code: 2 });
		expect(await netconductor(["devices", "list", "--page", "0"])).toMatchObject({ code: 2 });
		expect(await netconductor(["devices", "list", "--health", "fine"])).toMatchObject({ code: 2 });
		expect(await netconductor(["devices", "list", "--url", "ftp://x"])).toMatchObject({ code: 2 });
		expect(await netconductor(["backup", "run"], { NETCONDUCTOR_TOKEN: "nc_x" })).toMatchObject({
			code: 2,
			stderr: expect.stringContaining("--all"),
		});
	});

	test("2 for a value that the contract refuses, named by its field, without asking the server", async () => {
		const { code, stderr } = await netconductor(["devices", "add", "core 1", "10.0.0.1", "--type", "cisco_ios"], {
			NETCONDUCTOR_TOKEN: "nc_x",
			NETCONDUCTOR_URL: "http://127.0.0.1:1",
		});
		expect(code).toBe(2);
		expect(stderr).toContain("name: Letters, digits");
	});

	test("3 for nobody signed in, saying how", async () => {
		const { code, stderr } = await netconductor(["devices", "list"]);
		expect(code).toBe(3);
		expect(stderr).toContain("netconductor login --url http://127.0.0.1:8000");
	});

	test("4 for a server that is not there, saying where and how to name another", async () => {
		const closed = createServer();
		await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
		const { port } = closed.address() as AddressInfo;
		await new Promise((resolve) => closed.close(resolve));
		const url = `http://127.0.0.1:${port}`;
		const { code, stderr } = await netconductor(["devices", "list", "--url", url], { NETCONDUCTOR_TOKEN: "nc_x" });
		expect(code).toBe(4);
		expect(stderr).toContain(`${url}: the connection was refused`);
		expect(stderr).toContain("NETCONDUCTOR_URL");
	});

	test("4 for something that is not NetConductor", async () => {
		const server = createServer((_, response) => response.writeHead(502).end("<h1>Bad Gateway</h1>"));
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
		const result = await netconductor(["devices", "list", "--url", url, "--json"], { NETCONDUCTOR_TOKEN: "nc_x" });
		server.close();
		expect(result).toMatchObject({ code: 4, stdout: "" });
	});
});

describe("--json", () => {
	test("makes every error one problem document on standard error", async () => {
		for (const argv of [
			["devices", "lst"],
			["devices", "list"],
			["login", "--username", "x"],
			["backup", "run"],
		]) {
			const { stdout, stderr } = await netconductor([...argv, "--json"]);
			expect(stdout).toBe("");
			expect(JSON.parse(stderr)).toMatchObject({ title: expect.any(String), code: expect.any(String) });
		}
	});
});

describe("secrets", () => {
	test("on the command line bring a warning", async () => {
		const env = { NETCONDUCTOR_TOKEN: "nc_x", NETCONDUCTOR_URL: "http://127.0.0.1:1" };
		const { stderr } = await netconductor(["login", "--username", "ana", "--password", "hunter2hunter2"], env);
		expect(stderr).toContain("warning: other users of this machine can see --password");
		expect(stderr).not.toContain("hunter2");
	});

	test("are never required there: every such option has one for standard input and one that asks", () => {
		const system = { env: {}, stdin: process.stdin, stdout: process.stdout, stderr: process.stderr };
		const visit = (command: ReturnType<typeof createProgram>): string[] => [
			...command.options
				// The name of a file that holds one is no secret.
				.filter(({ long, required }) => required && /(password|passphrase|secret)(?!.*-file$)/.test(long ?? ""))
				.filter(({ long = "" }) => {
					const flags = command.options.map((option) => option.long);
					return !flags.includes(`${long}-stdin`) || !flags.includes(long.replace("--", "--ask-"));
				})
				.map(({ long }) => `${command.name()} ${long}`),
			...command.commands.flatMap((child) => visit(child)),
		];
		expect(visit(createProgram(system))).toEqual([]);
	});
});
