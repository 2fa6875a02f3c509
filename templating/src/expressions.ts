// Templates in the strings of plain data, as the steps of a procedure have them.
import { type AppError, failed } from "@netconductor/runtime/errors";
import { compileTemplate } from "./compile.ts";
import type { TemplateEngine } from "./engine.ts";
import { type FaultReport, TemplateFault } from "./fault.ts";
import { defaultLimits } from "./limits.ts";
import { conditionSource, hasTag, readString } from "./read-string.ts";
import type { EvaluateOutcome, NamedString, StringKind } from "./render-task.ts";
import { library } from "./standard-library.ts";
import { findVariables } from "./variables.ts";

export type Variables = Record<string, unknown>;

/** One of many that the same is evaluated for, such as a device. */
export interface VariableSet {
	key: string;
	/** These win over the shared ones. */
	variables: Variables;
}

export type Evaluated<T> = { value: T; error?: undefined } | { value?: undefined; error: AppError };

export interface EvaluateOptions {
	/** An abort ends the thread. */
	signal?: AbortSignal | undefined;
	/** Where the value stands, for messages: `steps.2`. */
	at?: string;
}

/** What is wrong with a string. */
export interface TemplateProblem {
	/** Of the string within the value, `lines.2`; empty where the value itself is to blame. */
	path: string;
	code: FaultReport["code"];
	message: string;
	/** Of the string, from 1. */
	line?: number;
}

/**
 * Evaluates the templates in the strings of plain data, in one hand-over to a thread. A string that is wholly one `{{ expression }}` becomes its
 * value with its type, another with tags becomes text, all else stays and is shared with what was given. Keys are not templates.
 * @throws template.* with details `{ path, template, line, variable?, filter? }`, or the signal's reason
 */
export async function resolveValues(
	engine: TemplateEngine,
	value: unknown,
	variables: Variables,
	options: EvaluateOptions = {},
): Promise<unknown> {
	const [outcome] = await resolveSets(engine, value, [variables], {}, options);
	if (outcome?.error !== undefined) throw outcome.error;
	return outcome?.value;
}

/** The same for many sets of variables in one hand-over. Answers by key, in the order of the sets; one's error is its own. */
export async function resolveForEach(
	engine: TemplateEngine,
	value: unknown,
	sets: readonly VariableSet[],
	shared: Variables = {},
	options: EvaluateOptions = {},
): Promise<Map<string, Evaluated<unknown>>> {
	return byKey(sets, await resolveSets(engine, value, variablesOf(sets), shared, options));
}

/**
 * Whether a condition holds: a bare expression as after Ansible's `when`, or one in `{{ }}`; what it comes to counts as Jinja2's `if` counts it.
 * @throws template.* with details as `resolveValues`, or the signal's reason
 */
export async function isTrue(
	engine: TemplateEngine,
	expression: string,
	variables: Variables,
	options: EvaluateOptions = {},
): Promise<boolean> {
	const [outcome] = await testSets(engine, expression, [variables], {}, options);
	if (outcome?.error !== undefined) throw outcome.error;
	return outcome?.value ?? false;
}

/** The same for many sets of variables in one hand-over. Answers by key, in the order of the sets; one's error is its own. */
export async function areTrue(
	engine: TemplateEngine,
	expression: string,
	sets: readonly VariableSet[],
	shared: Variables = {},
	options: EvaluateOptions = {},
): Promise<Map<string, Evaluated<boolean>>> {
	return byKey(sets, await testSets(engine, expression, variablesOf(sets), shared, options));
}

/**
 * Names of the variables that the strings of a value refer to and do not set themselves, in the order of their first use. A string that cannot be
 * read refers to none: `checkTemplates` tells of it. Reads here, in time that grows with the length.
 * @param kind what the strings are
 */
export function referencedVariables(value: unknown, kind: StringKind = "text"): string[] {
	const names = new Set<string>();
	for (const one of readableStrings(value, kind).strings) {
		const source = kind === "condition" ? conditionSource(one.source) : one.source;
		attempt(one.name, () => {
			for (const { name } of findVariables({ entry: one.name, templates: { [one.name]: source } })) names.add(name);
		});
	}
	return [...names];
}

/**
 * Reads every string without evaluating it: what is wrong with its grammar, and filters and tests that do not exist. Reads here, in time that grows
 * with the length.
 * @param kind what the strings are
 */
export function checkTemplates(value: unknown, kind: StringKind = "text"): TemplateProblem[] {
	const { strings, fault } = readableStrings(value, kind);
	const faults = strings.map(({ name, source }) =>
		attempt(name, () => {
			compileTemplate(name, readString(name, source, kind).tree, library);
		}),
	);
	return [fault, ...faults].flatMap((found): TemplateProblem[] => {
		if (found === undefined) return [];
		const { template: path, code, message, line } = found;
		return [{ path, code, message, ...(line > 0 && { line }) }];
	});
}

async function resolveSets(
	engine: TemplateEngine,
	value: unknown,
	sets: Variables[],
	shared: Variables,
	{ signal, at = "" }: EvaluateOptions,
): Promise<Evaluated<unknown>[]> {
	signal?.throwIfAborted();
	let found: Found;
	try {
		found = findStrings(value);
	} catch (error) {
		if (!(error instanceof TemplateFault)) throw error;
		return sets.map(() => ({ error: errorAt(reportOf(error, ""), at, "the value") }));
	}
	const { strings, build } = found;
	if (strings.length === 0) return sets.map(() => ({ value }));
	const outcomes = await engine.evaluateMany({ strings, kind: "text", variables: shared, sets }, signal);
	return outcomes.map((outcome) => evaluated(outcome, build, at, "the value"));
}

