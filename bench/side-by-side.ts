// The same devices, backed up by the product and by what a team would use instead.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually, runEnded } from "@netconductor/e2e/product";
import { type LabPackage, requirePackages } from "@netconductor/lab/packages";
import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { readOptions } from "./harness/options.ts";
import { importFleet, startMeasuredProduct } from "./harness/product.ts";
import { printReport } from "./harness/report.ts";

const options = readOptions(
	`Backs up the same simulated devices one after another with NetConductor, Ansible (Debian's, with its cisco.ios collection), Netmiko (Debian's)
and plain ssh under xargs. CPU is that of all processes that each of them runs, databases and daemons included; the devices are a process
of their own and not counted. As root, missing Debian packages are installed; what cannot be is left out and named.`,
	{
		devices: { is: 1_000, text: "devices" },
		"ansible-devices": { is: 100, text: "devices for Ansible, which takes about a second of CPU for each" },
		"latency-ms": { is: 0, text: "what a device waits before every answer" },
		sessions: { is: 50, text: "sessions at a time" },
		forks: { is: 10, text: "forks of Ansible; more gain nothing on two cores" },
	},
);

interface Outcome {
	name: string;
	devices: number;
	setting: string;
	/** Devices whose whole configuration came. */
	complete: number;
	wall_s: number;
	cpu_s: number;
}

type Devices = FleetProcess["devices"];

const rivals = join(import.meta.dirname, "rivals");
/** Debian's interpreter: its packages are there, whatever else is first in PATH. */
const python = "/usr/bin/python3";

/** Runs a rival under `cost.py`. */
async function costOf(
	command: string[],
	env: Record<string, string> = {},
	input = "",
): Promise<{ status: number; wall_s: number; cpu_s: number }> {
	const child = spawn(python, [join(rivals, "cost.py"), ...command], {
		stdio: ["pipe", "pipe", "pipe"],
		env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8", HOME: folder, ...env },
	});
	child.stdin.end(input);
	const [answer, complaints] = await Promise.all([text(child.stdout), text(child.stderr)]);
	const cost = JSON.parse(answer);
	if (cost.status !== 0) process.stderr.write(`${command[0]} ended with ${cost.status}: ${complaints.slice(-2_000)}\n`);
	return cost;
}

/** How many files of a folder end as a configuration does. */
function completeIn(dir: string): number {
	return readdirSync(dir).filter((name) => /^end\s*$/m.test(readFileSync(join(dir, name), "utf8").slice(-200))).length;
}

function emptyFolder(name: string): string {
	const dir = join(folder, name);
	mkdirSync(dir);
	return dir;
}

async function backUpWithNetmiko(devices: Devices): Promise<Outcome> {
	const inventory = join(folder, "netmiko.json");
	writeFileSync(inventory, JSON.stringify(devices));
	const dir = emptyFolder("netmiko");
	const program = join(rivals, "netmiko-backup.py");
	const cost = await costOf([python, program, inventory, dir, String(options.sessions)]);
	const setting = `fast_cli, thread pool of ${options.sessions}, a file each`;
	return { name: "Netmiko", devices: devices.length, setting, complete: completeIn(dir), ...cost };
}

async function backUpWithSsh(devices: Devices): Promise<Outcome> {
	const dir = emptyFolder("ssh");
	const [first] = devices;
	const program = ["xargs", "-P", String(options.sessions), "-L", "1", join(rivals, "ssh-backup.sh"), dir];
	const cost = await costOf(
		program,
		{
			SSHPASS: first?.password ?? "",
			BENCH_USER: first?.username ?? "",
			BENCH_ENABLE: first?.enable_password ?? "",
		},
		devices.map(({ name, host, port }) => `${name} ${host} ${port}\n`).join(""),
	);
	const setting = `sshpass, xargs -P ${options.sessions}, host keys unchecked, a file each`;
	return { name: "ssh under xargs", devices: devices.length, setting, complete: completeIn(dir), ...cost };
}

