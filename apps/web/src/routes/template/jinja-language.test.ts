import { expect, test } from "vitest";
import { tokensOf as tokens } from "../../ui/code-editor/tokens-of.ts";
import { jinjaParser } from "./jinja-language.ts";

const tokensOf = (text: string) => tokens(jinjaParser, text);

test("tags, filters, tests and variables are told apart", () => {
	expect(tokensOf('{%- if a.b is defined and c | join(", ") %}')).toEqual([
		...["brace:{%-", "keyword:if", "variableName:a", "operator:.", "variableName:b", "keyword:is"],
		...["className:defined", "keyword:and", "variableName:c", "operator:|", "className:join", "operator:("],
		...['string:", "', "operator:)", "brace:%}"],
	]);
});

test("comments go over lines, and what is raw is text", () => {
	expect(tokensOf("{# a\nb #}{% raw %}{{ x }}{% endraw %}{{ y }}")).toEqual([
		...["comment:{# a", "comment:b #}", "brace:{%", "keyword:raw", "brace:%}"],
		...["brace:{%", "keyword:endraw", "brace:%}", "brace:{{", "variableName:y", "brace:}}"],
	]);
});

test("of the configuration addresses, numbers, quotes and remarks stand out", () => {
	expect(tokensOf('! remark\n ip 10.0.0.1/24\n mtu 9000\n name "x"\n ipv6 2001:db8::1/64')).toEqual([
		...["comment:! remark", "number:10.0.0.1/24", "number:9000", 'string:"x"', "number:2001:db8::1/64"],
	]);
});

test("whatever is written is read to its end", () => {
	const parts = [
		"{{",
		"}}",
		"{%",
		"%}",
		"{#",
		"#}",
		'"',
		"'",
		"|",
		"is",
		"raw",
		"endraw",
		" ",
		"\n",
		"1.",
		"::",
		"é",
		"{",
		"!",
	];
	// The numbers of an LCG (Numerical Recipes), so that a failure comes again.
	let seed = 3;
	const random = () => {
		seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32;
		return seed / 2 ** 32;
	};
	for (let round = 0; round < 3_000; round++) {
		const text = Array.from({ length: 12 }, () => parts[Math.floor(random() * parts.length)]).join("");
		expect(() => tokensOf(text)).not.toThrow();
	}
});
