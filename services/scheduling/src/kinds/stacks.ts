import { configApi } from "@netconductor/contracts/config/api";
import { StackKey, ValidationSource } from "@netconductor/contracts/config/stacks";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { Clients } from "@netconductor/runtime/host/service";
import { z } from "zod";
import { joinSelections } from "../join-selections.ts";
import { defineKind } from "../kind.ts";

const needs = { config: configApi };
type Config = Clients<typeof needs>["config"];

const params = z.strictObject({
	/** Id or name. */
	stack: StackKey,
	reason: z.string().trim().max(500).default(""),
});

/** Devices that a stack stands on: what its services select, together. */
async function devicesOf(stack: string, config: Config, caller: CallerContext) {
	const { services } = await config.getStack({ params: { id: stack } }, caller);
	return joinSelections(services.map(({ targets }) => targets));
}

/** Deploys a service stack: planned when it is due, and approved then where policies want it. */
export const deploy = defineKind({
	kind: "deploy",
	label: "Deployment of a service stack",
	permission: "stacks:deploy",
	changes_devices: true,
	params,
	needs,
	named: () => [],
	select: ({ stack }, { config }, caller) => devicesOf(stack, config, caller),
	start: ({ params: { stack, reason }, key, not_after, caller }, { config }) =>
		config.startStackRun({ body: { key, stack, reason, not_after, kind: "deploy" } }, caller),
});

/** Asks the devices of a service stack what a deployment would change: drift, as the devices themselves see it. */
export const plan = defineKind({
	kind: "plan",
	label: "Plan of a service stack",
	permission: "stacks:deploy",
	changes_devices: false,
	params,
	needs,
	named: () => [],
	select: ({ stack }, { config }, caller) => devicesOf(stack, config, caller),
	start: ({ params: { stack, reason }, key, caller }, { config }) =>
		config.startStackRun({ body: { key, stack, reason, kind: "plan" } }, caller),
});

/** Takes a service stack off its devices. */
export const remove = defineKind({
	kind: "delete",
	label: "Removal of a service stack",
	permission: "stacks:deploy",
	changes_devices: true,
	params,
	needs,
	named: () => [],
	select: ({ stack }, { config }, caller) => devicesOf(stack, config, caller),
	start: ({ params: { stack, reason }, key, not_after, caller }, { config }) =>
		config.startStackRun({ body: { key, stack, reason, not_after, kind: "delete" } }, caller),
});

/** Compares the devices of a service stack with what it says: the run fails on those that drifted, and names the lines. */
export const validate = defineKind({
	kind: "validate",
	label: "Validation of a service stack",
	permission: "stacks:deploy",
	changes_devices: false,
	params: params.extend({ source: ValidationSource.default("backup") }),
	needs,
	named: () => [],
	select: ({ stack }, { config }, caller) => devicesOf(stack, config, caller),
	start: ({ params: { stack, reason, source }, key, caller }, { config }) =>
		config.startStackRun({ body: { key, stack, reason, source, kind: "validate" } }, caller),
});
