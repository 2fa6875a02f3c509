import { z } from "zod";
import { type Permission, permissions } from "../auth/permissions.ts";
import { Id, Timestamp } from "../kernel/ids.ts";
import { PageQuery, QueryList } from "../kernel/page.ts";
import { WorkerPool } from "../kernel/worker-pool.ts";
import { OperationError, OperationStatus, StepType } from "./model.ts";

/** Name of a step in its procedure. */
export const StepId = z
	.string()
	.max(63)
	.regex(/^[a-z][a-z0-9_]*$/, "Lower-case letters, digits and _ only, beginning with a letter");

/** The same where procedures stand within each other: `upgrade.check` is the step `check` of what the step `upgrade` runs. */
export const StepPath = z
	.string()
	.max(250)
	.regex(/^[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*$/, "Names of steps, joined by dots");

/** Name of a variable. */
export const VariableName = z
	.string()
	.max(63)
	.regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "Letters, digits and _ only, not beginning with a digit");

/** A step of the same list that is the next one. */
const Goto = z.strictObject({ goto: StepId });

/** What comes after a step that succeeded: the next one, another one of its list, or nothing more. */
export const OnSuccess = z.union([z.enum(["next", "stop"]), Goto]);
export type OnSuccess = z.output<typeof OnSuccess>;

/**
 * What comes after a step that failed on a device, or as a whole. `stop`: the procedure ends as failed. `continue`: as if nothing was.
 * `drop_devices`: the next step, without the devices that failed; it stops when none is left, or when it failed for none in particular. `rollback`:
 * what was changed is taken back. `ask`: a person decides.
 */
export const OnFailure = z.union([z.enum(["stop", "continue", "drop_devices", "rollback", "ask"]), Goto]);
export type OnFailure = z.output<typeof OnFailure>;

export const Retries = z.strictObject({
	/** Beyond the first attempt. */
	count: z.int().min(0).max(50),
	/** Before the first repetition, in seconds. */
	delay_s: z.number().min(0).max(3600).default(5),
	/** Each further wait is so many times as long. */
	backoff: z.number().min(1).max(10).default(1),
});
export type Retries = z.output<typeof Retries>;

/** A step as it is carried out: nothing is left to be looked up but the values of variables. */
export interface ProgramStep {
	/** Unique in the program. */
	path: string;
	/** Its name in its own list, for `goto`. */
	id: string;
	name: string | null;
	type: string;
	/** Parameters; strings may hold templates. */
	with: Record<string, unknown>;
	/** Variables of this step alone and of what stands in it; strings may hold templates. */
	locals: Record<string, unknown>;
	/** Devices that it is for; null: those of what it stands in. */
	targets: string[] | null;
	/** Template expression: where it is not true the step is skipped, on a device or as a whole. */
	when: string | null;
	retries: Retries;
	timeout_s: number | null;
	/** Devices at a time. */
	parallelism: number;
	save_to_variable: string | null;
	on_success: OnSuccess;
	on_failure: OnFailure;
	/** Lists of steps in it: branches of `parallel`, `then` and `else` of `condition`, `steps` of `loop` and `run_mop`. */
	blocks: { name: string; steps: ProgramStep[] }[];
}

export const ProgramStep: z.ZodType<ProgramStep> = z.lazy(() =>
	z.object({
		path: StepPath,
		id: StepId,
		name: z.string().max(200).nullable(),
		type: StepType,
		with: z.record(z.string(), z.unknown()),
		locals: z.record(z.string(), z.unknown()),
		targets: z.array(Id).max(50_000).nullable(),
		when: z.string().max(2000).nullable(),
		retries: Retries,
		timeout_s: z.number().min(1).max(604_800).nullable(),
		parallelism: z.int().min(1).max(500),
		save_to_variable: VariableName.nullable(),
		on_success: OnSuccess,
		on_failure: OnFailure,
		blocks: z.array(z.object({ name: z.string().max(63), steps: z.array(ProgramStep).max(500) })).max(50),
	}),
);

