import type { RiskFacts } from "@netconductor/contracts/alerts/approvals";
import { findDangerousCommands } from "@netconductor/contracts/alerts/dangerous-commands";
import { undoKindOf } from "@netconductor/contracts/devices/change";
import type { Procedure, ProgramStep } from "@netconductor/contracts/tasks/procedure";
import { builtInPlatforms } from "@netconductor/driver-platforms/platforms";
import { maskEcho } from "@netconductor/runtime/config-text";
import type { TemplateEngine } from "@netconductor/templating/engine";
import { referencedVariables, resolveForEach } from "@netconductor/templating/expressions";
import { hasTag } from "@netconductor/templating/read-string";
import { isBadInput, type ProcedureDevice } from "./device-runner.ts";
import { hideSecrets } from "./hide-secrets.ts";
import { readParams } from "./read-params.ts";
import type { StepTypes } from "./registry.ts";
import type { AnyStepType } from "./step-type.ts";

export interface RiskNeeds {
	types: StepTypes;
	engine: TemplateEngine;
	/** What templates know besides variables. */
	facts: Record<string, unknown>;
	/** Hides the values of secret variables. */
	hide<T>(shown: T): T;
	signal: AbortSignal;
}

const mostCommands = 100;
const mostSteps = 5_000;
/** Of one step, and of all steps together: what is sent in many rounds to many devices is not looked through to its end. */
const mostEvaluations = 10_000;
const mostCharacters = 10_000_000;
const evaluationsAtOnce = 100;
const mostRounds = 500;

/** What is known of the variables of a step before anything has begun. */
interface Scope {
	/** Ids of devices; undefined: all of the procedure's. */
	devices: ReadonlySet<string> | undefined;
	/** Variables of what it stands in, for each round of the loops around it. */
	rounds: Record<string, unknown>[];
	/** Whether a variable has its value only when steps before have been carried out. */
	isLater(name: string): boolean;
}

/**
 * The facts of which the risk of a procedure is computed. Commands are those that its steps send with the values that it begins with, on each device
 * and in each round of a loop; a step with commands that depend on what earlier steps come to is named in `unknown_commands`.
 * @param writes steps that may change something
 */
