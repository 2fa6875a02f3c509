import { expect, test } from "vitest";
import { outcomeOf } from "./outcome.ts";

test.each([
	["apply_change", "succeeded", { outcome: "confirmed" }, "deployed"],
	["apply_change", "failed", { outcome: "rolled_back" }, "failed"],
	["apply_change", "failed", null, "failed"],
	["apply_change", "failed", { outcome: "not_restored" }, "unknown"],
	["apply_change", "unknown", null, "unknown"],
	["apply_change", "skipped", null, undefined],
	["apply_change", "cancelled", null, undefined],
	["plan_change", "succeeded", { unchanged: true }, "deployed"],
	["plan_change", "succeeded", { unchanged: false }, undefined],
	["plan_change", "failed", null, undefined],
	["collect_config", "succeeded", { unchanged: true }, undefined],
] as const)("a %s that %s with %j leaves a service %s", (step_type, status, result, state) => {
	expect(outcomeOf({ step_type, status, result })).toBe(state);
});
