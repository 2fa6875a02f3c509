import type { RenderedDevice, ValidationSource } from "@netconductor/contracts/config/stacks";
import type { Template } from "@netconductor/contracts/config/templates";
import type { Target } from "@netconductor/contracts/devices/model";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Plan, Rollout, RunKind } from "@netconductor/contracts/tasks/model";
import type { Clock } from "@netconductor/runtime/clock";
import { failed, isAppError } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { CallContext } from "@netconductor/runtime/host/service";
import { eq, sql } from "drizzle-orm";
import { type SentService, sentServices } from "../instances/tables.ts";
import type { ConfigOperation, Statements } from "../operation.ts";
import { fillFromResources } from "../resources/variables.ts";
import { refuseBusy } from "./change-stacks.ts";
import {
	linesOf,
	type Only,
	onlyOn,
	placeServices,
	type RenderNeeds,
	renderOn,
	targetsOf,
	templatesOf,
	verificationsOf,
} from "./render-stack.ts";
import { findStack, lockStack, type StackRow } from "./stack-store.ts";
import { type StartingRun, stackRuns, stacks } from "./tables.ts";
import { wavesOf } from "./waves.ts";

export interface RunNeeds extends RenderNeeds {
	tasks: Pick<Client<typeof tasksApi, CallerContext>, "startRun">;
	clock: Clock;
}

type Kind = Extract<RunKind, "plan" | "deploy" | "delete" | "validate">;
const changes = (kind: Kind): kind is "deploy" | "delete" => kind === "deploy" || kind === "delete";

interface Wanted extends Only {
	kind: Kind;
	rollout?: Rollout | undefined;
	reason: string;
	/** What a validation compares with. */
	source?: ValidationSource | undefined;
	/** Until when a change may begin on a device; null: at any time. */
	not_after?: string | null;
}

const titles: Readonly<Record<Kind, string>> = {
	plan: "Plan of",
	deploy: "Deployment of",
	delete: "Removal of",
	validate: "Validation of",
};
/** Devices of which it is said that they could not be rendered. */
const mostFaults = 20;
/** Rows that one statement writes. */
const sentAtOnce = 500;
/** A start of which nothing was heard for so long did not happen; no answer takes that long. */
const startsWithin_ms = 120_000;

export function planStack(needs: RunNeeds): ConfigOperation<"planStack"> {
	return ({ params, body, ...call }) => run(needs, params.id, { kind: "plan", reason: "", ...body }, call);
}

export function deployStack(needs: RunNeeds): ConfigOperation<"deployStack"> {
	return ({ params, body, ...call }) => run(needs, params.id, { kind: "deploy", ...body }, call);
}

export function removeStack(needs: RunNeeds): ConfigOperation<"removeStack"> {
	return ({ params, body, ...call }) => run(needs, params.id, { kind: "delete", ...body }, call);
}

export function startValidation(needs: RunNeeds): ConfigOperation<"startValidation"> {
	return ({ params, body, ...call }) => run(needs, params.id, { kind: "validate", ...body }, call);
}

/** For a service that may ask again after a crash. */
export function startStackRun(needs: RunNeeds): ConfigOperation<"startStackRun"> {
	return async ({ body: { key, stack, ...wanted }, ...call }) => {
		const [known] = await needs.db.orm
			.select()
			.from(stackRuns)
			.where(eq(stackRuns.start_key, startKey(key)));
		if (known !== undefined) return { run_id: known.run_id };
		if (call.actor.device_groups !== undefined) {
			throw failed("auth.out_of_scope", {
				message: "Service stacks are not open to roles that are limited to device groups.",
			});
		}
		return run(needs, stack, wanted, call, { idempotency_key: startKey(key), run_id: key });
	};
}

const startKey = (key: string) => `stack:key:${key}`;

/**
 * Renders everything first: when one device cannot be rendered, nothing starts. Then one run does the rest. The same request again answers the same
 * run, so that one which was started and not noted here (a crash between the two) is noted when it is asked for again or tells of itself.
 */
