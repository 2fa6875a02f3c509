import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { hasCode, isAppError } from "@netconductor/runtime/errors";
import { z } from "zod";
import { uuidOf } from "../shared/outside.ts";
import { defineServerStep } from "../step-type.ts";

/** It is told when the run has ended; looking again now and then costs little, and a run that ended in between is not missed. */
const look_again_ms = 60_000;

/** Where the answer was lost it may have begun or not: asked again, it is the same run. */
const ask_again_ms = 2_000;

const State = z.object({ run_id: z.string(), begun: z.boolean().default(true) });

/** Deploys a service stack as a run of its own, and waits for it. */
export const stepType = defineServerStep({
	type: "deploy_stack",
	label: "Deploy a stack",
	description:
		"Deploys, removes or plans a service stack as a run of its own, with the approvals that it needs, on behalf of who started the procedure, and waits for its end. What it changed is taken back by the stack's own means, not with the procedure. Result: `run_id`, `status`, `counts`.",
	category: "change",
	permission: "stacks:deploy",
	runs_on: "server",
	mode: "write",
	// The run that it starts asks for its own.
	changes: () => false,
	params: z.strictObject({
		stack: z.string().min(1).max(200).describe("Name or id of the stack."),
		action: z.enum(["deploy", "delete", "plan"]).default("deploy").describe("What is done with it."),
		only: z
			.enum(["stack", "procedure"])
			.default("stack")
			.describe("Devices: all of the stack's, or those of them that the procedure is for."),
		allow_partial: z
			.boolean()
			.default(false)
			.describe("Whether it counts as success when it succeeded on some devices only."),
		reason: z
			.string()
			.max(500)
			.optional()
			.describe("For those who approve; left out: the reason of the procedure's run."),
	}),
	example: { stack: "bgp-peering", action: "deploy", only: "procedure" },
	async run(context) {
		const { params, step, run, devices, state, clients, onBehalf, ownAccount, expectRun, not_after, now, hide } =
			context;
		const known = State.safeParse(state).data;
		const lookAt = (id: string) => clients.tasks.getRun({ params: { id } }, ownAccount());
		if (known === undefined || !known.begun) {
			const { stack, action, only } = params;
			if (known === undefined && only === "procedure" && devices.length === 0) {
				return {
					result: {},
					error: { code: "procedure.bad_parameters", message: "The procedure has no device left for it" },
				};
			}
			// Not to be broken off: it may have begun all the same, and nobody would know of it. Who has its id can cancel it.
			const { signal: _, ...starter } = onBehalf();
			const key = uuidOf(step.key);
			const body = {
				key,
				stack,
				kind: action,
				not_after,
				reason: visibleLine(hide(params.reason ?? run.reason)).slice(0, 500),
				...(only === "procedure" && { device_ids: devices.map(({ device_id }) => device_id) }),
			};
			await expectRun(key);
			try {
				const { run_id } = await clients.config.startStackRun({ body }, starter);
				return waitFor(run_id, now());
			} catch (error) {
				if (isAway(error)) return askAgain(key, now());
				// What is refused now may have begun when it was asked for before.
				if (known === undefined) throw error;
				const there = await lookAt(key).catch((missing: unknown) => {
					if (isAway(missing)) return "unknown" as const;
					throw hasCode(missing, "runs.not_found") ? error : missing;
				});
				return there === "unknown" ? askAgain(key, now()) : waitFor(key, now());
			}
		}
		const { run_id } = known;
		const found = await lookAt(run_id).catch((error: unknown) => {
			if (!isAway(error)) throw error;
			return undefined;
		});
		if (found === undefined || found.finished_at === null) return waitFor(run_id, now());
		const { status, counts, end_reason } = found;
		const result = { run_id, status, counts };
		if (status === "succeeded" || (status === "partial" && params.allow_partial)) return { result };
		const message = `The run of stack ${visibleLine(params.stack)} ended as ${status.replaceAll("_", " ")}${end_reason === null ? "" : `: ${end_reason}`}`;
		return { result, error: { code: "procedure.step_failed", message, details: { run_id } } };
	},
});

function waitFor(run_id: string, now: Date) {
	return waitWith({ run_id }, new Date(now.getTime() + look_again_ms));
}

function askAgain(run_id: string, now: Date) {
	return waitWith({ run_id, begun: false }, new Date(now.getTime() + ask_again_ms));
}

function waitWith(state: z.input<typeof State>, until: Date) {
	return { wait: { state, until, waiting_for: { kind: "run" as const, run_id: state.run_id } } };
}

function isAway(error: unknown): boolean {
	return isAppError(error) && error.retryable;
}
