import type { ApprovalRequest } from "@netconductor/contracts/alerts/approvals";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import { newId } from "@netconductor/runtime/id";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { z } from "zod";
import { type AlertsHost, failureOf, hashA, startAlerts } from "./alerts-host.ts";

// An approval exists for a role that is limited to device groups as its run does, and only there their vote counts.
let host: AlertsHost;
let asker: Actor;
const [inside, also_inside, outside] = [newId(), newId(), newId()];
let here: string;
let there: string;

beforeAll(async () => {
	host = await startAlerts();
	asker = host.person("asker");
	here = host.group("here", inside, also_inside);
	there = host.group("there", outside);
});
afterAll(() => host?.stop());

type Request = Partial<z.input<typeof ApprovalRequest>>;

const named = (device_id: string, ...groups: string[]) => ({ device_id, name: `device ${device_id}`, groups });
/** An approval of a run on these devices; the change itself is to be made on the first alone. */
const asked = (device_ids: string[], more: Request = {}, by = asker) =>
	host.request(by, { devices: device_ids.slice(0, 1).map((id) => named(id)), cover: { device_ids }, ...more });
const approve = (as: Actor, id: string) =>
	host.as(as).approve({ params: { id }, body: { plan_sha256: hashA, reason: "seen" } });
const start = (approval_id: string) => host.engine.startApproved({ body: { approval_id, plan_sha256: hashA } });
const inTenMinutes = () => new Date(host.clock.now().getTime() + 600_000).toISOString();
const delegate = (as: Actor, id: string, to: Actor) =>
	host
		.as(as)
		.delegate({ params: { id }, body: { plan_sha256: hashA, to: to.name, until: inTenMinutes(), reason: "away" } });

/** Whether an approval exists for somebody: every way of asking says the same, and asking for it changes nothing. */
async function exists(as: Actor, id: string): Promise<boolean> {
	const api = host.as(as);
	const params = { id };
	// Of another plan than the one that waits: what exists is refused for that.
	const body = { plan_sha256: "c".repeat(64), reason: "seen" };
	const { run_id } = await host.admin.getApproval({ params });
	const listed = ({ items }: { items: { id: string }[] }) => items.some((one) => one.id === id);
	const found = (call: Promise<unknown>) =>
		failureOf(call).then((code) => {
			expect(["approvals.not_found", "approvals.plan_changed", undefined]).toContain(code);
			return code !== "approvals.not_found";
		});
	const told = await Promise.all([
		found(api.getApproval({ params })),
		found(api.listApprovalDevices({ params, query: {} })),
		found(api.listApprovers({ params })),
		found(api.approve({ params, body })),
		found(api.reject({ params, body })),
		found(api.delegate({ params, body: { ...body, to: "asker", until: inTenMinutes() } })),
		api.listApprovals({ query: { page_size: 500 } }).then(listed),
		api.listApprovals({ query: { run_id } }).then(({ total }) => total === 1),
	]);
	expect(new Set(told).size, told.join()).toBe(1);
	return told[0] ?? false;
}

test("an approval exists for a limited role where every device of its run is theirs, also one that the change is not made on", async () => {
	const hanna = host.limited("hanna", [here]);
	const both = host.limited("both", [here, there]);
	const nobody = host.limited("nobody", []);
	const cases: { cover: Request["cover"]; seen: [here: boolean, both: boolean, nobody: boolean] }[] = [
		{ cover: { device_ids: [inside] }, seen: [true, true, false] },
		{ cover: { device_ids: [inside, also_inside] }, seen: [true, true, false] },
		{ cover: { device_ids: [inside, outside] }, seen: [false, true, false] },
		{ cover: { device_ids: [outside] }, seen: [false, true, false] },
		{ cover: { device_ids: [inside, newId()] }, seen: [false, false, false] },
		// A procedure: started by somebody who was limited to no more, also where it is for no device.
		{ cover: { device_ids: [inside], device_groups: [here] }, seen: [true, true, false] },
		{ cover: { device_ids: [inside], device_groups: [here, there] }, seen: [false, true, false] },
		{ cover: { device_ids: [], device_groups: [here] }, seen: [true, true, false] },
		// Of whose run nobody said for whom it exists.
		{ cover: undefined, seen: [false, false, false] },
	];
	for (const { cover, seen } of cases) {
		const id = await host.request(asker, { devices: [named(inside)], ...(cover && { cover }) });
		expect([await exists(hanna, id), await exists(both, id), await exists(nobody, id)], JSON.stringify(cover)).toEqual(
			seen,
		);
		expect(await exists(host.person(newId()), id)).toBe(true);
	}
});