/** `step_by_step`: waits for a person's word before each step. */
export const ProcedureMode = z.enum(["run", "step_by_step"]);
export type ProcedureMode = z.infer<typeof ProcedureMode>;

/** A procedure as it is started: complete before anything begins, and hashable. */
export const Procedure = z.object({
	title: z.string().max(200),
	/** Where it comes from. */
	mop: z.object({ id: Id, name: z.string(), version: z.int() }),
	steps: z.array(ProgramStep).min(1).max(500),
	/** After what was changed was taken back. */
	rollback: z.array(ProgramStep).max(500).default([]),
	/** Values that it begins with. They may hold secrets: they are sealed. */
	variables: z.record(VariableName, z.unknown()).default({}),
	/** Names of variables whose values no answer, no output and no error may have. */
	secret_variables: z.array(VariableName).max(200).default([]),
	targets: z
		.array(
			z.object({
				device_id: Id,
				name: z.string(),
				/** Device groups that it is in, for approval policies. */
				groups: z.array(z.string()).max(1_000).default([]),
				/** What templates are told of it as the variable `device`. */
				context: z.record(z.string(), z.unknown()).default({}),
				/** Pool of the workers that reach it. Left out: the default pool. */
				worker_pool: WorkerPool.optional(),
			}),
		)
		.max(5_000),
	/** Devices that were selected but will not be touched, each with the reason. */
	skipped: z.array(z.object({ device_id: Id, name: z.string(), reason: z.string() })).default([]),
	mode: ProcedureMode.default("run"),
	/** Most steps that are carried out, all rounds of loops and jumps together. */
	max_steps: z.int().min(1).max(10_000).default(1_000),
	reason: z.string().max(500).default(""),
	/** Where it changes something it begins until then or not at all, however long its approval takes: the window that it was started in ends. */
	not_after: Timestamp.nullable().default(null),
});
export type Procedure = z.output<typeof Procedure>;

/** Lists of steps that a step type has in it. */
export const StepBlock = z.object({
	/** Key in the document. */
	name: z.enum(["branches", "then", "else", "steps"]),
	required: z.boolean(),
	/** A list of such lists. */
	many: z.boolean(),
});

export const stepCategories = ["devices", "checks", "change", "flow", "people", "outside"] as const;

/** A type of step that procedures may have. */
export const StepTypeInfo = z
	.object({
		type: StepType,
		label: z.string(),
		/** What it does, and what its result holds for `save_to_variable`. */
		description: z.string(),
		category: z.enum(stepCategories),
		/** Once on each device, once for all, or as other steps within it say. */
		runs_on: z.enum(["devices", "server", "flow"]),
		/** It may change a device, or something outside. */
		writes: z.boolean(),
		/** JSON Schema of `with`. Where a value is due, a string with a template may stand. */
		params: z.record(z.string(), z.unknown()),
		blocks: z.array(StepBlock),
		/** Older names of it. */
		aliases: z.array(z.string()),
		/** What whoever starts a procedure with it must hold besides the permission to execute procedures. */
		permission: z.enum(Object.keys(permissions) as [Permission, ...Permission[]]).nullable(),
		/** `with` as an example. */
		example: z.record(z.string(), z.unknown()),
	})
	.meta({ id: "StepTypeInfo" });
export type StepTypeInfo = z.output<typeof StepTypeInfo>;

const flowSettings = ["retries", "timeout_s", "parallelism"] as const;
export type IgnoredSetting = (typeof flowSettings)[number] | "save_to_variable";

/** What every step may say and a step of this type does nothing with. */
export function ignoredSettings({ type, runs_on }: Pick<StepTypeInfo, "type" | "runs_on">): readonly IgnoredSetting[] {
	if (runs_on === "devices") return [];
	if (runs_on === "server") return ["parallelism"];
	// What a procedure within saved is its result.
	return type === "run_mop" ? flowSettings : [...flowSettings, "save_to_variable"];
}

