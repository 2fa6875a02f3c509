import { whyNotOpen } from "@netconductor/contracts/auth/permissions";
import type { DryRunStep } from "@netconductor/contracts/config/mops";
import type { Procedure, ProgramStep } from "@netconductor/contracts/tasks/procedure";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { TemplateEngine } from "@netconductor/templating/engine";
import { referencedVariables, resolveForEach, type Variables } from "@netconductor/templating/expressions";
import { allSteps, type DraftStep } from "./build-program.ts";
import { bareExpressions } from "./check-structure.ts";
import { type CompileNeeds, compile, forbiddenSteps } from "./compile.ts";
import { findMop } from "./mop-store.ts";
import type { MopOperation } from "./operation.ts";

interface Needs extends CompileNeeds {
	engine: TemplateEngine;
}

type Device = Procedure["targets"][number];
type Shown = DryRunStep["resolved"][number];

/** What is known where a step stands. */
interface Scope {
	variables: Variables;
	/** Variables that have no value before the procedure runs. */
	later: ReadonlySet<string>;
	devices: readonly Device[];
}

const mostShown = 50;
/** Devices for which a step is evaluated at a time. */
const atOnce = 200;
/** Steps whose commands are asked for at a time. */
const mostAsked = 5_000;

/** Shows each step with its values and commands, as far as they are known before anything runs. No device is asked. */
export function dryRunMop(needs: Needs): MopOperation<"dryRunMop"> {
	return async ({ params, body, ...caller }) => {
		const mop = await findMop(needs.db.orm, params.id);
		const compiled = await compile(needs, mop, body, { rehearsal: true }, caller);
		const { procedure, draft } = compiled;
		const drafts = new Map(
			[...allSteps(draft.steps), ...allSteps(draft.rollback)].map(({ step }) => [step.path, step]),
		);
		const saved = [...drafts.values()].flatMap((step) => step.save_to_variable ?? []);
		const scope = { variables: procedure.variables, later: new Set([...saved, "run"]), devices: procedure.targets };
		const shown: DryRunStep[] = [];
		const show = { engine: needs.engine, drafts, all: procedure.targets, caller, shown };
		await walk(show, procedure.steps, scope, "main", 0);
		await walk(show, procedure.rollback, scope, "rollback", 0);
		await addCommands(needs, drafts, shown, caller);
		await addChanges(needs, procedure, shown, caller);
		const refused = forbiddenSteps(compiled, caller).map(({ step, permission }) => ({
			code: "mops.not_permitted",
			message: `The step ${step.path} (${step.written_type}) takes the permission ${permission}, ${whyNotOpen(caller.actor, permission)}`,
			path: "",
			line: null,
			column: null,
			severity: "warning" as const,
		}));
		return {
			devices: procedure.targets.map(({ device_id, name }) => ({ device_id, name })),
			skipped: procedure.skipped,
			steps: shown,
			warnings: [...compiled.warnings, ...refused],
		};
	};
}

interface Show {
	engine: TemplateEngine;
	drafts: ReadonlyMap<string, DraftStep>;
	all: readonly Device[];
	caller: CallerContext;
	shown: DryRunStep[];
}

async function walk(
	show: Show,
	steps: readonly ProgramStep[],
	scope: Scope,
	phase: DryRunStep["phase"],
	depth: number,
): Promise<void> {
	for (const step of steps) {
		const draft = show.drafts.get(step.path);
		if (draft === undefined) continue;
		const wanted = step.targets === null ? undefined : new Set(step.targets);
		const devices = wanted === undefined ? scope.devices : show.all.filter(({ device_id }) => wanted.has(device_id));
		const isOnDevices = draft.info.runs_on === "devices";
		const { later, locals, resolved } = await resolveStep(show, step, { ...scope, devices }, isOnDevices);
		show.shown.push({
			path: step.path,
			name: step.name,
			type: step.type,
			depth,
			phase,
			writes: draft.info.writes,
			when: step.when,
			devices: isOnDevices ? devices.map(({ name }) => name) : null,
			resolved,
			depends_on: dependsOn(step, scope.later),
		});
		const within = withinStep(step, draft, { ...scope, later, devices }, locals);
		for (const block of step.blocks) await walk(show, block.steps, within, phase, depth + 1);
	}
}

