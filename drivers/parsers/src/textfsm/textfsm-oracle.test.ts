import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isAppError } from "@netconductor/runtime/errors";
import { beforeAll, expect, test } from "vitest";
import { googleCases, googleTests } from "../../test/google-textfsm-cases.ts";
import { askOracle, requireOracles } from "../../test/oracle.ts";
import { generatedCases, generatedPatterns, type TextFsmCase, writtenCases } from "../../test/textfsm-corpus.ts";
import { differences } from "../../test/textfsm-differences.ts";
import { parseText, toObjects } from "./parse-text.ts";
import { readTemplate } from "./template.ts";

beforeAll(requireOracles, 300_000);

interface Answer {
	template_error?: string;
	output_error?: string;
	kind?: string;
	header?: string[];
	records?: unknown[];
}

const oracle = (cases: TextFsmCase[]) => askOracle<Answer[]>("textfsm-oracle.py", cases);

/** The records, or which of the two was refused: the words of an error are ours. */
function ours({ template, output }: TextFsmCase): unknown {
	let phase = "template refused";
	try {
		const fsm = readTemplate(template);
		phase = "output refused";
		return parseText(fsm, output);
	} catch (error) {
		if (!isAppError(error)) throw error;
		return phase;
	}
}

function theirs({ template_error, output_error, header, records }: Answer): unknown {
	if (template_error !== undefined) return "template refused";
	return output_error !== undefined ? "output refused" : { header, records };
}

async function expectAgreement(cases: TextFsmCase[]) {
	const answers = await oracle(cases);
	for (const [i, each] of cases.entries()) {
		const answer = answers[i]!;
		expect(ours(each), `${each.name}\n${each.template}\n${JSON.stringify(each.output)}`).toEqual(theirs(answer));
	}
	return answers;
}

test("every written case gives the records of Google's TextFSM, or is refused by both", async () => {
	const cases = writtenCases();
	expect(cases.length).toBeGreaterThan(150);
	const answers = await expectAgreement(cases);
	expect(answers.filter(({ template_error }) => template_error !== undefined).length).toBeGreaterThan(40);
	expect(answers.filter(({ records }) => records && records.length > 0).length).toBeGreaterThan(90);
});

/** The tests of `tests/textfsm_test.py` in google/textfsm. */
const namesOfGoogle = [
	..."FSMValue FSMRule RulePrefixes ImplicitDefaultRules SpacesAroundAction ParseFSMVariables ParseFSMState".split(" "),
	..."InvalidStates RuleStartsWithCarrot ValidateFSM TextFSM ParseText ParseTextToDicts ParseNullText Reset".split(" "),
	..."Clear Continue Error Key List NestedMatching NestedNameConflict GetValuesByAttrib StateChange EOF End".split(" "),
	..."InvalidRegexp ValidRegexp ReEnteringState Fillup Repeated RepeatedList".split(" "),
].map((name) => `test${name}`);

test("what each test of Google's asks is so, here and there", async () => {
	expect(Object.keys(googleTests).toSorted()).toEqual(namesOfGoogle.toSorted());
	const cases = googleCases();
	for (const each of cases) {
		const own = ours(each);
		const seen = typeof own === "string" ? own : (own as { records: unknown }).records;
		expect(seen, `${each.name}\n${each.template}\n${JSON.stringify(each.output)}`).toEqual(each.expected);
	}
	await expectAgreement(cases);
});

test("a template that has read one output reads the next as if it were the first, and names its columns", () => {
	for (const { template, output, expected } of googleCases()) {
		if (typeof expected === "string") continue;
		const fsm = readTemplate(template);
		try {
			parseText(fsm, "p1\nport p1\n");
		} catch (error) {
			// A rule may call that an error; what comes next must not remember it either.
			expect(isAppError(error)).toBe(true);
		}
		const table = parseText(fsm, output);
		expect(table.records).toEqual(expected);
		const names = fsm.values.map(({ name }) => name);
		for (const record of toObjects(table)) expect(Object.keys(record)).toEqual(names);
	}
});

test.each([1, 2, 3, 4])("templates and outputs generated from seed %i give the same records", async (seed) => {
	const answers = await expectAgreement(generatedCases(seed, 500));
	expect(answers.filter(({ records }) => records && records.length > 0).length).toBeGreaterThan(100);
});

test("random patterns choose the groups that Python chooses, or are refused", async () => {
	const cases = generatedPatterns(1, 250);
	const answers = await oracle(cases);
	let compared = 0;
	for (const [i, each] of cases.entries()) {
		const own = ours(each);
		if (own === "template refused") continue;
		compared++;
		expect(own, `${each.name}\n${JSON.stringify(each.output)}`).toEqual(theirs(answers[i]!));
	}
	expect(compared).toBeGreaterThan(180);
});

test("our own templates read our transcripts as Google's TextFSM does", async () => {
	const root = join(import.meta.dirname, "..", "..");
	const read = (path: string) => readFileSync(join(root, path), "utf8");
	const outputs = globSync("transcripts/*/*.txt", { cwd: root }).map(read);
	const cases = globSync("src/parsers/templates/*.textfsm", { cwd: root }).flatMap((path) =>
		outputs.map((output, i) => ({ name: `${path} on ${i}`, template: read(path), output })),
	);
	expect(cases.length).toBeGreaterThan(100);
	await expectAgreement(cases);
});

test("what differs from Google's TextFSM is listed, and only that", async () => {
	const answers = await oracle(differences);
	for (const [i, each] of differences.entries()) {
		expect(ours(each), each.name).not.toEqual(theirs(answers[i]!));
	}
	const page = [
		"<!-- Written by drivers/parsers/src/textfsm/textfsm-oracle.test.ts (vitest -u); do not edit. -->",
		"# TextFSM: what differs from Google's",
		"",
		"Templates are read by our own interpreter, whose patterns run in linear time. It is held against Debian's `python3-textfsm`",
		"(1.1.0, Python 3.11) by a corpus of written and generated templates, and against cases for each test of Google's own",
		"`tests/textfsm_test.py`. These are the differences; a test shows each of them. The option `Repeated`, which newer versions have where",
		"Python's `regex` is installed, is refused here as it is there without it.",
		"",
		"| What | Here |",
		"| --- | --- |",
		...differences.map(({ name, why }) => `| ${name.replaceAll("|", "\\|")} | ${why} |`),
		"",
	].join("\n");
	await expect(page).toMatchFileSnapshot("../../../../docs/reference/textfsm-differences.md");
});
