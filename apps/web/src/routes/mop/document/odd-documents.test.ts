import { describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { addStep, copyStep, moveStep, removeStep, setOfProcedure, setOfStep } from "./edit-steps.ts";
import { allSteps, readProcedure } from "./read-procedure.ts";
import { CannotEdit, type Path } from "./yaml-text.ts";

/** Procedures as people write them who know more of YAML than the builder does. */
const documents = {
	"anchors and references": `name: x
defaults: &d { seconds: 1 }
msg: &m "hello"
steps:
  - &one
    id: a   # first
    type: wait
    with: *d
  - id: b
    type: log
    with: { message: *m }
  # by reference
  - *one
  - id: c
    type: wait
    with: &w
      seconds: 2 # two
  - id: d
    type: wait
    with: *w
`,
	"keys that are merged": `name: x
base: &base { type: log }
steps:
  - <<: *base
    id: a
  - { <<: *base, id: b }
  - id: c
    <<: [ *base ]
`,
	"texts in every style": `name: >-
  a folded
  name
steps:
  - id: a
    type: log
    with:
      message: >-
        one
        two
      keep: |+
        kept

      indent: |2-
          two more
  # after what is kept
  - id: b
    type: log
    with:
      message: "a \\
        b"
      other: 'it''s
        two lines'
      plain: this is
        plain over lines
`,
	"comments everywhere": `# head

# second head
name: x   # n

# between
steps: # s
  # before a

  # still before a

  - id: a
    # inside a
    type: log

    # deep
    with:

      # in with
      message: m

      # after m
    # after with
  -
    # at a dash
    id: b
    type: log
  - # beside a dash
    id: c
    type: log
    when:   # nothing yet
# margin

rollback:
  # only one
  - id: r
    type: log
# the end

`,
	"lists in brackets": `name: x
steps: [
  { id: a, type: log, with: { message: "a, ]" } }, # one
  # two
  { id: b, type: wait,
    with: { seconds: 1 } }   # three
]   # four
rollback: [ ]
# five
`,
	"tabs between words":
		"name:\tx\t# c\nsteps:\n  - id:\ta\t# c2\n    type: log\t\n\t\n    with:\t{ message:\tm }\n  - id: b\n    type: log\n",
	"lines that end as on Windows":
		"name: x\r\nsteps:\r\n  # c1\r\n  - id: a   # c2\r\n    type: log\r\n    with:\r\n      lines: |\r\n        one\r\n\r\n        two\r\n  - id: b\r\n    type: log\r\n",
	"signs of all the world": `name: "Größe 🚀 \u2028 x"
steps:
  - id: a # 日本語
    type: log
    with: { message: "é\u0301 🏳️‍🌈 \u00a0 \ufeff" }
  - id: b
    "type": log
    'with': { "message": 'ü' }
`,
	"a mark of byte order": "\ufeffname: x\nsteps:\n  - id: a\n    type: log\n  - id: b\n    type: log\n",
	"ids that are used twice": `name: x
steps:
  - id: a
    type: log
    on_success: { goto: a }
  - id: a
    type: wait
  - type: log
  - id: 5
    type: log
`,
	"steps that are nothing": `name:
steps:
  -
  - id: a
    type:
    with:
  - ~
  - id: b
    type: log
    with: ~   # nothing
    when:   # nothing too
  -   # empty
rollback:
`,
	"blanks at the ends of lines": `name: x   
steps:   
  - id: a   
    type: log   
   
   # further in
  - id: b
    type: log
    with:
      lines: |   
        a   
        b   
     # less far in
`,
};

const values = [
	5,
	"x",
	"a\nb\n",
	"  lead\nb",
	null,
	["a", "b"],
	{ a: 1, b: [1, 2] },
	"a # b: c",
	"",
	"tab\there",
	"é\u2028x",
	"trail \n x ",
	"a\n\n\n",
	"\n",
	"- x",
	"a\r\nb",
	"a line that is much longer than a terminal is wide, \\ with \" and ' in it, and one blank at its end ".repeat(3),
];

const steps = (text: string) => [...allSteps(readProcedure(text).lists)];
const data = (text: string) => {
	const doc = parseDocument(text, { merge: false });
	expect(doc.errors).toEqual([]);
	return doc.toJS();
};
const at = (text: string, path: Path) => path.reduce((value, key) => value?.[key], data(text));
/** In braces and lists written out anew their places may change. */
const comments = (text: string) => (text.match(/(?<=^|\s)#[^\r\n]*/gm) ?? []).map((one) => one.trim()).toSorted();

/** What an edit comes to; the text as it was where it has to be made by hand. */
function carriedOut(text: string, edit: (text: string) => string): string {
	try {
		return edit(text);
	} catch (error) {
		if (error instanceof CannotEdit) return text;
		throw error;
	}
}

describe.each(Object.entries(documents))("%s", (_, text) => {
	test("stay where a value is set, whatever it is, and it is read as it was set", () => {
		for (const { path } of steps(text).filter((step) => !step.closed && step.path[0] === "steps")) {
			for (const value of values) {
				for (const key of [["name"], ["when"], ["with", "message"], ["with", "new"]]) {
					const after = carriedOut(text, (given) => setOfStep(given, path, key, value));
					if (after === text) continue;
					expect(at(after, [...path, ...key])).toEqual(value);
					const rest = (of: string) => JSON.stringify({ ...data(of), steps: data(of).steps.length });
					expect(rest(after)).toBe(rest(text));
					expect(comments(text).filter((comment) => !after.includes(comment))).toEqual([]);
				}
			}
		}
	});

	test("stay where a step is added and taken away again, or moved down and up", () => {
		const list = steps(text).filter(({ path }) => path.length === 2 && path[0] === "steps");
		for (const { path } of list) {
			const added = carriedOut(text, (given) => {
				const { text: with_it, step } = addStep(given, ["steps"], path[1] as number, { type: "log" });
				expect(comments(with_it)).toEqual(comments(text));
				return removeStep(with_it, step as Path).text;
			});
			expect(data(added)).toEqual(data(text));
			expect(comments(added)).toEqual(comments(text));
			const moved = carriedOut(text, (given) => {
				const down = moveStep(given, path, 1);
				expect(comments(down.text)).toEqual(comments(text));
				if (down.text === given) return given;
				return moveStep(down.text, down.step as Path, -1).text;
			});
			expect(data(moved)).toEqual(data(text));
		}
	});

	test("lines end after an edit as they did before", () => {
		const after = setOfProcedure(text, ["description"], "one\ntwo\n");
		expect(data(after).description).toBe("one\ntwo\n");
		expect(/(?<!\r)\n/.test(after)).toBe(/(?<!\r)\n/.test(text));
	});
});

test("what others refer to is neither taken away nor copied nor moved behind them", () => {
	const text = documents["anchors and references"];
	expect(() => removeStep(text, ["steps", 0])).toThrow("refers to it as one");
	expect(() => copyStep(text, ["steps", 0])).toThrow("anchor");
	expect(() => moveStep(text, ["steps", 3], 1)).toThrow("refers to it as w");
	expect(data(removeStep(text, ["steps", 1]).text).steps).toHaveLength(4);
});

test("a value that was not there is put before the comment in its line", () => {
	const text = "name: x\nsteps:\n  - id: a\n    type: log\n    when:   # later\n";
	expect(setOfStep(text, ["steps", 0], ["when"], "b")).toBe(text.replace("when:", "when: b"));
});
