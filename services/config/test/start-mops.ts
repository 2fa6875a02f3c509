import { configApi } from "@netconductor/contracts/config/api";
import type { Mop } from "@netconductor/contracts/config/mops";
import { devicesApi } from "@netconductor/contracts/devices/api";
import { PlatformDefinition } from "@netconductor/contracts/devices/platform";
import type { EventName } from "@netconductor/contracts/events";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import { defineApi } from "@netconductor/contracts/kernel/operation";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import type { RunStatus } from "@netconductor/contracts/tasks/model";
import { type Procedure, StepTypeInfo } from "@netconductor/contracts/tasks/procedure";
import type { EventPayload, Outbox } from "@netconductor/runtime/bus/outbox";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { type AnyService, defineService } from "@netconductor/runtime/host/service";
import { newId } from "@netconductor/runtime/id";
import { admin, peer, startTestHost } from "@netconductor/runtime/testing/service";
import { configService } from "../src/service.ts";

export type StartedMops = Awaited<ReturnType<typeof startMops>>;

const frr = PlatformDefinition.parse({
	id: "frr",
	label: "FRRouting",
	vendor: "FRRouting",
	prompt: { exec: "^\\S+>$" },
	config: { commands: ["show running-config"], structure: "indent" },
});

function type(name: string, more: Record<string, unknown> = {}) {
	return StepTypeInfo.parse({
		type: name,
		label: name,
		description: "",
		category: "flow",
		runs_on: "server",
		writes: false,
		params: { type: "object", properties: {}, additionalProperties: false },
		blocks: [],
		aliases: [],
		permission: null,
		example: {},
		...more,
	});
}

const parameters = (properties: Record<string, unknown>, ...required: string[]) => ({
	params: { type: "object", properties, required, additionalProperties: false },
});

/** Some of the step types that tasks tells of, as it tells of them. */
const types = [
	type("run_command", {
		runs_on: "devices",
		aliases: ["ssh_command"],
		...parameters(
			{ commands: { type: "array", items: { type: "string" } }, timeout_s: { type: "integer" } },
			"commands",
		),
	}),
	type("set_config", {
		runs_on: "devices",
		writes: true,
		permission: "stacks:deploy",
		...parameters({ lines: { type: "string" } }, "lines"),
	}),
	type("log", parameters({ message: { type: "string" }, level: { enum: ["info", "error"] } }, "message")),
	type("wait", { aliases: ["delay"], ...parameters({ seconds: { type: "number" } }, "seconds") }),
	type("parallel", { runs_on: "flow", blocks: [{ name: "branches", required: true, many: true }] }),
	type("loop", {
		runs_on: "flow",
		blocks: [{ name: "steps", required: true, many: false }],
		...parameters({ items: { type: "array" }, as: { type: "string" } }),
	}),
	type("condition", {
		runs_on: "flow",
		blocks: [
			{ name: "then", required: true, many: false },
			{ name: "else", required: false, many: false },
		],
		...parameters({ if: { type: "string" } }, "if"),
	}),
	type("deploy_stack", {
		permission: "stacks:deploy",
		...parameters({ stack: {}, action: {}, only: {}, reason: {} }, "stack"),
	}),
	type("run_mop", {
		runs_on: "flow",
		...parameters({ mop: { type: "string" }, variables: { type: "object" } }, "mop"),
	}),
];

type Started = {
	key: string;
	procedure: Procedure;
	run_id: string;
	by: string;
	groups: string[] | undefined;
};

