import { expect, test } from "vitest";
import { pathOf, readProcedure } from "./read-procedure.ts";
import { variablesAt } from "./variables-at.ts";

const procedure = readProcedure(`
name: x
variables:
  peer: { type: string, required: true, description: Address of the peer }
  md5: { secret: true }
  asn: 65001
steps:
  - id: before
    type: run_command
    save_to_variable: seen
  - id: each
    type: loop
    with: { items: "{{ peers }}", as: neighbour }
    steps:
      - id: set
        type: set_config
        save_to_variable: changed
  - id: choose
    type: condition
    then:
      - { id: yes_one, type: log, save_to_variable: only_then }
    else:
      - { id: no_one, type: log }
  - id: both
    type: parallel
    branches:
      - - { id: left, type: log, save_to_variable: of_left }
      - - { id: right, type: log }
  - id: last
    type: log
    save_to_variable: end
rollback:
  - { id: tell, type: log }
`);
const namesAt = (path: string, onDevices = false) =>
	variablesAt(procedure, pathOf(path), onDevices).map(({ name }) => name);

test("a step sees what is declared and what steps before it save, and not its own", () => {
	expect(namesAt("steps.0")).toEqual(["peer", "md5", "asn", "run"]);
	expect(namesAt("steps.4")).toEqual(["of_left", "only_then", "changed", "seen", "peer", "md5", "asn", "run"]);
	expect(namesAt("rollback.0")).toEqual([
		"end",
		"of_left",
		"only_then",
		"changed",
		"seen",
		"peer",
		"md5",
		"asn",
		"run",
	]);
});

test("within a loop there are its item and its round, and on devices the device", () => {
	expect(namesAt("steps.1.steps.0", true).slice(0, 3)).toEqual(["device", "neighbour", "loop"]);
	expect(namesAt("steps.2")).not.toContain("neighbour");
	expect(namesAt("steps.2")).not.toContain("device");
});

test("what is saved where this step is not carried out after it is not offered: the other branch, then in else", () => {
	expect(namesAt("steps.2.else.0")).not.toContain("only_then");
	expect(namesAt("steps.3.branches.1.0")).not.toContain("of_left");
	expect(namesAt("steps.3.branches.1.0")).toContain("only_then");
});

test("where each comes from is said, secrets as such", () => {
	const of = (name: string) => variablesAt(procedure, pathOf("steps.4"), false).find((one) => one.name === name);
	expect(of("peer")?.from).toBe("Variable of the procedure (string): Address of the peer");
	expect(of("md5")?.from).toContain("secret");
	expect(of("seen")?.from).toContain("What before came to");
	expect(of("run")?.members).toContain("reason");
});
