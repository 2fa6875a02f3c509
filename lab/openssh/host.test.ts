import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { requirePackages } from "../packages.ts";
import { connectBare } from "../sim/bare-client.ts";
import type { LabSshd } from "../sshd.ts";
import { startOpenSshHost } from "./host.ts";

const run = promisify(execFile);
let dir: string;
let host: LabSshd;

beforeAll(async () => {
	expect(await requirePackages(["openssh-server"])).toEqual([]);
	dir = await mkdtemp(join(tmpdir(), "netconductor-openssh-test-"));
	host = await startOpenSshHost({ dir });
}, 300_000);
afterAll(async () => {
	await host?.stop();
	await rm(dir, { recursive: true, force: true });
});

test("runs commands for the key that it gave out, and for no other", async () => {
	const ssh = (key: string) =>
		run("ssh", [
			...["-p", `${host.port}`, "-i", key, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"],
			...["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"],
			...[`${host.username}@${host.host}`, "uname -s; exit 3"],
		]);
	await expect(ssh(host.private_key_path)).rejects.toMatchObject({ stdout: "Linux\n", code: 3 });
	const other = join(dir, "other_key");
	await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", other]);
	await expect(ssh(other)).rejects.toMatchObject({ stderr: expect.stringContaining("Permission denied") });
});

test("gives a terminal with a shell, and presents another key after a change", async () => {
	const login = { host: host.host, port: host.port, username: host.username, privateKey: host.private_key };
	const client = await connectBare(login);
	expect(client.fingerprint).toBe(host.host_key_fingerprint);
	client.send("stty size; exit\n");
	await client.ended;
	expect(client.received()).toContain("24 80");
	const before = host.host_key_fingerprint;
	const changed = await host.changeHostKey();
	expect(changed).not.toBe(before);
	const again = await connectBare(login);
	expect(again.fingerprint).toBe(changed);
	again.close();
});
