import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { alertsApi } from "@netconductor/contracts/alerts/api";
import type { ApprovalRequest } from "@netconductor/contracts/alerts/approvals";
import { backupApi } from "@netconductor/contracts/backup/api";
import { configApi } from "@netconductor/contracts/config/api";
import { devicesApi } from "@netconductor/contracts/devices/api";
import type { EventName } from "@netconductor/contracts/events";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Client } from "@netconductor/contracts/kernel/client";
import { schedulingApi } from "@netconductor/contracts/scheduling/api";
import type { CalendarHold } from "@netconductor/contracts/scheduling/model";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Plan, Run, RunOperation } from "@netconductor/contracts/tasks/model";
import { builtInPlatforms } from "@netconductor/driver-platforms/platforms";
import type { InventoryEntry } from "@netconductor/lab/sim/fleet";
import type { Database } from "@netconductor/runtime/db/database";
import { failed, hasCode } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import { actorWith, peer, startTestHost } from "@netconductor/runtime/testing/service";
import type { z } from "zod";
import { hasEnded } from "../src/runs/run.ts";

/** What the inventory and backup were told, as the peers of a test saw it. */
interface Told {
	host_keys: { device_id: string; fingerprint: string }[];
	backups: { operation_id: string; device_name: string; snapshot_id: string | null; content: string }[];
}

export interface EngineLab {
	tasks: Client<typeof tasksApi>;
	/** The same for somebody who holds just these permissions. */
	as(...permissions: string[]): Client<typeof tasksApi>;
	/** The same for this person. */
	by(actor: Actor): Client<typeof tasksApi>;
	/** The tables of the tasks service. */
	db: Database;
	told: Told;
	/** A plan's target: a device of the fleet once the peers know it, else one that only probe steps can use. */
	target(name: string): { device_id: string; name: string };
	targets(count: number, prefix?: string): { device_id: string; name: string }[];
	/** Makes the peers know a simulated device. With `host_key` that key is the accepted one. */
	know(entry: InventoryEntry, host_key?: string): void;
	/** Has the inventory say that the device is in this group alone. */
	putInto(group_id: string, name: string): void;
	/** Has the inventory say that workers of this pool reach the device, as it would on being changed. */
	moveTo(worker_pool: string, name: string): void;
	/** From now on every plan with a gate needs an approval. Answers those that were asked for, as they come. */
	wantApprovals(): AskedApproval[];
	wantNoApprovals(): void;
	/** What calendars hold back from now on, of whichever devices: null is nothing. */
	hold(hold: CalendarHold | null | "unanswered"): void;
	/** Devices that calendars were asked about, each time. */
	askedHolds: string[][];
	/** Tells the tasks service what another service published. */
	tell(name: EventName, payload: object): void;
	/** Decides as a person would, and tells the tasks service as the event does. */
	decide(approval: AskedApproval, status: "approved" | "rejected" | "bypassed", reason?: string): Promise<void>;
	/** The tasks service's process. */
	main: ChildProcess;
	/** Starts the tasks service again, after it was ended, on the same database and port. */
	restartMain(): Promise<void>;
	/** Starts a worker process and waits until it takes work. */
	startWorker(env?: Record<string, string>): Promise<ChildProcess>;
	/** Kills a worker whose lease then has run out, without the wait for that: what it had goes to others at once. */
	lose(worker: ChildProcess): Promise<void>;
	start(plan: Partial<Plan> & Pick<Plan, "steps" | "targets">, key?: string): Promise<string>;
	/** Waits until a run has ended. */
	ended(run_id: string): Promise<Run>;
	/** Waits until something holds. */
	until(holds: () => Promise<boolean>): Promise<void>;
	operations(run_id: string): Promise<RunOperation[]>;
	/** Events of a run that were committed so far, oldest first. */
	events(name: string, run_id: string): Promise<Record<string, unknown>[]>;
	stop(): Promise<void>;
}

/** What the tasks service asked an approval for. */
type AskedApproval = z.output<typeof ApprovalRequest> & {
	approval_id: string;
	status: "waiting" | "approved" | "rejected" | "bypassed";
};

const risk = { level: "medium" as const, points: 1, reasons: [] };

/** Ends a process, by force unless told otherwise, and waits for its end. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const exit = once(child, "exit");
	child.kill(signal);
	await exit;
}

/**
 * The tasks service and workers in processes of their own, and peers that stand for the inventory and for backup.
 * @param alerts_url where alerts answers; left out: a peer stands for it
 */
