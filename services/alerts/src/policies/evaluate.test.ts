import fc from "fast-check";
import { expect, test } from "vitest";
import { evaluatePolicies, type PlanFacts, type PolicyRule, withDemand } from "./evaluate.ts";

const anyone = { name: "Approval", needed: 1, users: [], roles: [] };
const builtIn: PolicyRule = {
	id: "built-in",
	name: "Writes need somebody else",
	enabled: true,
	kinds: [],
	groups: [],
	risk_at_least: "low",
	writes_only: true,
	stages: [anyone],
	expires_in_minutes: null,
	built_in: true,
};
const rule = (id: string, change: Partial<PolicyRule>): PolicyRule => ({
	...builtIn,
	id,
	name: id,
	built_in: false,
	...change,
});
const plan = (change: Partial<PlanFacts> = {}): PlanFacts => ({
	kind: "deploy",
	writes: true,
	risk: "low",
	devices: [{ count: 3, groups: ["core"] }],
	...change,
});
const needs = (rules: PolicyRule[], of: PlanFacts) =>
	evaluatePolicies([...rules, builtIn], of, 30).policies.map(({ id }) => id);

test("on a fresh installation a write needs one approval and a read none", () => {
	expect(evaluatePolicies([builtIn], plan(), 30)).toMatchObject({ stages: [{ needed: 1 }], expires_in_minutes: 30 });
	expect(evaluatePolicies([builtIn], plan({ writes: false }), 30).stages).toEqual([]);
	expect(needs([], plan({ devices: [] }))).toEqual(["built-in"]);
});

test("the first policy that matches a device decides for it", () => {
	const lab = rule("lab is free", { groups: ["Lab"], stages: [] });
	const strict = rule("core", { groups: ["core"], stages: [{ ...anyone, needed: 2 }], expires_in_minutes: 5 });
	expect(needs([lab, strict], plan({ devices: [{ count: 1, groups: ["lab", "core"] }] }))).toEqual([]);
	expect(needs([strict, lab], plan({ devices: [{ count: 1, groups: ["lab", "core"] }] }))).toEqual(["core"]);
	expect(evaluatePolicies([strict, builtIn], plan(), 30).expires_in_minutes).toBe(5);
});

test("a device that needs nothing carries no other along", () => {
	const lab = rule("lab is free", { groups: ["lab"], stages: [] });
	const devices = [
		{ count: 1, groups: ["lab"] },
		{ count: 1, groups: ["core"] },
	];
	expect(needs([lab], plan({ devices }))).toEqual(["built-in"]);
});

test("where a device's groups are unknown every policy that might be the first counts", () => {
	const rules = [
		rule("lab is free", { groups: ["lab"], stages: [] }),
		rule("core", { groups: ["core"] }),
		rule("edge", { groups: ["edge"], stages: [{ ...anyone, roles: ["lead"] }] }),
	];
	const unknown = plan({ devices: [{ count: 1, groups: undefined }] });
	expect(needs(rules, unknown)).toEqual(["core", "edge", "built-in"]);
});

test("kind, risk, writing and being switched on narrow a policy down, and each says so", () => {
	const rules = [
		rule("off", { enabled: false }),
		rule("backups", { kinds: ["backup"] }),
		rule("high", { risk_at_least: "high" }),
		rule("edge", { groups: ["edge"] }),
	];
	const { verdicts } = evaluatePolicies([...rules, builtIn, rule("never reached", {})], plan(), 30);
	expect(verdicts.map(({ matches, why }) => [matches, why])).toEqual([
		[false, "It is switched off."],
		[false, "It is for backup only."],
		[false, "It is for high risk and above, and this is low."],
		[false, "No device is in edge."],
		[true, "It is the first that matches for 3 devices; it wants one approval."],
		[false, "A policy before it decides for all of its devices."],
	]);
	expect(needs([rule("high", { risk_at_least: "high" })], plan({ risk: "critical" }))).toEqual(["high"]);
});

test("more devices never make a plan need less", () => {
	const groups = fc.subarray(["core", "edge", "lab"]);
	const policy = fc.record({
		groups,
		stages: fc.constantFrom<PolicyRule["stages"][]>(
			[],
			[anyone],
			[{ ...anyone, needed: 2 }],
			[{ ...anyone, roles: ["lead"] }, anyone],
		),
		kinds: fc.constantFrom<PolicyRule["kinds"][]>([], ["deploy"], ["backup"]),
	});
	const sets = fc.array(
		fc.record({ count: fc.integer({ min: 1, max: 9 }), groups: fc.option(groups, { nil: undefined }) }),
		{
			minLength: 1,
			maxLength: 4,
		},
	);
	fc.assert(
		fc.property(fc.array(policy, { maxLength: 5 }), sets, sets, (given, some, more) => {
			const rules = [...given.map((one, index) => rule(`p${index}`, one)), builtIn];
			const few = evaluatePolicies(rules, plan({ devices: some }), 30);
			const many = evaluatePolicies(rules, plan({ devices: [...some, ...more] }), 30);
			const ids = many.policies.map(({ id }) => id);
			for (const { id } of few.policies) expect(ids).toContain(id);
			expect(many.expires_in_minutes).toBeLessThanOrEqual(few.expires_in_minutes);
		}),
	);
});

test("what is demanded is needed where no policy wants anything, and adds up with what policies want of others or of more", () => {
	const demand = { stages: [anyone], expires_in_minutes: 10 };
	const of = (stages: PolicyRule["stages"], minutes = 30) => {
		const rules = [rule("own", { stages, writes_only: false, expires_in_minutes: minutes })];
		const { stages: needed, expires_in_minutes } = withDemand(evaluatePolicies(rules, plan(), 30), demand);
		return [needed, expires_in_minutes];
	};
	const night = { ...anyone, name: "Night shift", roles: ["night"] };
	expect(of([])).toEqual([[anyone], 10]);
	expect(of([anyone])).toEqual([[anyone], 10]);
	expect(of([{ ...anyone, needed: 3 }], 5)).toEqual([[anyone, { ...anyone, needed: 2 }], 5]);
	expect(of([night])).toEqual([[anyone, night], 10]);
	expect(withDemand(evaluatePolicies([builtIn], plan(), 30), undefined)).toMatchObject({ stages: [anyone] });
});
