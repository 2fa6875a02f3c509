import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { type Fleet, type FleetOptions, startFleet } from "./fleet.ts";
import { type SimPlatformId, simPlatforms } from "./platforms.ts";
import type { FleetAnswer, FleetCommand, FleetTotals } from "./protocol.ts";

const usage = `usage: node lab/sim/main.ts [--count 24] [--platforms cisco_ios,arista_eos] [--host 127.0.0.1] [--base-port 20000]
       [--addresses each] [--latency-ms 0] [--config-bytes 12000] [--seed lab] [--username admin] [--password ...]
       [--enable-password ...] [--json] [--options '{"devices": [...]}']

Starts simulated devices and prints where they are; --json prints one line with the inventory and takes commands as JSON lines
on standard input: {"id": 1, "op": "apply", "device": "ios-1", "lines": ["hostname other"]}. It ends with its standard input.
`;

function readOptions(): { options: FleetOptions; json: boolean } {
	const { values } = parseArgs({
		options: {
			count: { type: "string", default: "24" },
			platforms: { type: "string" },
			host: { type: "string" },
			"base-port": { type: "string" },
			addresses: { type: "string" },
			"latency-ms": { type: "string" },
			"config-bytes": { type: "string" },
			seed: { type: "string" },
			username: { type: "string" },
			password: { type: "string" },
			"enable-password": { type: "string" },
			json: { type: "boolean", default: false },
			options: { type: "string" },
			help: { type: "boolean", default: false },
		},
	});
	if (values.help) {
		process.stdout.write(usage);
		process.exit(0);
	}
	if (values.options !== undefined) return { options: JSON.parse(values.options) as FleetOptions, json: values.json };
	const number = (text: string | undefined) => (text === undefined ? undefined : Number(text));
	const platforms = values.platforms?.split(",") ?? Object.keys(simPlatforms);
	for (const id of platforms) {
		if (!isPlatform(id)) throw new Error(`no platform ${id}; there are ${Object.keys(simPlatforms).join(", ")}`);
	}
	const options: FleetOptions = {
		devices: { count: Number(values.count), platforms: platforms.filter(isPlatform) },
		host: values.host,
		base_port: number(values["base-port"]),
		addresses: values.addresses === "each" ? "each" : "shared",
		latency_ms: number(values["latency-ms"]),
		config_bytes: number(values["config-bytes"]),
		seed: values.seed,
		username: values.username,
		password: values.password,
		enable_password: values["enable-password"],
	};
	return { options, json: values.json };
}

function isPlatform(id: string): id is SimPlatformId {
	return id in simPlatforms;
}

async function carryOut(fleet: Fleet, command: FleetCommand): Promise<Omit<FleetAnswer & { ok: true }, "id">> {
	switch (command.op) {
		case "total_stats":
			return { ok: true, totals: totalsOf(fleet) };
		case "connections":
			return { ok: true, connections: fleet.devices.flatMap(({ name }) => fleet.device(name).connections()) };
		case "forget_connections":
			for (const { name } of fleet.devices) fleet.device(name).forgetConnections();
			return { ok: true };
		case "stop":
			await fleet.stop();
			return { ok: true };
	}
	const device = fleet.device(command.device);
	switch (command.op) {
		case "apply":
			device.applyLines(command.lines);
			break;
		case "set_config":
			device.setConfig(command.text);
			break;
		case "config":
			return { ok: true, config: device.config() };
		case "fault":
			await device.setFault(command.fault);
			break;
		case "latency":
			device.setLatency(command.latency_ms);
			break;
		case "drop_connections":
			device.dropConnections();
			break;
		case "change_host_key":
			device.changeHostKey();
			return { ok: true, host_key_fingerprint: device.host_key_fingerprint };
		case "authorize":
			device.authorize(command.public_key);
			break;
		case "stats":
			return { ok: true, stats: device.stats() };
		default:
			throw new Error(`no such operation: ${JSON.stringify(command)}`);
	}
	return { ok: true };
}

function totalsOf(fleet: Fleet): FleetTotals {
	const { user, system } = process.cpuUsage();
	const totals: FleetTotals = {
		devices: fleet.devices.length,
		rss_bytes: process.memoryUsage.rss(),
		cpu_ms: Math.round((user + system) / 1_000),
		connections: 0,
		open_connections: 0,
		logins: 0,
		failed_logins: 0,
		sessions: 0,
		commands: 0,
		pushes: 0,
		rollbacks: 0,
	};
	for (const { name } of fleet.devices) {
		const stats = fleet.device(name).stats();
		totals.connections += stats.connections;
		totals.open_connections += stats.open_connections;
		totals.logins += stats.logins;
		totals.failed_logins += stats.failed_logins;
		totals.sessions += stats.sessions;
		totals.commands += stats.commands;
		totals.pushes += stats.pushes;
		totals.rollbacks += stats.rollbacks;
	}
	return totals;
}

async function main() {
	const { options, json } = readOptions();
	const fleet = await startFleet(options);
	const say = (value: unknown) => void process.stdout.write(`${JSON.stringify(value)}\n`);
	const stop = async () => {
		await fleet.stop();
		process.exit(0);
	};
	process.on("SIGINT", stop);
	process.on("SIGTERM", stop);
	if (!json) {
		for (const { name, host, port, platform, username, password } of fleet.devices) {
			process.stdout.write(`${name.padEnd(16)}${host}:${port}  ${platform.padEnd(18)}${username} / ${password}\n`);
		}
		return;
	}
	say({ ready: true, devices: fleet.devices });
	const lines = createInterface({ input: process.stdin });
	// The fleet must not outlive whoever started it, even if that one was killed.
	lines.on("close", stop);
	for await (const line of lines) {
		if (line.trim() === "") continue;
		let id: number | string | null = null;
		let stopping = false;
		try {
			const command = JSON.parse(line) as FleetCommand & { id?: number | string };
			id = command.id ?? null;
			stopping = command.op === "stop";
			say({ id, ...(await carryOut(fleet, command)) });
		} catch (cause) {
			say({ id, ok: false, error: cause instanceof Error ? cause.message : String(cause) });
		}
		if (stopping) process.exit(0);
	}
}

try {
	await main();
} catch (cause) {
	process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n`);
	process.exit(1);
}
