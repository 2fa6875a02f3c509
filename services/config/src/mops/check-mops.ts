import type { MopDocument } from "@netconductor/contracts/config/mops";
import { failed } from "@netconductor/runtime/errors";
import { holdsTag } from "./check-structure.ts";
import { error, type Fault, inStep, warning } from "./faults.ts";
import type { Hints } from "./hints.ts";
import { deepestMops, type LibraryMop, type MopLibrary, mopKeyOf, mostSteps } from "./mop-library.ts";
import { type PlacedStep, stepsOf } from "./read-document.ts";
import { declarationsOf, unknownNames, valueFault } from "./variables.ts";

interface Own {
	/** Null of one that is not stored yet. */
	id: string | null;
	name: string;
}

/** What is wrong with the procedures that a document runs: those that do not exist, circles, depth, what they are given. */
export function checkMops(
	document: MopDocument,
	own: Own,
	{
		library,
		isRunMop,
		names,
		hints,
	}: { library: MopLibrary; isRunMop: (type: string) => boolean; names: readonly string[]; hints: Hints },
): Fault[] {
	const faults: Fault[] = [];
	const all = stepsOf(document);
	const clear = new Set<string>();
	for (const { step, path } of all) {
		if (!isRunMop(step.type) || step.with?.mop === undefined) continue;
		const at = [...path, "with", "mop"];
		const say = (code: string, message: string) => faults.push(error(code, at, inStep(document, path, message)));
		const key = mopKeyOf(step);
		if (key === undefined) {
			if (typeof step.with.mop === "string") {
				say(
					"mop.template",
					"`with.mop` is a template, but a procedure is put together before it starts: write its name",
				);
			}
			continue;
		}
		const sub = isOwn(own, key) ? undefined : library.get(key.toLowerCase());
		if (sub === undefined && !isOwn(own, key)) {
			const meant = hints(key, names);
			const hint = meant === undefined ? "" : `; did you mean \`${meant}\`?`;
			say("mop.unknown", `there is no procedure \`${key.slice(0, 100)}\`${hint}`);
			continue;
		}
		const circle = findCircle(own, key, { library, isRunMop, clear }, [own.name]);
		if (circle !== undefined) {
			say("mop.cycle", `procedures run each other in a circle: ${circle.join(" → ")}`);
			continue;
		}
		if (sub !== undefined) faults.push(...checkGiven(document, { step, path }, sub, hints));
	}
	if (faults.some(({ severity }) => severity === "error")) return faults;
	faults.push(...sizeFaults(document, library, isRunMop));
	return faults;
}

function sizeFaults(document: MopDocument, library: MopLibrary, isRunMop: (type: string) => boolean): Fault[] {
	const { steps, depth } = measure(document, library, isRunMop, 0);
	const faults: Fault[] = [];
	if (steps > mostSteps) {
		const message = `It has ${steps} steps, those of the procedures that it runs counted in; ${mostSteps} are the most`;
		faults.push(error("mop.too_many_steps", ["steps"], message));
	}
	if (depth > deepestMops) {
		const message = `Procedures stand within each other ${depth} levels deep; ${deepestMops} are the most`;
		faults.push(error("mop.too_deep", ["steps"], message));
	}
	return faults;
}

/**
 * Keeps a procedure from being put together that has become too large since it was stored, by what others became that it runs.
 * @throws mops.bad_document
 */
export function requireSize(
	mop: string,
	document: MopDocument,
	library: MopLibrary,
	isRunMop: (type: string) => boolean,
): void {
	const [first] = sizeFaults(document, library, isRunMop);
	if (first === undefined) return;
	throw failed("mops.bad_document", {
		message: `${mop} cannot be started. ${first.message}.`,
		errors: [{ path: "steps", message: first.message }],
	});
}

function isOwn({ id, name }: Own, key: string): boolean {
	return key.toLowerCase() === name.toLowerCase() || key.toLowerCase() === id?.toLowerCase();
}