/** What is known to the steps within a step. A procedure has its own variables only. */
function withinStep(
	step: ProgramStep,
	draft: DraftStep,
	{ variables, later, devices }: Scope,
	locals: Variables,
): Scope {
	if (step.type === "run_mop") {
		const inner = draft.blocks.flatMap((block) => [...allSteps(block.steps)]);
		const open = Object.keys(step.locals).filter((name) => later.has(name));
		const saved = inner.flatMap((one) => one.step.save_to_variable ?? []);
		return { variables: locals, later: new Set([...open, ...saved, "run"]), devices };
	}
	const round = step.type === "loop" ? ["loop", typeof step.with.as === "string" ? step.with.as : "item"] : [];
	return { variables: { ...variables, ...locals }, later: new Set([...later, ...round]), devices };
}

/** The values of a step, for all its devices or for none. */
async function resolveStep(
	{ engine, caller }: Show,
	step: ProgramStep,
	{ variables, later, devices }: Scope,
	isOnDevices: boolean,
): Promise<{ later: ReadonlySet<string>; locals: Variables; resolved: Shown[] }> {
	const bare = new Set(bareExpressions(step.type));
	const given = Object.fromEntries(Object.entries(step.with).filter(([name]) => !bare.has(name)));
	const refers = new Set(referencedVariables([given, step.locals]));
	// One answer does for all where the device makes no difference.
	const differs = isOnDevices && refers.has("device");
	const groups = differs
		? devices.map((device) => [device])
		: isOnDevices && devices.length === 0
			? []
			: [[...devices]];
	const openLocals = openNames(step.locals, later);
	const inner = new Set([...later].filter((name) => !Object.hasOwn(step.locals, name)).concat(openLocals));
	const closed = { locals: withoutOpen(step.locals, later), given: withoutOpen(given, inner) };
	const shown = new Map<string, Shown>();
	let known: Variables = {};
	for (let from = 0; from < groups.length && shown.size < mostShown; from += atOnce) {
		const some = groups.slice(from, from + atOnce);
		const sets = some.map((group, index) => ({
			key: String(index),
			variables: differs ? { device: group[0]?.context } : {},
		}));
		const options = { signal: caller.signal, at: step.path };
		const locals = await resolveForEach(engine, closed.locals, sets, variables, options);
		const ready = sets.map(({ key, variables: own }) => ({
			key,
			variables: { ...own, ...(locals.get(key)?.value as Variables | undefined) },
		}));
		const values = await resolveForEach(engine, closed.given, ready, variables, options);
		for (const [index, group] of some.entries()) {
			const error = locals.get(String(index))?.error ?? values.get(String(index))?.error;
			const value = error === undefined ? merge(given, values.get(String(index))?.value, inner) : given;
			const withAll = { ...step.with, ...(value as Record<string, unknown>) };
			const key = JSON.stringify([withAll, error?.message]);
			const same = shown.get(key);
			const names = isOnDevices ? group.map(({ name }) => name) : [];
			if (same !== undefined) same.devices.push(...names);
			else if (shown.size < mostShown) {
				shown.set(key, { devices: names, with: withAll, commands: [], error: error?.message ?? null });
			}
		}
		if (from === 0) {
			const first = (locals.get("0")?.value ?? {}) as Variables;
			known = Object.fromEntries(Object.entries(first).filter(([name]) => !inner.has(name)));
		}
	}
	return { later: inner, locals: known, resolved: [...shown.values()] };
}

