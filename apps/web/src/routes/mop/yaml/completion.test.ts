import type { MopStepType } from "@netconductor/contracts/config/mops";
import { expect, test } from "vitest";
import { placeAt } from "../document/place.ts";
import { completionsFor, namesIn } from "./completion.ts";

const types = [
	{
		type: "wait",
		label: "Wait",
		aliases: ["delay"],
		description: "",
		params: {
			type: "object",
			required: ["seconds"],
			properties: { seconds: { type: "number" }, quiet: { type: "boolean" } },
		},
	},
	{ type: "log", label: "Log", aliases: [], description: "", params: {} },
] as unknown as MopStepType[];

/** What is offered at the sign ‸ of a text, ids and variables as in the whole one. */
function offered(text: string, whole = text.replace("‸", "")): string[] {
	const at = text.indexOf("‸");
	const place = placeAt(text.replace("‸", ""), at);
	const names = namesIn(whole) ?? { ids: [], variables: [] };
	return place === undefined ? [] : completionsFor(place, { types, ...names }).map(({ label }) => label);
}

test("keys are offered where they belong, once", () => {
	expect(offered("name: x\n‸")).not.toContain("name");
	expect(offered("name: x\n‸")).toContain("variables");
	expect(offered("steps:\n  - id: a\n    type: wait\n    ‸")).toEqual(expect.arrayContaining(["with", "when"]));
	expect(offered("steps:\n  - id: a\n    type: wait\n    ‸")).not.toContain("id");
	expect(offered("settings:\n  ‸")).toEqual(["on_failure", "parallelism", "max_steps"]);
	expect(offered("variables:\n  x: { ‸")).toContain("secret");
});

test("step types, and the parameters of the one that is chosen, also by an older name", () => {
	expect(offered("steps:\n  - type: ‸")).toEqual(["wait", "log"]);
	expect(offered("steps:\n  - type: wait\n    with:\n      ‸")).toEqual(["seconds", "quiet"]);
	expect(offered("steps:\n  - type: delay\n    with: { seconds: 1, ‸")).toEqual(["quiet"]);
	expect(offered("steps:\n  - type: wait\n    with: { quiet: ‸")).toEqual(["true", "false"]);
});

test("ids after goto, and variables in templates, those that steps save too", () => {
	const text =
		"variables:\n  peer: x\nsteps:\n  - id: a\n    save_to_variable: before\n    on_failure: { goto: ‸ }\n  - id: b\n";
	expect(offered(text)).toEqual(["a", "b"]);
	const whole = text.replace("{ goto: ‸ }", "stop");
	expect(offered(text.replace("{ goto: ‸ }", '"{{ ‸'), whole)).toEqual(["peer", "before", "device", "run"]);
});

test("after a dot what the variable has is offered, where every procedure knows it", () => {
	expect(offered('steps:\n  - id: a\n    when: "{{ device.‸')).toEqual(expect.arrayContaining(["site", "facts"]));
	expect(offered('steps:\n  - id: a\n    when: "{{ device.facts.os‸')).toContain("os_version");
	expect(offered('steps:\n  - id: a\n    when: "{{ run.‸')).toEqual(["id", "title", "reason", "started_by"]);
	expect(offered('steps:\n  - id: a\n    when: "{{ peer.‸')).toEqual([]);
});
