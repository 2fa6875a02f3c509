import fc from "fast-check";
import { expect, test } from "vitest";
import { TemplateFault } from "./fault.ts";
import { findVariables, type TemplateVariable } from "./variables.ts";

const find = (source: string, others: Record<string, string> = {}) =>
	findVariables({ entry: "t", templates: { ...others, t: source } });

/** A variable in one line: `name shape!` with `!` where it is required, keys in braces, elements in brackets. */
function brief({ name, shape, required, keys, items, type_hint }: TemplateVariable): string {
	const inner = keys.length > 0 ? `{${keys.map(brief).join(", ")}}` : "";
	const elements = items === null ? "" : `[${brief(items).trim()}]`;
	return `${name} ${type_hint === undefined ? shape : `${shape}/${type_hint}`}${required ? "!" : ""}${inner}${elements}`;
}
const told = (source: string, others?: Record<string, string>) => find(source, others).map(brief);

test("the shape of a variable is what its use tells", () => {
	expect(told("{{ name }}")).toEqual(["name scalar!"]);
	expect(told("{% for i in list %}{{ i.name }}{% endfor %}")).toEqual(["list list![mapping!{name scalar!}]"]);
	expect(told("{{ a.b.c }}{{ a['d'] }}{{ a.b['e'][0] }}")).toEqual([
		"a mapping!{b mapping!{c scalar!, e list![scalar!]}, d scalar!}",
	]);
	expect(told("{% for k, v in vrfs.items() %}{{ k }}{{ v.rd }}{% endfor %}")).toEqual([
		"vrfs mapping![mapping!{rd scalar!}]",
	]);
	expect(told("{% for k, v in vrfs|dictsort %}{{ v }}{% endfor %}")).toEqual(["vrfs mapping![scalar!]"]);
	expect(told("{{ servers|join(',') }}")).toEqual(["servers list![scalar]"]);
	expect(told("{{ ip|ipaddr('address') }}{{ mtu + 1 }}{{ text|upper }}")).toEqual([
		"ip scalar/ip!",
		"mtu scalar/number!",
		"text scalar/string!",
	]);
	expect(told("{{ users|map(attribute='name')|join }}{{ users|selectattr('up')|list }}")).toEqual([
		"users list![mapping!{name scalar!, up scalar!}]",
	]);
	expect(told("{% if up %}x{% endif %}")).toEqual(["up any/boolean!"]);
	expect(told("{{ a if b else c }}")).toEqual(["b any/boolean!", "a scalar!", "c scalar!"]);
});

test("what has a default or is asked for is not required, and what hangs on it only when it is there", () => {
	expect(find("{{ mtu|default(1500) }}")).toMatchObject([
		{ name: "mtu", required: false, default: 1500, type_hint: "number", shape: "scalar" },
	]);
	expect(told("{% if ntp is defined %}{{ ntp.server }}{% endif %}")).toEqual(["ntp mapping{server scalar!}"]);
	expect(told("{% if ntp is not defined %}none{% else %}{{ ntp.server }}{% endif %}")).toEqual([
		"ntp mapping{server scalar!}",
	]);
	expect(told("{% if ntp is defined and ntp.server %}{{ ntp.server }}{% endif %}")).toEqual([
		"ntp mapping{server scalar!}",
	]);
	expect(told("{{ ntp.server if ntp is defined else 'x' }}")).toEqual(["ntp mapping{server scalar!}"]);
	expect(told("{% for v in vlans|default([]) %}{{ v }}{% endfor %}")).toEqual(["vlans list[scalar!]"]);
	expect(told("{% if x is defined %}{{ x }}{% endif %}{{ x }}")).toEqual(["x scalar!"]);
	expect(told("{{ o.get('k', 5) }}")).toEqual(["o mapping!{k scalar}"]);
	expect(told("{% if x is not defined %}{% set x = 1 %}{% endif %}{{ x }}")).toEqual(["x scalar"]);
	expect(told("{{ a.b|default('x') }}")).toEqual(["a mapping!{b scalar/string}"]);
});

