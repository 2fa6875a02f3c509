import { execFile, spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { requirePackages } from "../packages.ts";
import { cleanUpFrrLabs, type FrrLab, type FrrRouter, startFrrLab } from "./lab.ts";

const run = promisify(execFile);
let dir: string;
let lab: FrrLab;

beforeAll(async () => {
	expect(await requirePackages(["frr", "openssh-server", "iproute2"])).toEqual([]);
	dir = await mkdtemp(join(tmpdir(), "netconductor-frr-test-"));
	lab = await startFrrLab({ dir });
}, 300_000);
afterAll(async () => {
	await lab?.stop();
	await rm(dir, { recursive: true, force: true });
});

function sshArguments({ host, port, username, private_key_path }: FrrRouter): string[] {
	const known = `UserKnownHostsFile=${join(dir, "known_hosts")}`;
	return [
		"-p",
		`${port}`,
		"-i",
		private_key_path,
		"-o",
		"StrictHostKeyChecking=accept-new",
		"-o",
		known,
		`${username}@${host}`,
	];
}

/** The real `ssh`: one command through it, or lines typed into a terminal. */
async function ssh(router: FrrRouter, command: string): Promise<string> {
	return (await run("ssh", [...sshArguments(router), command])).stdout;
}

function typed(router: FrrRouter, lines: string[]): Promise<string> {
	const child = spawn("ssh", ["-tt", ...sshArguments(router)], { stdio: ["pipe", "pipe", "ignore"] });
	let output = "";
	child.stdout.on("data", (chunk) => {
		output += chunk;
	});
	child.stdin.write(`${lines.join("\n")}\nexit\n`);
	return new Promise((resolve) => child.on("close", () => resolve(output)));
}

test("three routers have established BGP with each other when the lab is up", async () => {
	expect(lab.routers.map(({ name }) => name)).toEqual(["r1", "r2", "r3"]);
	for (const router of lab.routers) {
		const summary = JSON.parse(await ssh(router, "show bgp ipv4 unicast summary json"));
		expect(Object.values(summary.peers)).toHaveLength(2);
		for (const peer of Object.values<{ state: string }>(summary.peers)) expect(peer.state).toBe("Established");
	}
});

test("a change typed into one router over ssh shows in its config and reaches the others", async () => {
	const [first, second] = lab.routers;
	if (!first || !second) throw new Error("no routers");
	const before = await ssh(first, "show running-config");
	expect(before).toContain(`hostname ${first.name}\n`);
	const session = await typed(first, [
		"terminal length 0",
		"configure terminal",
		"ip route 198.51.100.0/24 blackhole",
		`router bgp ${first.asn}`,
		"address-family ipv4 unicast",
		"network 198.51.100.0/24",
		"end",
		"show nonsense",
	]);
	expect(session).toContain("r1(config)#");
	expect(session).toContain("% Unknown command: show nonsense");
	const after = await ssh(first, "show running-config");
	const added = after.split("\n").filter((line) => !before.includes(`${line}\n`));
	expect(added).toEqual(["ip route 198.51.100.0/24 blackhole", "  network 198.51.100.0/24"]);
	await expect
		.poll(() => ssh(second, "show ip route 198.51.100.0/24"), { timeout: 20_000, interval: 500 })
		.toContain('Known via "bgp"');
});

test("two labs stand side by side, and a killed one is cleared away without touching the other", async () => {
	const script = `
		const { startFrrLab } = await import(${JSON.stringify(new URL("./lab.ts", import.meta.url).href)});
		await startFrrLab({ routers: 1, dir: ${JSON.stringify(join(dir, "other"))} });
		process.stdout.write("up\\n");
		setInterval(() => {}, 1000);`;
	const owner = spawn(process.execPath, ["--input-type=module", "-e", script], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	await new Promise((resolve) => owner.stdout.once("data", resolve));
	const leftBy = async () => (await readdir("/etc/frr")).filter((name) => name.startsWith(`nc${owner.pid}x`));
	expect(await leftBy()).toHaveLength(1);
	owner.kill("SIGKILL");
	await new Promise((resolve) => owner.once("close", resolve));
	await cleanUpFrrLabs();
	expect(await leftBy()).toEqual([]);
	const { stdout } = await run("ip", ["netns", "list"]);
	expect(stdout).not.toContain(`nc${owner.pid}x`);
	expect(stdout).toContain(`nc${process.pid}x`);
	expect(await lab.vtysh("r1", ["show version"])).toContain("FRRouting");
});

test("a router that goes down takes its routes with it", async () => {
	await lab.killDaemons("r3");
	await expect
		.poll(() => lab.vtysh("r1", ["show bgp ipv4 unicast summary"]), { timeout: 20_000, interval: 500 })
		.toMatch(/10\.99\.0\.3.*(Active|Connect|Idle)/);
});
