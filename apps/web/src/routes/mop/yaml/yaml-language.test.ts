import { expect, test } from "vitest";
import { tokensOf as tokens } from "../../../ui/code-editor/tokens-of.ts";
import { yamlParser } from "./yaml-language.ts";

const tokensOf = (text: string) => tokens(yamlParser, text);

test("keys, texts, numbers and comments are told apart", () => {
	expect(tokensOf("# why\nname: Add peer # here\nwith: { seconds: 5, quiet: true, to: 'a: b' }\n- id: x")).toEqual([
		...["comment:# why", "propertyName:name", "operator::", "string:Add", "string:peer", "comment:# here"],
		...[
			"propertyName:with",
			"operator::",
			"operator:{",
			"propertyName:seconds",
			"operator::",
			"number:5",
			"operator:,",
		],
		...[
			"propertyName:quiet",
			"operator::",
			"number:true",
			"operator:,",
			"propertyName:to",
			"operator::",
			"string:'a: b'",
		],
		...["operator:}", "operator:-", "propertyName:id", "operator::", "string:x"],
	]);
});

test("a text of several lines is one until it ends, and what looks like YAML in it is not", () => {
	expect(tokensOf("lines: |\n  router: 1\n\n   # no remark\nnext: 2")).toEqual([
		...["propertyName:lines", "operator::", "operator:|", "string:router: 1", "string:# no remark"],
		...["propertyName:next", "operator::", "number:2"],
	]);
});

test("templates stand out in every kind of text", () => {
	const template = ["brace:{{", "variableName:x", "operator:|", "variableName:length", "brace:}}"];
	expect(tokensOf('a: "n {{ x | length }}!"')).toEqual([
		...["propertyName:a", "operator::", 'string:"n ', ...template, 'string:!"'],
	]);
	expect(tokensOf("a: |\n  n {{ x | length }}\nb: 1")).toEqual([
		...[
			"propertyName:a",
			"operator::",
			"operator:|",
			"string:n ",
			...template,
			"propertyName:b",
			"operator::",
			"number:1",
		],
	]);
});

test("whatever is typed, the reader goes on", () => {
	const signs = ["{{", "}}", '"', "'", "|", ":", "- ", "#", "&", "*", "[", "a", "\n", " ", "{%", "%}", "\\"];
	let seed = 7;
	for (let round = 0; round < 300; round += 1) {
		let text = "";
		for (let length = 0; length < 25; length += 1) {
			seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
			text += signs[seed % signs.length];
		}
		expect(() => tokensOf(text)).not.toThrow();
	}
});
