import { beforeAll, expect, test } from "vitest";
import { requirePackages } from "../../../lab/packages.ts";
import { findVariables } from "../../src/variables.ts";
import type { Case } from "./case.ts";
import { composition } from "./cases/composition.ts";
import { expressions } from "./cases/expressions.ts";
import { filters, testCases } from "./cases/filters.ts";
import { methods } from "./cases/methods.ts";
import { statements } from "./cases/statements.ts";
import { whitespace } from "./cases/whitespace.ts";
import { agree, renderCase } from "./compare.ts";
import { differences } from "./differences.ts";
import { askJinja2, type OracleOutcome } from "./oracle.ts";

const groups = { expressions, statements, whitespace, composition, filters, tests: testCases, methods };

beforeAll(async () => {
	const missing = await requirePackages(["python3-jinja2"]);
	if (missing.length > 0) throw new Error(`the oracle needs ${missing.join(" and ")}`);
}, 300_000);

function told({ text, error, line, message }: OracleOutcome): string {
	const outcome = text === undefined ? `${error} at line ${line}: ${message}` : JSON.stringify(text);
	return outcome.replace(/0x[\da-f]{6,}/g, "0x…");
}

test("the corpus has at least 300 templates, each of them once", () => {
	const all = Object.values(groups).flat();
	expect(all.length).toBeGreaterThanOrEqual(300);
	expect(new Set(all.map((one) => JSON.stringify(one))).size).toBe(all.length);
});

test.each(Object.entries(groups))("%s: text, kind of error and its line are those of Jinja2", async (_, cases) => {
	const theirs = await askJinja2(cases);
	const wrong = cases.flatMap((one, index) => {
		const [ours, expected] = [renderCase(one), theirs[index] as OracleOutcome];
		return agree(ours, expected)
			? []
			: [{ template: one.template, settings: one.settings, ours: told(ours), jinja2: told(expected) }];
	});
	expect(wrong).toEqual([]);
});

test("every listed difference is one, and the page that lists them says what happens", async () => {
	const shown = differences.flatMap(({ shown_by }) => shown_by);
	const theirs = await askJinja2(shown);
	const alike = shown.filter((one, index) => agree(renderCase(one), theirs[index] as OracleOutcome));
	expect(alike.map(({ template }) => template)).toEqual([]);

	const outcomes = new Map(shown.map((one, index) => [one, theirs[index] as OracleOutcome]));
	const cell = (text: string) => `\`${text.replaceAll("|", "\\|").replaceAll("`", "'").slice(0, 160)}\``;
	const section = ({ what, here, shown_by }: (typeof differences)[number]) =>
		[
			`## ${what}`,
			"",
			here,
			"",
			...(shown_by.length === 0 ? [] : ["| Template | Here | Jinja2 |", "|---|---|---|"]),
			...shown_by.map(
				(one) =>
					`| ${cell(one.template)} | ${cell(told(renderCase(one)))} | ${cell(told(outcomes.get(one) as OracleOutcome))} |`,
			),
			...(shown_by.length === 0 ? [] : [""]),
		].join("\n");
	const count = Object.values(groups).flat().length;
	const page = `<!-- Written by templating/test/conformance/jinja2.test.ts (vitest -u); do not edit. -->
# Templates: what differs from Jinja2

Templates are evaluated by our own engine, by the rules of Jinja2 3.1 and its extensions \`do\` and \`loopcontrols\`, with strict undefined.
It is held against Debian's \`python3-jinja2\` by ${count} templates whose text, kind of error and line of the error must be the same, and by
those below, which must not. Every filter, test and global function that Jinja2 3.1 documents is there, but \`lipsum\`.

${differences.map(section).join("\n")}
${ansiblePage}`;
	await expect(page).toMatchFileSnapshot("../../../docs/reference/template-differences.md");
});

test("every filter, test and global that Jinja2 has is there", async () => {
	const names = (kind: string, list: string[]) => list.map((name) => `{{ '${name}' is ${kind} }}`).join("");
	const cases: Case[] = [
		{ template: names("filter", filterNames) },
		{ template: names("test", testNames) },
		{
			template: ["range", "dict", "cycler", "joiner", "namespace"].map((name) => `{{ ${name} is callable }}`).join(""),
		},
	];
	for (const outcome of cases.map(renderCase)) expect(outcome.text).not.toContain("False");
	for (const outcome of await askJinja2(cases)) expect(outcome.text).not.toContain("False");
});