export async function riskOf(
	needs: RiskNeeds,
	procedure: Procedure,
	writes: readonly ProgramStep[],
): Promise<RiskFacts> {
	const { types, engine, facts: shared, hide, signal } = needs;
	const writing = new Set(writes);
	const platforms = new Map(builtInPlatforms.map((platform) => [platform.id, platform]));
	const dangers = new Map<string, RiskFacts["dangerous_commands"][number]>();
	const unknown: string[] = [];
	const secret = new Set(procedure.secret_variables);
	const secrets: unknown[] = [];
	let characters = 0;
	const changed = new Set<string>();
	const all = [...procedure.steps, ...procedure.rollback];
	const saved = new Set(all.flatMap(savedIn));

	/** A value for each set of variables; undefined where it is known only later. */
	async function valuesOf(
		value: unknown,
		sets: readonly Record<string, unknown>[],
		isLater: Scope["isLater"],
	): Promise<unknown[] | undefined> {
		if (!hasTags(value)) return sets.map(() => value);
		if (isByChance(value) || referencedVariables(value).some(isLater)) return undefined;
		const named = sets.map((variables, index) => ({ key: String(index), variables }));
		const answers = [...(await resolveForEach(engine, value, named, shared, { signal })).values()];
		signal.throwIfAborted();
		return answers.some(({ error }) => error !== undefined) ? undefined : answers.map((answer) => answer.value);
	}

	async function visit(steps: readonly ProgramStep[], around: Scope): Promise<void> {
		for (const step of steps) {
			const scope = { ...around, devices: step.targets === null ? around.devices : new Set(step.targets) };
			const type = types.get(step.type);
			if (type !== undefined && writing.has(step)) {
				const devices = procedure.targets.filter(({ device_id }) => scope.devices?.has(device_id) ?? true);
				if (type.category === "change") for (const { device_id } of devices) changed.add(device_id);
				if (type.commands !== undefined && !(await weigh(step, type, devices, scope))) unknown.push(step.path);
			}
			if (step.blocks.length === 0) continue;
			const inner = await within(step, type, scope);
			for (const block of step.blocks) await visit(block.steps, inner);
		}
	}

	/** Variables of the steps in a step. */
	async function within(step: ProgramStep, type: AnyStepType | undefined, scope: Scope): Promise<Scope> {
		const { rounds, isLater } = scope;
		const seen = rounds.map((round) => ({ ...procedure.variables, ...round }));
		if (type?.type === "loop") {
			const as = step.with.as ?? "item";
			if (typeof as !== "string" || hasTag(as)) return { ...scope, isLater: () => true };
			const counts = await valuesOf([step.with.items, step.with.count], seen, isLater);
			const items = step.with.while === undefined ? counts?.map(itemsOf) : undefined;
			const isKnown = items !== undefined && items.reduce((sum, { length }) => sum + length, 0) <= mostRounds;
			const inner = items?.flatMap((of, index) => (isKnown ? of.map((own) => ({ ...rounds[index], [as]: own })) : []));
			const later = (name: string) => name === "loop" || (name === as ? !isKnown : isLater(name));
			return { ...scope, rounds: isKnown ? (inner ?? []) : rounds, isLater: later };
		}
		if (type?.type !== "run_mop") return scope;
		const savedWithin = new Set(step.blocks.flatMap(({ steps }) => steps.flatMap(savedIn)));
		let inner = rounds;
		const known = new Set<string>();
		const unknownHere = new Set(savedWithin);
		for (const [name, value] of Object.entries(step.locals)) {
			const values = savedWithin.has(name) ? undefined : await valuesOf(value, seen, isLater);
			if (values === undefined) unknownHere.add(name);
			else {
				if (secret.has(name)) secrets.push(...values);
				inner = inner.map((round, index) => ({ ...round, [name]: values[index] }));
				known.add(name);
			}
		}
		return { ...scope, rounds: inner, isLater: (name) => unknownHere.has(name) || (!known.has(name) && isLater(name)) };
	}

	/** Looks at what a step sends; false where that is known only later. What it sends in any case is looked at all the same. */
	async function weigh(
		step: ProgramStep,
		type: AnyStepType,
		devices: readonly ProcedureDevice[],
		scope: Scope,
	): Promise<boolean> {
		const lookAt = (given: unknown, on: readonly ProcedureDevice[]): boolean => {
			const commands = commandsOf(type, given);
			characters += (commands ?? []).reduce((sum, { length }) => sum + length, 0);
			if (characters > mostCharacters) return false;
			const found = new Map<string, RiskFacts["dangerous_commands"]>();
			for (const device of on) {
				const platform = String(device.context.device_type ?? "");
				const known =
					found.get(platform) ??
					findDangerousCommands(commands ?? [], platform).map((danger) => ({ device: "", ...danger }));
				found.set(platform, known);
				for (const danger of known) note({ ...danger, device: device.name });
			}
			return commands !== undefined;
		};
		if (!hasTags(step.with)) return lookAt(step.with, devices);
		let isKnown = devices.length * scope.rounds.length <= mostEvaluations;
		const all = (isKnown ? devices : []).flatMap((device) =>
			scope.rounds.map((round) => {
				const { device_id: id, name, context } = device;
				return { device, variables: { ...procedure.variables, ...round, device: { id, name, ...context } } };
			}),
		);
		for (let at = 0; at < all.length && isKnown; at += evaluationsAtOnce) {
			const some = all.slice(at, at + evaluationsAtOnce);
			const given = await givenOf(
				step,
				some.map(({ variables }) => variables),
				scope,
			);
			isKnown = given !== undefined && some.every(({ device }, index) => lookAt(given[index], [device]));
		}
		if (!isKnown) lookAt(step.with, devices);
		return isKnown;
	}

	/** Parameters of a step with their values. */
	async function givenOf(
		step: ProgramStep,
		sets: readonly Record<string, unknown>[],
		{ isLater }: Scope,
	): Promise<unknown[] | undefined> {
		let seen = sets;
		const known = new Set<string>();
		const later = new Set<string>();
		for (const [name, value] of Object.entries(step.locals)) {
			const values = await valuesOf(value, sets, isLater);
			if (values === undefined) later.add(name);
			else {
				if (secret.has(name)) secrets.push(...values);
				seen = seen.map((set, index) => ({ ...set, [name]: values[index] }));
				known.add(name);
			}
		}
		return valuesOf(step.with, seen, (name) => later.has(name) || (!known.has(name) && isLater(name)));
	}

	function note(danger: RiskFacts["dangerous_commands"][number]): void {
		dangers.set(JSON.stringify([danger.command, danger.device]), danger);
		if (dangers.size <= 10 * mostCommands) return;
		const kept = worst([...dangers.values()]);
		dangers.clear();
		for (const one of kept) dangers.set(JSON.stringify([one.command, one.device]), one);
	}

	await visit(all, { devices: undefined, rounds: [{}], isLater: (name) => saved.has(name) });
	const undoes = procedure.targets
		.filter(({ device_id }) => changed.has(device_id))
		.map(({ name, context }) => {
			const change = platforms.get(String(context.device_type ?? ""))?.change;
			return { name, undo: change === undefined ? "none" : undoKindOf(change) };
		});
	const platformOf = new Map(procedure.targets.map(({ name, context }) => [name, String(context.device_type ?? "")]));
	const hideMore = hideSecrets(secrets);
	const shown = worst([...dangers.values()]).map((danger) => {
		const rules = platforms.get(platformOf.get(danger.device) ?? "");
		return {
			...danger,
			command: hideMore(hide(rules === undefined ? danger.command : maskEcho(danger.command, rules))),
		};
	});
	const undoneBy = (kind: string) => undoes.flatMap(({ name, undo }) => (undo === kind ? [name] : []));
	return {
		writes: true,
		without_rollback: undoneBy("none"),
		emulated_rollback: undoneBy("emulated"),
		dangerous_commands: shown,
		unknown_commands: unknown.slice(0, mostSteps),
	};
}

