import { authApi } from "@netconductor/contracts/auth/api";
import { backupApi } from "@netconductor/contracts/backup/api";
import { configApi } from "@netconductor/contracts/config/api";
import { NewStack } from "@netconductor/contracts/config/stacks";
import { devicesApi } from "@netconductor/contracts/devices/api";
import type { Selection, Target } from "@netconductor/contracts/devices/model";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import { defineApi } from "@netconductor/contracts/kernel/operation";
import { schedulingApi } from "@netconductor/contracts/scheduling/api";
import type { ScheduleInput } from "@netconductor/contracts/scheduling/model";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Run, RunStatus } from "@netconductor/contracts/tasks/model";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import { type Clock, systemClock } from "@netconductor/runtime/clock";
import { type Database, openDatabase } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { type AnyService, defineService, type Handlers } from "@netconductor/runtime/host/service";
import { newId } from "@netconductor/runtime/id";
import { actorWith, admin, peer, startTestHost } from "@netconductor/runtime/testing/service";
import { z } from "zod";
import { defineKind } from "../src/kind.ts";
import { kindsOf, loadKinds } from "../src/load-kinds.ts";
import { createSchedulingService } from "../src/service.ts";

/** A clock of the wall that stands where it is set; time itself goes on, and sleeping is short. */
export function createSetClock(at: string) {
	let now = Date.parse(at);
	return {
		now: () => new Date(now),
		elapsed_ms: systemClock.elapsed_ms,
		sleep: (ms, signal) => systemClock.sleep(ms / 40, signal),
		set(to: string) {
			now = Date.parse(to);
		},
	} satisfies Clock & { set(to: string): void };
}

const writing = z.strictObject({ select: z.custom<Selection>(), wanted: z.int().max(9).default(1) });

/** Changes devices, as kinds of other services do. */
const probeChange = defineKind({
	kind: "probe_change",
	label: "Probe",
	permission: "devices:write",
	changes_devices: true,
	params: writing,
	needs: { devices: devicesApi },
	named: ({ select }) => [select],
	select: async ({ select }) => select,
	start: ({ params, key, caller }, { devices }) => devices.startTest({ body: { key, select: params.select } }, caller),
});

interface Started {
	run_id: string;
	by: string;
	key: string;
	names: string[];
	not_after: string | null;
}