/** Names that procedures of other tools have, and what is said of them. */
export const StepTypeHint = z.object({ name: z.string(), hint: z.string() });

export const RunStepStatus = z.enum([...OperationStatus.options, "waiting"]);
export type RunStepStatus = z.infer<typeof RunStepStatus>;

/** What a person said of a step: in place of its end, or after it failed. */
export const OverrideAction = z.union([z.enum(["retry", "succeed", "rollback", "stop"]), Goto]);
export type OverrideAction = z.output<typeof OverrideAction>;

/** One time that a step of a procedure was carried out. */
export const RunStep = z
	.object({
		id: Id,
		run_id: Id,
		/** Grows in the order in which steps began. */
		seq: z.int(),
		/** Which time of which step: `each:1/2/check:1` is the first time of `check` in the second round of `each`. Unique in the run. */
		key: z.string(),
		/** Step of the program. */
		path: z.string(),
		name: z.string().nullable(),
		type: StepType,
		/** `rollback`: of taking back. */
		phase: z.enum(["main", "rollback"]),
		status: RunStepStatus,
		attempts: z.int(),
		/** Operations of it by status, where it was for devices. */
		devices: z.record(OperationStatus, z.int()).nullable(),
		result: z.record(z.string(), z.unknown()).nullable(),
		error: OperationError.nullable(),
		skip_reason: z.string().nullable(),
		saved_variable: z.string().nullable(),
		decision: z.object({ action: OverrideAction, by: z.string(), at: Timestamp, reason: z.string() }).nullable(),
		/** Run that it was carried out in, of a run that began later than at its first step. */
		carried_from: Id.nullable(),
		started_at: Timestamp.nullable(),
		finished_at: Timestamp.nullable(),
		duration_ms: z.int().nullable(),
	})
	.meta({ id: "RunStep" });
export type RunStep = z.output<typeof RunStep>;

export const ListRunSteps = PageQuery.extend({
	page_size: z.coerce.number().int().min(1).max(1000).default(500),
	status: QueryList(RunStepStatus).optional(),
	/** Only those that began after this one. */
	after: z.coerce.number().int().min(0).default(0),
});

/** The procedure that a run carries out, without its secrets. */
export const RunProcedure = z
	.object({
		run_id: Id,
		mop: z.object({ id: Id, name: z.string(), version: z.int() }),
		mode: ProcedureMode,
		reason: z.string(),
		steps: z.array(ProgramStep),
		rollback: z.array(ProgramStep),
		/** Values it began with; those of secrets are null. */
		variables: z.record(z.string(), z.unknown()),
		secret_variables: z.array(z.string()),
		devices: z.int(),
		/** Run that it began from, and where. */
		restarted: z
			.object({ run_id: Id, what: z.enum(["from_step", "after_step", "rollback"]), path: z.string().nullable() })
			.nullable(),
	})
	.meta({ id: "RunProcedure" });
export type RunProcedure = z.output<typeof RunProcedure>;

export const OverrideStep = z.object({
	action: OverrideAction,
	/** For those who read it later. */
	reason: z.string().trim().min(1).max(500),
});

/** Begins a procedure anew, with what its steps before had come to. */
export const RestartRun = z.object({
	/** `from_step`: that step is carried out again. `after_step`: it counts as done. `rollback`: what the run changed is taken back, nothing else. */
	what: z.enum(["from_step", "after_step", "rollback"]).default("from_step"),
	/** Key of a step of the run, as its steps have it; the path of a step means its last time. */
	step: z.string().max(1_000).optional(),
	mode: ProcedureMode.default("run"),
	reason: z.string().trim().min(1).max(500),
});

export const ResumeRun = z.object({
	/** How far a procedure goes on: to its end, or to the next step only. */
	until: z.enum(["end", "next_step"]).default("end"),
});
