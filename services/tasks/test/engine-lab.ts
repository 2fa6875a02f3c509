import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { backupApi } from "@netconductor/contracts/backup/api";
import { devicesApi } from "@netconductor/contracts/devices/api";
import type { Client } from "@netconductor/contracts/kernel/client";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Plan, Run } from "@netconductor/contracts/tasks/model";
import { builtInPlatforms } from "@netconductor/driver-platforms/platforms";
import type { InventoryEntry } from "@netconductor/lab/sim/fleet";
import { type Database, openDatabase } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import { peer, startTestHost, type TestHost } from "@netconductor/runtime/testing/service";
import { hasEnded } from "../src/runs/run.ts";
import { createTasksService } from "../src/service.ts";
import { probeSteps } from "./probe-steps.ts";

/** What the inventory and backup were told, as the peers of a test saw it. */
export interface Told {
	host_keys: { device_id: string; fingerprint: string }[];
	backups: { operation_id: string; device_name: string; snapshot_id: string | null; content: string }[];
}

export interface EngineLab {
	tasks: Client<typeof tasksApi>;
	/** The tables of the tasks service. */
	db: Database;
	told: Told;
	host: TestHost;
	/** A plan's target for a device that only probe steps will use, or for one of the fleet. */
	target(name: string): { device_id: string; name: string };
	/** Makes the peers know a simulated device. With `host_key` that key is the accepted one. */
	know(entry: InventoryEntry, host_key?: string): void;
	/** Starts a worker process and waits until it takes work. */
	startWorker(env?: Record<string, string>): Promise<ChildProcess>;
	start(plan: Partial<Plan> & Pick<Plan, "steps" | "targets">, key?: string): Promise<string>;
	/** Waits until a run has ended. */
	ended(run_id: string): Promise<Run>;
	/** Events that were published so far, oldest first. */
	events(name: string): Promise<Record<string, unknown>[]>;
	stop(): Promise<void>;
}

/** The tasks service in this process, workers in others, and peers that stand for the inventory and for backup. */
export async function startEngineLab(env: Record<string, string> = {}): Promise<EngineLab> {
	const inventory = new Map<string, InventoryEntry & { accepted: string | undefined }>();
	const ids = new Map<string, string>();
	const told: Told = { host_keys: [], backups: [] };
	const children = new Set<ChildProcess>();
	const settings = { NETCONDUCTOR_WORKERS_LEASE_MS: "2000", NETCONDUCTOR_WORKERS_DRAIN_MS: "2000", ...env };

	const devices = peer(devicesApi, {
		async revealConnection({ params }) {
			const [name] = [...ids].find(([, id]) => id === params.id) ?? [];
			if (name === undefined) throw failed("devices.not_found", { message: `There is no device ${params.id}` });
			const entry = inventory.get(name);
			const platform = builtInPlatforms.find(({ id }) => id === (entry?.platform ?? "generic_cli"));
			if (platform === undefined) throw new Error(`no platform ${entry?.platform}`);
			return {
				device_id: params.id,
				name,
				host: entry?.host ?? "127.0.0.1",
				port: entry?.port ?? 9,
				username: entry?.username ?? "nobody",
				password: entry?.password ?? "none",
				enable_password: entry?.enable_password,
				host_key:
					entry?.accepted === undefined
						? null
						: {
								fingerprint: entry.accepted,
								algorithm: "ssh-ed25519",
								accepted_by: "admin",
								accepted_at: "2026-03-02T09:00:00.000Z",
							},
				legacy_algorithms: false,
				platform,
				timeouts: {},
			};
		},
		async recordHostKey({ params, body }) {
			told.host_keys.push({ device_id: params.id, fingerprint: body.fingerprint });
			return { status: "trusted" as const };
		},
	});
	const backup = peer(backupApi, {
		async recordBackup({ body }) {
			const content = Buffer.from(body.content_base64, "base64").toString("utf8");
			const { operation_id, device_name, snapshot_id } = body;
			told.backups.push({ operation_id, device_name, snapshot_id, content });
			return { backup_id: newId(), changed: null, size_bytes: content.length };
		},
	});

	const host = await startTestHost({
		services: [createTasksService(probeSteps)],
		peers: [devices, backup],
		env: settings,
		log_level: (process.env.TEST_LOG_LEVEL as "debug") ?? "error",
	});
	const url = host.host.databaseUrl("tasks") ?? "";
	const db = openDatabase({ url, schema: "tasks", application_name: "engine lab", max: 4 });
	// The relay takes events out of the outbox: a copy of each stays for the test.
	await db.query("create table lab_events (position bigint primary key, name text not null, payload jsonb not null)");
	await db.query(
		"create function lab_keep_event() returns trigger language plpgsql as $$ begin insert into tasks.lab_events values (new.position, new.name, new.payload); return null; end $$",
	);
	await db.query("create trigger lab_keep_event after insert on outbox for each row execute function lab_keep_event()");
	const tasks = host.client(tasksApi);

	return {
		tasks,
		db,
		told,
		host,
		target(name) {
			const device_id = ids.get(name) ?? newId();
			ids.set(name, device_id);
			return { device_id, name };
		},
		know(entry, host_key) {
			ids.set(entry.name, ids.get(entry.name) ?? newId());
			inventory.set(entry.name, { ...entry, accepted: host_key });
		},
		async startWorker(more = {}) {
			const child = fork(fileURLToPath(new URL("worker-process.ts", import.meta.url)), {
				execArgv: [],
				env: {
					...settings,
					...more,
					TEST_DATABASE_URL: url,
					TEST_PEERS_URL: host.host.internal_url,
					TEST_LOG_LEVEL: process.env.TEST_LOG_LEVEL,
				},
				stdio: ["ignore", "inherit", "inherit", "ipc"],
			});
			children.add(child);
			child.once("exit", () => children.delete(child));
			await Promise.race([
				once(child, "message"),
				once(child, "exit").then(([code]) => {
					throw new Error(`the worker ended with ${code}`);
				}),
			]);
			return child;
		},
		async start(plan, key = newId()) {
			const { run_id } = await tasks.startRun({
				body: { idempotency_key: key, plan: { kind: "connectivity_test", title: "test", ...plan } },
			});
			return run_id;
		},
		async ended(run_id) {
			for (;;) {
				const run = await tasks.getRun({ params: { id: run_id } });
				if (hasEnded(run.status)) return run;
				await sleep(20);
			}
		},
		async events(name) {
			const rows = await db.query<{ payload: Record<string, unknown> }>(
				"select payload from lab_events where name = $1 order by position",
				[name],
			);
			return rows.map(({ payload }) => payload);
		},
		async stop() {
			await Promise.all(
				[...children].map(async (child) => {
					const exit = once(child, "exit");
					child.kill("SIGKILL");
					await exit;
				}),
			);
			await db.close();
			await host.stop();
		},
	};
}
