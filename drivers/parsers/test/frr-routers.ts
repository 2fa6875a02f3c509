import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { type FrrLab, startFrrLab } from "../../../lab/frr/lab.ts";
import { type OwnedProcess, startOwnedProcess, waitUntilReady } from "../../../lab/owned-process.ts";

const run = promisify(execFile);

/** Three real FRR routers with BGP, and OSPF on the network between them; static routes of each kind on the first. */
export async function startRouters(dir: string): Promise<FrrLab> {
	const lab = await startFrrLab({ dir });
	const daemons: OwnedProcess[] = [];
	const stop = async () => {
		await Promise.all(daemons.map((daemon) => daemon.stop()));
		await lab.stop();
	};
	try {
		const spaces = await namespacesOfThisProcess();
		for (const { name } of lab.routers) {
			const space = spaces.find((one) => one.endsWith(name));
			if (!space) throw new Error(`the lab made no namespace for ${name}`);
			const program = [
				"--uts",
				"sh",
				"-c",
				'hostname "$0" && exec "$@"',
				name,
				"/usr/lib/frr/ospfd",
				"-N",
				space,
				"-P",
				"0",
			];
			const daemon = startOwnedProcess("ip", ["netns", "exec", space, "unshare", ...program]);
			daemons.push(daemon);
			const answers = () =>
				run("vtysh", ["-N", space, "-d", "ospfd", "-c", "show version"]).then(
					() => true,
					() => false,
				);
			await waitUntilReady(`ospfd of ${name}`, daemon, answers, { timeout_ms: 20_000 });
			await lab.vtysh(name, ["configure terminal", ...ospf, ...(name === "r1" ? statics : []), "end"]);
		}
		await Promise.all(lab.routers.map(({ name }) => untilFull(lab, name, lab.routers.length - 1)));
	} catch (cause) {
		await stop();
		throw cause;
	}
	return { ...lab, stop };
}

// Short timers, so that the neighbours are there in seconds.
const ospf = [
	"interface eth0",
	"ip ospf hello-interval 1",
	"ip ospf dead-interval 4",
	"exit",
	"router ospf",
	"network 10.99.0.0/24 area 0",
	"exit",
];
const statics = [
	"ip route 198.51.100.0/24 10.99.0.2",
	"ip route 203.0.113.0/24 10.99.0.2 200",
	"ip route 203.0.113.0/24 10.99.0.3 200",
	"ip route 192.0.2.0/24 Null0",
	"ipv6 route 2001:db8:1::/48 blackhole",
];

async function namespacesOfThisProcess(): Promise<string[]> {
	const folder = "/run/netconductor-lab";
	const records = (await readdir(folder)).filter((file) => file.startsWith(`nc${process.pid}x`));
	const texts = await Promise.all(records.map((file) => readFile(join(folder, file), "utf8")));
	return texts.flatMap((text) => (JSON.parse(text) as { namespaces: string[] }).namespaces);
}

async function untilFull(lab: FrrLab, router: string, count: number) {
	const deadline = performance.now() + 60_000;
	for (;;) {
		const text = await lab.vtysh(router, ["show ip ospf neighbor"]);
		if ((text.match(/Full\//g) ?? []).length === count) return;
		if (performance.now() > deadline) throw new Error(`OSPF of ${router} was not full after 60 s:\n${text}`);
		await sleep(200);
	}
}
