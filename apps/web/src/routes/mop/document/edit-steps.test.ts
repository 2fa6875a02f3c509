import { describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { addStep, moveStep, moveStepTo, removeStep, renameStep, setOfProcedure, setOfStep } from "./edit-steps.ts";
import { allSteps, readProcedure } from "./read-procedure.ts";
import type { Path } from "./yaml-text.ts";

const source = `# Of the network team
name: Add transit peer   # as the ticket calls it
tags: [bgp,  edge]

variables:
  neighbor: { type: string, required: true }   # the peer
  prefix: '203.0.113.0/24'

steps:
  # What was there before
  - id: before
    name: Routes before
    type: run_command
    with: { commands: [ show ip bgp summary ] }
    save_to_variable: before

  - id: change   # the change itself
    type: set_config
    x_note: kept as it is
    with:
      # lines as the device shows them
      lines: |
        router bgp 65001
         neighbor {{ neighbor }} remote-as 65010

        ! end
    on_failure: { goto: tell }
    # nothing else

  # ---- people ----

  - id: sites
    type: loop
    with: { items: "{{ ['a', 'b'] }}", as: site }
    steps: [ { id: say, type: log, with: { message: '{{ site }}' } }, {id: more, type: wait, with: {seconds: 1}} ]

  - id: both
    type: parallel
    branches:
      - - id: x   # first
          type: wait
          with: { seconds: 1 }
      - - id: y
          type: wait

  - id: tell
    type: log
# The end
`;
const steps = (text: string) => [...allSteps(readProcedure(text).lists)];
const ids = (text: string) => steps(text).map(({ id }) => id);
const comments = (text: string) => text.match(/#[^\n]*/g) ?? [];
const data = (text: string) => {
	const doc = parseDocument(text);
	expect(doc.errors).toEqual([]);
	return doc.toJS();
};
/** Lines of one text that are not in the other, in their order. */
function changedLines(before: string, after: string) {
	const without = (text: string, other: string) => {
		const rest = other.split("\n");
		return text.split("\n").filter((line) => {
			const at = rest.indexOf(line);
			if (at === -1) return true;
			rest.splice(at, 1);
			return false;
		});
	};
	return { gone: without(before, after), come: without(after, before) };
}

describe("a key of a step", () => {
	test("one value is written anew and nothing else, its comment and its quotes stay", () => {
		const after = setOfStep(source, ["steps", 1], ["id"], "replace");
		expect(changedLines(source, after)).toEqual({
			gone: ["  - id: change   # the change itself"],
			come: ["  - id: replace   # the change itself"],
		});
		const said = setOfStep(source, ["steps", 2, "steps", 0], ["with", "message"], "at {{ site }}");
		expect(said).toContain("with: { message: 'at {{ site }}' } }, {id: more");
	});

	test("a text of several lines stays one, and a comment above it too", () => {
		const after = setOfStep(source, ["steps", 1], ["with", "lines"], "router bgp 65002\n no neighbor x\n");
		expect(data(after).steps[1].with.lines).toBe("router bgp 65002\n no neighbor x\n");
		expect(after).toContain("      # lines as the device shows them\n      lines: |\n        router bgp 65002\n");
		expect(comments(after)).toEqual(comments(source));
	});

	test("a new one stands where it belongs, an unknown one stays", () => {
		const after = setOfStep(source, ["steps", 1], ["when"], "neighbor is defined");
		expect(changedLines(source, after)).toEqual({ gone: [], come: ["    when: neighbor is defined"] });
		expect(Object.keys(data(after).steps[1])).toEqual(["id", "type", "x_note", "with", "when", "on_failure"]);
	});

	test("in braces one is put in, and taken out again to the same text", () => {
		const more = setOfStep(source, ["steps", 0], ["with", "strip"], true);
		expect(more).toContain("with: { commands: [ show ip bgp summary ], strip: true }");
		expect(setOfStep(more, ["steps", 0], ["with", "strip"], undefined)).toBe(source);
	});

	test("with its last parameter `with` goes, and comes again", () => {
		const without = setOfStep(source, ["steps", 0], ["with", "commands"], undefined);
		expect(data(without).steps[0].with).toBeUndefined();
		const again = setOfStep(without, ["steps", 0], ["with", "commands"], ["show version"]);
		expect(data(again).steps[0].with).toEqual({ commands: ["show version"] });
	});

	test("a value in one line becomes several, and its comment stays a comment", () => {
		const text = "name: x\nsteps:\n  - id: a\n    type: t\n    with:\n      lines: one # why\n      more: 1\n";
		const after = setOfStep(text, ["steps", 0], ["with", "lines"], "one\ntwo\n");
		expect(data(after).steps[0].with).toEqual({ lines: "one\ntwo\n", more: 1 });
		expect(after).toContain("lines: | # why\n        one\n        two\n");
		const list = setOfStep(text, ["steps", 0], ["with", "lines"], ["one", "two"]);
		expect(data(list).steps[0].with).toEqual({ lines: ["one", "two"], more: 1 });
		expect(list).toContain("lines: # why\n");
	});

	test("an entry is added to a list in lines and taken away again, the others stay as they are", () => {
		const text =
			"steps:\n  - id: a\n    with:\n      commands:\n        - 'show a'   # first\n        # second\n        - show b\n";
		const more = setOfStep(text, ["steps", 0], ["with", "commands"], ["show a", "show b", "show c"]);
		expect(more).toBe(`${text.trimEnd()}\n        - show c\n`);
		expect(setOfStep(more, ["steps", 0], ["with", "commands"], ["show a", "show b"])).toBe(text);
		expect(setOfStep(text, ["steps", 0], ["with", "commands"], ["show b"])).not.toContain("first");
	});

	test.each([
		["a number", 5],
		["a word that looks like a number", "5"],
		["a template", "{{ x }}"],
		["words with signs", "a: b # c, [d]"],
		["an empty text", ""],
		["lines with blanks before", "  a\n b\n"],
		["lines without an end", "a\nb"],
		["nothing", null],
		["a list of mappings", [{ a: "x, y" }, { b: [1, "2"] }]],
	])("%s is read as it was set, in lines and in braces", (_, value) => {
		for (const step of [0, 1]) {
			const after = setOfStep(source, ["steps", step], ["with", "value"], value);
			expect(data(after).steps[step].with.value).toEqual(value);
			const changed = setOfStep(
				setOfStep(source, ["steps", step], ["with", "value"], "before"),
				["steps", step],
				["with", "value"],
				value,
			);
			expect(data(changed).steps[step].with.value).toEqual(value);
		}
	});
});

describe("a step", () => {
	test("is added before, behind and into what has none", () => {
		const first = addStep(source, ["steps"], 0, { type: "backup" });
		expect(ids(first.text).slice(0, 2)).toEqual(["backup", "before"]);
		expect(comments(first.text)).toEqual(comments(source));
		const last = addStep(source, ["steps"], 5, { type: "notify", with: { message: "done" } });
		expect(last.text).toContain(
			"    type: log\n\n  - id: notify\n    type: notify\n    with:\n      message: done\n# The end\n",
		);
		const back = addStep(source, ["rollback"], 0, { type: "log" });
		expect(data(back.text).rollback).toEqual([{ id: "log", type: "log" }]);
		const inner = addStep(source, ["steps", 3, "branches", 1], 1, { type: "wait" });
		expect(ids(inner.text)).toEqual(["before", "change", "sites", "say", "more", "both", "x", "y", "wait", "tell"]);
		expect(inner.step).toEqual(["steps", 3, "branches", 1, 1]);
		const condition = addStep(source, ["steps"], 1, {
			type: "condition",
			with: { if: "true" },
			blocks: [{ name: "then", many: false }],
		});
		const within = addStep(condition.text, [...(condition.step as Path), "then"], 0, { type: "log" });
		expect(data(within.text).steps[1]).toEqual({
			id: "condition",
			type: "condition",
			with: { if: "true" },
			// biome-ignore lint/suspicious/noThenProperty: it is the key of a document
			then: [{ id: "log", type: "log" }],
		});
	});

	test("added and removed again leaves the text as it was", () => {
		for (const at of [0, 1, 2, 3, 4, 5]) {
			const { text, step } = addStep(source, ["steps"], at, { type: "log" });
			expect(removeStep(text, step as Path).text).toBe(source);
		}
	});

	test("in a list in brackets is added by writing the list out in lines, braces of parameters stay", () => {
		const { text } = addStep(source, ["steps", 2, "steps"], 1, { type: "log" });
		expect(data(text).steps[2].steps.map(({ id }: { id: string }) => id)).toEqual(["say", "log", "more"]);
		expect(text).toContain("with: { message: '{{ site }}' }");
		expect(comments(text)).toEqual(comments(source));
		expect(changedLines(source, text).gone).toHaveLength(1);
	});

	test("is removed with the comment above it, and no other", () => {
		const { text, step } = removeStep(source, ["steps", 0]);
		expect(changedLines(source, text).come).toEqual([]);
		expect(comments(text)).toEqual(comments(source).filter((one) => !one.startsWith("# What was there")));
		expect(step).toEqual(["steps", 0]);
		expect(data(removeStep(source, ["steps", 3, "branches", 0, 0]).text).steps[3].branches).toEqual([
			[],
			[{ id: "y", type: "wait" }],
		]);
	});

	test("moved down and up again leaves the text as it was", () => {
		for (const at of [0, 1, 2, 3]) {
			const down = moveStep(source, ["steps", at], 1);
			expect(down.text).not.toBe(source);
			expect(comments(down.text).toSorted()).toEqual(comments(source).toSorted());
			expect(moveStep(down.text, down.step as Path, -1).text).toBe(source);
		}
		expect(moveStep(source, ["steps", 4], 1).text).toBe(source);
	});

	test("goes into a branch with its comments and its lines as they are", () => {
		const { text, step } = moveStepTo(source, ["steps", 1], ["steps", 3, "branches", 0], 0);
		expect(step).toEqual(["steps", 2, "branches", 0, 0]);
		expect(data(text).steps[2].branches[0][0]).toEqual(data(source).steps[1]);
		expect(text).toContain("# the change itself");
		expect(comments(text).toSorted()).toEqual(comments(source).toSorted());
		const back = moveStepTo(text, step as Path, ["steps"], 1);
		expect(data(back.text)).toEqual(data(source));
		expect(() => moveStepTo(source, ["steps", 2], ["steps", 2, "steps"], 0)).toThrow("within itself");
	});

	test("with another id is jumped to by it", () => {
		const after = renameStep(source, ["steps", 4], "say_so");
		expect(changedLines(source, after)).toEqual({
			gone: ["    on_failure: { goto: tell }", "  - id: tell"],
			come: ["    on_failure: { goto: say_so }", "  - id: say_so"],
		});
	});
});

describe("what is not a step", () => {
	test("is set, put where it belongs, and taken away", () => {
		const described = setOfProcedure(source, ["description"], "Brings it up");
		expect(Object.keys(data(described)).slice(0, 3)).toEqual(["name", "description", "tags"]);
		expect(setOfProcedure(described, ["description"], undefined)).toBe(source);
		const settings = setOfProcedure(source, ["settings", "parallelism"], 3);
		expect(Object.keys(data(settings))).toEqual(["name", "tags", "variables", "settings", "steps"]);
		const variable = setOfProcedure(source, ["variables", "prefix"], "198.51.100.0/24");
		expect(changedLines(source, variable).come).toEqual(["  prefix: '198.51.100.0/24'"]);
		expect(setOfProcedure(source, ["tags"], ["bgp", "edge", "core"])).toContain("tags: [");
		expect(data(setOfProcedure("", ["name"], "New"))).toEqual({ name: "New" });
	});
});

test("JSON stays JSON where values are changed", () => {
	const json = JSON.stringify({ name: "x", steps: [{ id: "a", type: "wait", with: { seconds: 1 } }] }, null, 2);
	const after = setOfStep(setOfStep(json, ["steps", 0], ["with", "seconds"], 2), ["steps", 0], ["when"], "a");
	expect(JSON.parse(after).steps[0]).toEqual({ id: "a", type: "wait", with: { seconds: 2 }, when: "a" });
	expect(data(addStep(json, ["steps"], 1, { type: "log" }).text).steps).toHaveLength(2);
});

test("what is written by reference is left to the text", () => {
	const text = "base: &base { id: a, type: log }\nsteps:\n  - *base\n  - id: b\n    type: log\n";
	expect(steps(text)[0]?.closed).toBe(true);
	expect(() => setOfStep(text, ["steps", 0], ["name"], "x")).toThrow("by reference");
	expect(ids(moveStep(text, ["steps", 1], -1).text)).toEqual(["b", ""]);
});

/** The same numbers for the same seed. */
function numbersFrom(seed: number) {
	let state = seed;
	return (below: number) => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return Math.floor((state / 2 ** 32) * below);
	};
}

test.each([...Array(40).keys()])(
	"whatever is edited, all that was not keeps its words, comments and order (%i)",
	(seed) => {
		const next = numbersFrom(seed + 1);
		let text = source;
		for (let turn = 0; turn < 12; turn += 1) {
			const all = steps(text);
			const step = all[next(all.length)];
			if (step === undefined) break;
			const before = data(text);
			const edit = next(4);
			if (edit === 0) {
				const added = addStep(text, step.path.slice(0, -1), (step.path.at(-1) as number) + next(2), {
					type: "log",
					with: { message: "x" },
				});
				expect(data(removeStep(added.text, added.step as Path).text)).toEqual(before);
				expect(comments(added.text).toSorted()).toEqual(comments(text).toSorted());
				expect(steps(added.text)).toHaveLength(all.length + 1);
				text = added.text;
			} else if (edit === 1) {
				const moved = moveStep(text, step.path, next(2) === 0 ? -1 : 1);
				expect(
					steps(moved.text)
						.map(({ id }) => id)
						.toSorted(),
				).toEqual(ids(text).toSorted());
				expect(comments(moved.text).toSorted()).toEqual(comments(text).toSorted());
				text = moved.text;
			} else if (edit === 2) {
				const set = setOfStep(text, step.path, ["name"], `Name ${turn}`);
				expect(comments(set)).toEqual(comments(text));
				expect(changedLines(text, set).come).toHaveLength(1);
				text = set;
			} else {
				const lists = all
					.map(({ path }) => path.slice(0, -1))
					.filter((list) => !step.path.every((part, at) => list[at] === part));
				const to = lists[next(lists.length)] as Path;
				const moved = moveStepTo(text, step.path, to, 0);
				expect(ids(moved.text).toSorted()).toEqual(ids(text).toSorted());
				expect(comments(moved.text).toSorted()).toEqual(comments(text).toSorted());
				text = moved.text;
			}
			data(text);
		}
		expect(text).toContain("x_note: kept as it is");
		expect(text).toContain("name: Add transit peer   # as the ticket calls it\ntags: [bgp,  edge]");
	},
);

test.each([
	["lines that end as on Windows", source.replaceAll("\n", "\r\n")],
	["marks where the document begins and ends", `--- # one\n${source}...\n`],
	["no line break at the end", source.trimEnd()],
])("a text with %s is edited as any other", (_, text) => {
	const before = data(text);
	expect(data(setOfStep(text, ["steps", 0], ["name"], "Other")).steps[0].name).toBe("Other");
	for (const at of [0, 2, 5]) {
		const added = addStep(text, ["steps"], at, { type: "log" });
		expect(data(added.text).steps[at]).toEqual({ id: "log", type: "log" });
		expect(data(removeStep(added.text, added.step as Path).text)).toEqual(before);
	}
	expect(data(moveStep(text, ["steps", 0], 1).text).steps[1]).toEqual(before.steps[0]);
});

test("a list at the margin of its key is edited there", () => {
	const text = "name: x\nsteps:\n- id: a\n  type: log\n  with:\n    message: m\n# about b\n- id: b\n  type: log\n";
	const added = addStep(text, ["steps"], 1, { type: "wait" });
	expect(added.text).toBe(text.replace("# about b", "- id: wait\n  type: wait\n# about b"));
	expect(removeStep(added.text, ["steps", 1]).text).toBe(text);
	expect(ids(moveStep(text, ["steps", 1], -1).text)).toEqual(["b", "a"]);
});