async function backUpWithAnsible(all: Devices): Promise<Outcome> {
	const devices = all.slice(0, options["ansible-devices"]);
	const inventory = join(folder, "ansible.ini");
	const lines = devices.map(({ name, host, port, username, password, enable_password }) =>
		[
			name,
			`ansible_host=${host}`,
			`ansible_port=${port}`,
			`ansible_user=${username}`,
			`ansible_password=${password}`,
			`ansible_become_password=${enable_password}`,
		].join(" "),
	);
	const settings = [
		"ansible_connection=ansible.netcommon.network_cli",
		"ansible_network_os=cisco.ios.ios",
		"ansible_become=true",
		"ansible_become_method=enable",
	];
	writeFileSync(inventory, `[all]\n${lines.join("\n")}\n[all:vars]\n${settings.join("\n")}\n`);
	const cost = await costOf(
		["ansible-playbook", "-i", inventory, "--forks", String(options.forks), join(rivals, "ansible-backup.yml")],
		{
			ANSIBLE_HOST_KEY_CHECKING: "false",
			ANSIBLE_DISPLAY_OK_HOSTS: "false",
			ANSIBLE_LOCAL_TEMP: join(folder, "ansible-tmp"),
			ANSIBLE_PERSISTENT_COMMAND_TIMEOUT: "60",
		},
	);
	const setting = `ios_command over network_cli, ${options.forks} forks, nothing written`;
	return {
		name: "Ansible",
		devices: devices.length,
		setting,
		complete: cost.status === 0 ? devices.length : 0,
		...cost,
	};
}

async function backUpWithProduct(fleet: FleetProcess): Promise<Outcome[]> {
	const measured = await startMeasuredProduct({
		env: { NETCONDUCTOR_WORKERS_CONCURRENCY: String(options.sessions) },
	});
	try {
		const { api, cpu } = measured;
		await importFleet(api, fleet);
		await sleep(2_000);
		const outcomes: Outcome[] = [];
		for (const round of ["first backup", "second backup"]) {
			const before = cpu();
			const started = performance.now();
			const { run_id, snapshot_id = "" } = await api.backup.runSelected({ body: { select: { all: true } } });
			await runEnded(api, run_id, 3_600_000);
			const { succeeded } = await eventually("the snapshot is complete", async () => {
				const snapshot = await api.backup.getSnapshot({ params: { id: snapshot_id } });
				return snapshot.status !== "running" && snapshot;
			});
			const wall_s = (performance.now() - started) / 1_000;
			await sleep(2_000);
			const after = cpu();
			outcomes.push({
				name: `NetConductor, ${round}`,
				devices: fleet.devices.length,
				setting: `${options.sessions} sessions in one worker; normalised, masked, encrypted, versioned, searchable, audited`,
				complete: succeeded,
				wall_s,
				cpu_s: (after.main - before.main + after.workers - before.workers + after.postgres - before.postgres) / 1_000,
			});
		}
		return outcomes;
	} finally {
		await measured.stop();
	}
}

interface Rival {
	name: string;
	packages: LabPackage[];
	backUp(devices: Devices): Promise<Outcome>;
}

const contestants: Rival[] = [
	{ name: "ssh under xargs", packages: ["openssh-client", "sshpass"], backUp: backUpWithSsh },
	{ name: "Netmiko", packages: ["python3-netmiko"], backUp: backUpWithNetmiko },
	{ name: "Ansible", packages: ["ansible-core", "ansible", "python3-paramiko"], backUp: backUpWithAnsible },
];

const folder = mkdtempSync(join(tmpdir(), "netconductor-bench-"));
const fleet = await startFleetProcess({
	devices: { count: options.devices, platforms: ["cisco_ios"] },
	latency_ms: options["latency-ms"],
});
try {
	// Configurations and keys of the simulated devices are made when first asked for: that is nobody's time.
	for (const { name } of fleet.devices) await fleet.config(name);
	const notes: string[] = [];
	const outcomes = await backUpWithProduct(fleet);
	for (const { name, packages, backUp } of contestants) {
		const missing = await requirePackages(packages);
		if (missing.length > 0) notes.push(`${name} was left out: ${missing.join(", ")} could not be installed.`);
		else outcomes.push(await backUp(fleet.devices));
	}
	const ours = outcomes[1];
	printReport(
		{
			tables: [
				{
					title: `Side by side, ${options["latency-ms"]} ms a line`,
					columns: ["", "devices", "complete", "wall s", "devices/s", "CPU ms a device", "set to"],
					rows: outcomes.map(({ name, devices, complete, wall_s, cpu_s, setting }) => [
						name,
						String(devices),
						String(complete),
						wall_s,
						devices / wall_s,
						(cpu_s / devices) * 1_000,
						setting,
					]),
				},
			],
			figures: outcomes.slice(2).map((other) => ({
				name: `CPU per device: ours ÷ ${other.name}`,
				value: (ours?.cpu_s ?? Number.NaN) / (ours?.devices ?? 1) / (other.cpu_s / other.devices),
				unit: "",
			})),
			notes,
		},
		options,
	);
} finally {
	await fleet.stop();
	rmSync(folder, { recursive: true, force: true });
}
