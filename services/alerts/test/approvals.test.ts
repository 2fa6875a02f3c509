import type { Actor } from "@netconductor/contracts/kernel/actor";
import { newId } from "@netconductor/runtime/id";
import { admin } from "@netconductor/runtime/testing/service";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type AlertsHost, changeBy, failureOf, hashA, hashB, startAlerts } from "./alerts-host.ts";

let host: AlertsHost;
beforeAll(async () => {
	host = await startAlerts();
});
afterAll(() => host?.stop());

const approve = (as: Actor, id: string, plan_sha256 = hashA) =>
	host.as(as).approve({ params: { id }, body: { plan_sha256 } });
const stateOf = (approval_id: string) => host.engine.getApprovalState({ body: { approval_id } });
const start = (approval_id: string, plan_sha256 = hashA) =>
	host.engine.startApproved({ body: { approval_id, plan_sha256 } });
/** Everything that was to be told has been, by then: events arrive in order. */
const heardInTheEnd = (id: string, ...what: string[]) =>
	vi.waitFor(
		async () => {
			// Who looked at the clock just before it was moved sleeps a little longer.
			await host.clock.advance(10);
			expect(host.heard(id)).toEqual(["requested", ...what]);
		},
		{ timeout: 20_000 },
	);

const tokenOf = (owner: Actor): Actor => ({
	...owner,
	kind: "token",
	name: `${owner.name}/nightly`,
	session_id: newId(),
});

describe("whoever asked", () => {
	test("a write waits for somebody else, who approves it; the run may begin then and only with this plan", async () => {
		const [ann, bob] = [host.person("ann"), host.person("bob")];
		const id = await host.request(ann);
		expect(await start(id)).toMatchObject({ may_start: false, state: { status: "waiting" } });
		expect(await approve(bob, id)).toMatchObject({ status: "approved", decided_by: ["bob"], approved: 1 });
		expect(await start(id)).toMatchObject({ may_start: true, why_not: null });
		await heardInTheEnd(id, "approved");
	});

	test("never approves: not signed in, not as administrator, not by an API token, nor refuses", async () => {
		const ann = host.person("ann-alone");
		const id = await host.request(ann);
		expect(await failureOf(approve(ann, id))).toBe("approvals.own_request");
		expect(await failureOf(approve({ ...ann, role: "admin", permissions: ["*"] }, id))).toBe("approvals.own_request");
		expect(await failureOf(approve(tokenOf(ann), id))).toBe("approvals.own_request");
		const rejected = host.as(ann).reject({ params: { id }, body: { plan_sha256: hashA, reason: "no" } });
		expect(await failureOf(rejected)).toBe("approvals.own_request");
		const asAdmin = await host.request(admin);
		expect(await failureOf(approve(admin, asAdmin))).toBe("approvals.own_request");
		expect((await stateOf(id)).status).toBe("waiting");
	});

	test("cannot approve what their API token asked for, nor another token of theirs", async () => {
		const ann = host.person("ann-tokens");
		const id = await host.request(tokenOf(ann));
		expect(await failureOf(approve(ann, id))).toBe("approvals.own_request");
		expect(await failureOf(approve({ ...tokenOf(ann), name: "ann-tokens/other" }, id))).toBe("approvals.own_request");
	});

	test("gets no vote by delegation, and a delegation cannot be handed on", async () => {
		const [ann, bob, cem] = [host.person("ann-d"), host.person("bob-d"), host.person("cem-d")];
		const id = await host.request(ann);
		const until = new Date(host.clock.now().getTime() + 600_000).toISOString();
		const delegate = (from: Actor, to: string) =>
			host.as(from).delegate({ params: { id }, body: { plan_sha256: hashA, to, until, reason: "on holiday" } });
		expect(await failureOf(delegate(bob, "ann-d"))).toBe("approvals.bad_delegate");
		expect(await failureOf(delegate(bob, "bob-d"))).toBe("approvals.bad_delegate");
		expect(await failureOf(delegate(ann, "cem-d"))).toBe("approvals.own_request");
		await delegate(bob, "cem-d");
		expect(await failureOf(delegate(bob, "admin"))).toBe("approvals.bad_delegate");
		expect(await failureOf(delegate(cem, "ann-d"))).toBe("approvals.bad_delegate");
	});

	test("a service never approves, whatever it may", async () => {
		const id = await host.request(host.person("ann-s"));
		const robot: Actor = { kind: "service", id: "service:tasks", name: "tasks", permissions: ["*"] };
		expect(await failureOf(approve(robot, id))).toBe("approvals.not_an_approver");
		const broken = host.as(robot).bypass({ params: { id }, body: { plan_sha256: hashA, reason: "because I can" } });
		expect(await failureOf(broken)).toBe("approvals.not_an_approver");
	});
});

