import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { z } from "zod";
import { uuidOf } from "../shared/outside.ts";
import { defineServerStep } from "../step-type.ts";

/** It is told when the run has ended; looking again now and then costs little, and a run that ended in between is not missed. */
const look_again_ms = 60_000;

const State = z.object({ run_id: z.string() });

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
	async run({ params, step, run, devices, state, clients, onBehalf, ownAccount, not_after, now, hide }) {
		const begun = State.safeParse(state);
		if (!begun.success) {
			const { stack, action, only } = params;
			if (only === "procedure" && devices.length === 0) {
				return {
					result: {},
					error: { code: "procedure.bad_parameters", message: "The procedure has no device left for it" },
				};
			}
			// Not to be broken off: it may have begun all the same, and nobody would know of it. Who has its id can cancel it.
			const { signal: _, ...starter } = onBehalf();
			const { run_id } = await clients.config.startStackRun(
				{
					body: {
						key: uuidOf(step.key),
						stack,
						kind: action,
						not_after,
						reason: visibleLine(hide(params.reason ?? run.reason)).slice(0, 500),
						...(only === "procedure" && { device_ids: devices.map(({ device_id }) => device_id) }),
					},
				},
				starter,
			);
			return waitFor(run_id, now());
		}
		const { run_id } = begun.data;
		const { status, counts, finished_at, end_reason } = await clients.tasks.getRun(
			{ params: { id: run_id } },
			ownAccount(),
		);
		if (finished_at === null) return waitFor(run_id, now());
		const result = { run_id, status, counts };
		if (status === "succeeded" || (status === "partial" && params.allow_partial)) return { result };
		const message = `The run of stack ${visibleLine(params.stack)} ended as ${status.replaceAll("_", " ")}${end_reason === null ? "" : `: ${end_reason}`}`;
		return { result, error: { code: "procedure.step_failed", message, details: { run_id } } };
	},
});

function waitFor(run_id: string, now: Date) {
	const until = new Date(now.getTime() + look_again_ms);
	return { wait: { state: { run_id }, until, waiting_for: { kind: "run" as const, run_id } } };
}
