import { createHash } from "node:crypto";
import { Stage } from "@netconductor/contracts/alerts/approvals";
import { visibleLine, visibleText } from "@netconductor/contracts/kernel/visible-text";
import { z } from "zod";
import { defineServerStep, type ServerStepContext, type ServerStepResult } from "../step-type.ts";

const params = z.strictObject({
	message: z.string().trim().min(1).max(2_000).describe("What is to be approved: those who decide read it."),
	stages: z
		.array(
			z.strictObject({
				name: Stage.shape.name.describe("Name of the stage."),
				needed: Stage.shape.needed.describe("How many have to approve."),
				users: z.array(z.string().min(1).max(64)).max(50).default([]).describe("User names."),
				roles: Stage.shape.roles.describe("Roles."),
			}),
		)
		.min(1)
		.max(5)
		.default([{ name: "Approval", needed: 1, users: [], roles: [] }])
		.describe(
			"Who has to approve, one stage after another; where neither users nor roles are named, anybody who may decide on approvals. Never who started the run.",
		),
	expires_in_minutes: z
		.int()
		.min(1)
		.max(43_200)
		.optional()
		.describe("How long there is time to decide; left out: as it is configured for all approvals."),
});
type Params = z.output<typeof params>;

const State = z.object({ approval_id: z.string(), plan_sha256: z.string(), expires_at: z.string() });
type State = z.output<typeof State>;

/** Asks people other than who started the run whether to go on. */
export const stepType = defineServerStep({
	type: "manual_approval",
	label: "Approval",
	description:
		"Waits until somebody other than who started the run has approved; rejected or not decided in time, it has failed. Result: `approved_by`, `reason`, `approval_id`, `bypassed` (true where somebody broke the glass).",
	category: "people",
	aliases: ["approve"],
	runs_on: "server",
	mode: "read",
	params,
	example: { message: "Traffic has moved to the second path. Go on with the first?", stages: [{ needed: 2 }] },
	async run(context) {
		const stored = State.safeParse(context.state);
		const state = stored.success ? stored.data : await ask(context);
		const { approval_id, plan_sha256 } = state;
		const answer = await context.clients.alerts.startApproved(
			{ body: { approval_id, plan_sha256 } },
			context.ownAccount(),
		);
		const { decided_by, reason, status } = answer.state;
		const bypassed = status === "bypassed";
		if (answer.may_start) return { result: { approved_by: decided_by, reason, approval_id, bypassed } };
		if (answer.ask_again_at !== null) {
			const until = new Date(answer.ask_again_at);
			return { wait: { state, until, waiting_for: { kind: "window", not_before: until.toISOString() } } };
		}
		if (status === "waiting") return waitFor(state, context.now());
		const message = visibleText(answer.why_not ?? "It was not approved.");
		return { result: { approval_id, decided_by, reason }, error: { code: "procedure.not_approved", message } };
	},
});

/** The same step asks for the same approval, also after a crash. */
async function ask({
	clients,
	params,
	run,
	step,
	devices,
	starter,
	cover,
	ownAccount,
	hide,
}: ServerStepContext<Params>): Promise<State> {
	const { stages, expires_in_minutes } = params;
	// Also in the hash, by which a secret could be guessed.
	const message = hide(params.message);
	const bound = JSON.stringify([run.procedure_sha256, step.key, message, devices.map(({ device_id }) => device_id)]);
	const plan_sha256 = createHash("sha256").update(bound).digest("hex");
	const covered = cover();
	const answer = await clients.alerts.requestApproval(
		{
			body: {
				key: step.key,
				run_id: run.id,
				kind: "mop",
				title: visibleLine(hide(`${run.title}: ${step.name ?? step.id}`)).slice(0, 500),
				requested_by: starter,
				plan_sha256,
				devices: devices.map(({ device_id, name, groups }) => ({ device_id, name, groups: [...groups] })),
				...(covered && { cover: covered }),
				// The step itself does nothing; what comes after it was subject to the policies when the run began.
				risk_facts: { writes: false },
				reason: visibleText(message),
				demand: { stages, expires_in_minutes: expires_in_minutes ?? null },
			},
		},
		ownAccount(),
	);
	if (!answer.needed) throw new TypeError("an approval that is demanded is needed");
	return { approval_id: answer.approval_id, plan_sha256, expires_at: answer.expires_at };
}

/** Its own clock may be ahead of the one by which the approval expires. */
const look_again_ms = 10_000;

/** It is told of the decision; when the time is over it asks itself. */
function waitFor(state: State, now: Date): ServerStepResult {
	const { approval_id, expires_at } = state;
	const until = new Date(Math.max(Date.parse(expires_at), now.getTime() + look_again_ms));
	return { wait: { state, until, waiting_for: { kind: "approval", approval_id } } };
}
