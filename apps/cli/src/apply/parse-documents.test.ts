import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type AnyDocument, documentSchema } from "./documents.ts";
import { documentText } from "./export-documents.ts";
import { parseDocuments } from "./parse-documents.ts";

function errorsOf(text: string): string[] {
	return parseDocuments("a.yaml", text).errors.map(({ path, message }) => `${path} ${message}`);
}

test("several documents stand in one file, empty ones do not count, JSON is YAML", () => {
	const text = `---
# a comment
---
kind: Template
name: a
source: |
  ntp server {{ ntp }}
---
{ "kind": "ApprovalPolicy", "name": "b" }
`;
	const { documents, errors } = parseDocuments("a.yaml", text);
	expect(errors).toEqual([]);
	expect(documents.map(({ document, at }) => [document.kind, document.name, at])).toEqual([
		["Template", "a", "a.yaml:4"],
		["ApprovalPolicy", "b", "a.yaml:9"],
	]);
	expect(documents[0]?.document).toMatchObject({ source: "ntp server {{ ntp }}\n", settings: { trim_blocks: true } });
});

describe("an error names file, line and column", () => {
	test("of an unknown key, however deep", () => {
		expect(
			errorsOf("kind: Template\nname: a\nsource: x\nsettings:\n  trim_blocks: true\n  trimblocks: true\n"),
		).toEqual(["a.yaml:6:3 There is no key trimblocks here"]);
		expect(
			errorsOf("kind: Stack\nname: a\nservices:\n  - name: s\n    template: t\n    targets: {all: true, device: x}\n"),
		).toEqual(["a.yaml:6:26 There is no key device here"]);
	});

	test("of a value of the wrong type", () => {
		expect(errorsOf("kind: Stack\nname: a\nrollout:\n  batch_sizes: [1, many]\n")).toEqual([
			"a.yaml:4:20 rollout.batch_sizes.1: Invalid input: expected number, received string",
		]);
		expect(errorsOf("kind: Template\nname: a\nsource:\n")).toEqual([
			"a.yaml:3:1 source: Invalid input: expected string, received null",
		]);
	});

	test("of a kind that there is not, and of a document that is none", () => {
		expect(errorsOf("name: a\nkind: Pod\n")).toEqual([
			"a.yaml:2:1 kind: One of Template, StackTemplate, Stack, StepType, Mop, ApprovalPolicy, Calendar, Schedule",
		]);
		expect(errorsOf("- a\n")).toHaveLength(1);
		expect(errorsOf("just words\n")).toHaveLength(1);
	});

	test("of a key that is given twice, of a tag and of text that is no YAML", () => {
		expect(errorsOf("kind: Template\nname: a\nname: b\n")).toEqual(["a.yaml:3:1 Map keys must be unique"]);
		expect(errorsOf("kind: Template\nname: !!js/function 'x'\n")[0]).toMatch(/^a\.yaml:2:7 Unresolved tag/);
		expect(errorsOf("kind: [Template\nname: a\n")[0]).toMatch(/^a\.yaml:\d+:\d+ /);
	});

	test("in each of several documents", () => {
		expect(errorsOf("kind: Pod\n---\nkind: Service\n").map((line) => line.split(" ")[0])).toEqual([
			"a.yaml:1:1",
			"a.yaml:3:1",
		]);
	});
});

