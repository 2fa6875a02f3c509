import { afterAll, describe, expect, test } from "vitest";
import { createTemplateEngine } from "../src/engine.ts";
import { defaultLimits } from "../src/limits.ts";

const limits = {
	...defaultLimits,
	fuel: 2_000_000,
	time_ms: 1_500,
	total_time_ms: 3_000,
	output_length: 1_000_000,
	memory_mb: 128,
};
const engine = createTemplateEngine({ threads: 2, limits });
afterAll(() => engine.close());

const render = (source: string, variables: Record<string, unknown> = {}, templates: Record<string, string> = {}) =>
	engine.render({ entry: "edge", templates: { ...templates, edge: source }, variables });

async function faultOf(
	source: string,
	variables: Record<string, unknown> = {},
	templates: Record<string, string> = {},
) {
	const error = await render(source, variables, templates).then(
		(text) => new Error(`rendered ${text.length} characters: ${text.slice(0, 200)}`),
		(thrown: Error & { code: string; details: Record<string, unknown> }) => thrown,
	);
	if (!("code" in error)) throw error;
	return error;
}

/** Nothing that happened before has broken the engine. */
const works = async () => expect(await render("{{ 1 + 1 }}")).toBe("2");

test("an error says the line, the template and what is wrong", async () => {
	const missing = await faultOf("hostname x\n{% for n in neighbors %}\nneighbor {{ n.asn }}\n{% endfor %}\n", {
		neighbors: [{ ip: "192.0.2.1" }],
	});
	expect(missing).toMatchObject({
		code: "template.undefined_variable",
		message: "Line 3 of edge: `n.asn` is not defined",
		details: { template: "edge", line: 3, variable: "n.asn" },
	});
	expect(await faultOf("a\n{{ 'x'|nope }}")).toMatchObject({
		code: "template.unknown_filter",
		message: "Line 2 of edge: there is no filter `nope`",
		details: { template: "edge", line: 2, filter: "nope" },
	});
	expect(await faultOf("{% include 'part' %}", {}, { part: "\n{{ 1 + 'a' }}" })).toMatchObject({
		code: "template.bad_value",
		message: "Line 2 of part: `+` does not work with a whole number and a string",
		details: { template: "part", line: 2 },
	});
	expect(await faultOf("{% macro m(x) %}\n{{ x.y }}{% endmacro %}\n\n{{ m({}) }}")).toMatchObject({
		details: { line: 2, variable: "x.y" },
	});
	expect(await faultOf("\n\n{% if x %}")).toMatchObject({
		code: "template.syntax",
		details: { template: "edge", line: 3 },
	});
	expect(await faultOf("\n{% include 'nope' %}")).toMatchObject({
		code: "template.not_included",
		details: { line: 2 },
	});
	expect(await faultOf("{{ [1]|join(',', 1, 2) }}")).toMatchObject({
		code: "template.bad_value",
		details: { filter: "join" },
	});
});

