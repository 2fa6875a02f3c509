import { StepTypeInfo } from "@netconductor/contracts/tasks/procedure";
import { expect, test } from "vitest";
import { z } from "zod";
import { checkSteps, describeStepTypes } from "./describe.ts";
import { stepTypeHints } from "./hints.ts";
import { loadStepTypes, type StepTypes } from "./registry.ts";
import { type AnyStepType, defineServerStep } from "./step-type.ts";

const types = await loadStepTypes();

/** A type with parameters of every shape. */
const sample = defineServerStep({
	type: "sample",
	label: "Sample",
	description: "",
	category: "flow",
	runs_on: "server",
	mode: "write",
	aliases: ["example"],
	params: z.strictObject({
		count: z.int().min(1),
		url: z.url(),
		lines: z.union([z.string(), z.array(z.string())]).optional(),
		kind: z.enum(["a", "b"]).optional(),
		nested: z.strictObject({ deep: z.array(z.strictObject({ port: z.int() })) }).optional(),
		what: z
			.discriminatedUnion("by", [
				z.strictObject({ by: z.literal("name"), name: z.string() }),
				z.strictObject({ by: z.literal("number"), number: z.int() }),
			])
			.optional(),
	}),
	example: { count: 1, url: "https://example.net" },
	commands: ({ lines }) => [lines ?? []].flat(),
	run: async () => ({ result: {} }),
});
const samples: StepTypes = new Map<string, AnyStepType>([
	["sample", sample],
	["example", sample],
]);
const whole = { count: 1, url: "https://example.net" };
const faultsOf = (given: Record<string, unknown>) =>
	checkSteps(samples, [{ type: "sample", with: given }]).faults.map(({ path, message }) => [path.join("."), message]);

test("every step type can be told of, and its own example has no fault", () => {
	const told = describeStepTypes(types);
	for (const info of told) expect(StepTypeInfo.parse(info)).toEqual(info);
	expect(told.map(({ type }) => type)).toEqual([...new Set(told.map(({ type }) => type))].sort());
	const examples = told.map(({ type, example }) => ({ type, with: example }));
	expect(checkSteps(types, examples).faults).toEqual([]);
});

test("every parameter of every step type is described for people", () => {
	for (const { type, params } of describeStepTypes(types)) {
		const properties = (params.properties ?? {}) as Record<string, { description?: string }>;
		for (const [name, { description }] of Object.entries(properties)) {
			expect(description, `${type}.${name}`).toMatch(/\S/);
		}
	}
});

test("no hint is for a name that is a step type", () => {
	expect(stepTypeHints.filter(({ name }) => types.has(name))).toEqual([]);
});

test("values that fit have no fault, and say what they would send", () => {
	const steps = [
		{ type: "example", with: { ...whole, lines: "show version" } },
		{ type: "sample", with: { ...whole, lines: ["a", "b"] } },
		{ type: "sample", with: whole },
	];
	expect(checkSteps(samples, steps)).toMatchObject({
		faults: [],
		commands: [
			{ index: 0, commands: ["show version"] },
			{ index: 1, commands: ["a", "b"] },
		],
	});
});

test("a string with a template is taken for whatever is due", () => {
	expect(faultsOf({ count: "{{ count }}", url: "https://{{ host }}/" })).toEqual([]);
	expect(faultsOf({ ...whole, kind: "{% if x %}a{% endif %}" })).toEqual([]);
	expect(faultsOf({ ...whole, nested: "{{ nested }}" })).toEqual([]);
	expect(faultsOf({ ...whole, nested: { deep: "{{ deep }}" } })).toEqual([]);
	expect(faultsOf({ ...whole, nested: { deep: [{ port: "{{ port }}" }, "{{ other }}"] } })).toEqual([]);
	expect(faultsOf({ ...whole, what: { by: "{{ by }}", name: "x" } })).toEqual([]);
	expect(faultsOf({ ...whole, what: { by: "number", number: "{{ n }}" } })).toEqual([]);
});

