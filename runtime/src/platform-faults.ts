import type { PlatformDefinition } from "@netconductor/contracts/devices/platform";
import type { FieldError } from "@netconductor/contracts/kernel/errors";
import { failed } from "./errors.ts";
import { patternFault } from "./pattern.ts";

/** Far more than any real definition has. */
const maxRepeats = 10_000;

/** Sum of the counts of `{n}`, `{n,}` and `{n,m}`. */
function repeatsOf(pattern: string): number {
	const counts = pattern.matchAll(/\{(\d{1,6})(?:,(\d{0,6}))?\}/g);
	return counts.reduce((sum, [, least, most]) => sum + Number(most || least), 0);
}

/** Every pattern of a definition that does not compile, by its place below `path`, and why. */
export function platformFaults(definition: PlatformDefinition, path: string): FieldError[] {
	const faults: FieldError[] = [];
	let repeats = 0;
	for (const [place, pattern] of patternsOf(definition)) {
		repeats += repeatsOf(pattern);
		// A counted repetition is compiled as often as it counts; hundreds of large ones would hold everything up.
		const fault =
			repeats > maxRepeats
				? `the counted repetitions of all patterns come to more than ${maxRepeats}`
				: patternFault(pattern);
		if (fault !== undefined) faults.push({ path: `${path}.${place}`, message: fault });
	}
	return faults;
}

/** The error that says of a definition what is wrong with its patterns. */
export function badPatterns(faults: readonly FieldError[]): Error {
	return failed("device_types.bad_pattern", {
		message: `${faults.length === 1 ? "A pattern does" : `${faults.length} patterns do`} not compile (RE2 syntax: no look-around, no back-references). ${faults[0]?.path}: ${faults[0]?.message}`,
		errors: faults.slice(0, 100),
	});
}

function* patternsOf(definition: PlatformDefinition): Generator<[place: string, pattern: string]> {
	const { prompt, enable, pager, login_questions, errors, config, volatile, secrets, secret_blocks, facts } =
		definition;
	for (const [mode, pattern] of Object.entries(prompt)) if (pattern !== undefined) yield [`prompt.${mode}`, pattern];
	if (enable !== undefined) yield ["enable.password_prompt", enable.password_prompt];
	for (const [index, { pattern }] of pager.entries()) yield [`pager.${index}.pattern`, pattern];
	for (const [index, { pattern }] of login_questions.entries()) yield [`login_questions.${index}.pattern`, pattern];
	for (const [index, pattern] of errors.entries()) yield [`errors.${index}`, pattern];
	if (config.end !== undefined) yield ["config.end", config.end];
	if (config.comment !== undefined) yield ["config.comment", config.comment];
	for (const [index, pattern] of config.drop.entries()) yield [`config.drop.${index}`, pattern];
	for (const [index, pattern] of volatile.entries()) yield [`volatile.${index}`, pattern];
	for (const [index, pattern] of secrets.entries()) yield [`secrets.${index}`, pattern];
	for (const [index, block] of secret_blocks.entries()) {
		yield [`secret_blocks.${index}.start`, block.start];
		yield [`secret_blocks.${index}.end`, block.end];
		for (const [at, pattern] of block.secrets.entries()) yield [`secret_blocks.${index}.secrets.${at}`, pattern];
	}
	yield* changePatternsOf(definition.change);
	for (const [index, { fields }] of facts.entries()) {
		for (const [name, pattern] of Object.entries(fields)) yield [`facts.${index}.fields.${name}`, pattern];
	}
}

function* changePatternsOf(change: PlatformDefinition["change"]): Generator<[place: string, pattern: string]> {
	if (change.method === "none") return;
	const { groups, verbatim, ...lists } = change.syntax ?? { groups: [], verbatim: [] };
	for (const [list, patterns] of Object.entries(lists)) {
		for (const [index, pattern] of patterns.entries()) yield [`change.syntax.${list}.${index}`, pattern];
	}
	for (const [index, { key, root }] of groups.entries()) {
		yield [`change.syntax.groups.${index}.key`, key];
		yield [`change.syntax.groups.${index}.root`, root];
	}
	for (const [index, { start, end }] of verbatim.entries()) {
		yield [`change.syntax.verbatim.${index}.start`, start];
		yield [`change.syntax.verbatim.${index}.end`, end];
	}
	for (const [index, pattern] of change.questions.entries()) yield [`change.questions.${index}`, pattern];
	if (change.method === "candidate") return;
	for (const [index, pattern] of (change.checkpoint?.questions ?? []).entries()) {
		yield [`change.checkpoint.questions.${index}`, pattern];
	}
	if (change.timer !== undefined) yield ["change.timer.available", change.timer.available];
}