/** Held by addresses.test.ts. */
const ansiblePage = `## Filters of Ansible

They are held against what Ansible 7.7 of Debian 12 answers (\`ansible-core\` 2.14, \`ansible.utils\` 2.10). These differ:

| What | Here |
|---|---|
| \`regex_search\`, \`regex_replace\`, \`regex_findall\`, the tests \`match\` and \`search\` | Patterns run in linear time (RE2): look-ahead, back-references within a pattern and more than 1,000 repetitions are refused; \`\\d\`, \`\\w\`, \`\\s\` and \`\\b\` know ASCII. |
| \`to_yaml\`, \`to_nice_yaml\` | A string stays on its line, however long, and one with line breaks is in double quotes. |
| \`from_yaml\` | \`1e3\` is a number. Tags are not followed. |
| \`ipaddr\` and its family | Only full addresses are read: not \`10/8\`, not \`010.0.0.1\`. \`::/0\` counts as IPv6 in every query, \`::c000:201\` prints so, and \`ipwrap\` takes numbers. |
| \`network_in_network\`, \`network_in_usable\`, \`reduce_on_network\` | What is no network is an error that names it. |
| \`usable_range\` | Makes at most a million addresses. As in Ansible, the first and the last of the network are among them. |
| the tests \`ipv4_netmask\`, \`ipv4_hostmask\` | Know masks of networks larger than /7, too. \`0.0.0.0\` and \`255.255.255.255\` are netmasks. |
| the tests of addresses | No zones: \`fe80::1%eth0\` is no address. \`mac\` takes no line break at the end. |
| \`product\` | Makes at most a million elements. |
| \`vlan_range\`, \`vlan_expand\` | Are ours: the first makes \`1-3,5\` of \`[1, 2, 3, 5]\`, the second takes that apart. |

Of \`ansible.utils\` these are not there:

| What | Why |
|---|---|
| the test \`resolvable\` | It asks the DNS: what a template comes to depends on its variables alone. |
| the test and the filter \`validate\` | They read schemas from files. A procedure's \`assert\` and validation templates hold data to rules. |
| \`from_xml\`, \`to_xml\` | XML is not read or written in templates. |
| \`get_path\`, \`to_paths\`, \`index_of\`, \`consolidate\`, \`keep_keys\`, \`remove_keys\`, \`replace_keys\`, \`param_list_compare\`, \`fact_diff\` | They reshape what Ansible's modules answer; \`map\`, \`selectattr\`, \`dictsort\` and \`combine\` do what templates need of it. |
`;

const filterNames =
	"abs attr batch capitalize center count d default dictsort e escape filesizeformat first float forceescape format groupby indent int items join last length list lower map max min pprint random reject rejectattr replace reverse round safe select selectattr slice sort string striptags sum title tojson trim truncate unique upper urlencode urlize wordcount wordwrap xmlattr".split(
		" ",
	);
const testNames =
	"!= < <= == > >= boolean callable defined divisibleby eq equalto escaped even false filter float ge greaterthan gt in integer iterable le lessthan lower lt mapping ne none number odd sameas sequence string test true undefined upper".split(
		" ",
	);

/**
 * Where the names that a template needs differ from `jinja2.meta.find_undeclared_variables`, which reads one template and counts every
 * name that some path may not have set.
 */
test("the variables of a template are those that Jinja2 finds undeclared, but for names that the template itself sets", async () => {
	const cases = Object.values(groups).flat();
	const theirs = await askJinja2(cases);
	const wrong = cases.flatMap(({ template, settings }, index) => {
		const expected = theirs[index]?.names;
		if (expected === null || expected === undefined) return [];
		let ours: string[];
		try {
			ours = findVariables({ entry: "case", templates: { case: template }, settings }).map(({ name }) => name);
		} catch {
			return [];
		}
		const more = ours.filter((name) => !expected.includes(name));
		const missing = expected.filter((name) => !ours.includes(name) && !setWithin(template, name));
		return more.length + missing.length === 0 ? [] : [{ template, more, missing }];
	});
	expect(wrong).toEqual([]);
});

const setWithin = (template: string, name: string) =>
	new RegExp(`\\{%-?\\s*(set|macro|for|import|from|block)\\b[^%]*\\b${name}\\b`).test(template) ||
	name === "super" ||
	name === "self";