test("lists, pages, counts and searches tell of theirs alone, and ask once which devices there are", async () => {
	const lone = newId();
	const lena = host.limited("lena", [host.group("lone", lone)]);
	const api = host.as(lena);
	const none = { waiting: 0, waiting_for_me: 0, requested_by_me: 0, next_expiry_at: null, approved: 0, rejected: 0 };
	expect(await api.getApprovalStats({})).toMatchObject({ ...none, expired: 0, lapsed: 0, median_decision_s: null });
	for (const title of ["first", "second", "third"]) {
		await asked([lone], { title });
		await asked([lone, inside], { title: `mixed ${title}` });
	}
	const own = await asked([lone], { title: "own" }, lena);
	const rejected = await asked([lone], { title: "rejected" });
	await host.admin.reject({ params: { id: rejected }, body: { plan_sha256: hashA, reason: "no" } });
	const before = host.askedDevices();
	const titles = async (query: Parameters<typeof api.listApprovals>[0]["query"]) => {
		const { items, total } = await api.listApprovals({ query: { sort: "title", ...query } });
		return [total, ...items.map(({ title }) => title)];
	};
	expect(await titles({})).toEqual([5, "first", "own", "rejected", "second", "third"]);
	expect(host.askedDevices()).toBe(before + 1);
	expect(await titles({ page: 2, page_size: 2 })).toEqual([5, "rejected", "second"]);
	expect(await titles({ page: 9 })).toEqual([5]);
	expect(await titles({ q: "mixed" })).toEqual([0]);
	expect(await titles({ mine: "to_decide" })).toEqual([3, "first", "second", "third"]);
	expect(await titles({ mine: "requested" })).toEqual([1, "own"]);
	expect(await api.getApprovalStats({})).toMatchObject({
		waiting: 4,
		waiting_for_me: 3,
		requested_by_me: 1,
		rejected: 1,
	});
	expect(await failureOf(approve(lena, own))).toBe("approvals.own_request");
});

test("of a device those groups are told that are theirs", async () => {
	const id = await asked([inside], { devices: [named(inside, "here", "there")] });
	const groupsFor = async (as: Actor) =>
		(await host.as(as).listApprovalDevices({ params: { id }, query: {} })).items.map(({ groups }) => groups);
	expect(await groupsFor(host.limited("greta", [here]))).toEqual([["here"]]);
	expect(await groupsFor(asker)).toEqual([["here", "there"]]);
});

test("their vote decides where the approval exists for them, with all that holds for others; breaking the glass and policies are not theirs", async () => {
	const vera = host.limited("vera", [here], ["approvals:*"]);
	const id = await asked([inside]);
	const api = host.as(vera);
	expect((await api.getApproval({ params: { id } })).mine).toMatchObject({ can_decide: true, can_bypass: false });
	const closed = [
		api.bypass({ params: { id }, body: { plan_sha256: hashA, reason: "the core is down" } }),
		api.listApprovalPolicies({ query: {} }),
		api.createApprovalPolicy({ body: { name: "free", stages: [] } }),
		api.evaluateApprovalPolicies({ body: { kind: "deploy", devices: [{ count: 1 }] } }),
	];
	expect(new Set(await Promise.all(closed.map(failureOf)))).toEqual(new Set(["auth.out_of_scope"]));
	expect(await approve(vera, id)).toMatchObject({ status: "approved", decided_by: ["vera"] });
	expect(await start(id)).toMatchObject({ may_start: true });

	const own = await asked([inside], {}, vera);
	expect(await failureOf(approve(vera, own))).toBe("approvals.own_request");
	expect(await approve(host.limited("second", [here]), own)).toMatchObject({ status: "approved" });
	const refused = await asked([inside]);
	const body = { plan_sha256: hashA, reason: "not tonight" };
	expect(await api.reject({ params: { id: refused }, body })).toMatchObject({ status: "rejected" });
	const reader = host.limited("reader", [here], ["approvals:read"]);
	expect(await failureOf(approve(reader, await asked([inside])))).toBe("auth.forbidden");
});