export async function run(
	needs: RunNeeds,
	key: string,
	wanted: Wanted,
	call: CallContext,
	start: { idempotency_key: string; run_id?: string } = {
		idempotency_key: `stack:${wanted.kind}:${key}:${call.request_id}`,
	},
): Promise<{ run_id: string }> {
	const { idempotency_key } = start;
	const stack = await findStack(needs.db.orm, key);
	if (changes(wanted.kind) && stack.starting === null) refuseBusy(stack);
	if (wanted.kind === "delete") await requireDeleteTemplates(needs, stack, wanted);
	const action = wanted.kind === "delete" ? "delete" : wanted.kind === "validate" ? "validation" : "deploy";
	const placed = await placeServices(needs, stack, action, wanted, call);
	const on = targetsOf(placed);
	const enabled = on.filter(({ disabled_reason }) => disabled_reason === null);
	refuseDisabled(stack, on.length, enabled.length);
	// Before they are rendered: of a template that is changed meanwhile it is then told that it was.
	const own = await templatesOf(needs, stack, "deploy");
	const filled = await fillFromResources(needs, stack, enabled, call);
	const rendered = await renderOn(needs, filled, { action, placed, on: enabled }, call);
	const isDeployed = wanted.kind === "deploy" || wanted.kind === "plan";
	const verified = isDeployed
		? await renderOn(needs, filled, { action: "verification", placed, on: enabled }, call)
		: [];
	refuseFaults(stack, [...rendered, ...verified]);
	const verify = verificationsOf(verified);
	const inputs = rendered.map((device) => ({ device, lines: linesOf(device) }));
	if (inputs.every(({ lines }) => lines.length === 0)) {
		throw failed("stacks.nothing_to_do", {
			message: `${stack.name} comes to nothing on ${enabled.length === 1 ? "its device" : `its ${enabled.length} devices`}: its templates render to no line.`,
			details: { stack: stack.name },
		});
	}
	const groups = await groupsOf(needs, enabled, call);
	const pools = new Map(enabled.map(({ device_id, worker_pool }) => [device_id, worker_pool]));
	const sentOn = new Set(inputs.flatMap(({ device, lines }) => (lines.length === 0 ? [] : [device.device_id])));
	const waves = wavesOf(onlyOn(placed, sentOn), action);
	const plan = {
		kind: wanted.kind,
		title: `${titles[wanted.kind]} ${stack.name}${wanted.reason === "" ? "" : `: ${wanted.reason}`}`.slice(0, 200),
		steps: stepsOf(stack, wanted),
		targets: inputs.flatMap(({ device: { device_id, device_name }, lines }) =>
			lines.length === 0
				? []
				: [
						{
							device_id,
							name: device_name,
							groups: groups.get(device_id) ?? [],
							wave: waves.get(device_id) ?? 0,
							worker_pool: pools.get(device_id),
							input: { lines, verify: verify.get(device_id) },
						},
					],
		),
		skipped: [
			...on.flatMap(({ device_id, name, disabled_reason }) =>
				disabled_reason === null ? [] : [{ device_id, name, reason: `disabled: ${disabled_reason}` }],
			),
			...inputs.flatMap(({ device: { device_id, device_name }, lines }) =>
				lines.length > 0 ? [] : [{ device_id, name: device_name, reason: "The templates render to no line" }],
			),
		],
		subject: { type: "stack", id: stack.id },
	};
	const sent = inputs.flatMap(({ device, lines }) => (lines.length === 0 ? [] : [sentTo(device, wanted.kind, own)]));
	const starting = await reserve(needs, stack, wanted, { key: idempotency_key, sent }, call);
	let run_id: string;
	try {
		({ run_id } = await needs.tasks.startRun({ body: { ...start, plan } }, call));
	} catch (error) {
		// Whether it started is not known when the answer was lost: then its own word of its start counts.
		if (!isAppError(error) || !error.retryable) await release(needs.db, stack.id, idempotency_key);
		throw error;
	}
	await needs.db.transaction((tx) => noteRun(tx, { run_id, stack_id: stack.id, ...starting }));
	call.note({
		resource_type: "stack",
		resource_id: stack.id,
		resource_name: stack.name,
		after: { run_id, kind: wanted.kind, version: stack.version, devices: plan.targets.length, reason: wanted.reason },
	});
	return { run_id };
}

/**
 * A plan reads only. A change keeps the configuration before it, plans, waits for what it needs, changes, and keeps the configuration after it. Where
 * checks are to hold before, they are asked first of all: a device where one does not is left as it is.
 */