/** The config service with procedures, on its own database. */
export async function startMops() {
	const at = "2026-01-01T00:00:00.000Z";
	const known = ["edge-1", "edge-2", "core-1"].map((name) => ({
		id: newId(),
		name,
		host: "192.0.2.1",
		port: 22,
		device_type: frr.id,
		credential_id: newId(),
		jump_device_id: null,
		legacy_algorithms: false,
		enabled: true,
		site: null,
		worker_pool: null,
		tags: [],
		groups: name.startsWith("edge") ? ["edge"] : [],
		description: "",
		source: "manual" as const,
		facts: {},
		facts_at: null,
		health: "unknown" as const,
		health_at: null,
		health_error: null,
		created_at: at,
		updated_at: at,
	}));
	const disabled = new Set<string>();
	const runs = new Map<string, Started>();
	const status = new Map<string, RunStatus>();
	let losesAnswers = false;
	let selections = 0;
	let meanwhile: (() => Promise<void>) | undefined;

	const devices = peer(devicesApi, {
		async listTargets({ body: { select } }) {
			selections += 1;
			const missing = select.names?.find((name) => !known.some((device) => device.name === name));
			if (missing !== undefined) throw failed("devices.not_found", { message: `There is no device ${missing}` });
			const chosen = known.filter(
				({ name, groups }) =>
					select.all || select.names?.includes(name) || select.groups?.some((group) => groups.includes(group)),
			);
			return {
				targets: chosen.map(({ id, name, device_type }) => ({
					device_id: id,
					name,
					device_type,
					worker_pool: "default",
					enabled: !disabled.has(name),
					disabled_reason: disabled.has(name) ? "in the workshop" : null,
				})),
			};
		},
		// Groups outside of a role's own do not exist for it.
		describeDevices: async ({ body, actor }) => ({
			devices: known
				.filter(({ id }) => body.device_ids.includes(id))
				.map((device) => (actor.device_groups === undefined ? device : { ...device, groups: [] })),
		}),
		getPlatforms: async () => ({ platforms: [frr] }),
	});
	const tasks = peer(tasksApi, {
		describeStepTypes: async () => ({ types, hints: [{ name: "email", hint: "Use notify." }] }),
		checkSteps: async ({ body }) => {
			const first = meanwhile;
			meanwhile = undefined;
			await first?.();
			return {
				faults: body.steps.flatMap(({ type: name, with: given }, index) => {
					const params = types.find((one) => one.type === name)?.params as {
						properties: Record<string, unknown>;
						required?: string[];
					};
					return [
						...Object.keys(given)
							.filter((key) => !(key in params.properties))
							.map((key) => ({ index, path: [key], message: "There is no such parameter" })),
						...(params.required ?? [])
							.filter((key) => !(key in given))
							.map((key) => ({ index, path: [key], message: "is missing" })),
					];
				}),
				changing: body.steps.flatMap(({ type: name }, index) =>
					types.find((one) => one.type === name)?.writes ? [index] : [],
				),
				commands: body.steps.flatMap(({ type: name, with: given }, index) =>
					name === "run_command" && Array.isArray(given.commands)
						? [{ index, commands: given.commands.map(String) }]
						: [],
				),
			};
		},
		async startProcedure({ body: { idempotency_key: key, procedure }, actor }) {
			const run = runs.get(key) ?? { key, procedure, run_id: newId(), by: actor.name, groups: actor.device_groups };
			runs.set(key, run);
			status.set(run.run_id, "running");
			if (losesAnswers) throw failed("service.unavailable", { message: "the answer was lost" });
			return { run_id: run.run_id };
		},
		async getRun({ params, actor }) {
			const run = [...runs.values()].find(({ run_id }) => run_id === params.id);
			if (!isSeenBy(actor, run)) throw failed("runs.not_found", { message: `There is no run ${params.id}` });
			return runOf(params.id);
		},
		async listRunsOfSubjects({ body, actor }) {
			const seen = [...runs.values()].filter(
				(run) => isSeenBy(actor, run) && (body.id === undefined || run.procedure.mop.id === body.id),
			);
			const from = body.cursor === undefined ? 0 : Number(body.cursor);
			const next_cursor = from + body.limit < seen.length ? String(from + body.limit) : null;
			const items = seen.toReversed().slice(from, from + body.limit);
			return { items: items.map(({ run_id }) => runOf(run_id)), next_cursor };
		},
		async listNewestRuns({ body, actor }) {
			const newest = body.ids.flatMap(
				(id) => [...runs.values()].findLast((run) => isSeenBy(actor, run) && run.procedure.mop.id === id) ?? [],
			);
			return {
				runs: newest.map(({ run_id, procedure }) => ({
					...runOf(run_id),
					subject: { type: "mop", id: procedure.mop.id },
				})),
			};
		},
		cancelRun: async ({ params }) => runOf(params.id),
		restartRun: async () => ({ run_id: newId() }),
		async getRunProcedure({ params, actor }) {
			const run = [...runs.values()].find(({ run_id }) => run_id === params.id);
			if (!isSeenBy(actor, run)) throw failed("runs.not_found", { message: `There is no run ${params.id}` });
			const { mop, reason, steps } = run?.procedure ?? {
				mop: { id: newId(), name: "other", version: 7 },
				reason: "from a step",
				steps: [],
			};
			return {
				run_id: params.id,
				mop,
				mode: "run" as const,
				reason,
				steps,
				rollback: [],
				variables: {},
				secret_variables: [],
				devices: 0,
				restarted: null,
			};
		},
	});
	/** As the engine has it, as far as these tests need it. */
	function isSeenBy({ device_groups }: Actor, run: Started | undefined): boolean {
		return device_groups === undefined || run?.groups?.every((id) => device_groups.includes(id)) === true;
	}
	function runOf(id: string) {
		return {
			id,
			kind: "mop" as const,
			title: "a run",
			status: status.get(id) ?? ("running" as const),
			counts: { pending: 0, running: 0, succeeded: 0, skipped: 0, failed: 0, cancelled: 0, unknown: 0 },
			total: 0,
			steps: [],
			started_by: { kind: "user", id: admin.id, name: admin.name },
			subject: null,
			unserved: [],
			retry_of: null,
			cancel_requested_by: null,
			waiting_for: null,
			progress: null,
			end_reason: null,
			created_at: at,
			started_at: at,
			finished_at: null,
		};
	}
	// A mere peer publishes no events.
	let bus: { db: Database; outbox: Outbox } | undefined;
	const teller = defineService({
		name: "teller",
		api: defineApi("teller", {}),
		setup({ db, outbox }) {
			bus = { db, outbox };
			return { operations: {} };
		},
	});
	const host = await startTestHost({ services: [configService, teller as AnyService], peers: [devices, tasks] });
	const api = host.client(configApi);
	return {
		api,
		host,
		as: (actor: Actor) => host.client(configApi, actor),
		runs,
		disabled,
		/** Does this when steps are looked at the next time, before they are. */
		beforeCheck(act: () => Promise<void>) {
			meanwhile = act;
		},
		/** Selections of devices that were looked up so far. */
		selections: () => selections,
		idOf: (name: string) => known.find((device) => device.name === name)?.id ?? "",
		/** Answers of starts get lost from now on, or do not. */
		loseAnswers(lost: boolean) {
			losesAnswers = lost;
		},
		/** Publishes an event; it is applied soon after. */
		async tell<N extends EventName>(name: N, payload: EventPayload<N>): Promise<void> {
			const { db, outbox } = bus as { db: Database; outbox: Outbox };
			await db.transaction((tx) => outbox.publish(tx, name, payload));
		},
		add: (source: string): Promise<Mop> => api.createMop({ body: { source } }),
		validate: (source: string) => api.validateMop({ body: { source } }),
		stop: () => host.stop(),
	};
}