describe("what is made to exhaust is refused", () => {
	const stack = (variables: string) => `kind: Stack\nname: a\nvariables:\n${variables}`;

	test("anchors that multiply", () => {
		const levels = Array.from({ length: 12 }, (_, at) =>
			at === 0
				? "  l0: &l0 [x, x, x, x, x, x, x, x, x]"
				: `  l${at}: &l${at} [${Array(9)
						.fill(`*l${at - 1}`)
						.join(", ")}]`,
		);
		expect(errorsOf(stack(`${levels.join("\n")}\n`))[0]).toContain("Excessive alias count");
	});

	test("one long text that is used again and again", () => {
		const text = "x".repeat(1024 * 1024);
		const uses = Array.from({ length: 40 }, (_, at) => `  v${at}: *long\n`).join("");
		expect(errorsOf(stack(`  long: &long ${text}\n${uses}`))[0]).toContain("more than a document may");
	});

	test("an anchor that holds itself", () => {
		expect(errorsOf(stack("  a: &a [*a]\n"))).toHaveLength(1);
		expect(errorsOf(stack("  a: &a {b: *a}\n"))).toHaveLength(1);
	});

	test("depth, in brackets and in lines", () => {
		expect(errorsOf(stack(`  a: ${"[".repeat(4_000_000)}`))).toEqual(["a.yaml:1 More than 60 levels deep"]);
		expect(errorsOf(stack(`  a: ${"{a: ".repeat(70)}1${"}".repeat(70)}\n`))[0]).toContain("levels deep");
		expect(errorsOf(stack(`  a:\n    ${"- ".repeat(20_000)}x\n`))[0]).toContain("levels deep");
		const steps = Array.from({ length: 80 }, (_, at) => `${" ".repeat(at + 2)}a:\n`).join("");
		expect(errorsOf(stack(steps))[0]).toContain("levels deep");
	});

	test("numbers: of documents, of values", () => {
		expect(errorsOf("---\n".repeat(200_000))[0]).toContain("documents");
		expect(errorsOf(stack(Array.from({ length: 150_000 }, (_, at) => `  k${at}: 1\n`).join("")))[0]).toContain(
			"more than can be read",
		);
	});

	test("numbers that JSON does not know", () => {
		expect(errorsOf(stack("  a: .inf\n"))[0]).toContain("Infinity is not a number that JSON knows");
	});

	test("a key that would reach the prototype", () => {
		expect(errorsOf(stack("  __proto__: {polluted: true}\n"))).toEqual(["a.yaml:4:3 There is no key __proto__ here"]);
		expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
	});
});

const hardSources = [
	"",
	"one line without an end",
	"two\nlines\n",
	"ends with two\n\n",
	"  begins with blanks\nand goes on\n",
	"blanks at the end \t\n \n\t\n",
	"windows\r\nlines\r\n",
	"# no comment\n- no list\n? no key: : \n--- \n...\n%YAML\n",
	"{{ no_mapping }}\n{% if a %}\n\n{% endif %}\n",
	"\u0001\u001b[31m\u2028\u0085\ufeff\u{1f4a5}\n",
	`${"very long ".repeat(200)}\n  ${"x".repeat(500)}\n`,
	"null",
	"1e3",
];

test("whatever the source of a template holds, a written document reads back as the same", () => {
	for (const source of hardSources) {
		const written = { kind: "Template", name: "base/ntp", source } as const;
		const { documents, errors } = parseDocuments("a.yaml", documentText(written as unknown as AnyDocument));
		expect(errors).toEqual([]);
		expect(documents[0]?.document).toMatchObject(written);
	}
});

test("the example in the guide is valid", () => {
	const guide = readFileSync(join(import.meta.dirname, "../../../../docs/definitions.md"), "utf8");
	const [, example = ""] = /^```yaml\n(.*?)^```$/ms.exec(guide) ?? [];
	const { documents, errors } = parseDocuments("definitions.md", example);
	expect(errors).toEqual([]);
	expect(documents.map(({ document }) => document.kind)).toEqual([
		"Template",
		"Stack",
		"StepType",
		"Mop",
		"Calendar",
		"Schedule",
	]);
});

test("the schema for editors knows every kind and refuses unknown keys", () => {
	const { oneOf, anyOf } = documentSchema() as Record<
		string,
		{ properties: { kind: { const: string } }; additionalProperties: boolean }[] | undefined
	>;
	const kinds = oneOf ?? anyOf ?? [];
	expect(kinds.map(({ properties }) => properties.kind.const)).toEqual([
		"Template",
		"StackTemplate",
		"Stack",
		"StepType",
		"Mop",
		"ApprovalPolicy",
		"Calendar",
		"Schedule",
	]);
	for (const { additionalProperties, properties } of kinds) {
		expect(additionalProperties, properties.kind.const).toBe(false);
	}
});

test("the schema of one kind is that of its documents alone", () => {
	expect(documentSchema("Stack")).toMatchObject({
		title: "Stack",
		additionalProperties: false,
		properties: { kind: { const: "Stack" }, name: {} },
	});
});
