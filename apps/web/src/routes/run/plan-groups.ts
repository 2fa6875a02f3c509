import { UndoKind } from "@netconductor/contracts/devices/change";
import { inNaturalOrder } from "@netconductor/contracts/kernel/natural-order";
import type { Run, RunOperation } from "@netconductor/contracts/tasks/model";
import { z } from "zod";
import type { Operations } from "./operations.ts";

/** What the step `plan_change` found out about a device. */
const PlannedChange = z.object({
	unchanged: z.boolean(),
	commands: z.array(z.string()),
	/** More than `commands` holds where there are very many. */
	commands_total: z.int(),
	diff: z.string(),
	diff_cut: z.boolean(),
	diff_source: z.enum(["device", "worked_out"]),
	diff_sha256: z.string(),
	undo: z.object({ kind: UndoKind, how: z.string(), commands: z.array(z.string()) }),
	dangerous: z.array(z.object({ command: z.string(), why: z.string(), level: z.enum(["high", "critical"]) })),
	/** What validation templates say is to stand there before the change is confirmed. Runs of before have none. */
	verification: z
		.object({ templates: z.array(z.string()), lines: z.array(z.string()), lines_total: z.int() })
		.nullish(),
});
export type PlannedChange = z.infer<typeof PlannedChange>;

export interface PlannedDevice {
	operation_id: string;
	device_id: string;
	device_name: string;
	wave: number;
	change: PlannedChange;
}

/** Devices on which the same would change. */
export interface PlanGroup {
	diff_sha256: string;
	/** By name. */
	devices: PlannedDevice[];
}

export interface PlanOfRun {
	/** The dangerous first, then those of most devices. */
	changes: PlanGroup[];
	unchanged: RunOperation[];
	/** Could not be planned, each with why. */
	failed: RunOperation[];
	/** Not planned yet. */
	open: number;
	total: number;
}

/** The step of a run that finds out what it would change. */
export function planStepOf({ steps }: Pick<Run, "steps">): string | undefined {
	return steps.find(({ type }) => type === "plan_change")?.id;
}

/** What a run would change, identical differences together. */
export function planOf(operations: Operations, step_id: string): PlanOfRun {
	const groups = new Map<string, PlanGroup>();
	const plan: PlanOfRun = { changes: [], unchanged: [], failed: [], open: 0, total: 0 };
	for (const operation of operations.values()) {
		if (operation.step_id !== step_id) continue;
		plan.total += 1;
		const { id, device_id, device_name, wave, status, result } = operation;
		const read = PlannedChange.safeParse(result);
		if (!read.success) {
			if (status === "pending" || status === "running") plan.open += 1;
			else plan.failed.push(operation);
			continue;
		}
		const change = read.data;
		if (change.unchanged) {
			plan.unchanged.push(operation);
			continue;
		}
		let group = groups.get(change.diff_sha256);
		if (group === undefined) {
			group = { diff_sha256: change.diff_sha256, devices: [] };
			groups.set(change.diff_sha256, group);
		}
		group.devices.push({ operation_id: id, device_id, device_name, wave, change });
	}
	const byName = (one: { device_name: string }, other: { device_name: string }) =>
		inNaturalOrder(one.device_name, other.device_name);
	for (const { devices } of groups.values()) devices.sort(byName);
	plan.unchanged.sort(byName);
	plan.failed.sort(byName);
	plan.changes = [...groups.values()].sort(
		(one, other) => dangersOf(other).length - dangersOf(one).length || other.devices.length - one.devices.length,
	);
	return plan;
}

/** Devices that change, those first that others depend on: each list has its turn when the one before it has ended. One where none depends on another. */
export function orderOf({ changes }: Pick<PlanOfRun, "changes">): PlannedDevice[][] {
	const waves = new Map<number, PlannedDevice[]>();
	for (const device of changes.flatMap(({ devices }) => devices)) {
		const wave = waves.get(device.wave) ?? [];
		waves.set(device.wave, wave);
		wave.push(device);
	}
	const inOrder = [...waves].sort(([one], [other]) => one - other).map(([, devices]) => devices);
	for (const wave of inOrder) wave.sort((one, other) => inNaturalOrder(one.device_name, other.device_name));
	return inOrder;
}

/** Dangerous commands of a group, each once. */
export function dangersOf({ devices }: PlanGroup): PlannedChange["dangerous"] {
	const found = new Map(devices.flatMap(({ change }) => change.dangerous).map((danger) => [danger.command, danger]));
	return [...found.values()];
}

/** Devices of a group by what is sent to them, how that is undone and what is verified then: the same difference may be come to in several ways. */
export function waysOf({ devices }: PlanGroup): PlannedDevice[][] {
	const ways = new Map<string, PlannedDevice[]>();
	for (const device of devices) {
		const { commands, undo, verification } = device.change;
		const key = JSON.stringify([commands, undo, verification?.templates, verification?.lines]);
		const way = ways.get(key);
		if (way === undefined) ways.set(key, [device]);
		else way.push(device);
	}
	return [...ways.values()].sort((one, other) => other.length - one.length);
}
