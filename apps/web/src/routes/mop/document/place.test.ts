import { expect, test } from "vitest";
import { placeAt } from "./place.ts";

/** Where the sign | stands. */
function at(text: string) {
	const cursor = text.indexOf("‸");
	return placeAt(text.replace("‸", ""), cursor);
}
const head = "name: x\nsteps:\n  - id: a\n    type: run_command\n";

test("at the margin keys of the procedure are due, without those that are there", () => {
	expect(at("name: x\nde‸\nsteps:\n  - id: a\n")).toMatchObject({ keys: [], what: { kind: "key" }, written: "de" });
	expect(at("name: x\n‸\n")?.taken.has("name")).toBe(true);
});

test("in a step its keys are due, and its type is known from above and below", () => {
	const place = at(`${head}    ‸\n    when: x\n  - id: b\n    type: log\n`);
	expect(place).toMatchObject({ keys: ["steps"], type: "run_command", what: { kind: "key" } });
	expect([...(place?.taken ?? [])].toSorted()).toEqual(["id", "type", "when"]);
	expect(at("steps:\n  - ‸\n    type: log\n")).toMatchObject({ keys: ["steps"], what: { kind: "key" }, type: "log" });
});

test("the value of a key is due after its colon", () => {
	expect(at(`${head}    on_failure: ro‸`)).toMatchObject({ what: { kind: "value", key: "on_failure" }, written: "ro" });
	expect(at("steps:\n  - type: ‸")).toMatchObject({ keys: ["steps"], what: { kind: "value", key: "type" } });
});

test("parameters belong to their step, in lines and in braces", () => {
	expect(at(`${head}    with:\n      ‸`)).toMatchObject({ keys: ["steps", "with"], type: "run_command" });
	expect(at(`${head}    with: { commands: [a], s‸`)).toMatchObject({
		keys: ["steps", "with"],
		type: "run_command",
		what: { kind: "key" },
		written: "s",
	});
	expect(at(`${head}    on_failure: { goto: ‸`)).toMatchObject({
		keys: ["steps", "on_failure"],
		what: { kind: "value", key: "goto" },
	});
	expect(at("steps:\n  - id: a\n    with:\n      ‸\n    type: wait\n")).toMatchObject({ type: "wait" });
});

test("a step within another is that step, also where lists stand at the margin of their key", () => {
	const text = "steps:\n- id: a\n  type: condition\n  then:\n  - id: b\n    type: wait\n    with:\n      ‸";
	expect(at(text)).toMatchObject({ keys: ["steps", "then", "with"], type: "wait" });
});

test("in a template variables are due, also in a text of several lines; beside templates nothing is", () => {
	const text = `${head}    with:\n      lines: |\n        router bgp {{ nei‸`;
	expect(at(text)).toMatchObject({ what: { kind: "template" }, written: "nei" });
	expect(at(text.replace("{{ nei‸", "6‸"))).toBeUndefined();
	expect(at("name: x # wh‸")).toBeUndefined();
});
