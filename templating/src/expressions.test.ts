import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { createTemplateEngine } from "./engine.ts";
import {
	areTrue,
	checkTemplates,
	type Evaluated,
	isTrue,
	referencedVariables,
	resolveForEach,
	resolveValues,
} from "./expressions.ts";

const engine = createTemplateEngine({
	threads: 2,
	limits: { fuel: 2_000_000, time_ms: 1_500, total_time_ms: 4_000, output_length: 1_500_000, memory_mb: 128 },
});
afterAll(() => engine.close());

const resolve = (value: unknown, variables: Record<string, unknown> = {}) => resolveValues(engine, value, variables);
const holds = (expression: string, variables: Record<string, unknown> = {}) => isTrue(engine, expression, variables);

async function faultOf(outcome: Promise<unknown>) {
	const error = await outcome.then(
		(value) => new Error(`came to ${JSON.stringify(value)?.slice(0, 200)}`),
		(thrown: Error & { code: string; details: Record<string, unknown> }) => thrown,
	);
	if (!("code" in error)) throw error;
	return error;
}

describe("values of a step", () => {
	test("a string that is one expression keeps the type of its value, any other becomes text", async () => {
		const variables = { vlans: [10, 20], bgp: { asn: 65_000, up: true }, name: "ams-1", none: null, ratio: 0.5 };
		expect(
			await resolve(
				{
					list: "{{ vlans }}",
					mapping: "{{ bgp }}",
					number: "{{ bgp.asn + 1 }}",
					float: "{{ ratio * 4 }}",
					truth: "{{- bgp.up -}}",
					none: "{{ none }}",
					text: "{{ name }}",
					digits: "{{ '007' }}",
					tuple: "{{ 1, 'a' }}",
					pairs: "{{ bgp.items() }}",
					keys: "{{ {1: 'a', none: 'b', true: 'c'} }}",
					mixed: "{{ vlans }} of {{ name }}",
					trailing: "{{ name }}\n",
					block: "{% for vlan in vlans %}\nvlan {{ vlan }}\n{% endfor %}",
					comment: "{# nothing #}",
					without_else: "{{ 'shutdown' if not bgp.up }}",
				},
				variables,
			),
		).toEqual({
			list: [10, 20],
			mapping: { asn: 65_000, up: true },
			number: 65_001,
			float: 2,
			truth: true,
			none: null,
			text: "ams-1",
			digits: "007",
			tuple: [1, "a"],
			pairs: [
				["asn", 65_000],
				["up", true],
			],
			keys: { "1": "c", null: "b" },
			mixed: "[10, 20] of ams-1",
			trailing: "ams-1\n",
			block: "vlan 10\nvlan 20\n",
			comment: "",
			without_else: "",
		});
	});

	test("what has no tag stays as it is, with its structure, and keys are not templates", async () => {
		const value = {
			"{{ key }}": [1, null, true, "a } b", { deep: ["{{ x }}", "}} {"] }],
			at: new Date(0),
			none: undefined,
		};
		expect(await resolve(value, { x: "y" })).toEqual({
			"{{ key }}": [1, null, true, "a } b", { deep: ["y", "}} {"] }],
			at: new Date(0),
			none: undefined,
		});
		expect(await resolve("plain")).toBe("plain");
		expect(await resolve(JSON.parse('{"__proto__": "{{ x }}"}'), { x: 1 })).toEqual(JSON.parse('{"__proto__": 1}'));
		expect(await resolve("{{ given }}", { given: JSON.parse('{"__proto__": {"a": 1}}') })).toEqual(
			JSON.parse('{"__proto__": {"a": 1}}'),
		);
	});

	test("any plain data that a variable has comes back as it was", async () => {
		const data = fc.letrec((tie) => ({
			value: fc.oneof(
				{ maxDepth: 4 },
				fc.string({ unit: "binary" }),
				fc.maxSafeInteger(),
				fc.double({ noDefaultInfinity: true, noNaN: true }).map((one) => one + 0),
				fc.boolean(),
				fc.constant(null),
				fc.array(tie("value"), { maxLength: 4 }),
				fc.dictionary(fc.string(), tie("value"), { maxKeys: 4 }),
			),
		})).value;
		await fc.assert(
			fc.asyncProperty(data, async (value) => {
				expect(await resolve({ a: "{{ value }}", b: ["{{ value }}"] }, { value })).toEqual({ a: value, b: [value] });
			}),
			{ numRuns: 200 },
		);
	});

	test("a string of a variable is not a template", async () => {
		expect(await resolve(["{{ text }}", "a {{ text }}"], { text: "{{ other }}" })).toEqual([
			"{{ other }}",
			"a {{ other }}",
		]);
	});

	test("what one string sets, another does not see", async () => {
		const error = await faultOf(resolve(["{% set x = 1 %}{{ x }}", "{{ x }}"]));
		expect(error).toMatchObject({ code: "template.undefined_variable", details: { path: "1" } });
	});

	test.each([
		["undefined", { lines: ["a", "b", "{{ nope }}"] }, "template.undefined_variable", "lines.2"],
		["undefined within a value", { a: "{{ [1, nope.deep] }}" }, "template.undefined_variable", "a"],
		["not finite", ["{{ huge * 10 }}"], "template.bad_value", "0"],
		["too large to be exact", ["{{ 2 ** 60 }}"], "template.bad_value", "0"],
		["a function", { a: { b: "{{ range }}" } }, "template.bad_value", "a.b"],
		["an unclosed tag", { a: [{ b: "{{ x" }] }, "template.syntax", "a.0.b"],
		["an unknown filter", ["{{ 1|nope }}"], "template.unknown_filter", "0"],
		["another template", ["{% include 'x' %}"], "template.not_included", "0"],
	])("%s is an error that names the string", async (_, value, code, path) => {
		const error = await faultOf(resolveValues(engine, value, { huge: 1e308 }, { at: "steps.3" }));
		expect(error).toMatchObject({ code, details: { path: `steps.3.${path}` } });
		expect(error.message).toContain(`In steps.3.${path}: `);
	});

	test("an error in a text of several lines names the line", async () => {
		const error = await faultOf(resolve({ text: "a\nb {{ c.d }}\n" }, { c: {} }));
		expect(error.message).toBe("In line 2 of text: `c.d` is not defined");
		expect(error.details).toEqual({ path: "text", template: "text", line: 2, variable: "c.d" });
	});
});

