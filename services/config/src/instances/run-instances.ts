import type { ServiceInstanceSummary } from "@netconductor/contracts/config/instances";
import type { Plan } from "@netconductor/contracts/tasks/model";
import { failed } from "@netconductor/runtime/errors";
import type { CallContext } from "@netconductor/runtime/host/service";
import { inArray, sql } from "drizzle-orm";
import type { ConfigOperation } from "../operation.ts";
import { type Parts, placeServices } from "../stacks/render-stack.ts";
import { noteRun, type RunNeeds, run } from "../stacks/run-stack.ts";
import { findStack, type StackRow } from "../stacks/stack-store.ts";
import { compareWithBackups, type ValidateNeeds } from "../stacks/validate-stack.ts";
import { markGone } from "./mark-gone.ts";
import { findInstances } from "./read-instances.ts";
import { serviceInstances } from "./tables.ts";

/** Instances that a refusal names. */
const mostNamed = 5;

/** Deploys services again as their stack says now. */
export function redeployInstances(needs: RunNeeds): ConfigOperation<"redeployInstances"> {
	return async ({ body: { ids, ...wanted }, ...call }) => {
		const { stack, parts } = await standing(needs, ids, call);
		return run(needs, stack.id, { kind: "deploy", parts, ...wanted }, call);
	};
}

export function deleteInstances(needs: RunNeeds): ConfigOperation<"deleteInstances"> {
	return async ({ body: { ids, ...wanted }, ...call }) => {
		const { stack, parts } = await standing(needs, ids, call);
		return run(needs, stack.id, { kind: "delete", parts, ...wanted }, call);
	};
}

export function validateInstances(needs: RunNeeds & ValidateNeeds): ConfigOperation<"validateInstances"> {
	return async ({ body: { ids, source }, ...call }) => {
		const { stack, parts } = await standing(needs, ids, call);
		if (source === "backup") {
			return { validation: await compareWithBackups(needs, stack, { parts }, call), run_id: null };
		}
		return { validation: null, ...(await run(needs, stack.id, { kind: "plan", parts, reason: "" }, call)) };
	};
}

/** Asks the checks of the stack on the devices, also those that are to hold after a change only. */
export function checkInstances(needs: RunNeeds): ConfigOperation<"checkInstances"> {
	return async ({ body, ...call }) => {
		const { stack, instances } = await ofOneStack(needs, body.ids);
		const { checks, state_checks } = stack;
		if (checks.length + state_checks.length === 0) {
			throw failed("instances.nothing_to_check", {
				message: `${stack.name} has no checks. Add commands or states to it that are to hold after a change.`,
				details: { stack: stack.name },
			});
		}
		const device_ids = [...new Set(instances.map(({ device_id }) => device_id))];
		const { targets } = await needs.devices.listTargets({ body: { select: { device_ids } } }, call);
		const plan: Plan = {
			kind: "check",
			title: `Check of ${stack.name}`.slice(0, 200),
			steps: [{ id: "check", type: "check_state", params: { checks, state_checks } }],
			targets: targets.flatMap(({ device_id, name, worker_pool, disabled_reason }) =>
				disabled_reason === null ? [{ device_id, name, worker_pool }] : [],
			),
			skipped: targets.flatMap(({ device_id, name, disabled_reason }) =>
				disabled_reason === null ? [] : [{ device_id, name, reason: `disabled: ${disabled_reason}` }],
			),
			subject: { type: "stack", id: stack.id },
		};
		const key = `stack:check:${stack.id}:${call.request_id}`;
		const { run_id } = await needs.tasks.startRun({ body: { idempotency_key: key, plan } }, call);
		await needs.db.transaction((tx) =>
			noteRun(tx, {
				run_id,
				stack_id: stack.id,
				key,
				kind: "check",
				version: stack.version,
				state_before: stack.state,
				part: true,
				reason: "",
				by: call.actor.name,
				at: needs.clock.now().toISOString(),
			}),
		);
		call.note({
			resource_type: "stack",
			resource_id: stack.id,
			resource_name: stack.name,
			after: { run_id, kind: "check", devices: plan.targets.length },
		});
		return { run_id };
	};
}

export function forgetInstances({ db }: Pick<RunNeeds, "db">): ConfigOperation<"forgetInstances"> {
	return async ({ body, note }) => {
		const instances = await findInstances(db.orm, body.ids);
		const chosen = inArray(
			serviceInstances.id,
			instances.map(({ id }) => id),
		);
		await db.transaction(async (tx) => {
			const { stack_id, device_id, service, run_started_at } = serviceInstances;
			await markGone(
				tx,
				sql`select ${stack_id}, ${device_id}, ${service}, ${run_started_at} as since from ${serviceInstances} where ${chosen}`,
			);
			await tx.delete(serviceInstances).where(chosen);
		});
		note({ resource_type: "service_instance", before: { instances: instances.map(nameOf) } });
		return { forgotten: instances.length };
	};
}

/** @throws instances.not_found, instances.several_stacks */
async function ofOneStack(
	{ db }: Pick<RunNeeds, "db">,
	ids: readonly string[],
): Promise<{ stack: StackRow; instances: ServiceInstanceSummary[] }> {
	const instances = await findInstances(db.orm, ids);
	const names = [...new Set(instances.map(({ stack_name }) => stack_name))].sort();
	if (names.length > 1) {
		throw failed("instances.several_stacks", {
			message: `The chosen services belong to ${names.slice(0, mostNamed).join(", ")}${names.length > mostNamed ? " and others" : ""}. Choose those of one stack: each stack has a run of its own.`,
			details: { stacks: names },
		});
	}
	return { stack: await findStack(db.orm, instances[0]?.stack_id ?? ""), instances };
}

/** Instances that their stack still puts where they stand. @throws instances.not_in_stack */
async function standing(
	needs: RunNeeds,
	ids: readonly string[],
	call: CallContext,
): Promise<{ stack: StackRow; parts: Parts }> {
	const { stack, instances } = await ofOneStack(needs, ids);
	const parts = new Map<string, Set<string>>();
	for (const { device_id, service } of instances) {
		parts.set(device_id, (parts.get(device_id) ?? new Set()).add(service));
	}
	const placed = await placeServices(needs, stack, "deploy", { parts }, call);
	const put = new Set(
		placed.flatMap(({ service, targets }) => targets.map(({ device_id }) => `${device_id} ${service.name}`)),
	);
	const lost = instances.filter(({ device_id, service }) => !put.has(`${device_id} ${service}`));
	if (lost.length === 0) return { stack, parts };
	const more = lost.length > mostNamed ? ` and ${lost.length - mostNamed} more` : "";
	throw failed("instances.not_in_stack", {
		message: `${stack.name} does not have ${lost.slice(0, mostNamed).map(nameOf).join(", ")}${more} any more: the service or the device was taken out of it. Put it back into the stack, or forget it and leave what stands there.`,
		details: { stack: stack.name, instance_ids: lost.slice(0, 100).map(({ id }) => id) },
	});
}

function nameOf({ service, device_name }: ServiceInstanceSummary): string {
	return `${service} on ${device_name}`;
}
