import type { OperationRecord } from "@netconductor/contracts/audit/events";
import { newId } from "@netconductor/runtime/id";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AlertsHost, changeBy, failureOf, startAlerts } from "./alerts-host.ts";

let host: AlertsHost;
beforeAll(async () => {
	host = await startAlerts({ NETCONDUCTOR_ALERTS_APPROVAL_EXPIRY_MINUTES: "45" });
});
afterAll(() => host?.stop());

const names = async () => (await host.admin.listApprovalPolicies({})).items.map(({ name }) => name);

test("a fresh installation has one policy, which nobody can change, delete or put elsewhere", async () => {
	const { items } = await host.admin.listApprovalPolicies({});
	expect(items).toMatchObject([{ name: "Writes need somebody else", built_in: true, position: 1, writes_only: true }]);
	const id = items[0]?.id ?? "";
	const changed = host.admin.updateApprovalPolicy({ params: { id }, body: { enabled: false } });
	expect(await failureOf(changed)).toBe("approval_policies.built_in");
	expect(await failureOf(host.admin.deleteApprovalPolicy({ params: { id } }))).toBe("approval_policies.built_in");
	expect(await failureOf(host.admin.orderApprovalPolicies({ body: { ids: [id] } }))).toBe(
		"approval_policies.bad_order",
	);

	const ann = host.person("ann");
	const read = { ...changeBy(ann), risk_facts: { writes: false } };
	expect(await host.engine.requestApproval({ body: read })).toMatchObject({ needed: false, risk: { level: "low" } });
	const write = await host.engine.requestApproval({ body: changeBy(ann) });
	if (!write.needed) throw new TypeError("needed");
	expect(new Date(write.expires_at).getTime() - host.clock.now().getTime()).toBe(45 * 60_000);
});

test("policies are added last, put in another order, changed and deleted, and what waits stays as it was asked for", async () => {
	const zoe = host.person("zoe");
	const { id: first } = await host.admin.createApprovalPolicy({
		body: { name: "Core", groups: ["core"], stages: [{ needed: 2, users: ["zoe"] }], expires_in_minutes: 5 },
	});
	const { id: second, position } = await host.admin.createApprovalPolicy({
		body: { name: "Lab", groups: ["lab"], stages: [] },
	});
	expect(position).toBe(2);
	expect(await names()).toEqual(["Core", "Lab", "Writes need somebody else"]);
	await host.admin.orderApprovalPolicies({ body: { ids: [second, first] } });
	expect(await names()).toEqual(["Lab", "Core", "Writes need somebody else"]);
	for (const ids of [[first], [first, first], [first, second, newId()], []]) {
		expect(await failureOf(host.admin.orderApprovalPolicies({ body: { ids } }))).toBe("approval_policies.bad_order");
	}

	const id = await host.request(host.person("asker"));
	const asked = await host.admin.getApproval({ params: { id } });
	expect(asked).toMatchObject({
		needed: 2,
		stages: [{ users: [{ id: zoe.id, name: "zoe" }] }],
		policies: [{ name: "Core" }],
	});
	await host.admin.updateApprovalPolicy({ params: { id: first }, body: { stages: [], name: "Core is free" } });
	await host.admin.deleteApprovalPolicy({ params: { id: second } });
	expect((await host.admin.getApproval({ params: { id } })).needed).toBe(2);
	expect(await host.admin.getApprovalPolicy({ params: { id: first } })).toMatchObject({
		name: "Core is free",
		position: 1,
	});
	expect(await failureOf(host.admin.getApprovalPolicy({ params: { id: second } }))).toBe("approval_policies.not_found");
	await host.admin.deleteApprovalPolicy({ params: { id: first } });
});

