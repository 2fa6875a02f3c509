import fc from "fast-check";
import { expect, test } from "vitest";
import { placeFaults } from "./faults.ts";
import { readDocument, stepsOf } from "./read-document.ts";

const source = `name: Add transit peer
tags: [bgp]
targets: { groups: [edge] }
variables:
  prefix: &p 203.0.113.0/24
  key: { secret: true, required: true }
settings: { on_failure: rollback }
steps:
  - id: before
    type: run_command
    with: { commands: [show ip bgp, *p] }
    retries: { count: 2, delay_s: 5 }
  - id: both
    type: parallel
    branches:
      - [{ id: x, type: wait, with: { seconds: 1 } }]
      - - id: decide
          type: condition
          with: { if: "before is defined" }
          then: [{ id: y, type: log, with: { message: hi } }]
rollback:
  - { id: tell, type: log, with: { message: back }, on_success: { goto: tell } }
`;

test("every step is found, with its place and what it stands in", () => {
	const { document, faults } = readDocument(source);
	expect(faults).toEqual([]);
	if (document === null) throw new Error("it could not be read");
	expect(
		stepsOf(document).map(({ step, path, depth, phase, around }) => [
			step.id,
			path.join("."),
			depth,
			phase,
			around.map(({ id }) => id).join(),
		]),
	).toEqual([
		["before", "steps.0", 0, "main", ""],
		["both", "steps.1", 0, "main", ""],
		["x", "steps.1.branches.0.0", 1, "main", "both"],
		["decide", "steps.1.branches.1.0", 1, "main", "both"],
		["y", "steps.1.branches.1.0.then.0", 2, "main", "both,decide"],
		["tell", "rollback.0", 0, "rollback", ""],
	]);
});

test("a fault within other steps names them all", () => {
	const broken = source.replace("type: log, with: { message: hi }", "typ: log");
	const { faults, placeOf } = readDocument(broken);
	expect(placeFaults(faults, placeOf)).toMatchObject([
		{ line: 20, message: expect.stringContaining("Step 2 (both), branch 2, step 1 (decide), then step 1 (y): ") },
		{ line: 20, message: expect.stringContaining("did you mean `type`?") },
	]);
});

test("whatever is done to a document, it is read or its faults have a line and a message", () => {
	const word = fc.constantFrom(
		"",
		" ",
		"\n",
		"\t",
		"- ",
		": ",
		"{",
		"}",
		"[",
		"]",
		"&a ",
		"*a",
		"!!x ",
		"'",
		'"',
		"#",
		"|",
		"~",
		"5",
	);
	const edit = fc.record({ at: fc.nat(source.length), remove: fc.nat(40), put: word });
	fc.assert(
		fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
			let text = source;
			for (const { at, remove, put } of edits) text = text.slice(0, at) + put + text.slice(at + remove);
			const lines = text.split("\n").length;
			const { document, faults, placeOf } = readDocument(text);
			const told = placeFaults(faults, placeOf);
			expect(document === null).toBe(told.length > 0);
			for (const { line, message } of told) {
				expect(line).toBeGreaterThanOrEqual(1);
				expect(line).toBeLessThanOrEqual(lines);
				expect(message).not.toBe("");
			}
		}),
		{ numRuns: 500 },
	);
});
