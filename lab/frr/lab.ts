import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { type OwnedProcess, startOwnedProcess, waitUntilReady } from "../owned-process.ts";
import { type LabSshd, startSshd } from "../sshd.ts";

const run = promisify(execFile);

export interface FrrRouter {
	/** Its host name: `r1`, `r2`, ... */
	name: string;
	host: string;
	port: number;
	username: string;
	/** OpenSSH private key text, and the file it is in. */
	private_key: string;
	private_key_path: string;
	host_key_fingerprint: string;
	/** Its address on the routers' network, and the prefix that it announces. */
	address: string;
	prefix: string;
	asn: number;
}

export interface FrrLab {
	routers: FrrRouter[];
	/** Runs commands in the router's `vtysh`, one after the other in one session, and answers their output. Not through SSH. */
	vtysh(router: string, commands: string[]): Promise<string>;
	/** Stops a router's BGP and routing daemons as a power cut would; its SSH server stays. */
	killDaemons(router: string): Promise<void>;
	/** The router's server, to change its host key or to stop it. */
	sshd(router: string): LabSshd;
	stop(): Promise<void>;
}

export interface FrrLabOptions {
	routers?: number;
	/** For keys and logs. */
	dir: string;
	/** Waits until every BGP session is established; true. */
	await_bgp?: boolean;
}

/** What a lab made outside its directory, so that a later one can remove it if this one was killed. */
interface LabRecord {
	owner_pid: number;
	owner_started: string;
	namespaces: string[];
	directories: string[];
}

const recordsDir = "/run/netconductor-lab";
const daemons = ["zebra", "staticd", "bgpd"];
let labsOfThisProcess = 0;

/**
 * Real routers: FRR in a network namespace each, joined by a bridge in a namespace of its own, in a BGP ring with real sessions; behind
 * real OpenSSH whose command is `vtysh`. Nothing is added to the network of the host: SSH listens on loopback and `vtysh` reaches the
 * daemons through their sockets, which network namespaces do not separate. Needs root and Debian's `frr`, `openssh-server`, `iproute2`.
 * Ends with this process; what a killed lab leaves behind (namespaces, directories) the next one removes.
 */
export async function startFrrLab({ routers: count = 3, dir, await_bgp = true }: FrrLabOptions): Promise<FrrLab> {
	if (process.getuid?.() !== 0) throw new Error("the FRR lab makes network namespaces, which needs root");
	await cleanUpFrrLabs();
	const id = `nc${process.pid}x${++labsOfThisProcess}`;
	const names = Array.from({ length: count }, (_, i) => `r${i + 1}`);
	const spaceOf = (router: string) => `${id}${router}`;
	const switchSpace = `${id}sw`;
	const record: LabRecord = {
		owner_pid: process.pid,
		owner_started: (await startTime(process.pid)) ?? "",
		namespaces: [switchSpace, ...names.map(spaceOf)],
		directories: names.flatMap((name) => [`/etc/frr/${spaceOf(name)}`, `/var/run/frr/${spaceOf(name)}`]),
	};
	const recordPath = join(recordsDir, `${id}.json`);
	await mkdir(recordsDir, { recursive: true });
	await writeFile(recordPath, JSON.stringify(record));
	await mkdir(dir, { recursive: true });

	const processes = new Map<string, OwnedProcess[]>();
	const servers = new Map<string, LabSshd>();
	async function stop() {
		await Promise.all([...servers.values()].map((server) => server.stop()));
		await Promise.all([...processes.values()].flat().map((daemon) => daemon.stop()));
		await removeRecorded(record, recordPath);
	}
	async function vtysh(router: string, commands: string[]): Promise<string> {
		const args = named(router, "vtysh", "-N", spaceOf(router), ...commands.flatMap((command) => ["-c", command]));
		const { stdout } = await run("unshare", args, { maxBuffer: 256 * 1024 * 1024 });
		return stdout;
	}

	try {
		await makeNetwork(switchSpace, names.map(spaceOf));
		const plans = names.map((name, i) => planOf(name, i, count));
		await Promise.all(
			plans.map(async (plan) => {
				processes.set(plan.name, await startDaemons(spaceOf(plan.name), plan));
				const command = join(dir, `${plan.name}-shell`);
				await writeFile(command, shellScript(spaceOf(plan.name), plan.name));
				await chmod(command, 0o755);
				servers.set(plan.name, await startSshd({ dir: join(dir, plan.name), command }));
			}),
		);
		if (await_bgp) await Promise.all(names.map((name) => untilEstablished(name, vtysh)));
		return {
			routers: plans.map(({ name, address, prefix, asn }) => {
				const { host, port, username, private_key, private_key_path, host_key_fingerprint } = serverOf(name);
				return {
					name,
					host,
					port,
					username,
					private_key,
					private_key_path,
					host_key_fingerprint,
					address,
					prefix,
					asn,
				};
			}),
			vtysh,
			killDaemons: async (router) => {
				await Promise.all((processes.get(router) ?? []).map((daemon) => daemon.kill()));
			},
			sshd: serverOf,
			stop,
		};
	} catch (cause) {
		await stop();
		throw cause;
	}

	function serverOf(name: string): LabSshd {
		const server = servers.get(name);
		if (!server) throw new Error(`the lab has no router named ${name}`);
		return server;
	}
}

