import type { RunOperation } from "@netconductor/contracts/tasks/model";
import { expect, test } from "vitest";
import { planGroups, renderPlan } from "./change-plan.ts";

const plain = { paint: (_: string, text: string) => text, out_is_terminal: true };

function operation(device_name: string, result: Record<string, unknown>): RunOperation {
	const planned = {
		unchanged: false,
		commands: ["ntp server 192.0.2.1"],
		commands_total: 1,
		diff: "@@ -1,0 +1,1 @@\n+ntp server 192.0.2.1\n",
		diff_cut: false,
		diff_source: "computed",
		undo: { kind: "emulated", how: "Inverse commands", commands: ["no ntp server 192.0.2.1"] },
		dangerous: [],
		...result,
	};
	return { device_name, step_type: "plan_change", status: "succeeded", result: planned } as unknown as RunOperation;
}

test("devices with the same difference are one group, whatever session name heads it; another way back is another group", () => {
	const headed = (session: string) => ({ diff: `--- running\n+++ session:/${session}\n@@ -1 +1 @@\n+x\n` });
	const groups = planGroups([
		operation("a", headed("nc-1")),
		operation("b", headed("nc-2")),
		operation("c", { ...headed("nc-3"), undo: { kind: "none", how: "Nothing", commands: [] } }),
	]);
	expect(groups.map(({ devices }) => devices)).toEqual([["a", "b"], ["c"]]);
});

test("a removed line that looks like a heading counts as a difference", () => {
	const groups = planGroups([
		operation("a", { diff: "@@ -1 +0,0 @@\n--- x\n" }),
		operation("b", { diff: "@@ -1 +0,0 @@\n--- y\n" }),
	]);
	expect(groups).toHaveLength(2);
});

test("what would happen, the way back, dangerous commands and devices that stay are all said", () => {
	const dangerous = [{ command: "reload in 5", why: "the device restarts", level: "critical" }];
	const shown = renderPlan([operation("r1", { dangerous }), operation("r2", { unchanged: true, diff: "" })], plain, {
		commands: true,
	});
	expect(shown).toBe(`1 device: r1  worked out from its configuration
@@ -1,0 +1,1 @@
+ntp server 192.0.2.1
Sent (1 command):
  ntp server 192.0.2.1
Undone by: Inverse commands
The timer is in our worker, which must reach the device again to take the change back. Where it cannot, or ends itself, the change stays and the run needs attention.
  no ntp server 192.0.2.1
Dangerous (critical): reload in 5: the device restarts

1 device stays as it is: r2
`);
});

test("what will be verified is said with its lines, for devices of one difference that are verified otherwise by name", () => {
	const verification = (...lines: string[]) => ({
		verification: { templates: ["ntp/check"], lines, lines_total: lines.length, sha256: "0" },
	});
	const operations = [
		operation("r1", verification("ntp server 192.0.2.1")),
		operation("r2", verification("ntp server 192.0.2.1")),
		operation("r3", verification("ntp server 192.0.2.1", "hostname r3")),
		operation("r4", { verification: null }),
	];
	expect(renderPlan(operations, plain)).toContain(`Undone by: Inverse commands
The timer is in our worker, which must reach the device again to take the change back. Where it cannot, or ends itself, the change stays and the run needs attention.
Verified before it is confirmed on r1, r2 (ntp/check, 1 line):
  ntp server 192.0.2.1
Verified before it is confirmed on r3 (ntp/check, 2 lines):
  ntp server 192.0.2.1
  hostname r3
`);
	const many = [operation("r1", verification(...Array.from({ length: 30 }, (_, index) => `line ${index}`)))];
	expect(renderPlan(many, plain)).toContain("Verified before it is confirmed (ntp/check, 30 lines):\n  line 0\n");
	expect(renderPlan(many, plain)).toContain("  line 19\n  … and 10 more\n");
	expect(renderPlan(many, plain, { commands: true })).toContain("  line 29\n");
});

test("the order is said where devices depend on others; those that stay as they are have no place in it", () => {
	const at = (name: string, wave: number, more = {}) => ({ ...operation(name, more), wave });
	const shown = renderPlan([at("r1", 2), at("r2", 0), at("r3", 2), at("r4", 1, { unchanged: true })], plain);
	expect(shown).toContain("\nIn this order, each when all before it have ended:\n  1. r2\n  2. r1, r3\n");
	expect(renderPlan([at("r1", 1), at("r2", 1), at("r3", 0, { unchanged: true })], plain)).not.toContain("order");
});

test("what a device sent cannot colour or move anything", () => {
	const hostile = "\u001b[31m\u001b[2J\rx";
	const shown = renderPlan(
		[
			operation(hostile, {
				diff: `+${hostile}\n`,
				commands: [hostile],
				undo: { kind: "none", how: hostile, commands: [hostile] },
				dangerous: [{ command: hostile, why: hostile, level: hostile }],
				verification: { templates: [hostile], lines: [hostile], lines_total: 1 },
			}),
		],
		plain,
		{ commands: true },
	);
	expect(shown).not.toContain("\u001b");
	expect(shown).not.toContain("\r");
});

test("where the timer runs that takes a change back is said of each device: in it, in our worker, or nowhere", () => {
	const undo = (kind: string) => ({ undo: { kind, how: "Somehow.", commands: [] } });
	const shown = (kind: string) => renderPlan([operation("r1", undo(kind))], plain);
	expect(shown("native")).toContain("The timer is in the device: unconfirmed, it goes back by itself");
	expect(shown("emulated")).toContain("The timer is in our worker, which must reach the device again");
	expect(shown("none")).not.toContain("timer");
});
