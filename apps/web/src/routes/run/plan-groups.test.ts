import type { RunOperation } from "@netconductor/contracts/tasks/model";
import { expect, test } from "vitest";
import { dangersOf, orderOf, planOf, waysOf } from "./plan-groups.ts";

function planned(device: string, more: Partial<RunOperation> = {}, change: Record<string, unknown> = {}): RunOperation {
	return {
		id: device,
		run_id: "run",
		step_id: "plan",
		step_type: "plan_change",
		device_id: device,
		device_name: device,
		wave: 0,
		status: "succeeded",
		attempts: 1,
		worker_id: null,
		result: {
			unchanged: false,
			commands: ["ntp server 192.0.2.1"],
			commands_total: 1,
			diff: "+ntp server 192.0.2.1\n",
			diff_cut: false,
			diff_source: "worked_out",
			diff_sha256: "one",
			undo: { kind: "emulated", how: "by inverse commands", commands: ["no ntp server 192.0.2.1"] },
			dangerous: [],
			running_sha256: device,
			lines_sha256: "lines",
			...change,
		},
		error: null,
		skip_reason: null,
		started_at: null,
		finished_at: null,
		duration_ms: null,
		decision: null,
		decided_by: null,
		decided_at: null,
		decision_reason: null,
		...more,
	};
}

function plan(...operations: RunOperation[]) {
	return planOf(new Map(operations.map((operation) => [operation.id, operation])), "plan");
}

test("identical differences are one group, and dangerous ones stand first", () => {
	const danger = { command: "reload", why: "restarts the device", level: "critical" };
	const { changes, unchanged, open, total } = plan(
		planned("r10"),
		planned("r2"),
		planned("r3", {}, { diff_sha256: "other", dangerous: [danger] }),
		planned("r4", {}, { unchanged: true, diff: "", diff_sha256: "none" }),
		planned("r5", { status: "pending", result: null }),
		planned("r6", { step_id: "apply" }),
	);
	expect(changes.map(({ devices }) => devices.map(({ device_name }) => device_name))).toEqual([["r3"], ["r2", "r10"]]);
	expect(changes.map((group) => dangersOf(group).length)).toEqual([1, 0]);
	expect(unchanged.map(({ device_name }) => device_name)).toEqual(["r4"]);
	expect({ open, total }).toEqual({ open: 1, total: 5 });
});

test("a device that could not be planned is named with its error, also where its answer cannot be read", () => {
	const error = { code: "device.unreachable", message: "r1 does not answer" };
	const { failed } = plan(
		planned("r1", { status: "failed", result: null, error }),
		planned("r2", { result: { x: 1 } }),
	);
	expect(failed.map(({ device_name }) => device_name)).toEqual(["r1", "r2"]);
});

test("devices that others depend on stand before those in the order, also where they change alike", () => {
	const { changes } = plan(
		planned("r10", { wave: 1 }),
		planned("r2", { wave: 1 }, { diff_sha256: "other" }),
		planned("r3", { wave: 0 }),
		planned("r4", { wave: 2 }, { unchanged: true, diff: "" }),
	);
	expect(orderOf({ changes }).map((wave) => wave.map(({ device_name }) => device_name))).toEqual([
		["r3"],
		["r2", "r10"],
	]);
});

test("where the same difference is come to in several ways, each way is told apart", () => {
	const { changes } = plan(
		planned("r1"),
		planned("r2"),
		planned("r3", {}, { commands: ["ntp server 192.0.2.1 prefer"] }),
	);
	const [group] = changes;
	expect(group && waysOf(group).map((way) => way.map(({ device_name }) => device_name))).toEqual([
		["r1", "r2"],
		["r3"],
	]);
});