describe("what takes too much ends in an error, and leaves the engine as it was:", () => {
	const endless: [name: string, source: string, codes: string[]][] = [
		[
			"loops in loops",
			"{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
			["template.too_slow"],
		],
		[
			"a loop whose body prints",
			"{% for a in range(1000000) %}{% for b in range(1000000) %}x{% endfor %}{% endfor %}",
			["template.too_large", "template.too_slow"],
		],
		["a text of 1 GB", "{{ 'x' * 1073741824 }}", ["template.too_large"]],
		[
			"a text that doubles",
			"{% set ns = namespace(x='x') %}{% for i in range(40) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
			["template.too_large"],
		],
		[
			"a value that holds itself twice, forty times over",
			"{% set ns = namespace(x=[1]) %}{% for i in range(40) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
			["template.too_slow", "template.too_large"],
		],
		["a text by `replace`", "{{ ('x' * 100000)|replace('x', 'y' * 100000) }}", ["template.too_large"]],
		["a text by `join`", "{{ range(100000)|join('y' * 10000) }}", ["template.too_large"]],
		["a text by `format`", "{{ '%999999999d'|format(1) }}", ["template.bad_value", "template.too_large"]],
		["a text by `.format`", "{{ '{:999999999}'.format(1) }}", ["template.bad_value", "template.too_large"]],
		["a text by `center`", "{{ 'x'|center(1000000000) }}", ["template.too_large"]],
		["a text by `indent`", "{{ ('x\n' * 100000)|indent(100000) }}", ["template.too_large"]],
		["a list of a billion", "{{ range(1000000000)|list }}", ["template.too_large"]],
		["a list by `*`", "{{ [0] * 1000000000 }}", ["template.too_large"]],
		[
			"a list that doubles",
			"{% set ns = namespace(x=[1]) %}{% for i in range(40) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
			["template.too_large"],
		],
		["a list by `batch`", "{{ [1]|batch(1000000000, 0) }}", ["template.too_large"]],
		["a list by `slice`", "{{ [1]|slice(1000000000) }}", ["template.too_large"]],
		["a list by `product`", "{{ range(1000)|product(range(1000), range(1000))|list }}", ["template.too_large"]],
		["a number of a billion digits", "{{ 10 ** 1000000000 }}", ["template.too_large"]],
		[
			"a number that squares itself",
			"{% set ns = namespace(x=10) %}{% for i in range(60) %}{% set ns.x = ns.x * ns.x %}{% endfor %}",
			["template.too_large"],
		],
		[
			"memory that is kept",
			"{% set keep = [] %}{% for i in range(100000) %}{% do keep.append(('x' * 900000) ~ i) %}{% do keep.append(keep[-1]|upper) %}{% endfor %}",
			["template.too_large"],
		],
		["a macro that calls itself", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", ["template.too_deep"]],
		["a loop that calls itself", "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", ["template.too_deep"]],
		["a template that includes itself", "{% include 'edge' %}", ["template.too_deep"]],
		["a template that extends itself", "{% extends 'edge' %}", ["template.too_deep"]],
		["a template that imports itself", "{% import 'edge' as e %}", ["template.too_deep"]],
		["a block that shows itself", "{% block a %}{{ self.a() }}{% endblock %}", ["template.too_deep"]],
		["a list in itself", "{% set l = [] %}{% do l.append(l) %}{{ l }}", ["template.too_deep"]],
		["a list in itself as JSON", "{% set l = [] %}{% do l.append(l) %}{{ l|to_json }}", ["template.too_deep"]],
		["a list in itself as YAML", "{% set l = [] %}{% do l.append(l) %}{{ l|to_yaml }}", ["template.too_deep"]],
		[
			"a list in itself, compared",
			"{% set l = [] %}{% do l.append(l) %}{% set m = [] %}{% do m.append(m) %}{{ l == m }}",
			["template.too_deep"],
		],
		["a list in itself, flattened", "{% set l = [] %}{% do l.append(l) %}{{ l|flatten }}", ["template.too_deep"]],
		["brackets in brackets", `{{ ${"(".repeat(100_000)}1${")".repeat(100_000)} }}`, ["template.syntax"]],
		["lists in lists", `{{ ${"[".repeat(100_000)}${"]".repeat(100_000)} }}`, ["template.syntax"]],
		["a million `not`", `{{ ${"not ".repeat(200_000)}1 }}`, ["template.syntax"]],
		["a million minus signs", `{{ ${"-".repeat(200_000)}1 }}`, ["template.syntax"]],
		["a sum without end", `{{ 1${"+1".repeat(200_000)} }}`, ["template.syntax"]],
		["filters without end", `{{ 1${"|abs".repeat(200_000)} }}`, ["template.syntax"]],
		["conditions without end", `{{ 1${" if 1 else 1".repeat(50_000)} }}`, ["template.syntax"]],
		["blocks in blocks", `${"{% if 1 %}".repeat(50_000)}${"{% endif %}".repeat(50_000)}`, ["template.syntax"]],
		["a number of a million digits", `{{ ${"9".repeat(1_000_000)} }}`, ["template.syntax"]],
		["two megabytes of source", "x".repeat(2_000_000), ["template.too_large"]],
		["a YAML bomb", `{{ bomb|from_yaml }}`, ["template.bad_value", "template.too_large"]],
		[
			"a pattern that backtracks",
			`{{ ('a' * 100000)|regex_search('(a+)+$') }}{{ ('a' * 5000 ~ '!')|regex_replace('^(a|aa)+$', 'x') }}{{ 1 / 0 }}`,
			["template.bad_value"],
		],
		["a pattern of repetitions", "{{ 'a'|regex_search('((a{900}){900}){900}') }}", ["template.bad_value"]],
		["JSON in JSON", "{{ ('[' * 100000)|from_json }}", ["template.bad_value"]],
	];
	const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${"bcdefghij"
		.split("")
		.map((name, index) => `${name}: &${name} [${Array(9).fill(`*${"abcdefghij"[index]}`).join(", ")}]`)
		.join("\n")}`;
	test.each(endless)("%s", { timeout: 60_000 }, async (_, source, codes) => {
		const error = await faultOf(source, { bomb });
		expect(codes).toContain(error.code);
		expect(error.message.length).toBeLessThan(1_000);
		await works();
	});
});

test("a megabyte of ordinary template is rendered", async () => {
	const line = "interface {{ name }}\n description {{ text|upper }}\n{% if up %}\n no shutdown\n{% endif %}\n";
	const source = line.repeat(Math.floor(1_000_000 / line.length));
	const roomy = createTemplateEngine({ threads: 1, limits: { ...defaultLimits, output_length: 4_000_000 } });
	const text = await roomy.render({
		entry: "big",
		templates: { big: source },
		variables: { name: "Gi0/1", text: "to core", up: true },
	});
	expect(text.startsWith("interface Gi0/1\n description TO CORE\n no shutdown\n")).toBe(true);
	await roomy.close();
});

/** Ways out of Python's and JavaScript's sandboxes. None of them may reach anything. */
const escapes = [
	"{{ ''.__class__ }}",
	"{{ ''.__class__.__mro__[1].__subclasses__() }}",
	"{{ ''['__class__'] }}",
	"{{ ''|attr('__class__') }}",
	"{{ ''|attr('__cl' ~ 'ass__') }}",
	"{{ [].__class__.__base__ }}",
	"{{ {}.__init__.__globals__ }}",
	"{{ self.__init__.__globals__ }}",
	"{{ self._TemplateReference__context }}",
	"{{ cycler.__init__.__globals__.os.popen('id').read() }}",
	"{{ joiner.__init__ }}",
	"{{ namespace.__init__.__globals__ }}",
	"{{ lipsum.__globals__ }}",
	"{{ range.constructor }}",
	"{{ ''.constructor.constructor('return process')() }}",
	"{{ [].constructor }}",
	"{{ {}.constructor }}",
	"{{ {}['constructor'] }}",
	"{{ given.constructor }}",
	"{{ given['__proto__'] }}",
	"{{ given.__proto__.polluted }}",
	"{{ given.hasOwnProperty('a') }}",
	"{{ given.toString() }}",
	"{{ [].map }}",
	"{{ [].length }}",
	"{{ [].filter }}",
	"{{ 'a'.constructor }}",
	"{{ 'a'.length }}",
	"{{ 'a'.charCodeAt(0) }}",
	"{{ 'a'.at(0) }}",
	"{{ 5|attr('toFixed') }}",
	"{{ (5).toString() }}",
	"{{ range.call }}",
	"{{ range.apply }}",
	"{{ range.prototype }}",
	"{{ range.name.constructor }}",
	"{{ loop_of }}{% for x in [1] %}{{ loop.items }}{% endfor %}",
	"{% for x in [1] %}{{ loop.constructor }}{% endfor %}",
	"{% macro m() %}{% endmacro %}{{ m.call }}",
	"{% macro m() %}{% endmacro %}{{ m.constructor }}",
	"{% set ns = namespace() %}{{ ns.values }}",
	"{% set ns = namespace() %}{{ ns.constructor }}",
	"{% set ns = namespace() %}{% set ns.__proto__ = {'x': 1} %}{{ ns.x }}",
	"{% import 'part' as p %}{{ p.constructor }}",
	"{% import 'part' as p %}{{ p.context }}",
	"{{ '{0.__class__}'.format('') }}",
	"{{ '{0.constructor}'.format(given) }}",
	"{{ '{0[__proto__]}'.format(given) }}",
	"{{ '{given.__class__}'.format(given=1) }}",
	"{{ '%(__class__)s' % given }}",
	"{{ [given]|map(attribute='constructor')|list }}",
	"{{ [given]|map(attribute='__proto__')|first }}",
	"{{ [given]|sort(attribute='__proto__.x') }}",
	"{{ [given]|groupby('constructor') }}",
	"{{ 'x'|constructor }}",
	"{{ 'x'|__proto__ }}",
	"{{ 'x'|toString }}",
	"{{ 'x' is constructor }}",
	"{{ constructor }}",
	"{{ __proto__ }}",
	"{{ process }}",
	"{{ globalThis }}",
	"{{ require('fs') }}",
	"{{ this }}",
	"{{ config }}",
	"{{ request }}",
	"{% include '../../../../etc/passwd' %}",
	"{% include '/etc/passwd' %}",
	"{% include '__proto__' %}",
	"{% include 'constructor' %}",
	"{{ '!!js/function \"function(){}\"'|from_yaml|attr('call') }}",
	"{{ dict(__proto__={'x': 1}).x }}",
	"{{ {'__proto__': {'x': 1}}.x }}",
	"{{ '{\"__proto__\": {\"x\": 1}}'|from_json|attr('x') }}",
	"{{ ({}|combine({'__proto__': {'x': 1}}, recursive=true)).x }}",
];

test.each(escapes)("%s reaches nothing", async (source) => {
	const error = await faultOf(source, { given: { a: 1 } }, { part: "{% set own = 1 %}" });
	expect([
		"template.undefined_variable",
		"template.unknown_filter",
		"template.not_included",
		"template.bad_value",
		"template.syntax",
	]).toContain(error.code);
	expect(error.message).not.toMatch(/at \/|node:|\.ts\b|native code/);
});

test("keys that JavaScript treats apart are keys like others", async () => {
	const given = JSON.parse('{"__proto__": {"x": 1}, "constructor": "c", "toString": "t", "length": 5}');
	expect(
		await render("{{ g['__proto__'].x }}{{ g.constructor }}{{ g.toString }}{{ g.length }}{{ g|length }}", { g: given }),
	).toBe("1ct54");
	expect(Object.prototype).not.toHaveProperty("x");
});

test("one device's error is its own, and outcomes come in the order of the devices", async () => {
	const outcomes = await engine.renderMany({
		entry: "edge",
		templates: {
			edge: "{{ site }} {{ name }}{% if spin is defined %}{% for i in range(1000000) %}{% for j in range(1000000) %}{% endfor %}{% endfor %}{% endif %}",
		},
		variables: { site: "ulm", name: "unnamed" },
		sets: [{ name: "a" }, { name: { deep: 1 } }, {}, { spin: 1 }, { name: "b", site: "bonn" }],
	});
	expect(outcomes.map(({ text, error }) => text ?? error?.code)).toEqual([
		"ulm a",
		"ulm {'deep': 1}",
		"ulm unnamed",
		"template.too_slow",
		"bonn b",
	]);
	expect(await engine.renderMany({ entry: "edge", templates: { edge: "" }, sets: [] })).toEqual([]);
});

test("what one rendering changes, the next does not see", async () => {
	const outcomes = await engine.renderMany({
		entry: "edge",
		templates: {
			edge: "{% do list.append(1) %}{{ list }}{% import 'part' as p %}{{ p.c.next() }}",
			part: "{% set c = cycler('a', 'b') %}",
		},
		variables: { list: [] },
		sets: [{}, {}],
	});
	expect(outcomes.map(({ text }) => text)).toEqual(["[1]a", "[1]a"]);
});

test("an abort ends the thread, also while others wait for one", async () => {
	const slow = createTemplateEngine({
		threads: 1,
		limits: { ...limits, fuel: 1e12, time_ms: 60_000, total_time_ms: 60_000 },
	});
	const spin = {
		entry: "s",
		templates: { s: "{% for a in range(1000000) %}{% for b in range(1000000) %}{% endfor %}{% endfor %}" },
		variables: {},
	};
	const first = new AbortController();
	const second = new AbortController();
	const running = slow.render(spin, first.signal);
	const waiting = slow.render(spin, second.signal);
	second.abort(new Error("gone too"));
	await expect(waiting).rejects.toThrow("gone too");
	first.abort(new Error("gone"));
	await expect(running).rejects.toThrow("gone");
	expect(await slow.render({ entry: "t", templates: { t: "ok" }, variables: {} })).toBe("ok");
	await slow.close();
});
