import { failed } from "@netconductor/runtime/errors";
import { compilePythonPattern, PatternFault, type PythonPattern } from "./python-pattern.ts";
import { pythonSpace, strip, stripEnd, wordCharacter } from "./python-text.ts";

export const valueOptions = ["Required", "Filldown", "Fillup", "Key", "List"] as const;
export type ValueOption = (typeof valueOptions)[number];

export interface TemplateValue {
	name: string;
	/** In the order of the template, which decides whether `Required` looks at a list or at what was last added to it. */
	options: readonly ValueOption[];
	/** With the outer parentheses. */
	regex: string;
	/** Of a `List`: what its nested groups are read with. */
	nested: PythonPattern | undefined;
}

export interface TemplateRule {
	line_number: number;
	pattern: PythonPattern;
	line: "Next" | "Continue" | "Error";
	record: "NoRecord" | "Record" | "Clear" | "Clearall";
	/** Name of a state; of an `Error`, what the template says about it. */
	next: string | undefined;
}

/** A template that passed every check. Immutable: one may be used for many outputs. */
export interface TextFsmTemplate {
	values: readonly TemplateValue[];
	states: ReadonlyMap<string, readonly TemplateRule[]>;
}

const maxTemplateLength = 256 * 1024;
const maxRules = 2_000;
const maxNameLength = 48;
const compileTime_ms = 5_000;

const lineOperators = ["Continue", "Next", "Error"] as const;
const recordOperators = ["Clear", "Clearall", "Record", "NoRecord"] as const;
const reserved: readonly string[] = [...lineOperators, ...recordOperators];

const comment = new RegExp(`^[${pythonSpace}]*#`);
const stateName = new RegExp(`^${wordCharacter}+$`, "u");
const next = `(?:[${pythonSpace}]+(?<next>${wordCharacter}+|".*"))?`;
const recordWord = recordOperators.join("|");
/** `-> Line.Record State`, `-> Record State`, `-> State`: tried in this order, as a state may be called almost anything. */
const actions = [
	`^[${pythonSpace}]+(?<line>${lineOperators.join("|")})(?:\\.(?<record>${recordWord}))?${next}$`,
	`^[${pythonSpace}]+(?<record>${recordWord})${next}$`,
	`^${next}$`,
].map((source) => new RegExp(source, "su"));
const arrow = new RegExp(`^(?<match>.*)[${pythonSpace}]->(?<action>.*)$`, "s");

/**
 * Reads a TextFSM template (https://github.com/google/textfsm/wiki/TextFSM) and checks it whole.
 * @throws parse.template_invalid, parse.pattern_unsupported: both name the template's line
 */
export function readTemplate(text: string): TextFsmTemplate {
	if (text.length > maxTemplateLength) {
		throw invalid(0, `The template has more than ${maxTemplateLength} characters.`);
	}
	const lines = text.split("\n").map(stripEnd);
	// A line feed ends a line; it does not begin another.
	if (lines.at(-1) === "") lines.pop();
	const { values, end } = readValues(lines);
	const states = readStates(lines, end, values);
	checkStates(states);
	states.delete("End");
	return { values, states };
}

function readValues(lines: string[]): { values: TemplateValue[]; end: number } {
	const values: TemplateValue[] = [];
	for (const [index, line] of lines.entries()) {
		if (line === "") return { values, end: index + 1 };
		if (comment.test(line)) continue;
		const number = index + 1;
		if (!line.startsWith("Value ")) {
			if (values.length === 0) throw invalid(number, "No Value definitions were found.");
			throw invalid(number, "A blank line is expected after the last Value.");
		}
		const value = readValue(line, number);
		if (values.some(({ name }) => name === value.name)) {
			throw invalid(number, `The Value '${value.name}' is declared twice.`);
		}
		values.push(value);
	}
	return { values, end: lines.length };
}

/** `Value [option[,option...]] name (regex)`; a single blank stands between the parts. */
function readValue(line: string, number: number): TemplateValue {
	const tokens = line.split(" ");
	if (tokens.length < 3) throw invalid(number, "A Value needs a name and a pattern in parentheses.");
	const hasOptions = !tokens[2]?.startsWith("(");
	const options = hasOptions ? readOptions(tokens[1] ?? "", number) : [];
	const name = tokens[hasOptions ? 2 : 1] ?? "";
	const regex = tokens.slice(hasOptions ? 3 : 2).join(" ");
	if (name.length > maxNameLength) throw invalid(number, `The name of Value '${name.slice(0, 60)}' is too long.`);
	if (!/^\(.*\)$/s.test(regex) || count(regex, "(") !== count(regex, ")")) {
		throw invalid(
			number,
			`The pattern of Value '${name}' must stand within one pair of parentheses: '${shown(regex)}'.`,
		);
	}
	return { name, options, regex, nested: options.includes("List") ? compileAt(regex, number) : undefined };
}

function readOptions(text: string, number: number): ValueOption[] {
	const options: ValueOption[] = [];
	for (const word of text.split(",")) {
		const option = valueOptions.find((known) => known === word);
		if (!option) throw invalid(number, `Unknown option '${shown(word)}'; there are ${valueOptions.join(", ")}.`);
		if (options.includes(option)) throw invalid(number, `The option '${option}' is given twice.`);
		options.push(option);
	}
	return options;
}

