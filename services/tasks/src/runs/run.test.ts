import { expect, test } from "vitest";
import { finalStatus, noCounts, operationsOf, progressOf } from "./run.ts";

test.each([
	[{ succeeded: 3 }, "succeeded"],
	[{ succeeded: 3, skipped: 1 }, "succeeded"],
	[{ succeeded: 2, failed: 1 }, "partial"],
	[{ failed: 2, skipped: 4 }, "failed"],
	[{ skipped: 4 }, "failed"],
	[{}, "succeeded"],
	[{ succeeded: 2, failed: 1, cancelled: 1 }, "cancelled"],
	[{ succeeded: 2, cancelled: 1, unknown: 1 }, "needs_attention"],
])("a run with %j is %s", (counts, status) => {
	expect(finalStatus({ ...noCounts, ...counts })).toBe(status);
});

test("a plan's operations are all steps of one device after the other, and a device named twice counts once", () => {
	const step = (id: string) => ({ id, type: "probe_read", params: {} });
	const device = (name: string) => ({ device_id: name, name });
	const operations = operationsOf({
		steps: [step("one"), step("two")],
		targets: [device("a"), device("b"), device("a")],
		skipped: [
			{ ...device("c"), reason: "disabled" },
			{ ...device("b"), reason: "disabled" },
		],
	});
	expect(
		operations.map(({ device_name, step_index, status, ready }) => [device_name, step_index, status, ready]),
	).toEqual([
		["a", 0, "pending", true],
		["a", 1, "pending", false],
		["b", 0, "pending", true],
		["b", 1, "pending", false],
		["c", 0, "skipped", false],
		["c", 1, "skipped", false],
	]);
	expect(operations.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4, 5]);
});

test("progress is the share that ended, and is whole only when the run has ended", () => {
	const counts = { ...noCounts, succeeded: 1999, pending: 1 };
	expect(progressOf({ counts, total: 2000, status: "running" })).toBe(99.9);
	expect(progressOf({ counts: noCounts, total: 0, status: "queued" })).toBe(0);
	expect(progressOf({ counts: noCounts, total: 0, status: "succeeded" })).toBe(100);
});