test("a name that is taken and an approver who does not exist are refused, and nothing is kept", async () => {
	await host.admin.createApprovalPolicy({ body: { name: "Night" } });
	const twice = host.admin.createApprovalPolicy({ body: { name: "NIGHT" } });
	expect(await failureOf(twice)).toBe("approval_policies.name_taken");
	const nobody = host.admin.createApprovalPolicy({ body: { name: "Day", stages: [{ users: ["nobody-there"] }] } });
	expect(await failureOf(nobody)).toBe("approval_policies.unknown_approver");
	expect(await names()).toEqual(["Night", "Writes need somebody else"]);
	const { items } = await host.admin.listApprovalPolicies({ query: { q: "%" } });
	expect(items).toEqual([]);
});

test("two who add policies at the same moment get places of their own", async () => {
	const added = await Promise.all(
		Array.from({ length: 5 }, (_, index) => host.admin.createApprovalPolicy({ body: { name: `Parallel ${index}` } })),
	);
	const { items } = await host.admin.listApprovalPolicies({});
	expect(items.map(({ position }) => position)).toEqual(items.map((_, index) => index + 1));
	expect(items.filter(({ name }) => name.startsWith("Parallel"))).toHaveLength(added.length);
});

test("trying out says what a real request then needs, and keeps nothing", async () => {
	await host.admin.createApprovalPolicy({
		body: { name: "Dangerous", risk_at_least: "critical", stages: [{ needed: 3 }], kinds: ["mop"] },
	});
	const { items } = await host.admin.listApprovalPolicies({});
	const ids = items.filter(({ built_in }) => !built_in).map(({ id }) => id);
	const dangerous = items.find(({ name }) => name === "Dangerous")?.id ?? "";
	await host.admin.orderApprovalPolicies({ body: { ids: [dangerous, ...ids.filter((id) => id !== dangerous)] } });
	const before = (await host.admin.getApprovalStats({})).waiting;
	const tried = await host.admin.evaluateApprovalPolicies({
		body: { kind: "mop", devices: [{ count: 2, groups: ["core"] }], commands: ["interface Gi0/1", " reload"] },
	});
	expect(tried).toMatchObject({ needed: true, risk: { level: "critical" }, stages: [{ needed: 3 }] });
	expect(tried.policies[0]).toMatchObject({ name: "Dangerous", matches: true, devices: 2 });
	expect((await host.admin.getApprovalStats({})).waiting).toBe(before);
	const asked = await host.request(host.person("asker-two"), {
		kind: "mop",
		risk_facts: {
			writes: true,
			dangerous_commands: [{ device: "core-1", command: "reload", why: "restarts the device", level: "critical" }],
		},
	});
	expect(await host.admin.getApproval({ params: { id: asked } })).toMatchObject({ needed: 3, risk_level: "critical" });
});

test("who may only read policies changes none", async () => {
	const reader = host.as(host.person("reader"));
	const { items } = await reader.listApprovalPolicies({});
	const id = items[0]?.id ?? "";
	expect(await failureOf(reader.createApprovalPolicy({ body: { name: "Mine" } }))).toBe("auth.forbidden");
	expect(await failureOf(reader.deleteApprovalPolicy({ params: { id } }))).toBe("auth.forbidden");
	expect(await failureOf(reader.orderApprovalPolicies({ body: { ids: [] } }))).toBe("auth.forbidden");
});

test("a decision is in the audit trail with what it was before and after", async () => {
	const [ann, bob] = [host.person("ann-audit"), host.person("bob-audit")];
	const id = await host.request(ann, { kind: "backup" });
	const { plan_sha256, needed } = await host.admin.getApproval({ params: { id } });
	await host.as(bob).reject({ params: { id }, body: { plan_sha256, reason: "not tonight" } });
	await expect
		.poll(
			() => host.recorded.find((record: OperationRecord) => record.operation === "reject" && record.resource_id === id),
			{ timeout: 20_000 },
		)
		.toMatchObject({
			outcome: "succeeded",
			before: { status: "waiting", needed },
			after: { status: "rejected", decision_reason: "not tonight", decided_by: ["bob-audit"] },
		});
});