/** Removes what labs left behind whose process is gone; touches nothing else. */
export async function cleanUpFrrLabs(): Promise<void> {
	const files = await readdir(recordsDir).catch(() => []);
	for (const file of files) {
		const path = join(recordsDir, file);
		const record = JSON.parse(await readFile(path, "utf8").catch(() => "null")) as LabRecord | null;
		if (!record) continue;
		// A process id is used again; its start time is not.
		if ((await startTime(record.owner_pid)) === record.owner_started) continue;
		await removeRecorded(record, path);
	}
}

async function removeRecorded(record: LabRecord, path: string) {
	for (const space of record.namespaces) {
		const { stdout } = await run("ip", ["netns", "pids", space]).catch(() => ({ stdout: "" }));
		for (const pid of stdout.split("\n").filter(Boolean)) {
			try {
				process.kill(Number(pid), "SIGKILL");
			} catch {
				// It ended by itself.
			}
		}
		await run("ip", ["netns", "delete", space]).catch(() => undefined);
	}
	for (const directory of record.directories) await rm(directory, { recursive: true, force: true });
	await rm(path, { force: true });
}

async function startTime(pid: number): Promise<string | undefined> {
	const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
	// The command name before it is in parentheses and may hold blanks; field 22 is the 20th after it.
	return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

/** One namespace per router, joined by a bridge that stands in a namespace of its own. */
async function makeNetwork(switchSpace: string, spaces: string[]) {
	const ip = (...args: string[]) => run("ip", args);
	const inside = (space: string, ...args: string[]) => run("ip", ["-n", space, ...args]);
	await ip("netns", "add", switchSpace);
	await inside(switchSpace, "link", "add", "br0", "type", "bridge");
	await inside(switchSpace, "link", "set", "br0", "up");
	for (const [i, space] of spaces.entries()) {
		await ip("netns", "add", space);
		await inside(space, "link", "set", "lo", "up");
		await inside(switchSpace, "link", "add", `port${i + 1}`, "type", "veth", "peer", "name", "eth0", "netns", space);
		await inside(switchSpace, "link", "set", `port${i + 1}`, "master", "br0", "up");
		await inside(space, "link", "set", "eth0", "up");
	}
}

interface RouterPlan {
	name: string;
	address: string;
	prefix: string;
	asn: number;
	neighbors: { address: string; asn: number; name: string }[];
}

const bgpPassword = "lab-bgp-secret";

function planOf(name: string, index: number, count: number): RouterPlan {
	const at = (i: number) => ({ name: `r${i + 1}`, address: `10.99.0.${i + 1}`, asn: 65_001 + i });
	const around = [(index + 1) % count, (index + count - 1) % count];
	return {
		...at(index),
		name,
		prefix: `10.99.${index + 1}.0/24`,
		neighbors: [...new Set(around)].filter((i) => i !== index).map(at),
	};
}

function routerConfig({ name, address, prefix, asn, neighbors }: RouterPlan): string {
	return [
		"frr defaults datacenter",
		`hostname ${name}`,
		"log syslog informational",
		"service integrated-vtysh-config",
		"!",
		`ip route ${prefix} blackhole`,
		"!",
		"interface eth0",
		" description routers' network",
		` ip address ${address}/24`,
		"exit",
		"!",
		`router bgp ${asn}`,
		` bgp router-id ${address}`,
		" no bgp ebgp-requires-policy",
		" timers bgp 1 3",
		...neighbors.flatMap((neighbor) => [
			` neighbor ${neighbor.address} remote-as ${neighbor.asn}`,
			` neighbor ${neighbor.address} description ring to ${neighbor.name}`,
			` neighbor ${neighbor.address} password ${bgpPassword}`,
			` neighbor ${neighbor.address} timers connect 1`,
		]),
		" address-family ipv4 unicast",
		`  network ${prefix}`,
		" exit-address-family",
		"exit",
		"!",
		"",
	].join("\n");
}

/** Each daemon in the foreground, so that it ends with us; `-N` separates sockets and files, as FRR's documentation of pathspaces says. */
async function startDaemons(space: string, plan: RouterPlan): Promise<OwnedProcess[]> {
	const configDir = `/etc/frr/${space}`;
	await run("install", ["-d", "-o", "frr", "-g", "frr", "-m", "750", configDir]);
	await run("install", ["-d", "-o", "frr", "-g", "frrvty", "-m", "755", `/var/run/frr/${space}`]);
	const configPath = join(configDir, "frr.conf");
	await writeFile(configPath, routerConfig(plan));
	await writeFile(join(configDir, "vtysh.conf"), "service integrated-vtysh-config\n");
	await run("chown", ["-R", "frr:frr", configDir]);
	await run("chmod", ["640", configPath]);
	const started: OwnedProcess[] = [];
	for (const daemon of daemons) {
		const args = named(plan.name, `/usr/lib/frr/${daemon}`, "-N", space, "-P", "0");
		const owned = startOwnedProcess("ip", ["netns", "exec", space, "unshare", ...args]);
		started.push(owned);
		await waitUntilReady(`${daemon} of ${plan.name}`, owned, () => answers(space, daemon), { timeout_ms: 20_000 });
	}
	await run("unshare", named(plan.name, "vtysh", "-N", space, "-b"));
	return started;
}

async function answers(space: string, daemon: string): Promise<boolean> {
	return run("vtysh", ["-N", space, "-d", daemon, "-c", "show version"]).then(
		() => true,
		() => false,
	);
}

/** Arguments of `unshare` that run a program under the router's own host name, which FRR takes from the system. */
function named(name: string, ...command: string[]): string[] {
	return ["--uts", "sh", "-c", 'hostname "$0" && exec "$@"', name, ...command];
}

/** The login command: a terminal gets a session, `ssh host 'show version'` one answer. What vtysh itself starts, a ping, is in the router's network. */
function shellScript(space: string, name: string): string {
	return `#!/bin/sh
enter() { exec nsenter --net=/run/netns/${space} unshare --uts sh -c 'hostname "$0" && exec vtysh "$@"' ${name} -N ${space} "$@"; }
if [ -n "$SSH_ORIGINAL_COMMAND" ]; then enter -c "$SSH_ORIGINAL_COMMAND"; fi
enter
`;
}

async function untilEstablished(router: string, vtysh: FrrLab["vtysh"]) {
	const deadline = performance.now() + 60_000;
	for (;;) {
		const summary = JSON.parse(await vtysh(router, ["show bgp ipv4 unicast summary json"])) as {
			peers?: Record<string, { state: string }>;
		};
		const peers = Object.values(summary.peers ?? {});
		if (peers.every(({ state }) => state === "Established")) return;
		if (performance.now() > deadline) {
			throw new Error(`BGP of ${router} was not established after 60 s: ${JSON.stringify(summary)}`);
		}
		await sleep(200);
	}
}