function readStates(lines: string[], start: number, values: readonly TemplateValue[]): Map<string, TemplateRule[]> {
	const templates = new Map(values.map(({ name, regex }) => [name, `(?P<${name}>${regex.slice(1)}`]));
	const states = new Map<string, TemplateRule[]>();
	const deadline = performance.now() + compileTime_ms;
	let rules: TemplateRule[] | undefined;
	let ruleCount = 0;
	for (let index = start; index < lines.length; index++) {
		const line = lines[index] ?? "";
		const number = index + 1;
		if (line === "") {
			rules = undefined;
		} else if (comment.test(line)) {
			// A comment may stand anywhere, and does not end a state.
		} else if (!rules) {
			if (!stateName.test(line) || line.length > maxNameLength || reserved.includes(line)) {
				throw invalid(number, `'${shown(line)}' cannot be the name of a state.`);
			}
			if (states.has(line)) throw invalid(number, `The state '${line}' is declared twice.`);
			rules = [];
			states.set(line, rules);
		} else {
			if (!/^(?: {1,2}|\t)\^/.test(line)) {
				throw invalid(number, "A rule starts with one or two blanks (or a tab) and a caret ('^').");
			}
			if (++ruleCount > maxRules) throw invalid(number, `A template has at most ${maxRules} rules.`);
			if (performance.now() > deadline) throw invalid(number, "The patterns take too long to compile.");
			rules.push(readRule(strip(line), number, templates));
		}
	}
	return states;
}

function readRule(line: string, number: number, templates: ReadonlyMap<string, string>): TemplateRule {
	const parts = arrow.exec(line)?.groups;
	const match = parts?.match ?? line;
	const regex = templates.size === 0 ? match : substitute(match, templates, number);
	const pattern = compileAt(regex, number);
	const rule: TemplateRule = { line_number: number, pattern, line: "Next", record: "NoRecord", next: undefined };
	if (!parts) return rule;
	const action = firstMatch(parts.action ?? "");
	if (!action) throw invalid(number, `The action is not understood: '${shown(line)}'.`);
	rule.line = lineOperators.find((word) => word === action.line) ?? "Next";
	rule.record = recordOperators.find((word) => word === action.record) ?? "NoRecord";
	rule.next = action.next;
	if (rule.line === "Continue" && rule.next !== undefined) {
		throw invalid(number, `'Continue' stays in its state, so it cannot go to '${shown(rule.next)}'.`);
	}
	if (rule.line !== "Error" && rule.next?.startsWith('"')) {
		throw invalid(number, "Only an 'Error' carries a text; the name of a state is a word.");
	}
	return rule;
}

function firstMatch(action: string): Record<string, string | undefined> | undefined {
	for (const pattern of actions) {
		const found = pattern.exec(action);
		if (found) return found.groups ?? {};
	}
	return undefined;
}

/** `${Name}` and `$Name` become the Value's pattern, `$$` the end of the line; a `$` alone is an error, as in Python's `Template`. */
function substitute(match: string, templates: ReadonlyMap<string, string>, number: number): string {
	return match.replace(
		/\$(?:(\$)|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})?/g,
		(whole, dollar, plain, braced) => {
			if (dollar) return "$";
			const name: string | undefined = plain ?? braced;
			if (name === undefined) {
				throw invalid(
					number,
					`A '$' stands before a Value's name in braces, or twice for the end of the line: '${shown(match)}'.`,
				);
			}
			const template = templates.get(name);
			if (template === undefined) throw invalid(number, `There is no Value '${name}' for '${whole}'.`);
			return template;
		},
	);
}

function checkStates(states: ReadonlyMap<string, readonly TemplateRule[]>) {
	if (!states.has("Start")) throw invalid(0, "The template has no state 'Start'.");
	for (const name of ["End", "EOF"]) {
		const rule = states.get(name)?.[0];
		if (rule) throw invalid(rule.line_number, `The state '${name}' must have no rules.`);
	}
	for (const [name, rules] of states) {
		for (const rule of rules) {
			if (rule.line === "Error" || rule.next === undefined || rule.next === "End" || rule.next === "EOF") continue;
			if (!states.has(rule.next)) {
				throw invalid(rule.line_number, `There is no state '${rule.next}', to which a rule of '${name}' goes.`);
			}
		}
	}
}

function compileAt(regex: string, number: number): PythonPattern {
	try {
		return compilePythonPattern(regex);
	} catch (fault) {
		if (!(fault instanceof PatternFault)) throw fault;
		const code = fault.supported ? "parse.template_invalid" : "parse.pattern_unsupported";
		throw failed(code, {
			message: `Line ${number} of the template: the pattern '${shown(regex)}' cannot be used: ${fault.message}.`,
			details: { line: number, construct: fault.construct },
		});
	}
}

function invalid(line: number, message: string) {
	return failed("parse.template_invalid", {
		message: line === 0 ? message : `Line ${line} of the template: ${message}`,
		details: { ...(line > 0 && { line }) },
	});
}

function count(text: string, character: string): number {
	return text.split(character).length - 1;
}

function shown(text: string): string {
	return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
