import type { TemplateVariable } from "@netconductor/contracts/config/templates";
import { expect, test } from "vitest";
import { completionsAt } from "./jinja-completion.ts";

const scalar = (name: string, keys: TemplateVariable[] = []): TemplateVariable => ({
	...{
		name,
		shape: keys.length > 0 ? "mapping" : "scalar",
		required: true,
		keys,
		items: null,
		template: "t",
		line: 1,
		lines: [1],
	},
});
const variables = [scalar("hostname"), scalar("bgp", [scalar("asn"), scalar("peer", [scalar("address")])])];
const words = {
	tags: ["for", "endfor"],
	filters: ["join", "default"],
	tests: ["defined", "mapping"],
	globals: ["range"],
};
const known = { variables, words };
const labelsAt = (before: string) => completionsAt(before, known)?.options.map(({ label }) => label);

test("what is offered fits the place", () => {
	expect(labelsAt("{{ ho")).toEqual(expect.arrayContaining(["hostname", "bgp", "range"]));
	expect(labelsAt("{{ x | jo")).toEqual(expect.arrayContaining(["join", "default"]));
	expect(labelsAt("{{ x | jo")).not.toContain("hostname");
	expect(labelsAt("{% if x is def")).toEqual(expect.arrayContaining(["defined", "mapping"]));
	expect(labelsAt("{% if x is not ")).toContain("defined");
	expect(labelsAt("{%- fo")).toEqual(expect.arrayContaining(["for", "endfor"]));
	expect(labelsAt("{% for x in ")).toContain("hostname");
	expect(labelsAt("{{ bgp.")).toEqual(["asn", "peer"]);
	expect(labelsAt("{{ bgp.peer.ad")).toEqual(["address"]);
	expect(labelsAt("{{ nothing.")).toEqual([]);
});

test("nothing is offered in the text of the configuration and in quotes", () => {
	for (const before of ["interface E", "{{ a }} b", "{% if a %}b", '{% include "ba', "{{ 'a", "{{ 1."]) {
		expect([before, labelsAt(before)]).toEqual([before, undefined]);
	}
});

test("how much of the word stands there already is told", () => {
	expect(completionsAt("{{ hostn", known)?.length).toBe(5);
	expect(completionsAt("{{ bgp.as", known)?.length).toBe(2);
});
