import { configApi } from "@netconductor/contracts/config/api";
import { MopKey } from "@netconductor/contracts/config/mops";
import { Selection } from "@netconductor/contracts/devices/model";
import { VariableName } from "@netconductor/contracts/tasks/procedure";
import { failed } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { Clients } from "@netconductor/runtime/host/service";
import { z } from "zod";
import { joinSelections } from "../join-selections.ts";
import { defineKind } from "../kind.ts";

const needs = { config: configApi };

const params = z.strictObject({
	/** Id or name. */
	mop: MopKey,
	/** Values of its variables. Everybody who may read schedules sees them: no secret is among them. */
	variables: z.record(VariableName, z.unknown()).default({}),
	/** In place of the procedure's own targets. */
	targets: Selection.optional(),
	reason: z.string().trim().max(500).default(""),
});
type Params = z.output<typeof params>;

/** @throws schedules.bad_params — it needs a secret, which no schedule may hold; mops.bad_variables */
async function refuseSecrets(
	{ mop, variables, targets }: Params,
	{ config }: Clients<typeof needs>,
	caller: CallerContext,
): Promise<void> {
	const outline = await config.outlineMop({ body: { mop, variables, targets } }, caller);
	const secret = outline.secrets.find(({ name, required }) => required || Object.hasOwn(variables, name));
	if (secret !== undefined) {
		const { name } = secret;
		const message = Object.hasOwn(variables, name)
			? `The variable ${name} of ${outline.name} is a secret, and everybody who may read schedules would see it. Leave it out.`
			: `${outline.name} asks for the secret ${name} each time it is started, so it cannot be started by schedule.`;
		throw failed("schedules.bad_params", { message, errors: [{ path: `body.params.variables.${name}`, message }] });
	}
}

/**
 * Devices that the procedure is for, itself, by a step, by procedures that it runs or by stacks that it deploys.
 * @throws mops.bad_variables
 */
async function devicesOf(
	{ mop, variables, targets }: Params,
	{ config }: Clients<typeof needs>,
	caller: CallerContext,
): Promise<Selection> {
	const outline = await config.outlineMop({ body: { mop, variables, targets } }, caller);
	const own = targets ?? outline.targets;
	return joinSelections([...(own === null ? [] : [own]), ...outline.step_targets]);
}

/** Carries out a procedure: put together when it is due, and approved then where policies want it. */
export const mop = defineKind({
	kind: "mop",
	label: "Procedure",
	permission: "mops:execute",
	changes_devices: true,
	params,
	needs,
	only_reads: async ({ mop, variables, targets }, { config }, caller) =>
		!(await config.outlineMop({ body: { mop, variables, targets } }, caller)).changes,
	refuse: refuseSecrets,
	named: ({ targets }) => (targets === undefined ? [] : [targets]),
	select: devicesOf,
	start: ({ params: given, key, not_after, caller }, { config }) =>
		config.startMopRun({ body: { ...given, key, not_after } }, caller),
});