/** The scheduling service on a real database, with peers that stand for users, inventory, backup and runs. */
export async function startSchedulingHost(clock = createSetClock("2026-03-02T00:00:00Z")) {
	const targets: Target[] = [];
	const groups = new Map<string, string[]>();
	const users = new Map([
		[admin.id, { username: admin.name, disabled: false, permissions: ["*"], device_groups: null as string[] | null }],
	]);
	/** Names of the devices that there are for roles that are limited to a group, by its id. */
	const limits = new Map<string, string[]>();
	const exists = ({ device_groups }: Actor, { name }: Target) =>
		device_groups?.some((id) => limits.get(id)?.includes(name)) ?? true;
	const tokens = new Map<string, Actor>();
	/** Runs by the key that they were started with. */
	const started = new Map<string, Started>();
	const runs = new Map<string, RunStatus>();
	const world = { refuseStart: undefined as Error | undefined, startCalls: 0, runsAre: "running" as RunStatus };
	let bus: { db: Database; outbox: Outbox } | undefined;

	function select({ all, device_ids, names, groups: asked = [] }: Selection, actor: Actor): Target[] {
		const there = targets.filter((target) => exists(actor, target));
		const members = asked.flatMap((group) => {
			const known = groups.get(group);
			if (known === undefined) throw failed("device_groups.not_found", { message: `There is no group ${group}` });
			return known;
		});
		const missing = [...(names ?? []), ...(device_ids ?? [])].find(
			(key) => !there.some(({ name, device_id }) => [name, device_id].includes(key)),
		);
		if (missing !== undefined) throw failed("devices.not_found", { message: `There is no device ${missing}` });
		return there.filter(
			({ device_id, name }) =>
				all || device_ids?.includes(device_id) || names?.includes(name) || members.includes(name),
		);
	}

	async function startOnce(
		key: string,
		selection: Selection,
		actor: Actor,
		not_after: string | null = null,
	): Promise<{ run_id: string }> {
		world.startCalls++;
		if (world.refuseStart !== undefined) throw world.refuseStart;
		const known = started.get(key);
		if (known !== undefined) return { run_id: known.run_id };
		const run_id = newId();
		started.set(key, {
			run_id,
			by: actor.name,
			key,
			names: select(selection, actor).map(({ name }) => name),
			not_after,
		});
		runs.set(run_id, world.runsAre);
		return { run_id };
	}

	const devices = peer(devicesApi, {
		listTargets: async ({ body, actor }) => ({ targets: select(body.select, actor) }),
		listDevicesInScope: async ({ actor }) => ({
			device_ids: targets.filter((target) => exists(actor, target)).map(({ device_id }) => device_id),
		}),
		startTest: ({ body, actor }) => startOnce(body.key, body.select, actor),
	});
	const backup = peer(backupApi, {
		startSnapshot: ({ body, actor }) => startOnce(body.snapshot_id, body.select, actor),
	});
	/** One procedure: what it is for, and its secrets. */
	const procedure = {
		name: "Nightly check",
		targets: { groups: ["edge"] } as Selection | null,
		secrets: [] as { name: string; required: boolean }[],
		changes: true,
	};
	const config = peer(configApi, {
		outlineMop: async () => ({ ...procedure, step_targets: [] }),
		getStack: async ({ params }) => ({
			...NewStack.parse({
				name: params.id,
				services: [{ name: "one", template_id: newId(), targets: { groups: ["Core"] } }],
			}),
			id: newId(),
			state: "deployed",
			pending_changes: false,
			version: 1,
			deployed_version: 1,
			deployed_at: null,
			last_run_id: null,
			made_from: null,
			parameters: null,
			created_at: clock.now().toISOString(),
			updated_at: clock.now().toISOString(),
			created_by: "admin",
			updated_by: "admin",
		}),
		startStackRun: ({ body, actor }) => startOnce(body.key, { groups: ["Core"] }, actor, body.not_after),
		startMopRun: ({ body, actor }) =>
			startOnce(body.key, body.targets ?? procedure.targets ?? {}, actor, body.not_after),
	});
	const auth = peer(authApi, {
		async describeUsers({ body }) {
			return {
				users: body.user_ids.flatMap((id) => {
					const user = users.get(id);
					return user === undefined ? [] : [{ id, display_name: "", role: "operator", ...user }];
				}),
			};
		},
		async resolveActor({ body }) {
			const actor = body.kind === "api_token_id" ? tokens.get(body.token_id) : undefined;
			if (actor === undefined) throw failed("auth.unauthenticated", { message: "The API token is unknown." });
			return { actor, must_change_password: false, must_add_second_factor: false };
		},
	});
	const answers: Partial<Handlers<typeof tasksApi>> = {
		async getRun({ params }) {
			const status = runs.get(params.id);
			if (status === undefined) throw failed("runs.not_found", { message: `There is no run ${params.id}` });
			return runOf(params.id, status);
		},
	};
	// Unlike a mere peer it publishes events, so it has a schema.
	const tasks = defineService({
		name: "tasks",
		api: defineApi("tasks", { getRun: tasksApi.operations.getRun }),
		setup({ db, outbox }) {
			bus = { db, outbox };
			return { operations: answers as never };
		},
	}) as AnyService;

	const kinds = kindsOf([...(await loadKinds(new URL("../src/kinds/", import.meta.url))).values(), probeChange]);
	const host = await startTestHost({
		services: [createSchedulingService(kinds), tasks],
		peers: [devices, backup, auth, config],
		clock,
	});
	const client = host.client(schedulingApi);
	const url = host.host.databaseUrl("scheduling");
	if (url === undefined) throw new TypeError("the service has no database");
	const db = openDatabase({ url, schema: "scheduling", application_name: "test", max: 2 });

	function addDevice(name: string): Target {
		const target = {
			device_id: newId(),
			name,
			device_type: "frr",
			worker_pool: "default",
			enabled: true,
			disabled_reason: null,
		};
		targets.push(target);
		return target;
	}

	/** Somebody with a user of their own and just these permissions. */
	function addUser(username: string, ...permissions: string[]): Actor {
		const actor = { ...actorWith(...permissions), id: newId(), name: username };
		users.set(actor.id, { username, disabled: false, permissions, device_groups: null });
		return actor;
	}

	/** The same, with a role that is limited to these groups; from now on where there is such a user already. */
	function limit(actor: Actor, device_groups: string[] | null): Actor {
		const user = users.get(actor.id);
		if (user === undefined) throw new TypeError(`there is no user ${actor.name}`);
		users.set(actor.id, { ...user, device_groups });
		const { device_groups: _, ...unlimited } = actor;
		return device_groups === null ? unlimited : { ...unlimited, device_groups };
	}

	/** Ends a run as tasks does. */
	async function endRun(run_id: string, status: RunStatus = "succeeded"): Promise<void> {
		runs.set(run_id, status);
		const { db: own, outbox } = bus as { db: Database; outbox: Outbox };
		const counts = { pending: 0, running: 0, succeeded: 1, skipped: 0, failed: 0, cancelled: 0, unknown: 0 };
		const event = { run_id, kind: "backup" as const, subject: null, title: "x", status, counts };
		await own.transaction((tx) =>
			outbox.publish(tx, "run.finished.v1", { ...event, finished_at: clock.now().toISOString() }),
		);
	}

	/** Says that somebody broke the glass of a run, as alerts (of its approval) or tasks (of a calendar) does. */
	async function breakGlass(run_id: string, of: "approval" | "calendar", by: string): Promise<void> {
		const { db: own, outbox } = bus as { db: Database; outbox: Outbox };
		const [at, reason] = [clock.now().toISOString(), "it cannot wait"];
		const decided = { approval_id: newId(), plan_sha256: "a".repeat(64), not_before: null, not_after: null };
		const broken = { kind: "deploy" as const, subject: null, title: "x", why: "Changes are frozen (Year end)" };
		await own.transaction((tx) =>
			of === "approval"
				? outbox.publish(tx, "approval.decided.v1", {
						...decided,
						run_id,
						status: "bypassed",
						decided_by: [by],
						reason,
						decided_at: at,
					})
				: outbox.publish(tx, "run.glass_broken.v1", { ...broken, run_id, by: { id: by, name: by }, reason, at }),
		);
	}

	return {
		...host,
		breakGlass,
		client,
		clientOf: (actor: Actor) => host.client(schedulingApi, actor),
		clock,
		db,
		url,
		users,
		tokens,
		groups,
		limits,
		limit,
		procedure,
		started,
		runs,
		world,
		addDevice,
		idOf: (name: string) => targets.find((target) => target.name === name)?.device_id ?? "",
		addUser,
		endRun,
		async stop() {
			await db.close();
			await host.stop();
		},
	};
}

