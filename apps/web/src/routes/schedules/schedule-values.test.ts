import type { Mop } from "@netconductor/contracts/config/mops";
import { type Schedule, ScheduleInput } from "@netconductor/contracts/scheduling/model";
import { expect, test } from "vitest";
import { bodyOfValues, valuesOfSchedule } from "./schedule-values.ts";

const kindThatTakes = (...names: string[]) => ({
	params_schema: { properties: Object.fromEntries(names.map((name) => [name, {}])) },
});
const stackKind = kindThatTakes("stack", "source", "reason");
const mopKind = kindThatTakes("mop", "variables", "targets", "reason");

function schedule(params: Record<string, unknown>): Schedule {
	const rule = { timing: { type: "interval", every_minutes: 60 }, time_zone: "UTC" };
	return ScheduleInput.parse({ ...rule, name: "Nightly", kind: "x", params }) as unknown as Schedule;
}
const procedure = {
	document: {
		variables: { site: { type: "string", required: true }, vlans: { type: "list" }, most: { type: "integer" } },
		targets: { groups: ["Edge"] },
	},
} as unknown as Mop;

test("what a schedule is told of a stack or procedure is sent again as it was", () => {
	for (const [kind, params, mop] of [
		[stackKind, { stack: "edge", source: "live", reason: "CHG-1" }],
		[kindThatTakes("stack", "reason"), { stack: "edge", reason: "" }],
		[mopKind, { mop: "Add", variables: { site: "Vienna", vlans: ["7", "8"], most: 3 }, reason: "" }, procedure],
		[mopKind, { mop: "Add", variables: {}, targets: { names: ["r1"] }, reason: "" }, procedure],
		[mopKind, { mop: "Not to be read", variables: { deep: { a: [1] } }, targets: { all: true }, reason: "" }],
		[kindThatTakes("select", "colour"), { select: { groups: ["Edge"], tags: [], names: [] }, colour: "red" }],
	] as const) {
		const before = schedule(params);
		expect(bodyOfValues(valuesOfSchedule(before), { kind, mop, before }).params).toEqual(params);
	}
});

test("values of a procedure that was chosen before are not sent to another one", () => {
	const before = schedule({ mop: "Add", variables: { site: "Vienna" }, targets: { all: true }, reason: "" });
	const values = { ...valuesOfSchedule(before), mop: "Remove" };
	expect(bodyOfValues(values, { kind: mopKind, before }).params).toEqual({ mop: "Remove", reason: "" });
});
