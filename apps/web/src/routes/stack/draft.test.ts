import type { Stack } from "@netconductor/contracts/config/stacks";
import { expect, test } from "vitest";
import { bodyOf, draftOf, faultAt, sameDraft } from "./draft.ts";

const template_id = "01a1fe81-0000-7000-8000-000000000001";
const device_id = "01a1fe81-0000-7000-8000-000000000002";
const stack: Stack = {
	id: "01a1fe81-0000-7000-8000-000000000003",
	name: "edge",
	description: "",
	state: "pending",
	pending_changes: false,
	version: 3,
	deployed_version: null,
	deployed_at: null,
	last_run_id: null,
	made_from: null,
	parameters: null,
	created_at: "2026-03-02T00:00:00.000Z",
	created_by: "ana",
	updated_at: "2026-03-02T00:00:00.000Z",
	updated_by: "ana",
	services: [
		{
			name: "bgp",
			template_id,
			targets: { groups: ["Edge"] },
			variables: { asn: 65001, peers: [{ ip: "::1" }] },
			depends_on: [],
		},
	],
	variables: { prefix: "198.51.100.0/24" },
	device_variables: { [device_id]: { asn: 65002 } },
	pre_checks: [{ name: "quiet", command: "show ip bgp summary", expect: "Idle", negate: true, within_s: 0 }],
	pre_state_checks: [{ kind: "interfaces", names: ["Gi1"], within_s: 0 }],
	checks: [{ name: "up", command: "show bgp summary", expect: "Estab", negate: false, within_s: 30 }],
	rollout: { batch_sizes: [1, 10], most_failures: 0, pause_after_first: false },
	state_checks: [{ kind: "bgp", neighbors: ["10.0.0.9"], min_prefixes: 3, afi: "ipv4", within_s: 60 }],
	confirm_within_s: 300,
};

test("a stack that was not changed is sent as it came", () => {
	const { services, variables, device_variables, rollout, confirm_within_s, name, description } = stack;
	const { pre_checks, pre_state_checks, checks, state_checks } = stack;
	const all = { pre_checks, pre_state_checks, checks, state_checks };
	expect(bodyOf(draftOf(stack))).toEqual({
		body: { services, variables, device_variables, ...all, rollout, confirm_within_s, name, description },
		faults: {},
	});
	expect(sameDraft(draftOf(stack), draftOf({ ...stack, version: 4 }))).toBe(true);
});

test("everything wrong is told at its place, before anything is sent", () => {
	const draft = draftOf(stack);
	const [service] = draft.services;
	const [check] = draft.checks;
	if (service === undefined || check === undefined) throw new Error("the stack has both");
	const { faults } = bodyOf({
		...draft,
		services: [
			{ ...service, name: "", template_id: null, targets: { groups: [] }, variables: [{ name: "x", text: "{" }] },
		],
		checks: [{ ...check, command: "reload" }],
		batch_sizes: "1, x",
		confirm_within_s: "",
	});
	expect(faults["services.0.name"]).toBe("Required");
	expect(faults["services.0.template_id"]).toBe("Required");
	expect(faultAt(faults, "services.0.targets")).toContain("Select devices");
	expect(faults["services.0.variables.0"]).toContain("JSON");
	expect(faults["checks.0.command"]).toContain("reads");
	expect(faultAt(faults, "rollout.batch_sizes")).toBeDefined();
	expect(faults.confirm_within_s).toBeDefined();
	expect(sameDraft(draft, { ...draft, batch_sizes: "1, x" })).toBe(false);
});
