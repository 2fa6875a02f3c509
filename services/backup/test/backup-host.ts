import { backupApi } from "@netconductor/contracts/backup/api";
import { devicesApi } from "@netconductor/contracts/devices/api";
import type { Target } from "@netconductor/contracts/devices/model";
import { PlatformDefinition } from "@netconductor/contracts/devices/platform";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import { defineApi } from "@netconductor/contracts/kernel/operation";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Plan } from "@netconductor/contracts/tasks/model";
import type { EventPayload, Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { openDatabase } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { type AnyService, defineService, type Handlers } from "@netconductor/runtime/host/service";
import { newId } from "@netconductor/runtime/id";
import { peer, startTestHost } from "@netconductor/runtime/testing/service";
import { backupService } from "../src/service.ts";

const ios = PlatformDefinition.parse({
	id: "cisco_ios",
	label: "Cisco IOS",
	prompt: { exec: "^\\S+>$" },
	config: { commands: ["show running-config"], structure: "indent" },
	volatile: ["^! Last configuration change", "^ntp clock-period"],
	secrets: ["^snmp-server community (\\S+)", "^enable secret \\d (\\S+)"],
});
const generic = PlatformDefinition.parse({
	id: "generic_cli",
	label: "Generic",
	prompt: { exec: "[>#]$" },
	config: { commands: ["show configuration"], structure: "flat" },
});

interface Given {
	snapshot_id?: string;
	run_id?: string;
	operation_id?: string;
	at?: string;
	started_by?: string;
}

/** The backup service on a real database, with devices that the test names and runs that it plays. */
export async function startBackupHost(options: { clock?: Clock; env?: Record<string, string> } = {}) {
	const targets: Target[] = [];
	const started = new Map<string, { run_id: string; plan: Plan }>();
	const world = { refuseStart: undefined as Error | undefined };
	const run_kinds = new Map<string, Plan>();
	let bus: { db: Database; outbox: Outbox } | undefined;

	/** Devices by the group that they are in, for roles that are limited to it. */
	const groups = new Map<string, Set<string>>();
	const exists = ({ device_groups }: Actor, device_id: string) =>
		device_groups?.some((id) => groups.get(id)?.has(device_id)) ?? true;

	const devices = peer(devicesApi, {
		async listTargets({ body: { select }, actor }) {
			const there = targets.filter(({ device_id }) => exists(actor, device_id));
			const missing = select.device_ids?.find((id) => !there.some(({ device_id }) => device_id === id));
			if (missing !== undefined) throw failed("devices.not_found", { message: `There is no device ${missing}` });
			const chosen = there.filter(
				({ device_id, name }) => select.all || select.device_ids?.includes(device_id) || select.names?.includes(name),
			);
			return { targets: chosen };
		},
		listDevicesInScope: async ({ body: { among }, actor }) => ({
			device_ids: (among ?? targets.map(({ device_id }) => device_id)).filter((id) => exists(actor, id)),
		}),
		listWorkerPools: async ({ body }) => ({
			pools: targets.filter(({ device_id }) => body.device_ids.includes(device_id)),
		}),
		getPlatforms: async ({ body }) => ({ platforms: [ios, generic].filter(({ id }) => body.ids.includes(id)) }),
	});
	const answers: Partial<Handlers<typeof tasksApi>> = {
		async startRun({ body }) {
			if (world.refuseStart !== undefined) throw world.refuseStart;
			const known = started.get(body.idempotency_key);
			if (known !== undefined) return { run_id: known.run_id };
			const run_id = newId();
			started.set(body.idempotency_key, { run_id, plan: body.plan });
			run_kinds.set(run_id, body.plan);
			return { run_id };
		},
		async getRun({ params, actor }) {
			const plan = run_kinds.get(params.id);
			if (!plan?.targets.every(({ device_id }) => exists(actor, device_id)))
				throw failed("runs.not_found", { message: `There is no run ${params.id}` });
			const none = { pending: 0, running: 0, succeeded: 0, skipped: 0, failed: 0, cancelled: 0, unknown: 0 };
			return {
				id: params.id,
				kind: plan.kind,
				title: plan.title,
				status: "running",
				counts: none,
				total: plan.targets.length,
				steps: plan.steps,
				started_by: { kind: "user", id: "x", name: "x" },
				subject: plan.subject ?? null,
				unserved: [],
				retry_of: null,
				cancel_requested_by: null,
				waiting_for: null,
				progress: null,
				end_reason: null,
				created_at: new Date().toISOString(),
				started_at: null,
				finished_at: null,
			};
		},
	};
	// Unlike a mere peer it publishes events, so it has a schema.
	const tasks = defineService({
		name: "tasks",
		api: defineApi(
			"tasks",
			Object.fromEntries(
				Object.entries(tasksApi.operations)
					.filter(([name]) => name in answers)
					.map(([name, operation]) => [name, { ...operation, changes: false }]),
			),
		),
		setup({ db, outbox }) {
			bus = { db, outbox };
			return { operations: answers as never };
		},
	}) as AnyService;

	const audited: EventPayload<"audit.operation_recorded.v1">[] = [];
	const audit = defineService({
		name: "audit",
		api: defineApi("audit", {}),
		setup: () => ({
			operations: {},
			consumers: {
				// Reveals alone: the host records what changes by itself.
				async "audit.operation_recorded.v1"(record) {
					if (record.summary.startsWith("Reveal")) audited.push(record);
				},
			},
		}),
	}) as AnyService;

	const host = await startTestHost({
		services: [backupService, tasks, audit],
		peers: [devices],
		...(options.clock && { clock: options.clock }),
		...(options.env && { env: options.env }),
	});
	const client = host.client(backupApi);
	const url = host.host.databaseUrl("backup");
	if (url === undefined) throw new TypeError("the backup service has no database");
	const db = openDatabase({ url, schema: "backup", application_name: "test", max: 2 });

	async function publish<
		N extends "run.started.v1" | "run.finished.v1" | "operation.finished.v1" | "device.updated.v1",
	>(name: N, payload: EventPayload<N>) {
		const { db: own, outbox } = bus as { db: Database; outbox: Outbox };
		await own.transaction((tx) => outbox.publish(tx, name, payload));
	}

	function addDevice(name: string, given: Partial<Target> = {}): Target {
		const target = {
			device_id: newId(),
			name,
			device_type: "cisco_ios",
			worker_pool: "default",
			enabled: true,
			disabled_reason: null,
			...given,
		};
		targets.push(target);
		return target;
	}

	/** Puts devices into a group that a role may be limited to. */
	function putInto(group_id: string, ...members: Target[]): void {
		groups.set(group_id, new Set(members.map(({ device_id }) => device_id)));
	}

	/** As if it were deleted from the inventory, before anybody was told. */
	function removeDevice({ device_id }: Target): void {
		targets.splice(
			targets.findIndex((target) => target.device_id === device_id),
			1,
		);
	}

	/** What a worker collected of a device, as it hands it over. */
	function collected(device: Target, config: string | Uint8Array, given: Given = {}) {
		return {
			body: {
				operation_id: given.operation_id ?? newId(),
				run_id: given.run_id ?? newId(),
				device_id: device.device_id,
				device_name: device.name,
				device_type: device.device_type,
				snapshot_id: given.snapshot_id ?? null,
				started_by: given.started_by ?? "admin",
				collected_at: given.at ?? new Date().toISOString(),
				content_base64: Buffer.from(config as Uint8Array).toString("base64"),
			},
		};
	}

	/** Records a config as a worker of the default pool does. */
	const record = (device: Target, config: string | Uint8Array, given?: Given) =>
		client.recordBackup(collected(device, config, given));

	/** Says that the run of a snapshot has ended. */
	function finishRun(run_id: string, snapshot_id: string): Promise<void> {
		return publish("run.finished.v1", {
			run_id,
			kind: "backup",
			subject: { type: "snapshot", id: snapshot_id },
			title: "Backup",
			status: "succeeded",
			counts: { pending: 0, running: 0, succeeded: 0, skipped: 0, failed: 0, cancelled: 0, unknown: 0 },
			finished_at: new Date().toISOString(),
		});
	}

	return {
		...host,
		client,
		clientOf: host.client,
		db,
		url,
		started,
		audited,
		world,
		addDevice,
		putInto,
		removeDevice,
		collected,
		record,
		finishRun,
		publish,
		async stop() {
			await db.close();
			await host.stop();
		},
	};
}

export type BackupHost = Awaited<ReturnType<typeof startBackupHost>>;
