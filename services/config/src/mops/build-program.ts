import type { MopDocument, MopStep } from "@netconductor/contracts/config/mops";
import type { Selection } from "@netconductor/contracts/devices/model";
import type { ProgramStep, StepTypeInfo } from "@netconductor/contracts/tasks/procedure";
import { failed } from "@netconductor/runtime/errors";
import { plainObject } from "./check-mops.ts";
import { type MopLibrary, mopKeyOf } from "./mop-library.ts";
import { blocksOf } from "./read-document.ts";
import type { StepTypeCatalogue } from "./step-type-catalogue.ts";
import { type Declared, declarationsOf } from "./variables.ts";

/** A step of a program whose devices are not looked up yet. */
export interface DraftStep extends Omit<ProgramStep, "targets" | "blocks"> {
	select: Selection | null;
	info: StepTypeInfo;
	/** Type as the document names it. */
	written_type: string;
	blocks: { name: string; steps: DraftStep[] }[];
}

export interface Draft {
	steps: DraftStep[];
	rollback: DraftStep[];
	/** Variables of the procedures and step types within whose values nobody may see. */
	secrets: string[];
}

interface Surroundings {
	catalogue: StepTypeCatalogue;
	library: MopLibrary;
	/** Whether the outermost procedure has devices of its own. */
	has_devices: boolean;
	settings: MopDocument["settings"];
	phase: "main" | "rollback";
	prefix: string;
	secrets: Set<string>;
}

const devicesAtATime = 10;
const longestPath = 250;

/**
 * The steps of a procedure as they are carried out: procedures that it runs put in their place, step types that somebody defined replaced by what
 * they preset, older names by the present ones, defaults filled in. The document has been found to be without errors.
 * @throws mops.disabled, mops.bad_document — of procedures within
 */
export function buildProgram(
	document: MopDocument,
	given: Pick<Surroundings, "catalogue" | "library" | "has_devices">,
): Draft {
	const secrets = new Set<string>();
	const around = { ...given, settings: document.settings, prefix: "", secrets };
	const steps = document.steps.map((step) => build(step, { ...around, phase: "main" }));
	const rollback = (document.rollback ?? []).map((step) => build(step, { ...around, phase: "rollback" }));
	return { steps, rollback, secrets: [...secrets] };
}

function build(step: MopStep, around: Surroundings): DraftStep {
	const known = around.catalogue.find(step.type);
	const path = `${around.prefix}${step.id}`;
	if (known === undefined) throw changedMeanwhile(`${path}: ${around.catalogue.adviceFor(step.type)}`);
	if (path.length > longestPath) {
		throw changedMeanwhile(`${path.slice(0, 60)}…: the ids of steps within each other are too long together`);
	}
	const { info, preset } = known;
	const own = preset === null ? undefined : parametersOf(new Map(Object.entries(preset.parameters)), step.with ?? {});
	for (const [name, { secret }] of Object.entries(preset?.parameters ?? {})) if (secret) around.secrets.add(name);
	const draft: DraftStep = {
		path,
		id: step.id,
		name: step.name ?? null,
		type: info.type,
		written_type: step.type,
		info,
		with: preset === null ? (step.with ?? {}) : preset.preset,
		locals: own ?? {},
		select: step.targets ?? null,
		when: whenOf(step.when),
		retries: retriesOf(step.retries),
		timeout_s: step.timeout_s ?? null,
		parallelism: step.parallelism ?? around.settings?.parallelism ?? devicesAtATime,
		save_to_variable: step.save_to_variable ?? null,
		on_success: step.on_success ?? "next",
		on_failure: step.on_failure ?? defaultOnFailure(around),
		blocks: blocksOf(step).map(({ name, steps }) => ({ name, steps: steps.map((one) => build(one, around)) })),
	};
	return info.type === "run_mop" ? withMop(draft, step, around) : draft;
}

/** Puts the steps of the procedure that a step runs into it. */
function withMop(draft: DraftStep, step: MopStep, around: Surroundings): DraftStep {
	const key = mopKeyOf(step) ?? "";
	const mop = around.library.get(key.toLowerCase());
	if (mop === undefined) throw changedMeanwhile(`${draft.path}: there is no procedure ${key}`);
	if (!mop.enabled) {
		throw failed("mops.disabled", {
			message: `${mop.name}, which the step ${draft.path} runs, is not enabled. Nothing was started.`,
			details: { mop: mop.name, step: draft.path },
		});
	}
	const declarations = declarationsOf(mop.document.variables);
	for (const [name, { secret }] of declarations) if (secret) around.secrets.add(name);
	const within = { ...around, settings: mop.document.settings, prefix: `${draft.path}.` };
	return {
		...draft,
		with: { mop: mop.name },
		locals: parametersOf(declarations, plainObject(step.with?.variables) ?? {}),
		// Whoever starts a procedure names its devices; where nobody did, its own count.
		select: draft.select ?? (around.has_devices ? null : (mop.document.targets ?? null)),
		blocks: [{ name: "steps", steps: mop.document.steps.map((one) => build(one, within)) }],
	};
}

/** Values of what is declared: what is given, or the default. What has neither is left out. */
function parametersOf(
	declarations: ReadonlyMap<string, Declared>,
	given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
	return Object.fromEntries(
		[...declarations].flatMap(([name, declared]) => {
			const value = (Object.hasOwn(given, name) ? given[name] : undefined) ?? declared.default;
			return value === undefined ? [] : [[name, value]];
		}),
	);
}

function whenOf(when: MopStep["when"]): string | null {
	if (when === undefined || when === true) return null;
	return when === false ? "false" : when;
}

function retriesOf(retries: MopStep["retries"]): ProgramStep["retries"] {
	if (typeof retries === "object") return retries;
	return { count: retries ?? 0, delay_s: 5, backoff: 1 };
}

/** What is done after a rollback cannot be rolled back. */
function defaultOnFailure({ settings, phase }: Surroundings): ProgramStep["on_failure"] {
	const set = settings?.on_failure ?? "stop";
	return phase === "rollback" && set === "rollback" ? "stop" : set;
}

function changedMeanwhile(message: string) {
	return failed("mops.bad_document", {
		message: `${message}. Nothing was started.`,
		errors: [{ path: "steps", message }],
	});
}

/** Every step, each before those that stand in it. */
export function* allSteps(steps: readonly DraftStep[], depth = 0): Generator<{ step: DraftStep; depth: number }> {
	for (const step of steps) {
		yield { step, depth };
		for (const block of step.blocks) yield* allSteps(block.steps, depth + 1);
	}
}