describe("a service account", () => {
	const everything = ["*"];

	test("approves, refuses, delegates and breaks the glass for nobody, also where a policy names its role", async () => {
		const policy = { name: "Operators", kinds: ["restart"], stages: [{ needed: 1, roles: ["operator"] }] };
		const { id: policy_id } = await host.admin.createApprovalPolicy({ body: policy });
		const bot = host.program("bot", [], everything);
		const id = await host.request(host.person("ann-bot"), { kind: "restart" });
		const params = { id };
		const body = { plan_sha256: hashA, reason: "because I can do so" };
		expect(await failureOf(approve(bot, id))).toBe("approvals.not_an_approver");
		expect(await failureOf(host.as(bot).reject({ params, body }))).toBe("approvals.not_an_approver");
		expect(await failureOf(host.as(bot).bypass({ params, body }))).toBe("approvals.not_an_approver");
		const until = new Date(host.clock.now().getTime() + 600_000).toISOString();
		const handed = host.as(bot).delegate({ params, body: { ...body, to: "admin", until } });
		expect(await failureOf(handed)).toBe("approvals.not_an_approver");
		expect((await host.as(bot).getApproval({ params })).mine).toMatchObject({ can_decide: false, can_bypass: false });
		expect((await host.as(bot).listApprovals({ query: { mine: "to_decide" } })).items).toEqual([]);
		await host.admin.deleteApprovalPolicy({ params: { id: policy_id } });
	});

	test("is no second pair of eyes for who owns it or saw a secret of it, nor they for it", async () => {
		const [owner, other, third] = [host.person("bot-owner"), host.person("bot-other"), host.person("bot-third")];
		const bot = host.program("deployer", [owner.id], everything);
		const id = await host.request(bot);
		expect(await failureOf(approve(owner, id))).toBe("approvals.own_request");
		expect(await failureOf(approve(tokenOf(owner), id))).toBe("approvals.own_request");
		const rejected = host.as(owner).reject({ params: { id }, body: { plan_sha256: hashA, reason: "no" } });
		expect(await failureOf(rejected)).toBe("approvals.own_request");
		const until = new Date(host.clock.now().getTime() + 600_000).toISOString();
		const hand = (to: string) =>
			host.as(other).delegate({ params: { id }, body: { plan_sha256: hashA, to, until, reason: "on holiday" } });
		expect(await failureOf(hand("bot-owner"))).toBe("approvals.bad_delegate");
		const inbox = async (as: Actor) =>
			(await host.as(as).listApprovals({ query: { mine: "to_decide", page_size: 500 } })).items.map((one) => one.id);
		expect(await inbox(owner)).not.toContain(id);
		expect(await inbox(other)).toContain(id);
		const approvers = (await host.admin.listApprovers({ params: { id } })).items.map(({ name }) => name);
		expect(approvers).toContain("bot-other");
		expect(approvers).not.toContain("bot-owner");
		expect(await approve(third, id)).toMatchObject({ status: "approved", requested_by: { kind: "service_account" } });
	});

	test("asks for nothing while nobody can say who is behind it", async () => {
		const bot = host.program("unknown", [], everything);
		host.letAuthBeAway(true);
		expect(await failureOf(host.request(bot))).toBe("service.unavailable");
		host.letAuthBeAway(false);
		expect(await failureOf(host.request(bot))).toBeUndefined();
	});
});