function stepsOf(stack: StackRow, { kind, rollout, source = "backup", not_after = null }: Wanted): Plan["steps"] {
	const { confirm_within_s, pre_checks, pre_state_checks, checks, state_checks } = stack;
	if (kind === "validate") return [{ id: "compare", type: "compare_config", params: { source } }];
	const plan = { id: "plan", type: "plan_change", params: {} };
	const asked = kind !== "delete" && pre_checks.length + pre_state_checks.length > 0;
	const first = asked
		? [{ id: "pre_check", type: "check_state", params: { checks: pre_checks, state_checks: pre_state_checks } }]
		: [];
	if (kind === "plan") return [...first, plan];
	const verified = kind === "deploy" ? { checks, state_checks } : {};
	return [
		...first,
		{ id: "before", type: "collect_config", params: {} },
		plan,
		{
			id: "apply",
			type: "apply_change",
			params: { plan: "plan", confirm_within_s, ...verified },
			gate: { approval: true, not_after, rollout: rollout ?? stack.rollout },
		},
		{ id: "after", type: "collect_config", params: {} },
	];
}

/** What a device is sent, by service: what has no line is not sent, and is gone all the same when it is to go. */
function sentTo({ device_id, device_name, services }: RenderedDevice, kind: Kind, own: ReadonlyMap<string, Template>) {
	return {
		device_id,
		device_name,
		services: services.flatMap(({ name, text }): SentService[] => {
			const template = own.get(name);
			if (template === undefined || (kind === "deploy" && text.trim() === "")) return [];
			return [
				{ name, template_id: template.id, template_name: template.name, template_version: template.version, text },
			];
		}),
	};
}

type Noted = Omit<StartingRun, "kind"> & { kind: Kind | "check" };

/**
 * Takes the stack for a run that is about to start, so that of two who deploy at once one is refused.
 * @throws stacks.busy
 */
async function reserve(
	{ db, clock }: RunNeeds,
	stack: StackRow,
	wanted: Wanted,
	{ key, sent }: { key: string; sent: ReturnType<typeof sentTo>[] },
	call: CallContext,
): Promise<Noted> {
	return db.transaction(async (tx) => {
		const now = await lockStack(tx, stack.id);
		const { kind, reason, device_ids, parts } = wanted;
		const state_before = now.starting?.state_before ?? now.state;
		const noted = {
			key,
			at: clock.now().toISOString(),
			version: stack.version,
			state_before,
			part: device_ids !== undefined || parts !== undefined,
			reason,
			by: call.actor.name,
		};
		if (!changes(kind)) return { ...noted, kind };
		// The same start asked for again, after its answer was lost.
		const own = now.starting?.key === key;
		const abandoned = now.starting !== null && clock.now().getTime() - Date.parse(now.starting.at) > startsWithin_ms;
		if (!own && !abandoned) refuseBusy(now);
		if (!own) await dropForgone(tx, stack.id);
		const starting: StartingRun = { ...noted, kind };
		await tx
			.update(stacks)
			.set({ state: kind === "deploy" ? "deploying" : "deleting", starting })
			.where(eq(stacks.id, stack.id));
		for (let from = 0; from < sent.length; from += sentAtOnce) {
			const rows = sent.slice(from, from + sentAtOnce).map((row) => ({ ...row, start_key: key, stack_id: stack.id }));
			await tx.insert(sentServices).values(rows).onConflictDoNothing();
		}
		return starting;
	});
}

async function release(db: RunNeeds["db"], stack_id: string, key: string): Promise<void> {
	await db.transaction(async (tx) => {
		const { starting } = await lockStack(tx, stack_id);
		if (starting?.key !== key) return;
		await tx.update(stacks).set({ state: starting.state_before, starting: null }).where(eq(stacks.id, stack_id));
		await dropSent(tx, key);
	});
}

/** What earlier runs of the stack sent: nobody repeats them any more. Of what is unknown a person may still say how it ended. */
async function dropForgone(tx: Statements, stack_id: string): Promise<void> {
	await tx.execute(
		sql`delete from sent_services s where s.stack_id = ${stack_id}::uuid and not exists (
			select from stack_runs r where r.start_key = s.start_key and (r.finished_at is null or r.settle_due or r.status = 'needs_attention'))`,
	);
}

/**
 * Notes a run that repeats one of the stack in part, started by a person on that run's page. It sends what the other sent.
 */