describe("conditions", () => {
	const variables = { bgp: { up: true, peers: [] }, site: "ams", count: 0, empty: {} };
	test.each([
		["bgp.up and site == 'ams'", true],
		["{{ bgp.up and site == 'ams' }}", true],
		["\n  site in ['fra',\n 'lon']  ", false],
		["nope is defined", false],
		["nope is not defined or nope.x", true],
		["nope|default(false)", false],
		["bgp.peers", false],
		["empty", false],
		["count", false],
		["count - 1", true],
		["'false'", true],
		["site if bgp.up", true],
		["site if not bgp.up", false],
		["true", true],
		["none", false],
		["{'a': {'b': 1}}['a']", true],
		["range", true],
	])("%s is %s", async (expression, expected) => {
		expect(await holds(expression, variables)).toBe(expected);
	});

	test.each([
		["", "template.syntax"],
		["a b", "template.syntax"],
		["bgp.up, false", "template.syntax"],
		["bgp.up }} and {{ false", "template.syntax"],
		["{{ bgp.up }}{{ site }}", "template.syntax"],
		["{% if bgp.up %}{{ site }}{% endif %}", "template.syntax"],
		["bgp.up -", "template.syntax"],
		["nope", "template.undefined_variable"],
		["nope.up and site", "template.undefined_variable"],
		["site|nope", "template.unknown_filter"],
	])("`%s` is refused", async (expression, code) => {
		const error = await faultOf(isTrue(engine, expression, variables, { at: "steps.1.when" }));
		expect(error).toMatchObject({ code, details: { path: "steps.1.when" } });
		expect(error.message).toContain("steps.1.when");
	});
});