async function testSets(
	engine: TemplateEngine,
	expression: string,
	sets: Variables[],
	shared: Variables,
	{ signal, at = "" }: EvaluateOptions,
): Promise<Evaluated<boolean>[]> {
	const strings = [{ name: "", source: expression }];
	const outcomes = await engine.evaluateMany({ strings, kind: "condition", variables: shared, sets }, signal);
	return outcomes.map((outcome) => evaluated(outcome, ([value]) => value === true, at, "the condition"));
}

function evaluated<T>(
	outcome: EvaluateOutcome,
	build: (values: unknown[]) => T,
	at: string,
	whole: string,
): Evaluated<T> {
	return "fault" in outcome ? { error: errorAt(outcome.fault, at, whole) } : { value: build(outcome.values) };
}

function errorAt({ code, message, template, ...facts }: FaultReport, at: string, whole: string): AppError {
	const path = pathTo(at, template);
	const name = path === "" ? whole : path;
	const where = facts.line > 1 ? `line ${facts.line} of ${name}` : name;
	return failed(code, { message: `In ${where}: ${message}`, details: { path, template: path, ...facts } });
}

const variablesOf = (sets: readonly VariableSet[]) => sets.map(({ variables }) => variables);

function byKey<T>(sets: readonly VariableSet[], outcomes: readonly T[]): Map<string, T> {
	return new Map(outcomes.map((outcome, index) => [sets[index]?.key ?? "", outcome]));
}

interface Found {
	/** Strings with tags, named by their path. */
	strings: NamedString[];
	/** Makes the value again, with what the strings came to in their order. */
	build: (values: unknown[]) => unknown;
}

const deepest = 60;

/** @throws template.too_deep and template.too_large for what nobody writes */
function findStrings(value: unknown, isString: (source: string) => boolean = hasTag): Found {
	const strings: NamedString[] = [];
	let elements = 0;
	const build = walk(value, "", 0);
	return { strings, build: build ?? (() => value) };

	/** Undefined where nothing is to be evaluated. */
	function walk(one: unknown, path: string, depth: number): Found["build"] | undefined {
		if (typeof one === "string") {
			if (!isString(one)) return undefined;
			const index = strings.push({ name: path, source: one }) - 1;
			return (values) => values[index];
		}
		if (typeof one !== "object" || one === null) return undefined;
		if (depth >= deepest) fail("template.too_deep", `more than ${deepest} levels deep`, path);
		const parts: readonly [string, unknown][] = Object.entries(one);
		elements += parts.length;
		if (elements > defaultLimits.elements)
			fail("template.too_large", `there are more than ${defaultLimits.elements.toLocaleString("en")} elements`, path);
		const builds = parts.map(([key, part]) => walk(part, pathTo(path, key), depth + 1));
		if (builds.every((made) => made === undefined)) return undefined;
		const filled = (values: unknown[], index: number) => {
			const made = builds[index];
			return made === undefined ? parts[index]?.[1] : made(values);
		};
		if (Array.isArray(one)) return (values) => parts.map((_, index) => filled(values, index));
		return (values) => Object.fromEntries(parts.map(([key], index) => [key, filled(values, index)]));
	}
}

function fail(code: FaultReport["code"], message: string, template: string): never {
	throw new TemplateFault(code, message, { template, line: 0 });
}

const longestKey = 100;

function pathTo(path: string, key: string): string {
	const short = key.length > longestKey && path !== "" ? `${key.slice(0, longestKey)}…` : key;
	return path === "" || short === "" ? path + short : `${path}.${short}`;
}

/** The strings to read, or why there are none. */
function readableStrings(value: unknown, kind: StringKind): { strings: NamedString[]; fault?: FaultReport } {
	let strings: NamedString[] = [];
	const fault = attempt("", () => {
		({ strings } = findStrings(value, kind === "condition" ? () => true : hasTag));
	});
	const characters = strings.reduce((sum, { source }) => sum + source.length, 0);
	if (fault !== undefined || characters <= defaultLimits.source_length) return { strings, fault };
	const message = `the strings together are longer than ${defaultLimits.source_length.toLocaleString("en")} characters`;
	return { strings: [], fault: { code: "template.too_large", message, template: "", line: 0 } };
}

/** Reads something; answers what is wrong with it. */
function attempt(name: string, read: () => void): FaultReport | undefined {
	try {
		read();
		return undefined;
	} catch (error) {
		if (error instanceof TemplateFault) return reportOf(error, name);
		// The tree is walked deeper than the stack is.
		if (error instanceof RangeError)
			return { code: "template.too_deep", message: "it is nested too deep", template: name, line: 0 };
		throw error;
	}
}

function reportOf({ code, message, template, line, variable, filter }: TemplateFault, name: string): FaultReport {
	return {
		code,
		message,
		template: template ?? name,
		line: line ?? 0,
		...(variable !== undefined && { variable }),
		...(filter !== undefined && { filter }),
	};
}