test.each([
	["whose role was limited to other groups", async (by: Actor) => host.change(by, { device_groups: [there] })],
	[
		"whose role lost a group that its procedure was started with",
		async (by: Actor) => host.change(by, { device_groups: [here] }),
	],
	["whose groups lost a device of the run", async () => host.regroup(here, inside)],
] as const)("the vote of somebody %s counts no more when the run begins", async (_, narrow) => {
	const wide = host.limited(`wide-${newId()}`, [here, there]);
	const id = await asked([inside, also_inside], {
		cover: { device_ids: [inside, also_inside], device_groups: [here, there] },
	});
	expect(await approve(wide, id)).toMatchObject({ status: "approved" });
	await narrow(wide);
	expect(await start(id)).toMatchObject({ may_start: false, state: { status: "lapsed" } });
	host.regroup(here, inside, also_inside);
	expect(await start(id)).toMatchObject({ may_start: false, state: { status: "lapsed" } });
});

test("the vote of somebody who was limited since does not count when the next is taken, and where it is limited to as much it does", async () => {
	const policy = { name: "Two", kinds: ["restart"], stages: [{ needed: 2 }] };
	const { id: policy_id } = await host.admin.createApprovalPolicy({ body: policy });
	const [first, kept, second] = [host.person("first-of-two"), host.person("kept-of-two"), host.person("second-of-two")];
	const id = await asked([inside, outside], { kind: "restart" });
	await approve(first, id);
	await host.change(first, { device_groups: [here] });
	expect(await approve(second, id)).toMatchObject({ status: "waiting", approved: 1 });
	const { votes } = await host.admin.getApproval({ params: { id } });
	expect(votes.map(({ by, counts, why_not }) => [by.name, counts, why_not])).toEqual([
		["first-of-two", false, "first-of-two may no longer approve"],
		["second-of-two", true, null],
	]);
	await approve(kept, id);
	await host.change(kept, { device_groups: [here, there] });
	expect(await start(id)).toMatchObject({ may_start: true });
	await host.admin.deleteApprovalPolicy({ params: { id: policy_id } });
});

test("a place is handed on to nobody for whom the approval does not exist, and counts no more with the limits of who handed it on", async () => {
	const [owner, outsider, delegated] = [
		host.limited("owner", [here]),
		host.limited("outsider", [there]),
		host.limited("delegated", [here, there]),
	];
	const id = await asked([inside], { risk_facts: { writes: false }, demand: { stages: [{ users: ["owner"] }] } });
	expect(await failureOf(delegate(owner, id, outsider))).toBe("approvals.bad_delegate");
	await delegate(owner, id, delegated);
	expect(await approve(delegated, id)).toMatchObject({ status: "approved" });
	await host.change(owner, { device_groups: [there] });
	expect(await start(id)).toMatchObject({ may_start: false, state: { status: "lapsed" } });
});

test("those who may decide are told with those whose roles cover its devices, and none whose do not", async () => {
	const names = async (id: string) => {
		const { items, total } = await host.admin.listApprovers({ params: { id } });
		expect(total).toBe(items.length);
		return items.map(({ name }) => name);
	};
	const [near, far] = [host.limited("near", [here]), host.limited("far", [there])];
	expect(await names(await asked([inside]))).toEqual(expect.arrayContaining(["near", "admin"]));
	expect(await names(await asked([inside]))).not.toContain("far");
	const mixed = await names(await asked([inside, outside]));
	for (const { name } of [near, far]) expect(mixed).not.toContain(name);
});

test("while nobody can say which devices there are, nobody limited votes, and what they approved does not begin", async () => {
	const una = host.limited("una", [here]);
	const id = await asked([inside]);
	const waits = await asked([inside]);
	await approve(una, id);
	host.letAuthBeAway(true);
	try {
		expect(await failureOf(start(id))).toBe("service.unavailable");
		expect(await failureOf(approve(una, waits))).toBe("service.unavailable");
	} finally {
		host.letAuthBeAway(false);
	}
	expect(await start(id)).toMatchObject({ may_start: true });
});