export async function startEngineLab(
	env: Record<string, string> = {},
	{ alerts_url }: { alerts_url?: string } = {},
): Promise<EngineLab> {
	const inventory = new Map<string, InventoryEntry & { accepted: string | undefined }>();
	const ids = new Map<string, string>();
	const names = new Map<string, string>();
	/** By device id. */
	const pools = new Map<string, string>();
	const inGroups = new Map<string, string>();
	let approvals: AskedApproval[] | undefined;
	let held: CalendarHold | null | "unanswered" = null;
	const askedHolds: string[][] = [];
	const told: Told = { host_keys: [], backups: [] };
	const children = new Set<ChildProcess>();
	const settings = { NETCONDUCTOR_WORKERS_LEASE_MS: "3000", NETCONDUCTOR_WORKERS_DRAIN_MS: "2000", ...env };

	function target(name: string) {
		const device_id = ids.get(name) ?? newId();
		ids.set(name, device_id);
		names.set(device_id, name);
		return { device_id, name };
	}

	const devices = peer(devicesApi, {
		listDevicesInScope: async ({ body: { among = [...inGroups.keys()] }, actor }) => ({
			device_ids: among.filter((id) => actor.device_groups?.includes(inGroups.get(id) ?? "") ?? true),
		}),
		async revealConnection({ params, worker_pool }) {
			const name = names.get(params.id);
			if (name === undefined) throw failed("devices.not_found", { message: `There is no device ${params.id}` });
			const pool = pools.get(params.id) ?? worker_pool;
			if (worker_pool !== pool) {
				throw failed("devices.other_pool", {
					message: `${name} is reached by workers of the pool ${pool}`,
					details: { worker_pool: pool },
				});
			}
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
		async listWorkerPools({ body }) {
			return {
				pools: body.device_ids.flatMap((device_id) => {
					const worker_pool = pools.get(device_id);
					return worker_pool === undefined ? [] : [{ device_id, worker_pool }];
				}),
			};
		},
		async recordHostKey({ params, body }) {
			told.host_keys.push({ device_id: params.id, fingerprint: body.fingerprint });
			const accepted = inventory.get(names.get(params.id) ?? "")?.accepted;
			if (accepted === undefined) return { status: "trusted" };
			return { status: accepted === body.fingerprint ? "known" : "changed" };
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

	const alerts = peer(alertsApi, {
		async requestApproval({ body }) {
			if (approvals === undefined) return { needed: false, risk };
			const known = approvals.find(({ key }) => key === body.key);
			const approval = known ?? { ...body, approval_id: newId(), status: "waiting" as const };
			if (known === undefined) approvals.push(approval);
			return {
				needed: true,
				approval_id: approval.approval_id,
				status: approval.status,
				expires_at: "2099-01-01T00:00:00.000Z",
				risk,
			};
		},
		getApprovalState: async ({ body }) => stateOf(body.approval_id),
		async startApproved({ body }) {
			const state = stateOf(body.approval_id);
			const may_start = ["approved", "bypassed"].includes(state.status) && state.plan_sha256 === body.plan_sha256;
			return { may_start, why_not: may_start ? null : "not any more", ask_again_at: null, state };
		},
	});

	function stateOf(approval_id: string) {
		const found = approvals?.find((approval) => approval.approval_id === approval_id);
		if (found === undefined) throw failed("approvals.not_found", { message: "There is no such approval" });
		return {
			approval_id,
			run_id: found.run_id,
			status: found.status,
			plan_sha256: found.plan_sha256,
			decided_by: found.status === "waiting" ? [] : ["bob"],
			reason: null,
			not_before: null,
			not_after: null,
			expires_at: "2099-01-01T00:00:00.000Z",
			decided_at: null,
		};
	}

	const scheduling = peer(schedulingApi, {
		async findHold({ body }) {
			askedHolds.push(body.device_ids);
			if (held === "unanswered") throw failed("service.unavailable", { message: "scheduling does not answer" });
			return { hold: held };
		},
	});

	const config = peer(configApi, {
		async startStackRun({ body }) {
			const title = `stack ${body.stack}`;
			const steps = [{ id: "deploy", type: "probe_read", params: { holds_while: body.stack } }];
			const plan = { kind: "deploy" as const, title, steps, targets: [target(newId())] };
			const started = await tasks.startRun({ body: { idempotency_key: body.key, plan, run_id: body.key } });
			// As where the service, or the way to it, ends before the answer has come.
			if (existsSync(`${body.stack}.mute`)) throw failed("service.unavailable", { message: "config does not answer" });
			return started;
		},
	});

	const port = await freePort();
	const host = await startTestHost({
		services: [],
		peers: [devices, backup, alerts, config, scheduling],
		addresses: { tasks: [`http://127.0.0.1:${port}`] },
	});
	const db = await host.database.service("tasks");
	const url = db.pool.options.connectionString;
	const tasks = host.client(tasksApi);

	async function startProcess(role: "tasks" | "worker", more: Record<string, string> = {}): Promise<ChildProcess> {
		const child = fork(fileURLToPath(new URL("service-process.ts", import.meta.url)), {
			execArgv: ["--import=@netconductor/runtime/quick-start"],
			env: {
				...settings,
				...more,
				TEST_ROLE: role,
				TEST_DATABASE_URL: url,
				TEST_PEERS_URL: host.host.internal_url,
				...(alerts_url !== undefined && { TEST_ALERTS_URL: alerts_url }),
				TEST_TASKS_URL: `http://127.0.0.1:${port}`,
				TEST_PORT: String(role === "tasks" ? port : 0),
				TEST_LOG_LEVEL: process.env.TEST_LOG_LEVEL,
			},
			stdio: ["ignore", "inherit", "inherit", "ipc"],
		});
		children.add(child);
		child.once("exit", () => children.delete(child));
		await Promise.race([
			once(child, "message"),
			once(child, "exit").then(([code]) => {
				throw new Error(`the ${role} process ended with ${code}`);
			}),
		]);
		return child;
	}

	async function until(holds: () => Promise<boolean>): Promise<void> {
		while (!(await holds())) await sleep(20);
	}

	async function stop(): Promise<void> {
		await Promise.all([...children].map((child) => end(child)));
		await host.stop();
	}

	let main: ChildProcess;
	try {
		main = await startProcess("tasks");
		// The relay takes events out of the outbox: a copy of each stays for the test.
		await db.query(
			"create table lab_events (position bigint primary key, name text not null, payload jsonb not null, traceparent text)",
		);
		await db.query(
			"create function lab_keep_event() returns trigger language plpgsql as $$ begin insert into tasks.lab_events values (new.position, new.name, new.payload, new.traceparent); return null; end $$",
		);
		await db.query(
			"create trigger lab_keep_event after insert on outbox for each row execute function lab_keep_event()",
		);
	} catch (error) {
		await stop();
		throw error;
	}

	function tell(name: EventName, payload: object): void {
		main.send({ id: newId(), name, payload, occurred_at: new Date().toISOString() });
	}

	return {
		tasks,
		tell,
		as: (...permissions) => host.client(tasksApi, actorWith(...permissions)),
		by: (actor) => host.client(tasksApi, actor),
		db,
		told,
		target,
		targets: (count, prefix = "probe") => Array.from({ length: count }, (_, index) => target(`${prefix}-${index + 1}`)),
		know(entry, host_key) {
			target(entry.name);
			inventory.set(entry.name, { ...entry, accepted: host_key });
		},
		putInto: (group_id, name) => void inGroups.set(target(name).device_id, group_id),
		moveTo: (worker_pool, name) => void pools.set(target(name).device_id, worker_pool),
		askedHolds,
		hold(now) {
			held = now;
		},
		wantApprovals() {
			approvals = [];
			return approvals;
		},
		wantNoApprovals() {
			approvals = undefined;
		},
		async decide(approval, status, reason) {
			approval.status = status;
			const { approval_id, run_id, plan_sha256 } = approval;
			const decided_at = new Date().toISOString();
			const window = { not_before: null, not_after: null };
			tell("approval.decided.v1", {
				approval_id,
				run_id,
				status,
				plan_sha256,
				decided_by: ["bob"],
				reason: reason ?? null,
				...window,
				decided_at,
			});
		},
		get main() {
			return main;
		},
		async restartMain() {
			main = await startProcess("tasks");
		},
		startWorker: (more) => startProcess("worker", more),
		async lose(worker) {
			await end(worker);
			await db.query(
				"update workers set lease_until = now() where pid = $1 and status in ('online', 'draining') and lease_until > now()",
				[worker.pid],
			);
		},
		async start(plan, key = newId()) {
			const { run_id } = await tasks.startRun({
				body: { idempotency_key: key, plan: { kind: "connectivity_test", title: "test", ...plan } },
			});
			return run_id;
		},
		async ended(run_id) {
			for (;;) {
				try {
					const run = await tasks.getRun({ params: { id: run_id } });
					if (hasEnded(run.status)) return run;
				} catch (error) {
					// The tasks service may be the one that was killed.
					if (!hasCode(error, "service.unavailable")) throw error;
				}
				await sleep(20);
			}
		},
		until,
		async operations(run_id) {
			const { items } = await tasks.listOperations({ params: { id: run_id }, query: { page_size: 500 } });
			return items;
		},
		async events(name, run_id) {
			const rows = await db.query<{ payload: Record<string, unknown> }>(
				"select payload from lab_events where name = $1 and payload->>'run_id' = $2 order by position",
				[name, run_id],
			);
			return rows.map(({ payload }) => payload);
		},
		stop,
	};
}

async function freePort(): Promise<number> {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const address = server.address();
	server.close();
	await once(server, "close");
	if (address === null || typeof address === "string") throw new Error("no port");
	return address.port;
}