test("what no template can mend is a fault at its place", () => {
	expect(faultsOf({ count: 0, url: "https://{{ host }}/" }).map(([path]) => path)).toEqual(["count"]);
	expect(faultsOf({ url: "no address" }).map(([path]) => path)).toEqual(["count", "url"]);
	expect(faultsOf({ url: "https://example.net" })).toEqual([["count", "is missing"]]);
	expect(faultsOf({ ...whole, cuont: "{{ x }}", nested: { deep: [], more: 1 } })).toEqual([
		["nested.more", "There is no such parameter"],
		["cuont", "There is no such parameter; did you mean count?"],
	]);
	expect(faultsOf({ ...whole, nested: { deep: [{ port: "{{ a }}" }, { port: "x" }] } }).map(([path]) => path)).toEqual([
		"nested.deep.1.port",
	]);
	expect(faultsOf({ ...whole, lines: 3 }).map(([path]) => path)).toEqual(["lines"]);
	expect(faultsOf({ ...whole, lines: ["a", 3] }).map(([path]) => path)).toEqual(["lines.1"]);
	expect(faultsOf({ ...whole, what: { by: "weight" } }).map(([path]) => path)).toEqual(["what.by"]);
});

test("a step type that does not exist is a fault of the step, with what to use instead", () => {
	const of = (type: string) => checkSteps(types, [{ type, with: {} }]).faults;
	expect(of("lgo")).toEqual([{ index: 0, path: [], message: "There is no step type lgo; did you mean log?" }]);
	expect(of("email")[0]?.message).toMatch(/^There is no step type email\. .*notify/);
	expect(of("constructor")[0]?.path).toEqual([]);
});

test("keys named after what every object has are plain unknown parameters", () => {
	const given = JSON.parse('{"count":1,"url":"https://example.net","__proto__":{"x":1},"constructor":2}');
	expect(
		faultsOf(given)
			.map(([path]) => path)
			.toSorted(),
	).toEqual(["__proto__", "constructor"]);
});

test("a loop has exactly one of what it could go by", () => {
	const of = (given: Record<string, unknown>) => checkSteps(types, [{ type: "loop", with: given }]).faults.length;
	expect([of({}), of({ items: [1], count: 2 }), of({ items: "{{ a }}" }), of({ while: "x > 1" })]).toEqual([
		1, 1, 0, 0,
	]);
});

test("a step changes what its parameters say: commands that only read do not, and what a template comes to may", () => {
	const changing = (type: string, given: Record<string, unknown>) =>
		checkSteps(types, [{ type, with: given }]).changing.length > 0;
	expect(changing("run_command", { commands: ["show version", "ping 192.0.2.1"] })).toBe(false);
	expect(changing("run_command", { commands: ["show version", "clear bgp *"] })).toBe(true);
	expect(changing("run_command", { commands: ["{{ command }}"] })).toBe(true);
	expect(changing("run_command", { commands: "{{ commands }}" })).toBe(true);
	const statement = "show {% filter replace('show ', '') %}version{% endfilter %}";
	expect(changing("run_command", { commands: [statement] })).toBe(true);
	expect(changing("run_command", { commands: "show {# reads #}version" })).toBe(true);
	expect(changing("api_call", { url: "https://example.net" })).toBe(false);
	expect(changing("api_call", { url: "https://example.net", method: "{{ method }}" })).toBe(true);
	// What the address comes to does not matter to that.
	expect(
		changing("api_call", { url: "{{ api }}/sites", headers: { authorization: "{{ key }}" }, timeout_s: "{{ t }}" }),
	).toBe(false);
	expect(changing("api_call", { url: "{{ api }}", method: "POST" })).toBe(true);
	expect(changing("api_call", { url: "{{ api }}", method: "{{ method }}" })).toBe(true);
	expect(changing("notify", { kind: "slack", url: "{{ slack_url }}", message: "x" })).toBe(false);
	expect(changing("notify", { kind: "{{ kind }}", url: "{{ slack_url }}", message: "x" })).toBe(true);
	expect(changing("notify", { kind: "generic", url: "{{ hook }}", message: "x" })).toBe(true);
	expect(changing("notify", { kind: "ntfy", url: "{{ topic }}", message: "x", token: "{{ token }}" })).toBe(true);
	const said = { url: "https://example.net", message: "x" };
	expect(changing("notify", { kind: "slack", ...said })).toBe(false);
	expect(changing("notify", { kind: "generic", ...said })).toBe(true);
	expect(changing("notify", { kind: "ntfy", ...said, token: "{{ token }}" })).toBe(true);
	expect(changing("notify", { kind: "{{ kind }}", ...said })).toBe(true);
	expect(changing("set_config", { lines: "hostname x" })).toBe(true);
	expect(changing("check_bgp", { neighbors: ["192.0.2.1"] })).toBe(false);
	expect(changing("deploy_stack", { stack: "edge" })).toBe(false);
});