/** One device of each command before further ones of any: none is left out because another is sent to many. */
function worst(found: RiskFacts["dangerous_commands"]): RiskFacts["dangerous_commands"] {
	const times = new Map<string, number>();
	return found
		.map((danger) => {
			const before = times.get(danger.command) ?? 0;
			times.set(danger.command, before + 1);
			return { danger, before };
		})
		.sort(
			(one, other) =>
				Math.sign(one.before) - Math.sign(other.before) ||
				Number(other.danger.level === "critical") - Number(one.danger.level === "critical"),
		)
		.slice(0, mostCommands)
		.map(({ danger }) => danger);
}

/** Names that a step, and steps in it, save. */
function savedIn(step: ProgramStep): string[] {
	return [step.save_to_variable ?? [], ...step.blocks.flatMap(({ steps }) => steps.flatMap(savedIn))].flat();
}

function itemsOf(of: unknown): unknown[] {
	const [items, count] = of as [unknown, unknown];
	if (Array.isArray(items)) return items;
	return Array.from({ length: Math.min(Number(count) || 0, mostRounds + 1) }, (_, index) => index);
}

/** Undefined where the parameters are not valid. */
function commandsOf(type: AnyStepType, given: unknown): string[] | undefined {
	try {
		return type.commands?.(readParams(type.params, given)) ?? [];
	} catch (error) {
		if (isBadInput(error)) return undefined;
		throw error;
	}
}

function hasTags(value: unknown): boolean {
	if (typeof value === "string") return hasTag(value);
	return typeof value === "object" && value !== null && Object.values(value).some(hasTags);
}

/** Whether it may come to something else each time. */
function isByChance(value: unknown): boolean {
	if (typeof value === "string") return hasTag(value) && /\brandom\b/.test(value);
	return typeof value === "object" && value !== null && Object.values(value).some(isByChance);
}