describe("many sets of variables", () => {
	const brief = <T>(outcomes: Map<string, Evaluated<T>>) =>
		[...outcomes].map(([key, { value, error }]) => [key, error === undefined ? value : error.code]);

	test("each has its own answer or error, under its key and in the order given", async () => {
		const sets = [
			{ key: "ams", variables: { name: "ams", vlans: [1] } },
			{ key: "fra", variables: { vlans: [] } },
			{ key: "lon", variables: { name: "lon", vlans: [3], asn: 7 } },
		];
		const resolved = await resolveForEach(engine, { a: ["{{ name }}{{ asn }}", "{{ vlans }}"], b: 1 }, sets, {
			asn: 5,
		});
		expect(brief(resolved)).toEqual([
			["ams", { a: ["ams5", [1]], b: 1 }],
			["fra", "template.undefined_variable"],
			["lon", { a: ["lon7", [3]], b: 1 }],
		]);
		expect(resolved.get("fra")?.error?.details).toMatchObject({ path: "a.0", variable: "name" });
		expect(brief(await areTrue(engine, "vlans and name != 'lon'", sets))).toEqual([
			["ams", true],
			["fra", false],
			["lon", false],
		]);
		expect(brief(await areTrue(engine, "name", sets))).toEqual([
			["ams", true],
			["fra", "template.undefined_variable"],
			["lon", true],
		]);
		expect(brief(await resolveForEach(engine, "{{ x }}", []))).toEqual([]);
	});

	test("one that takes too long does not take the others' answers", async () => {
		const sets = [2, 100_000, 3].map((n, index) => ({ key: String(index), variables: { n } }));
		const value = "{% for a in range(n) %}{% for b in range(n) %}{% endfor %}{% endfor %}{{ n }}";
		expect(brief(await resolveForEach(engine, value, sets))).toEqual([
			["0", "2"],
			["1", "template.too_slow"],
			["2", "3"],
		]);
	});

	test("what one changes in a shared variable, another does not see", async () => {
		const sets = ["a", "b"].map((key) => ({ key, variables: { key } }));
		const resolved = await resolveForEach(engine, "{% do list.append(key) %}{{ list }}", sets, { list: [] });
		expect(brief(resolved)).toEqual([
			["a", "['a']"],
			["b", "['b']"],
		]);
	});
});