test("names that the template sets itself are not asked for", () => {
	expect(told("{% set x = 1 %}{{ x }}{% for i in [1] %}{{ i }}{{ loop.index }}{% endfor %}")).toEqual([]);
	expect(
		told("{% macro m(a, b=c) %}{{ a }}{{ b }}{{ caller() }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1) }}"),
	).toEqual(["c any!"]);
	expect(told("{% with a = b %}{{ a.k }}{% endwith %}")).toEqual(["b mapping!{k scalar!}"]);
	expect(told("{% set site = device.site %}{{ site.name }}")).toEqual(["device mapping!{site mapping!{name scalar!}}"]);
	expect(told("{{ range(n) }}{{ dict(a=1) }}{{ namespace() }}{{ cycler(1) }}{{ joiner() }}")).toEqual([
		"n scalar/number!",
	]);
	expect(told("{% block b %}{{ super() }}{{ self.b() }}{% endblock %}")).toEqual([]);
	expect(told("{% for i in a %}{% set y = i %}{% endfor %}{{ y }}")).toEqual(["a list![any]", "y scalar!"]);
});

test("what others ask for is found through includes, imports, inheritance and macros, with the place", () => {
	const others = {
		base: "{{ hostname }}{% block body %}{{ never }}{% endblock %}{% block foot %}{{ foot }}{% endblock %}",
		part: "{{ name }}{% for x in xs %}{% include 'leaf' %}{% endfor %}",
		leaf: "{{ x.y }}",
		lib: "{% macro peer(p) %}\n{{ p.asn }}{{ site }}{% endmacro %}",
		own: "{{ name }}",
	};
	expect(told("{% extends 'base' %}{% block body %}{{ mine }}{% endblock %}", others)).toEqual([
		"hostname scalar!",
		"mine scalar!",
		"foot scalar!",
	]);
	expect(told("{% extends 'base' %}{% block body %}{{ super() }}{% endblock %}", others)).toEqual([
		"hostname scalar!",
		"never scalar!",
		"foot scalar!",
	]);
	expect(told("{% set name = 1 %}{% include 'part' %}", others)).toEqual(["xs list![mapping!{y scalar!}]"]);
	expect(told("{% set name = 1 %}{% include 'own' without context %}", others)).toEqual(["name scalar!"]);
	expect(find("{% import 'lib' as l %}{{ l.peer(bgp) }}", others)).toMatchObject([
		{ name: "site", template: "lib", line: 2, lines: [2] },
		{ name: "bgp", template: "t", line: 1, keys: [{ name: "asn", template: "lib", line: 2 }] },
	]);
	expect(told("{% from 'lib' import peer as q %}{{ q(bgp) }}", others)).toEqual([
		"site scalar!",
		"bgp mapping!{asn scalar!}",
	]);
	expect(told("{% include 'nowhere' %}{% include which %}{{ a }}", others)).toEqual(["which any!", "a scalar!"]);
});

test("a template that leads to itself, and templates that multiply, come to an end", () => {
	expect(told("{% include 't' %}{{ a }}")).toEqual(["a scalar!"]);
	expect(told("{% extends 't' %}{{ a }}{% import 't' as t %}")).toEqual(["a scalar!"]);
	const chain = Object.fromEntries(
		Array.from({ length: 60 }, (_, index) => [
			`c${index}`,
			`{% include 'c${index + 1}' %}{% include 'c${index + 1}' %}{{ v${index} }}`,
		]),
	);
	expect(find("{% include 'c0' %}", chain)).toHaveLength(60);
});

const words = fc.constantFrom(
	..."{% {%- {%+ %} -%} +%} {{ {{- }} -}} {# #} if else elif endif for in endfor set endset macro endmacro call endcall block endblock filter endfilter with endwith include import from as extends raw endraw do break continue a b.c x['y'] 1 2.5 'text' \" ( ) [ ] { } , : . | ~ + - * ** / // % == < > and or not is defined default upper loop super() self recursive scoped required ignore missing without context = \n".split(
		" ",
	),
);

test("any text is read, or is a syntax error with a line of the text", () => {
	const source = fc.oneof(
		fc.array(words, { maxLength: 40 }).map((parts) => parts.join(" ")),
		fc.string(),
		fc.array(words, { maxLength: 40 }).map((parts) => parts.join("")),
	);
	fc.assert(
		fc.property(source, (text) => {
			try {
				find(text);
			} catch (error) {
				if (!(error instanceof TemplateFault)) throw error;
				expect(error.code).toBe("template.syntax");
				expect(error.template).toBe("t");
				expect(error.line).toBeGreaterThanOrEqual(1);
				expect(error.line).toBeLessThanOrEqual(text.split(/\r\n|\r|\n/).length);
			}
		}),
		{ numRuns: 3_000 },
	);
});
