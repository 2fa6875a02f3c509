import { expect, test } from "vitest";
import { parse } from "yaml";
import { inOrderOfUse, mopsRunBy } from "./mop-references.ts";
import { mopFileText } from "./mop-text.ts";
import { parseDocuments } from "./parse-documents.ts";

const source = `# why it is there
name: Add peer   # unique
tags: [bgp]

steps:
  # looks first
  - id: look
    type: run_command
    with: { commands: [show ip bgp summary] }
  - { id: other, type: run_mop, with: { mop: Tell } }
`;

function sources(text: string): string[] {
	const { documents, errors } = parseDocuments("x.yaml", text);
	expect(errors).toEqual([]);
	return documents.map(({ document }) => (document.kind === "Mop" ? document.source : document.kind));
}

test("a procedure comes out of its file as it was written, comments included, and goes back in the same way", () => {
	const text = mopFileText(source);
	expect(text).toBe(source.replace("name: Add", "kind: Mop\nname: Add"));
	expect(sources(text)).toEqual([source]);
	expect(sources(`kind: Template\nname: t\nsource: x\n---\n${text}---\n${text}...\n`)).toEqual([
		"Template",
		source,
		source,
	]);
	expect(sources(text.replaceAll("\n", "\r\n"))).toEqual([source]);
	const below = source.replace("tags: [bgp]\n", "tags: [bgp]\nkind: Mop # says what it is\n");
	expect(sources(below)).toEqual([source]);
});

test("one that is written as JSON says the same as text", () => {
	const document = { name: "Add peer", steps: [{ id: "look", type: "log", with: { message: "x\ny" } }] };
	const [text = ""] = sources(JSON.stringify({ kind: "Mop", ...document }));
	expect(parse(text)).toEqual(document);
	expect(parse(mopFileText(JSON.stringify(document)))).toEqual({ kind: "Mop", ...document });
});

test("what a procedure may not hold is told with its place, however deep", () => {
	const { errors } = parseDocuments("x.yaml", mopFileText(source).replace("    with: {", "    wiht: {"));
	expect(errors).toEqual([{ path: "x.yaml:10:5", message: "There is no key wiht here" }]);
});

test("each procedure is applied after those that it runs, circles as they stand", () => {
	const mop = (name: string, ...runs: string[]) => ({
		document: {
			kind: "Mop",
			name,
			source: JSON.stringify({
				name,
				steps: [{ id: "a", type: "loop", steps: runs.map((used) => ({ type: "run_mop", with: { mop: used } })) }],
			}),
		},
	});
	const documents = [
		mop("a", "C"),
		mop("b"),
		mop("c", "b", "d"),
		mop("d", "c"),
		{ document: { kind: "Stack", name: "b" } },
	];
	expect(mopsRunBy(mop("a", "x", "y").document.source)).toEqual(["x", "y"]);
	expect(inOrderOfUse(documents).map(({ document: { kind, name } }) => `${kind} ${name}`)).toEqual([
		"Mop b",
		"Mop d",
		"Mop c",
		"Mop a",
		"Stack b",
	]);
});
