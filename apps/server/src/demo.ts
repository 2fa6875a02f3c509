// `npm run demo`: the product with a simulated fleet, backed up, changed, backed up again. Starts afresh each time.
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { authApi } from "@netconductor/contracts/auth/api";
import { tokensOf } from "@netconductor/contracts/auth/second-factor";
import { backupApi } from "@netconductor/contracts/backup/api";
import { devicesApi } from "@netconductor/contracts/devices/api";
import { createClient } from "@netconductor/contracts/kernel/client";
import { createFetchTransport } from "@netconductor/contracts/kernel/fetch-transport";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Run } from "@netconductor/contracts/tasks/model";
import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { sampleChange, samplePlatforms } from "@netconductor/lab/sim/sample-network";
import { isAppError } from "@netconductor/runtime/errors";
import { serve } from "./serve.ts";
import { defaultTargets } from "./services.ts";

const deviceCount = 24;
const say = (text: string) => process.stdout.write(`${text}\n`);

async function main(): Promise<void> {
	const data_dir = join(process.env.NETCONDUCTOR_DATA_DIR ?? ".data", "demo");
	rmSync(data_dir, { recursive: true, force: true });
	const password = randomBytes(9).toString("base64url");

	say(`Starting ${deviceCount} simulated devices of ${samplePlatforms.length} platforms...`);
	const fleet = await startFleetProcess({ devices: { count: deviceCount, platforms: [...samplePlatforms] } });
	say("Starting NetConductor (the first start takes some seconds)...");
	const server = await serve({
		targets: defaultTargets,
		env: {
			NETCONDUCTOR_LOG_LEVEL: "warn",
			...process.env,
			NETCONDUCTOR_DATA_DIR: data_dir,
			NETCONDUCTOR_ADMIN_PASSWORD: password,
		},
	}).catch(async (error: unknown) => {
		await fleet.stop();
		throw error;
	});
	stopOnSignal(async () => {
		await server.stop();
		await fleet.stop();
	});
	await show(server.url ?? "", password, fleet);
	say("\nPress Ctrl-C to stop.");
}

async function show(url: string, password: string, fleet: FleetProcess): Promise<void> {
	let token: string | undefined;
	const transport = createFetchTransport({ url, token: () => token });
	const auth = createClient(authApi, transport);
	const devices = createClient(devicesApi, transport);
	const backup = createClient(backupApi, transport);
	const tasks = createClient(tasksApi, transport);
	token = tokensOf(await auth.login({ body: { username: "admin", password } })).access_token;

	const imported = await devices.importDevices({
		body: { format: "json", content: JSON.stringify(fleet.devices.map(inventoryRow)) },
	});
	say(`Imported ${imported.created} devices. Backing all of them up...`);
	const before = await backupAll("Before the change");

	const changed: string[] = [];
	for (const platform of samplePlatforms) {
		const device = fleet.devices.find((candidate) => candidate.platform === platform);
		const lines = sampleChange(platform);
		if (device === undefined || lines === undefined) continue;
		await fleet.applyLines(device.name, lines);
		changed.push(device.name);
	}
	say(`Somebody changed ${changed.join(", ")}. Backing up again...`);
	const after = await backupAll("After the change");

	const { summary, items } = await backup.compareSnapshots({
		params: { id: before, id2: after },
		query: { status: ["changed"] },
	});
	say(`\n${summary.changed} changed, ${summary.unchanged} unchanged.\n`);
	for (const { from_backup_id, to_backup_id } of items) {
		if (from_backup_id === null || to_backup_id === null) continue;
		const { unified } = await backup.compareBackups({ query: { from: from_backup_id, to: to_backup_id } });
		say(coloured(unified));
	}
	say("Look around:");
	say(`  ${url}             sign in as admin, password ${password}`);
	say(`  ${url}/api/docs    the API`);
	say(`  npx netconductor login --url ${url} --username admin`);
	say("  npx netconductor devices list");
	say(`  npx netconductor backup diff ${changed[0]}`);
	say('  npx netconductor backup search "192.0.2.123"');

	async function backupAll(name: string): Promise<string> {
		const { run_id, snapshot_id = "" } = await backup.runAll({ body: { name } });
		const run = await ended(run_id);
		say(`  ${run.counts.succeeded} of ${run.total} backed up.`);
		// The snapshot is counted when the end of its run has been heard of.
		while ((await backup.getSnapshot({ params: { id: snapshot_id } })).status === "running") await sleep(100);
		return snapshot_id;
	}

	async function ended(id: string): Promise<Run> {
		for (;;) {
			const run = await tasks.getRun({ params: { id } });
			if (run.finished_at !== null) return run;
			await sleep(200);
		}
	}
}

function inventoryRow({
	name,
	host,
	port,
	platform,
	username,
	password,
	enable_password,
}: FleetProcess["devices"][number]) {
	return { name, host, port, device_type: platform, username, password, enable_password, tags: ["demo"], site: "lab" };
}

function coloured(diff: string): string {
	if (!process.stdout.isTTY || process.env.NO_COLOR) return diff;
	return diff.replace(/^([+-]).*$/gm, (line, sign) => `\x1b[${sign === "+" ? 32 : 31}m${line}\x1b[0m`);
}

function stopOnSignal(stop: () => Promise<void>): void {
	let stopping = false;
	const end = () => {
		if (!stopping) stop().then(() => process.exit(0));
		stopping = true;
	};
	process.on("SIGINT", end);
	process.on("SIGTERM", end);
}

await main().catch((error: unknown) => {
	const known = isAppError(error) || error instanceof Error;
	process.stderr.write(`The demo could not go on: ${known ? error.message : String(error)}\n`);
	process.exit(1);
});