/** Variables without a value yet that a step refers to. */
function dependsOn(step: ProgramStep, later: ReadonlySet<string>): string[] {
	const conditions = [step.when, ...bareExpressions(step.type).map((name) => step.with[name])];
	const names = [
		...referencedVariables([step.with, step.locals]),
		...conditions.flatMap((source) => (typeof source === "string" ? referencedVariables(source, "condition") : [])),
	];
	return [...new Set(names)].filter((name) => later.has(name));
}

function isOpen(text: string, later: ReadonlySet<string>): boolean {
	return referencedVariables(text).some((name) => later.has(name));
}

/** Locals whose values are not known yet. */
function openNames(locals: Variables, later: ReadonlySet<string>): string[] {
	return Object.keys(locals).filter((name) => referencedVariables(locals[name]).some((one) => later.has(one)));
}

/** The value with nothing in place of strings that cannot be evaluated yet. */
function withoutOpen(value: unknown, later: ReadonlySet<string>): unknown {
	if (typeof value === "string") return isOpen(value, later) ? "" : value;
	if (Array.isArray(value)) return value.map((item) => withoutOpen(item, later));
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withoutOpen(part, later)]));
}

/** What was evaluated, and what could not be as it is written. */
function merge(written: unknown, evaluated: unknown, later: ReadonlySet<string>): unknown {
	if (typeof written === "string") return isOpen(written, later) ? written : evaluated;
	if (Array.isArray(written) && Array.isArray(evaluated)) {
		return written.map((item, index) => merge(item, evaluated[index], later));
	}
	if (typeof written !== "object" || written === null || typeof evaluated !== "object" || evaluated === null) {
		return evaluated;
	}
	const values = evaluated as Record<string, unknown>;
	return Object.fromEntries(Object.entries(written).map(([key, part]) => [key, merge(part, values[key], later)]));
}

/** As an approval counts it: by the parameters as they are written. */
async function addChanges(
	{ tasks }: Pick<CompileNeeds, "tasks">,
	procedure: Pick<Procedure, "steps" | "rollback">,
	shown: readonly DryRunStep[],
	caller: CallerContext,
): Promise<void> {
	const inner = (step: ProgramStep): ProgramStep[] => [
		step,
		...step.blocks.flatMap(({ steps }) => steps.flatMap(inner)),
	];
	const written = new Map([...procedure.steps, ...procedure.rollback].flatMap(inner).map((step) => [step.path, step]));
	const writing = shown.filter(({ writes }) => writes);
	for (let from = 0; from < writing.length; from += mostAsked) {
		const some = writing.slice(from, from + mostAsked);
		const body = { steps: some.map(({ path, type }) => ({ type, with: written.get(path)?.with ?? {} })) };
		const changing = new Set((await tasks.checkSteps({ body }, caller)).changing);
		for (const [index, step] of some.entries()) step.writes = changing.has(index);
	}
}

async function addCommands(
	{ tasks }: Pick<CompileNeeds, "tasks">,
	drafts: ReadonlyMap<string, DraftStep>,
	shown: readonly DryRunStep[],
	caller: CallerContext,
): Promise<void> {
	const asked = shown.flatMap((step) =>
		drafts.get(step.path)?.info.runs_on === "flow"
			? []
			: step.resolved.flatMap((one) => (one.error === null ? [{ type: step.type, one }] : [])),
	);
	for (let from = 0; from < asked.length; from += mostAsked) {
		const some = asked.slice(from, from + mostAsked);
		const body = { steps: some.map(({ type, one }) => ({ type, with: one.with })) };
		const { commands, faults } = await tasks.checkSteps({ body }, caller);
		for (const { index, commands: sent } of commands) {
			const step = some[index];
			if (step !== undefined) step.one.commands = sent;
		}
		for (const { index, path, message } of faults) {
			const step = some[index];
			if (step !== undefined) step.one.error ??= path.length === 0 ? message : `${path.join(".")}: ${message}`;
		}
	}
}
