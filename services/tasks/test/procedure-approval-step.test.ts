import type { Actor } from "@netconductor/contracts/kernel/actor";
import { newId } from "@netconductor/runtime/id";
import { afterAll, beforeAll, expect, test } from "vitest";
// The step stands and falls with what alerts answers: this is the service itself, on its own database.
import { type AlertsHost, failureOf, startAlerts } from "../../alerts/test/alerts-host.ts";
import { endOfStep, runServerStep, type Surroundings, waitOfStep } from "./server-steps.ts";

let alerts: AlertsHost;
beforeAll(async () => {
	alerts = await startAlerts();
});
afterAll(() => alerts?.stop());

/** A step that somebody's run has come to. */
function begin(starter: Actor, params: object = { message: "Go on?" }) {
	const surroundings = {
		starter,
		key: `${newId()}/ok:1`,
		now: () => alerts.clock.now(),
		clients: { alerts: alerts.engine } as unknown as NonNullable<Surroundings["clients"]>,
	};
	const approvalOf = ({ state }: { state: Record<string, unknown> }) => String(state.approval_id);
	const vote = (as: Actor, id: string, more: object = {}) => ({
		approve: async () => {
			const { plan_sha256 } = await alerts.admin.getApproval({ params: { id } });
			return alerts.as(as).approve({ params: { id }, body: { plan_sha256, ...more } });
		},
		reject: async () => {
			const { plan_sha256 } = await alerts.admin.getApproval({ params: { id } });
			return alerts.as(as).reject({ params: { id }, body: { plan_sha256, reason: "Not tonight" } });
		},
	});
	return {
		vote,
		approvalOf,
		run: (state?: Record<string, unknown>) => runServerStep("manual_approval", params, { ...surroundings, state }),
		wait: (state?: Record<string, unknown>) => waitOfStep("manual_approval", params, { ...surroundings, state }),
		end: (state?: Record<string, unknown>) => endOfStep("manual_approval", params, { ...surroundings, state }),
	};
}

test("an approval is asked for in any case, is the same one after a crash, and lets the step go on when somebody else gave it", async () => {
	const step = begin(alerts.person("ann"));
	const wait = await step.wait();
	const id = step.approvalOf(wait);
	expect(wait.waiting_for).toEqual({ kind: "approval", approval_id: id });
	expect(step.approvalOf(await step.wait())).toBe(id);
	expect(step.approvalOf(await step.wait(wait.state))).toBe(id);
	await step.vote(alerts.person("bob"), id, { reason: "Fine" }).approve();
	const { result, error } = await step.end(wait.state);
	expect([result, error]).toEqual([
		{ approved_by: ["bob"], reason: "bob: Fine", approval_id: id, bypassed: false },
		undefined,
	]);
	expect((await alerts.admin.getApproval({ params: { id } })).used_at).not.toBeNull();
	expect(await step.end(wait.state)).toEqual({ result });
});

test("who started the run never approves, not as an administrator", async () => {
	const ann = { ...alerts.person("ann-admin"), role: "admin", permissions: ["*"] };
	const step = begin(ann);
	const wait = await step.wait();
	expect(await failureOf(step.vote(ann, step.approvalOf(wait)).approve())).toBe("approvals.own_request");
	await step.wait(wait.state);
});

test("the stages that the step names decide, one after another", async () => {
	const [bob, cid, dan] = ["bob-2", "cid", "dan"].map((name) => alerts.person(name)) as [Actor, Actor, Actor];
	const stages = [{ name: "Night shift", users: ["bob-2"] }, { needed: 2 }];
	const step = begin(alerts.person("ann-2"), { message: "Go on?", stages });
	const wait = await step.wait();
	const id = step.approvalOf(wait);
	expect(await failureOf(step.vote(cid, id).approve())).toBe("approvals.not_an_approver");
	await step.vote(bob, id).approve();
	await step.vote(cid, id).approve();
	await step.wait(wait.state);
	await step.vote(dan, id).approve();
	expect((await step.end(wait.state)).result.approved_by).toEqual(["bob-2", "cid", "dan"]);
});

test("an approver who does not exist fails the step, by name", async () => {
	const step = begin(alerts.person("ann-3"), { message: "Go on?", stages: [{ users: ["nobody-here"] }] });
	await expect(step.run()).rejects.toMatchObject({
		code: "approval_policies.unknown_approver",
		message: "There is no user nobody-here.",
	});
});

test("a rejected one fails the step with who said no and why", async () => {
	const step = begin(alerts.person("ann-4"));
	const wait = await step.wait();
	await step.vote(alerts.person("bob-4"), step.approvalOf(wait)).reject();
	const { result, error } = await step.end(wait.state);
	expect(error).toMatchObject({ code: "procedure.not_approved", message: expect.stringContaining("Not tonight") });
	expect(result.decided_by).toEqual(["bob-4"]);
});

test("one that nobody decided in its own time fails the step", async () => {
	const step = begin(alerts.person("ann-5"), { message: "Go on?", expires_in_minutes: 5 });
	const wait = await step.wait();
	expect(wait.until).toEqual(new Date(alerts.clock.now().getTime() + 5 * 60_000));
	await alerts.clock.advance(5 * 60_000);
	expect((await step.end(wait.state)).error).toMatchObject({
		code: "procedure.not_approved",
		message: expect.stringContaining("expired"),
	});
});

test("one that was approved for later waits for its time, and is kept from then on whatever becomes of who gave it", async () => {
	const step = begin(alerts.person("ann-6"));
	const bob = alerts.person("bob-6");
	const wait = await step.wait();
	const not_before = new Date(alerts.clock.now().getTime() + 60_000).toISOString();
	await step.vote(bob, step.approvalOf(wait), { not_before }).approve();
	const later = await step.wait(wait.state);
	expect(later).toMatchObject({ until: new Date(not_before), waiting_for: { kind: "window", not_before } });
	await alerts.clock.advance(60_000);
	const { result } = await step.end(later.state);
	await alerts.change(bob, "deleted");
	expect((await step.end(later.state)).result).toEqual(result);
});

test("one of who was deleted before the step went on counts no more", async () => {
	const step = begin(alerts.person("ann-7"));
	const bob = alerts.person("bob-7");
	const wait = await step.wait();
	await step.vote(bob, step.approvalOf(wait)).approve();
	await alerts.change(bob, "deleted");
	expect((await step.end(wait.state)).error?.code).toBe("procedure.not_approved");
});
