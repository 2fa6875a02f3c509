import { backupApi } from "@netconductor/contracts/backup/api";
import { configApi } from "@netconductor/contracts/config/api";
import { devicesApi } from "@netconductor/contracts/devices/api";
import type { Device } from "@netconductor/contracts/devices/model";
import { PlatformDefinition } from "@netconductor/contracts/devices/platform";
import type { EventName } from "@netconductor/contracts/events";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import { defineApi } from "@netconductor/contracts/kernel/operation";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Plan, RunOperation, RunStatus } from "@netconductor/contracts/tasks/model";
import type { EventPayload, Outbox } from "@netconductor/runtime/bus/outbox";
import { type Database, openDatabase } from "@netconductor/runtime/db/database";
import { type AnyService, defineService } from "@netconductor/runtime/host/service";
import { newId } from "@netconductor/runtime/id";
import { peer, startTestHost } from "@netconductor/runtime/testing/service";
import { configService } from "../src/service.ts";

export type StacksHost = Awaited<ReturnType<typeof startStacksHost>>;

const ios = PlatformDefinition.parse({
	id: "cisco_ios",
	label: "Cisco IOS",
	vendor: "Cisco",
	prompt: { exec: "^\\S+#$" },
	config: { commands: ["show running-config"], structure: "indent" },
});

type Ended = Pick<RunOperation, "step_type" | "status" | "result" | "error">;

/** How an operation that makes a change ended, by what became of the change. */
const endings = {
	confirmed: { step_type: "apply_change", status: "succeeded", result: { outcome: "confirmed" }, error: null },
	taken_back: {
		step_type: "apply_change",
		status: "failed",
		result: { outcome: "rolled_back" },
		error: { code: "change.verify_failed", message: "the check does not hold" },
	},
	lost: {
		step_type: "apply_change",
		status: "unknown",
		result: null,
		error: { code: "operations.worker_lost", message: "The worker was lost" },
	},
	as_it_was: { step_type: "plan_change", status: "succeeded", result: { unchanged: true }, error: null },
} as const satisfies Record<string, Ended>;
export type Ending = keyof typeof endings;

