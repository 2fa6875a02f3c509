import type { MopStep } from "@netconductor/contracts/config/mops";
import type { StepTypeInfo } from "@netconductor/contracts/tasks/procedure";
import { expect, test } from "vitest";
import { checkSettings } from "./check-structure.ts";

const info = (runs_on: StepTypeInfo["runs_on"]): StepTypeInfo => ({
	type: "api_call",
	label: "API call",
	description: "Asks an API.",
	category: "outside",
	runs_on,
	writes: false,
	params: {},
	blocks: [],
	aliases: [],
	permission: null,
	example: {},
});

function codes(runs_on: StepTypeInfo["runs_on"], on_failure: MopStep["on_failure"]): string[] {
	const step: MopStep = { id: "ask", type: "api_call", on_failure };
	const placed = { step, path: ["steps", 0], list: [step], depth: 0, phase: "main" as const, around: [] };
	const faults = checkSettings({ name: "x", steps: [step] }, placed, { info: info(runs_on), preset: null });
	return faults.map(({ severity, code }) => `${severity} ${code}`);
}

test("leaving out the devices that failed is warned of where a step is for none", () => {
	expect(codes("server", "drop_devices")).toEqual(["warning step.drops_no_device"]);
	expect(codes("devices", "drop_devices")).toEqual([]);
	expect(codes("server", "continue")).toEqual([]);
});