describe("what is bound", () => {
	test("an approval of another plan than the one that waits is refused", async () => {
		const [ann, bob] = [host.person("ann-h"), host.person("bob-h")];
		const id = await host.request(ann);
		expect(await failureOf(approve(bob, id, hashB))).toBe("approvals.plan_changed");
		expect((await stateOf(id)).status).toBe("waiting");
	});

	test("asked again with the same key and plan it is the same approval; with another plan the earlier one lapses", async () => {
		const [ann, bob] = [host.person("ann-k"), host.person("bob-k")];
		const body = changeBy(ann);
		const [first, again] = await Promise.all([
			host.engine.requestApproval({ body }),
			host.engine.requestApproval({ body }),
		]);
		if (!first.needed || !again.needed) throw new TypeError("needed");
		expect(again.approval_id).toBe(first.approval_id);
		await approve(bob, first.approval_id);
		const changed = await host.engine.requestApproval({ body: { ...body, plan_sha256: hashB } });
		if (!changed.needed) throw new TypeError("needed");
		expect(changed).toMatchObject({ status: "waiting" });
		expect((await stateOf(first.approval_id)).status).toBe("lapsed");
		expect(await start(first.approval_id)).toMatchObject({ may_start: false });
		await heardInTheEnd(first.approval_id, "approved", "lapsed");
		await heardInTheEnd(changed.approval_id);
	});

	test("a run that begins with another plan than the approved one makes the approval lapse", async () => {
		const [ann, bob] = [host.person("ann-c"), host.person("bob-c")];
		const id = await host.request(ann);
		await approve(bob, id);
		expect(await start(id, hashB)).toMatchObject({ may_start: false, state: { status: "lapsed" } });
		expect(await start(id)).toMatchObject({ may_start: false });
		await heardInTheEnd(id, "approved", "lapsed");
	});

	test("the engine's lapse ends what waits, and leaves alone what was decided or has begun", async () => {
		const [ann, bob] = [host.person("ann-l"), host.person("bob-l")];
		const lapse = (approval_id: string) =>
			host.engine.lapseApproval({ body: { approval_id, why: "The run was cancelled." } });
		const waiting = await host.request(ann);
		expect(await lapse(waiting)).toMatchObject({ status: "lapsed", reason: "The run was cancelled." });
		expect(await failureOf(approve(bob, waiting))).toBe("approvals.already_decided");
		const begun = await host.request(ann);
		await approve(bob, begun);
		await start(begun);
		expect(await lapse(begun)).toMatchObject({ status: "approved" });
		await lapse(waiting);
		await heardInTheEnd(waiting, "lapsed");
	});
});