/** The config service on its own database; runs do what the test says. */
export async function startStacksHost() {
	const inventory: Device[] = [];
	const plans = new Map<string, Plan>();
	const operations = new Map<string, RunOperation[]>();
	const backups = new Map<string, string>();
	let bus: { db: Database; outbox: Outbox } | undefined;

	const devices = peer(devicesApi, {
		async listTargets({ body: { select } }) {
			const chosen = inventory.filter(
				({ id, groups, tags }) =>
					select.all ||
					select.device_ids?.includes(id) ||
					select.groups?.some((group) => groups.includes(group)) ||
					select.tags?.some((tag) => tags.includes(tag)),
			);
			return {
				targets: chosen.map(({ id, name, device_type, enabled }) => ({
					device_id: id,
					name,
					device_type,
					worker_pool: "default",
					enabled,
					disabled_reason: enabled ? null : "by hand",
				})),
			};
		},
		describeDevices: async ({ body }) => ({ devices: inventory.filter(({ id }) => body.device_ids.includes(id)) }),
		getPlatforms: async () => ({ platforms: [ios] }),
		listDevices: async ({ query }) => ({
			items: inventory.slice((query.page - 1) * query.page_size, query.page * query.page_size),
			page: query.page,
			page_size: query.page_size,
			total: inventory.length,
			total_is_exact: true,
			next_after: null,
		}),
	});
	const backup = peer(backupApi, {
		readCurrent: async ({ body }) => ({
			items: body.device_ids.flatMap((device_id) => {
				const text = backups.get(device_id);
				return text === undefined
					? []
					: [{ device_id, device_type: ios.id, backup_id: newId(), backed_up_at: new Date().toISOString(), text }];
			}),
		}),
	});

	const answers = {
		async startRun({ body }: { body: { idempotency_key: string; plan: Plan; run_id?: string } }) {
			const run_id = body.run_id ?? newId();
			plans.set(run_id, body.plan);
			operations.set(run_id, []);
			return { run_id };
		},
		async listOperations({ params, query }: { params: { id: string }; query: { page: number; step_id?: string } }) {
			const items = (operations.get(params.id) ?? []).filter(({ step_id }) => step_id === query.step_id);
			return { items: query.page === 1 ? items : [], page: query.page, page_size: 500, total: items.length };
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

	const host = await startTestHost({ services: [configService, tasks], peers: [devices, backup] });
	const url = host.host.databaseUrl("config");
	if (url === undefined) throw new TypeError("the config service has no database");
	const db = openDatabase({ url, schema: "config", application_name: "test", max: 2 });
	const api = host.client(configApi);

	async function publish<N extends EventName>(name: N, payload: EventPayload<N>): Promise<void> {
		const { db: own, outbox } = bus as { db: Database; outbox: Outbox };
		await own.transaction((tx) => outbox.publish(tx, name, payload));
	}

	/** As `decide` of a person would: what an operation came to is another than it was. */
	function noteOperation(run_id: string, device_id: string, ending: Ending): RunOperation {
		const ended = endings[ending];
		const at = new Date().toISOString();
		const operation: RunOperation = {
			...ended,
			id: newId(),
			run_id,
			step_id: ended.step_type === "plan_change" ? "plan" : "apply",
			device_id,
			device_name: inventory.find(({ id }) => id === device_id)?.name ?? "",
			wave: 0,
			attempts: 1,
			worker_id: null,
			skip_reason: null,
			started_at: at,
			finished_at: at,
			duration_ms: 1,
			decision: null,
			decided_by: null,
			decided_at: null,
			decision_reason: null,
		};
		const others = (operations.get(run_id) ?? []).filter((one) => one.device_id !== device_id);
		operations.set(run_id, [...others, operation]);
		return operation;
	}

	return {
		api,
		db,
		plans,
		backups,
		publish,
		noteOperation,
		as: (actor: Actor) => host.client(configApi, actor),
		addDevice(name: string, given: Partial<Device> = {}): string {
			const id = newId();
			const at = "2026-01-01T00:00:00.000Z";
			inventory.push({
				id,
				name,
				host: `192.0.2.${inventory.length + 1}`,
				port: 22,
				device_type: ios.id,
				credential_id: newId(),
				jump_device_id: null,
				legacy_algorithms: false,
				enabled: true,
				site: null,
				worker_pool: null,
				tags: [],
				groups: [],
				description: "",
				source: "manual",
				facts: {},
				facts_at: null,
				health: "unknown",
				health_at: null,
				health_error: null,
				created_at: at,
				updated_at: at,
				...given,
			});
			return id;
		},
		setEnabled(id: string, enabled: boolean): void {
			for (const device of inventory) if (device.id === id) device.enabled = enabled;
		},
		/** Tells what an operation came to, in the run's list and as an event. */
		async operationEnds(run_id: string, device_id: string, ending: Ending): Promise<void> {
			const { step_type, status, result, error, device_name, finished_at } = noteOperation(run_id, device_id, ending);
			const plan = plans.get(run_id) as Plan;
			await publish("operation.finished.v1", {
				run_id,
				kind: plan.kind,
				subject: plan.subject ?? null,
				operation_id: newId(),
				step_type,
				device_id,
				device_name,
				status,
				result,
				error,
				finished_at: finished_at ?? "",
			});
		},
		/** Starts a run that repeats another, as somebody does on its page. */
		async retry(retry_of: string): Promise<string> {
			const run_id = newId();
			const plan = plans.get(retry_of) as Plan;
			plans.set(run_id, plan);
			operations.set(run_id, []);
			const { kind, title, subject = null } = plan;
			await publish("run.started.v1", { run_id, kind, subject, title, total: 1, started_by: "ana", retry_of });
			return run_id;
		},
		async runEnds(run_id: string, status: RunStatus): Promise<void> {
			const plan = plans.get(run_id) as Plan;
			const counts = { pending: 0, running: 0, succeeded: 0, skipped: 0, failed: 0, cancelled: 0, unknown: 0 };
			const { kind, title, subject = null } = plan;
			const finished_at = new Date().toISOString();
			await publish("run.finished.v1", { run_id, kind, title, subject, status, counts, finished_at });
		},
		async stop() {
			await db.close();
			await host.stop();
		},
	};
}