interface Search {
	library: MopLibrary;
	isRunMop: (type: string) => boolean;
	/** Procedures from which no way leads back. */
	clear: Set<string>;
}

/** The names along a way that leads back to where it began, or to itself. */
function findCircle(own: Own, key: string, search: Search, trail: readonly string[]): string[] | undefined {
	if (isOwn(own, key)) return [...trail, own.name];
	const mop = search.library.get(key.toLowerCase());
	if (mop === undefined || search.clear.has(mop.id)) return undefined;
	if (mop.id === own.id) return [...trail, mop.name];
	const before = trail.indexOf(mop.name);
	if (before >= 0) return [...trail.slice(before), mop.name];
	for (const { step } of stepsOf(mop.document)) {
		const next = search.isRunMop(step.type) ? mopKeyOf(step) : undefined;
		const circle = next === undefined ? undefined : findCircle(own, next, search, [...trail, mop.name]);
		if (circle !== undefined) return circle;
	}
	search.clear.add(mop.id);
	return undefined;
}

/** Steps with those of all procedures that are run, and how deep those stand within each other. Counts no further than it matters. */
function measure(
	document: MopDocument,
	library: MopLibrary,
	isRunMop: (type: string) => boolean,
	level: number,
): { steps: number; depth: number } {
	const all = level === 0 ? stepsOf(document) : stepsOf({ steps: document.steps });
	let steps = all.length;
	let depth = level;
	for (const { step } of all) {
		if (!isRunMop(step.type) || steps > mostSteps || level > deepestMops) continue;
		const sub = library.get((mopKeyOf(step) ?? "").toLowerCase());
		if (sub === undefined) continue;
		const within = measure(sub.document, library, isRunMop, level + 1);
		steps += within.steps;
		depth = Math.max(depth, within.depth);
	}
	return { steps, depth };
}

/** What a procedure is given where another runs it. A string with a template may become whatever is due. */
function checkGiven(
	document: MopDocument,
	{ step, path }: Pick<PlacedStep, "step" | "path">,
	mop: LibraryMop,
	hints: Hints,
): Fault[] {
	const faults: Fault[] = [];
	const at = [...path, "with", "variables"];
	const given = plainObject(step.with?.variables) ?? {};
	const declarations = declarationsOf(mop.document.variables);
	const say = (code: string, name: string, message: string) =>
		faults.push(
			error(code, [...at, name], inStep(document, path, `the variable \`${name}\` of ${mop.name} ${message}`)),
		);
	for (const { name, message } of unknownNames(declarations, given, hints)) say("mop.unknown_variable", name, message);
	for (const [name, declared] of declarations) {
		const value = Object.hasOwn(given, name) ? given[name] : undefined;
		if (value === undefined || value === null) {
			if (declared.required) say("mop.missing_variable", name, "is required");
		} else if (!holdsTag(value)) {
			const fault = valueFault(declared, value);
			if (declared.secret) say("mop.secret_written", name, "is a secret: give it a secret variable, not a value");
			else if (fault !== undefined) say("mop.bad_variable", name, fault);
		}
	}
	if (!mop.enabled) {
		const message = `${mop.name} is not enabled: while that is so, this procedure cannot be started`;
		faults.push(warning("mop.disabled", [...path, "with", "mop"], inStep(document, path, message)));
	}
	if (mop.document.rollback !== undefined) {
		const message = `the steps under \`rollback\` of ${mop.name} are not carried out when this procedure is rolled back; what it changed is taken back`;
		faults.push(warning("mop.rollback_unused", [...path, "with", "mop"], inStep(document, path, message)));
	}
	return faults;
}

export function plainObject(value: unknown): Record<string, unknown> | undefined {
	return typeof value === "object" && value !== null && !Array.isArray(value)
		? (value as Record<string, unknown>)
		: undefined;
}