describe("hostile strings", () => {
	const loop = "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}";
	test.each([
		["a way out", "{{ ''.__class__.__mro__ }}", "template.undefined_variable"],
		["a loop without end", loop, "template.too_slow"],
		["a long range", "{{ range(10**9) }}", "template.too_large"],
		["a long text", "{{ 'x' * 10**8 }}", "template.too_large"],
		["deep brackets", `{{ ${"[".repeat(5_000)}${"]".repeat(5_000)} }}`, "template.syntax"],
		["brackets never closed", `{{ ${"(".repeat(1_000_000)}`, "template.syntax"],
		["a megabyte of tags", "{{".repeat(500_000), "template.syntax"],
	])("%s ends with a clear error", async (_, source, code) => {
		expect(await faultOf(resolve({ lines: ["fine", source] }))).toMatchObject({ code, details: { path: "lines.1" } });
	});

	test("a value that is made of itself, or doubles and doubles, is refused", async () => {
		const lists = Object.fromEntries(Array.from({ length: 31 }, (_, level) => [`l${level}`, level === 0 ? [1] : []]));
		const doublings = Array.from({ length: 30 }, (_, level) => `l${level + 1}.extend([l${level}, l${level}])`);
		expect((await faultOf(resolve(`{{ ${doublings.join(" or ")} or l30 }}`, lists))).code).toBe("template.too_large");
		const shared: unknown[] = [1];
		let nested = shared;
		for (let level = 0; level < 40; level++) nested = [nested, nested];
		expect((await faultOf(resolve(nested.map(() => nested)))).code).toBe("template.too_large");
		const circle: unknown[] = ["{{ x }}"];
		circle.push(circle);
		expect((await faultOf(resolve(circle))).code).toBe("template.too_deep");
		expect((await faultOf(resolve("{{ l.append(l) or l }}", { l: [] }))).code).toBe("template.too_deep");
	});

	test("strings share the limits of their set", async () => {
		const busy = Array.from({ length: 200 }, () => "{% for a in range(100000) %}{% endfor %}");
		expect((await faultOf(resolve(busy))).code).toBe("template.too_slow");
		const long = Array.from({ length: 10 }, () => "{{ 'x' * 200000 }}");
		expect((await faultOf(resolve(long))).code).toBe("template.too_large");
		expect(await resolve(long.slice(0, 5))).toHaveLength(5);
	});

	test("a megabyte of text and ten thousand strings are evaluated; more than a source may have is refused", async () => {
		const text = await resolve({ a: `${"x".repeat(1_000_000)}{{ x }}` }, { x: 1 });
		expect((text as { a: string }).a).toHaveLength(1_000_001);
		const many = Array.from({ length: 10_000 }, (_, index) => `{{ x + ${index} }}`);
		expect(await resolve(many, { x: 1 })).toEqual(many.map((_, index) => index + 1));
		const error = await faultOf(resolve(["{{ x }}", `${"x".repeat(1_500_000)}{{ x }}`], { x: 1 }));
		expect(error).toMatchObject({ code: "template.too_large", details: { path: "" } });
		expect(error.message).toContain("the value");
	});

	test("an abort ends it, also before it began", async () => {
		const abort = new AbortController();
		const running = resolveValues(engine, loop, {}, { signal: abort.signal });
		abort.abort(new Error("no longer wanted"));
		await expect(running).rejects.toThrow("no longer wanted");
		await expect(resolveValues(engine, "plain", {}, { signal: abort.signal })).rejects.toThrow("no longer wanted");
		await expect(isTrue(engine, "true", {}, { signal: abort.signal })).rejects.toThrow("no longer wanted");
	});

	test("a variable's name is found wherever a template can name it", async () => {
		const variables = { größe: 1, _x: 2, x1: 3, if_up: 4 };
		expect(await resolve(["{{größe}}", "{{-_x-}}", "{{1 if x1 else 0}}", "{{ [if_up][0]if 1}}"], variables)).toEqual([
			1, 2, 1, 4,
		]);
	});
});

describe("without evaluating", () => {
	test("the variables are named that strings need from outside", () => {
		const value = {
			"{{ key }}": "{{ hostname }} {{ bgp.asn|default(other) }}",
			lines: ["{% for v in vlans %}{{ v }}{{ hostname }}{% endfor %}", "{% set a = b %}{{ a }}", "{{ broken", "plain"],
		};
		expect(referencedVariables(value)).toEqual(["hostname", "bgp", "other", "vlans", "b"]);
		expect(referencedVariables(["bgp.up and site", "{{ count > range(3)|length }}"], "condition")).toEqual([
			"bgp",
			"site",
			"count",
		]);
	});

	test("every string that cannot be read is told, with its path and line", () => {
		expect(
			checkTemplates({ fine: "{{ a }}", text: "a { b", lines: ["{{ a", { deep: "\n{{ a|nope }}" }], "{{ key": 1 }),
		).toEqual([
			{ path: "lines.0", code: "template.syntax", message: "the tag is not closed with `}}`", line: 1 },
			{ path: "lines.1.deep", code: "template.unknown_filter", message: "there is no filter `nope`", line: 2 },
		]);
		expect(checkTemplates(["a and b", "{{ a }}", "a b", "a, b"], "condition").map(({ path }) => path)).toEqual([
			"2",
			"3",
		]);
	});

	test("what is too long or too deep is told, not read", () => {
		const long = ["{{ a }}".repeat(250_000)];
		expect(checkTemplates(long)).toMatchObject([{ path: "", code: "template.too_large" }]);
		expect(referencedVariables(long)).toEqual([]);
		const circle: unknown[] = [];
		circle.push(circle);
		expect(checkTemplates(circle)).toMatchObject([{ code: "template.too_deep" }]);
		expect(checkTemplates(`{{ ${"-".repeat(100_000)}1 }}`)).toMatchObject([{ path: "" }]);
	});
});