describe("who decides", () => {
	test("two who approve at the same moment count once each, and it is decided once", async () => {
		const ann = host.person("ann-r");
		const voters = Array.from({ length: 6 }, (_, index) => host.person(`voter-${index}`));
		await host.admin.createApprovalPolicy({
			body: { name: "Two for races", kinds: ["race"], stages: [{ name: "Two", needed: 2 }] },
		});
		const id = await host.request(ann, { kind: "race" });
		const outcomes = await Promise.allSettled(voters.map((voter) => approve(voter, id)));
		expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
		const approval = await host.admin.getApproval({ params: { id } });
		expect(approval).toMatchObject({ status: "approved", approved: 2, needed: 2 });
		expect(approval.votes).toHaveLength(2);
		await heardInTheEnd(id, "approved");
	});

	test("the same person at the same moment, signed in and by token, counts once", async () => {
		const [ann, bob] = [host.person("ann-2"), host.person("bob-2")];
		const id = await host.request(ann, { kind: "race" });
		const outcomes = await Promise.allSettled([approve(bob, id), approve(tokenOf(bob), id)]);
		expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
		expect((await host.admin.getApproval({ params: { id } })).approved).toBe(1);
	});

	test("one rejection with a reason ends it, also against an approval at the same moment", async () => {
		const [ann, bob, cem] = [host.person("ann-x"), host.person("bob-x"), host.person("cem-x")];
		const id = await host.request(ann);
		const outcomes = await Promise.allSettled([
			approve(bob, id),
			host.as(cem).reject({ params: { id }, body: { plan_sha256: hashA, reason: "wrong neighbour" } }),
		]);
		expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
		const { status } = await stateOf(id);
		expect(["approved", "rejected"]).toContain(status);
		await heardInTheEnd(id, status);
		const silent = host.as(cem).reject({ params: { id }, body: { plan_sha256: hashA, reason: "  " } });
		expect(await failureOf(silent)).toBe("request.invalid");
	});

	test("stages ask one after another, those whom they name; nobody counts in two", async () => {
		const [ann, bob] = [host.person("ann-st"), host.person("bob-st", "lead")];
		const [eve, zoe] = [host.person("eve-st", "security"), host.person("zoe-st")];
		await host.admin.createApprovalPolicy({
			body: {
				name: "Lead, then security or zoe",
				kinds: ["staged"],
				stages: [
					{ name: "Lead", roles: ["lead"] },
					{ name: "Security", roles: ["security", "lead"], users: ["zoe-st"] },
				],
			},
		});
		const id = await host.request(ann, { kind: "staged" });
		expect(await failureOf(approve(eve, id))).toBe("approvals.not_an_approver");
		expect(await approve(bob, id)).toMatchObject({ status: "waiting", stage: 1 });
		expect(await failureOf(approve(bob, id))).toBe("approvals.already_voted");
		const { items } = await host.admin.listApprovers({ params: { id } });
		expect(items.map(({ name }) => name)).toEqual(expect.arrayContaining(["eve-st", "zoe-st"]));
		expect(items.map(({ name }) => name)).not.toContain("bob-st");
		expect(await approve(zoe, id)).toMatchObject({ status: "approved", decided_by: ["bob-st", "zoe-st"] });
	});

	test("a delegate decides in another's place until the delegation ends, and the place counts once", async () => {
		const [ann, bob, cem] = [host.person("ann-p"), host.person("bob-p", "chief"), host.person("cem-p")];
		await host.admin.createApprovalPolicy({
			body: { name: "Chiefs", kinds: ["chief"], stages: [{ name: "Chief", needed: 2, roles: ["chief"] }] },
		});
		const id = await host.request(ann, { kind: "chief" });
		const until = new Date(host.clock.now().getTime() + 300_000).toISOString();
		expect(await failureOf(approve(cem, id))).toBe("approvals.not_an_approver");
		await host
			.as(bob)
			.delegate({ params: { id }, body: { plan_sha256: hashA, to: "cem-p", until, reason: "on the train" } });
		expect((await host.as(cem).getApprovalStats({})).waiting_for_me).toBeGreaterThan(0);
		const voted = await approve(cem, id);
		expect(voted).toMatchObject({ status: "waiting", approved: 1 });
		expect(voted.votes[0]).toMatchObject({ by: { name: "cem-p" }, for: { name: "bob-p" } });
		expect(await failureOf(approve(bob, id))).toBe("approvals.already_voted");

		const late = await host.request(ann, { kind: "chief" });
		await host
			.as(bob)
			.delegate({ params: { id: late }, body: { plan_sha256: hashA, to: "cem-p", until, reason: "on the train" } });
		await host.clock.advance(301_000);
		expect(await failureOf(approve(cem, late))).toBe("approvals.not_an_approver");
	});
});

