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

function codes(runs_on: StepTypeInfo["runs_on"], said: Partial<MopStep>): string[] {
	const step: MopStep = { id: "ask", type: "api_call", ...said };
	const placed = { step, path: ["steps", 0], list: [step], depth: 0, phase: "main" as const, around: [] };
	const secret = { type: "string" as const, description: "", required: false, secret: true };
	const document = { name: "x", variables: { token: secret, shown: 1 }, steps: [step] };
	const faults = checkSettings(document, placed, { info: info(runs_on), preset: null });
	return faults.map(({ severity, code, path }) => `${severity} ${code} ${path.at(-1)}`);
}

test("leaving out the devices that failed is warned of where a step is for none", () => {
	expect(codes("server", { on_failure: "drop_devices" })).toEqual(["warning step.drops_no_device on_failure"]);
	expect(codes("devices", { on_failure: "drop_devices" })).toEqual([]);
	expect(codes("server", { on_failure: "continue" })).toEqual([]);
});

test("saving what devices answer as a secret is warned of: the run shows it first", () => {
	expect(codes("devices", { save_to_variable: "token" })).toEqual(["warning step.shows_secret save_to_variable"]);
	expect(codes("devices", { save_to_variable: "shown" })).toEqual([]);
	expect(codes("devices", { save_to_variable: "other" })).toEqual([]);
	expect(codes("server", { save_to_variable: "token" })).toEqual([]);
});