export async function noteRetry(
	tx: Statements,
	{ run_id, retry_of, by, at }: { run_id: string; retry_of: string; by: string; at: string },
): Promise<void> {
	const [repeated] = await tx.select().from(stackRuns).where(eq(stackRuns.run_id, retry_of));
	if (repeated === undefined) return;
	const { kind, stack_id, version, whole } = repeated;
	const stack = await lockStack(tx, stack_id);
	const key = `stack:retry:${run_id}`;
	const busy = stack.state === "deploying" || stack.state === "deleting";
	const noted = await tx
		.insert(stackRuns)
		.values({
			run_id,
			stack_id,
			start_key: key,
			kind,
			status: "queued",
			version,
			state_before: busy ? "partial" : stack.state,
			part: true,
			whole,
			reason: repeated.reason,
			started_by: by,
			started_at: at,
		})
		.onConflictDoNothing()
		.returning({ run_id: stackRuns.run_id });
	if (noted.length === 0 || (kind !== "deploy" && kind !== "delete")) return;
	await tx
		.update(stacks)
		.set({ last_run_id: run_id, state: kind === "deploy" ? "deploying" : "deleting" })
		.where(eq(stacks.id, stack_id));
	await tx.execute(
		sql`insert into sent_services (start_key, device_id, stack_id, device_name, services)
			select ${key}, device_id, stack_id, device_name,
				coalesce((select jsonb_agg(one - 'gone' order by place) from jsonb_array_elements(services) with ordinality as each (one, place)), '[]')
			from sent_services where start_key = ${repeated.start_key}`,
	);
}

async function dropSent(tx: Statements, start_key: string): Promise<void> {
	await tx.delete(sentServices).where(eq(sentServices.start_key, start_key));
}

/** Notes a run that has started, once: whoever started it does, and its own event. The stack is locked first, by both, so that neither waits for the other in a circle. */
export async function noteRun(
	tx: Statements,
	{
		run_id,
		stack_id,
		key,
		kind,
		version,
		state_before,
		part,
		reason,
		by,
		at,
	}: Noted & { run_id: string; stack_id: string },
): Promise<void> {
	const [stack] = await tx.select({ state: stacks.state }).from(stacks).where(eq(stacks.id, stack_id)).for("update");
	if (stack === undefined) return;
	const noted = await tx
		.insert(stackRuns)
		.values({
			run_id,
			stack_id,
			kind,
			status: "queued",
			version,
			start_key: key,
			state_before,
			part,
			whole: !part,
			reason,
			started_by: by,
			started_at: at,
		})
		.onConflictDoNothing()
		.returning({ run_id: stackRuns.run_id });
	if (noted.length === 0) return;
	const changes = kind === "deploy" || kind === "delete";
	// While a run changes devices the stack waits for that one's end, whatever is planned meanwhile.
	if (!changes && (stack.state === "deploying" || stack.state === "deleting")) return;
	await tx
		.update(stacks)
		.set({ last_run_id: run_id, ...(changes && { starting: null }) })
		.where(eq(stacks.id, stack_id));
}

/** Groups of each device, for approval policies. */
async function groupsOf(
	{ devices }: RunNeeds,
	on: readonly Target[],
	call: CallerContext,
): Promise<Map<string, string[]>> {
	const body = { device_ids: on.map(({ device_id }) => device_id) };
	const { devices: found } = await devices.describeDevices({ body }, call);
	return new Map(found.map(({ id, groups }) => [id, groups]));
}

async function requireDeleteTemplates(needs: RunNeeds, stack: StackRow, { parts }: Only): Promise<void> {
	const found = await templatesOf(needs, stack, "delete");
	const meant = parts && new Set([...parts.values()].flatMap((services) => [...services]));
	const without = stack.services.flatMap(({ name }) =>
		found.has(name) || (meant !== undefined && !meant.has(name)) ? [] : [name],
	);
	if (without.length === 0) return;
	throw failed("stacks.no_delete_template", {
		message: `${without.join(", ")} of ${stack.name} cannot be removed: ${without.length === 1 ? "its template names" : "their templates name"} no delete template.`,
		details: { stack: stack.name, services: without },
	});
}

function refuseDisabled({ name }: StackRow, devices: number, enabled: number): void {
	if (enabled > 0) return;
	throw failed(devices === 0 ? "stacks.nothing_to_do" : "devices.disabled", {
		message:
			devices === 0
				? `${name} stands on no device: its services name none, or none of those that were chosen.`
				: `All ${devices} devices of ${name} are disabled. Nothing was started.`,
		details: { stack: name },
	});
}

function refuseFaults({ name }: StackRow, rendered: readonly RenderedDevice[]): void {
	const faults = rendered.flatMap(({ device_name, services }) =>
		services.flatMap((service) => (service.error === null ? [] : [{ device_name, ...service.error }])),
	);
	const [first] = faults;
	if (first === undefined) return;
	const others = new Set(faults.map(({ device_name }) => device_name)).size - 1;
	throw failed("stacks.not_rendered", {
		message: `${name} cannot be rendered for ${first.device_name}${others > 0 ? ` and ${others} more` : ""}. ${first.message} Nothing was started.`,
		details: { stack: name, faults: faults.slice(0, mostFaults) },
	});
}