describe("people who change", () => {
	test.each([
		["deleted", "deleted" as const],
		["disabled", { disabled: true }],
		["not permitted", { permissions: ["approvals:read"] }],
	])("the approval of somebody who is %s when the run begins counts no more", async (word, change) => {
		const named = (name: string) => host.person(`${name}-${word.replace(" ", "-")}`);
		const [ann, bob, cem] = [named("ann"), named("bob"), named("cem")];
		const approved = await host.request(ann);
		await approve(bob, approved);
		const half = await host.request(ann, { kind: "race" });
		await approve(bob, half);
		const begun = await host.request(ann);
		await approve(bob, begun);
		await start(begun);

		await host.change(bob, change);
		expect(await start(approved)).toMatchObject({ may_start: false, state: { status: "lapsed" } });
		await heardInTheEnd(approved, "approved", "lapsed");
		expect(await approve(cem, half)).toMatchObject({ status: "waiting", approved: 1 });
		expect(await start(begun)).toMatchObject({ may_start: true });
	});

	test("is noticed without anybody asking, from what auth tells", async () => {
		const [ann, bob] = [host.person("ann-e"), host.person("bob-e")];
		const id = await host.request(ann);
		await approve(bob, id);
		await host.change(bob, "deleted");
		await heardInTheEnd(id, "approved", "lapsed");
	});

	test("nothing begins while nobody can say whether who approved still may", async () => {
		const [ann, bob] = [host.person("ann-away"), host.person("bob-away")];
		const id = await host.request(ann);
		await approve(bob, id);
		host.letAuthBeAway(true);
		expect(await failureOf(start(id))).toBe("service.unavailable");
		host.letAuthBeAway(false);
		expect(await start(id)).toMatchObject({ may_start: true });
		host.letAuthBeAway(true);
		expect(await start(id)).toMatchObject({ may_start: true });
		host.letAuthBeAway(false);
	});
});

describe("time", () => {
	test("what nobody decides in time expires, once, and cannot be approved any more", async () => {
		const [ann, bob] = [host.person("ann-t"), host.person("bob-t")];
		const id = await host.request(ann);
		const half = await host.request(ann, { kind: "race" });
		await approve(bob, half);
		await host.clock.advance(29 * 60_000);
		expect((await stateOf(id)).status).toBe("waiting");
		await host.clock.advance(61_000);
		await heardInTheEnd(id, "expired");
		await heardInTheEnd(half, "expired");
		expect(await failureOf(approve(bob, id))).toBe("approvals.expired");
		expect(await start(id)).toMatchObject({ may_start: false, state: { status: "expired" } });
	});

	test("an approval in the moment after the expiry is refused, also before anything noticed it, and it ends expired", async () => {
		const [ann, bob] = [host.person("ann-m"), host.person("bob-m")];
		const id = await host.request(ann);
		await host.db.query("update approvals set expires_at = $2 where id = $1", [id, host.clock.now().toISOString()]);
		expect(await failureOf(approve(bob, id))).toBe("approvals.expired");
		expect((await stateOf(id)).status).toBe("expired");
		await heardInTheEnd(id, "expired");
	});

	test("approved now for a window later, the run begins in it and not before or after", async () => {
		const [ann, bob] = [host.person("ann-w"), host.person("bob-w")];
		const at = (minutes: number) => new Date(host.clock.now().getTime() + minutes * 60_000).toISOString();
		const [from, to] = [at(60), at(120)];
		const id = await host.request(ann, { not_before: at(30), not_after: to });
		const wide = host.as(bob).approve({ params: { id }, body: { plan_sha256: hashA, not_before: at(10) } });
		expect(await failureOf(wide)).toBe("approvals.bad_window");
		const never = host
			.as(bob)
			.approve({ params: { id }, body: { plan_sha256: hashA, not_before: at(100), not_after: at(90) } });
		expect(await failureOf(never)).toBe("approvals.bad_window");
		await host.as(bob).approve({ params: { id }, body: { plan_sha256: hashA, not_before: from } });
		expect(await start(id)).toMatchObject({ may_start: false, ask_again_at: from });
		const missed = await host.request(ann, { not_before: from, not_after: to });
		await approve(bob, missed);
		await host.clock.advance(61 * 60_000);
		expect(await start(id)).toMatchObject({ may_start: true });
		await host.clock.advance(60 * 60_000);
		await heardInTheEnd(missed, "approved", "lapsed");
		expect((await stateOf(id)).status).toBe("approved");
	});
});