function runOf(id: string, status: RunStatus): Run {
	return {
		id,
		kind: "backup",
		title: "x",
		status,
		counts: { pending: 0, running: 0, succeeded: 0, skipped: 0, failed: 0, cancelled: 0, unknown: 0 },
		total: 1,
		steps: [],
		started_by: { kind: "user", id: "x", name: "x" },
		subject: null,
		unserved: [],
		retry_of: null,
		cancel_requested_by: null,
		waiting_for: null,
		progress: null,
		end_reason: null,
		created_at: "2026-03-02T00:00:00.000Z",
		started_at: null,
		finished_at: status === "running" ? null : "2026-03-02T00:00:00.000Z",
	};
}

export type SchedulingHost = Awaited<ReturnType<typeof startSchedulingHost>>;

/** A backup of all devices every day at six, unless told. */
export function scheduleInput(name: string, given: Partial<ScheduleInput> = {}): ScheduleInput {
	return {
		name,
		kind: "backup",
		params: { select: { all: true } },
		timing: { type: "daily", times: ["06:00"] },
		...given,
	};
}

/** Waits until something holds. */
export async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
	for (const began = performance.now(); ; ) {
		if (await holds()) return;
		if (performance.now() - began > 20_000) throw new Error("it did not come to hold in 20 s");
		await systemClock.sleep(25);
	}
}