describe("breaking the glass", () => {
	test("takes its own permission and a reason of ten characters, and never looks like an approval", async () => {
		const ann = host.person("ann-b");
		const id = await host.request(ann);
		const broken = (as: Actor, reason: string) =>
			host.as(as).bypass({ params: { id }, body: { plan_sha256: hashA, reason } });
		expect(await failureOf(broken(ann, "the core is down"))).toBe("auth.forbidden");
		expect(await failureOf(broken(admin, "short"))).toBe("request.invalid");
		const approval = await broken(admin, "the core is down");
		expect(approval).toMatchObject({ status: "bypassed", approved: 0, decision_reason: "the core is down" });
		expect(approval.votes).toMatchObject([{ decision: "bypass", by: { name: "admin" } }]);
		expect(await start(id)).toMatchObject({ may_start: true, state: { status: "bypassed" } });
		await heardInTheEnd(id, "bypassed");
		expect((await host.admin.listApprovals({ query: { bypassed: "true" } })).items.map((one) => one.id)).toContain(id);
	});
});

describe("what people see", () => {
	test("the inbox of each: what waits for them, what they asked for, what they decided", async () => {
		const [ann, bob] = [host.person("ann-i"), host.person("bob-i")];
		const viewer = host.person("vic-i", "viewer", ["approvals:read"]);
		const id = await host.request(ann, { title: "Deploy \u202egnp.exe% <b>" });
		const seen = async (as: Actor, mine: "to_decide" | "requested" | "decided") =>
			(await host.as(as).listApprovals({ query: { mine, q: "GNP.exe%" } })).items.map((one) => one.id);
		expect(await seen(bob, "to_decide")).toEqual([id]);
		expect(await seen(ann, "to_decide")).toEqual([]);
		expect(await seen(ann, "requested")).toEqual([id]);
		expect(await seen(viewer, "to_decide")).toEqual([]);
		expect(await host.as(ann).getApproval({ params: { id } })).toMatchObject({
			mine: { is_requester: true, can_decide: false, can_bypass: false },
		});
		expect(await host.as(viewer).getApproval({ params: { id } })).toMatchObject({ mine: { can_decide: false } });
		await host.as(bob).reject({ params: { id }, body: { plan_sha256: hashA, reason: "later" } });
		expect(await seen(bob, "to_decide")).toEqual([]);
		expect(await seen(bob, "decided")).toEqual([id]);
		const stats = await host.as(bob).getApprovalStats({});
		expect(stats.rejected).toBeGreaterThan(0);
		expect(stats.median_decision_s).not.toBeNull();
	});

	test("50,000 devices with hostile names are kept, counted and paged", async () => {
		const ann = host.person("ann-50k");
		const devices = Array.from({ length: 50_000 }, (_, index) => ({
			device_id: newId(),
			name: index === 0 ? "\ud800'; drop table approvals; --" : `edge-${index}`,
			groups: ["edge"],
		}));
		const id = await host.request(ann, {
			devices,
			risk_facts: { writes: true, without_rollback: devices.slice(1).map(({ name }) => name) },
		});
		const page = await host.admin.listApprovalDevices({ params: { id }, query: { rollback: "none", page_size: 2 } });
		expect(page.total).toBe(49_999);
		expect(page.items.map(({ name }) => name)).toEqual(["edge-1", "edge-2"]);
		expect(await host.admin.getApproval({ params: { id } })).toMatchObject({
			device_count: 50_000,
			risk_level: "high",
		});
	});
});
