import { z } from "zod";
import { DiffHunk } from "../backup/model.ts";
import { Selection, Tag } from "../devices/model.ts";
import { Id, Timestamp } from "../kernel/ids.ts";
import { CursorQuery, PageQuery, QueryBoolean, sortBy } from "../kernel/page.ts";
import { RunStatus, StepType } from "../tasks/model.ts";
import {
	OnFailure,
	OnSuccess,
	ProcedureMode,
	Retries,
	StepId,
	StepTypeInfo,
	VariableName,
} from "../tasks/procedure.ts";

/** Text that PostgreSQL can hold: neither NUL nor half of a surrogate pair. */
const Text = z.string().regex(/^[^\0\p{Surrogate}]*$/u, "Must not contain NUL or broken characters");

const looksLikeAnId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Unique name of a procedure, whatever its case. */
export const MopName = z
	.string()
	.min(1)
	.max(100)
	.regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u, "Letters, digits, spaces and . _ - only, beginning with a letter or digit")
	.refine((name) => !looksLikeAnId.test(name), "Must not look like an id");

/** A procedure's id, or its name whatever its case. */
export const MopKey = z.string().min(1).max(100);

export const ParameterType = z.enum(["string", "integer", "number", "boolean", "list", "object"]);
export type ParameterType = z.infer<typeof ParameterType>;

/** A value that whoever starts a procedure, or uses a step type, gives. */
export const Parameter = z.strictObject({
	type: ParameterType.default("string"),
	description: Text.max(500).default(""),
	required: z.boolean().default(false),
	/** Where none is given. Not of a required one. */
	default: z.unknown().optional(),
	choices: z
		.array(z.union([z.string(), z.number()]))
		.max(200)
		.optional(),
	/** RE2; of a string. */
	pattern: z.string().max(1000).optional(),
	/** No answer, no output and no error has its value. It has no default. */
	secret: z.boolean().default(false),
});
export type Parameter = z.output<typeof Parameter>;

/** A variable in a document: a value that stands for itself, or what is asked of whoever starts the procedure. */
export const VariableDeclaration = z.union([
	z.string(),
	z.number(),
	z.boolean(),
	z.null(),
	z.array(z.unknown()),
	Parameter,
]);

const mostVariables = 500;
/** Variables by name, so few that a person can read them. */
function variablesOf<Of extends z.ZodType>(of: Of) {
	return z
		.record(VariableName, of)
		.refine((given) => Object.keys(given).length <= mostVariables, `At most ${mostVariables} of them`);
}

/** A step in a document. */
export interface MopStep {
	id: string;
	name?: string | undefined;
	type: string;
	with?: Record<string, unknown> | undefined;
	targets?: Selection | undefined;
	when?: string | boolean | undefined;
	retries?: number | Retries | undefined;
	timeout_s?: number | undefined;
	parallelism?: number | undefined;
	save_to_variable?: string | undefined;
	on_success?: OnSuccess | undefined;
	on_failure?: OnFailure | undefined;
	branches?: MopStep[][] | undefined;
	then?: MopStep[] | undefined;
	else?: MopStep[] | undefined;
	steps?: MopStep[] | undefined;
}

const Steps = z.lazy(() => z.array(MopStep).min(1).max(500));

const stepShape = {
	id: StepId,
	name: Text.max(200).optional(),
	type: z.string().min(1).max(63),
	with: z.record(z.string(), z.unknown()).optional(),
	targets: Selection.optional(),
	when: z.union([z.string().max(2000), z.boolean()]).optional(),
	retries: z.union([z.int().min(0).max(50), Retries]).optional(),
	timeout_s: z.number().min(1).max(604_800).optional(),
	parallelism: z.int().min(1).max(500).optional(),
	save_to_variable: VariableName.optional(),
	on_success: OnSuccess.optional(),
	on_failure: OnFailure.optional(),
	branches: z.array(Steps).min(1).max(50).optional(),
	// biome-ignore lint/suspicious/noThenProperty: it is the key of a document, and nobody awaits a schema
	then: Steps.optional(),
	else: Steps.optional(),
	steps: Steps.optional(),
};
export const MopStep: z.ZodType<MopStep> = z.lazy(() => z.strictObject(stepShape));
/** In the order in which they are written. */
export const stepKeys: readonly string[] = Object.keys(stepShape);

/** What the YAML of a procedure says. */
export const MopDocument = z.strictObject({
	name: MopName,
	description: Text.max(5000).optional(),
	tags: z.array(Tag).max(50).optional(),
	/** Devices that it is for, where whoever starts it names none. */
	targets: Selection.optional(),
	variables: variablesOf(VariableDeclaration).optional(),
	settings: z
		.strictObject({
			/** Of steps that do not say it themselves. */
			on_failure: OnFailure.optional(),
			parallelism: z.int().min(1).max(500).optional(),
			/** Most steps that are carried out, all rounds of loops and jumps together. */
			max_steps: z.int().min(1).max(10_000).optional(),
		})
		.optional(),
	steps: Steps,
	/** After what was changed was taken back. */
	rollback: Steps.optional(),
});
export type MopDocument = z.output<typeof MopDocument>;
/** In the order in which they are written. */
export const procedureKeys: readonly string[] = MopDocument.keyof().options;

export const longestMopSource = 500_000;
const Source = Text.min(1).max(longestMopSource);
export const mopBodyBytes = 4 * 1024 * 1024;

/** Something that is wrong with a document, and where. */
export const MopFault = z
	.object({
		code: z.string(),
		message: z.string(),
		/** Keys and indexes from the document's root, joined by dots: `steps.2.with.neighbors`. Empty: the whole. */
		path: z.string(),
		/** In the source, from 1; null where there is none. */
		line: z.int().nullable(),
		column: z.int().nullable(),
		severity: z.enum(["error", "warning"]),
	})
	.meta({ id: "MopFault" });
export type MopFault = z.output<typeof MopFault>;

export const MopSummary = z
	.object({
		id: Id,
		name: MopName,
		description: z.string(),
		tags: z.array(z.string()),
		/** A procedure that is not enabled cannot be started. */
		enabled: z.boolean(),
		/** All steps, those within others too. */
		steps: z.int(),
		/** It may change devices. */
		writes: z.boolean(),
		version: z.int(),
		last_run_id: Id.nullable(),
		last_run_status: RunStatus.nullable(),
		last_run_at: Timestamp.nullable(),
		created_at: Timestamp,
		created_by: z.string(),
		updated_at: Timestamp,
		updated_by: z.string(),
	})
	.meta({ id: "MopSummary" });
export type MopSummary = z.output<typeof MopSummary>;

export const Mop = MopSummary.extend({
	/** YAML as it was written, comments and order included. */
	source: z.string(),
	document: MopDocument,
	/** What is not as it should be although it could be stored: a template that is gone, devices that do not exist. */
	warnings: z.array(MopFault),
}).meta({ id: "Mop" });
export type Mop = z.output<typeof Mop>;

const Note = Text.max(500).default("");

export const NewMop = z.object({ source: Source, enabled: z.boolean().default(true), note: Note });

export const MopChange = z.object({
	source: Source,
	/** Version that the change began from. When there is a newer one, nothing is changed. */
	version: z.int().min(1),
	/** What was changed and why, for the list of versions. */
	note: Note,
});

export const ListMops = PageQuery.extend({
	enabled: QueryBoolean.optional(),
	tag: z.string().max(64).optional(),
	sort: sortBy(["name", "updated_at", "last_run_at"], "name"),
});

export const MopVersionSummary = z
	.object({ version: z.int(), note: z.string(), created_at: Timestamp, created_by: z.string() })
	.meta({ id: "MopVersionSummary" });
export type MopVersionSummary = z.output<typeof MopVersionSummary>;
export const MopVersion = MopVersionSummary.extend({ source: z.string() }).meta({ id: "MopVersion" });
export const ListMopVersions = CursorQuery;
export const MopComparison = z.object({ from: z.int(), to: z.int(), hunks: z.array(DiffHunk) });
export type MopComparison = z.output<typeof MopComparison>;

export const ValidateMop = z.object({ source: Source });
export const MopValidation = z
	.object({
		valid: z.boolean(),
		faults: z.array(MopFault),
		/** Where it could be read at all. */
		document: MopDocument.nullable(),
		/** Steps that may change something with the parameters that they have, by path: `steps.2.then.0`. */
		may_change: z.array(z.string()),
	})
	.meta({ id: "MopValidation" });
export type MopValidation = z.output<typeof MopValidation>;

const started = {
	/** Values of variables, by name. */
	variables: variablesOf(z.unknown()).default({}),
	/** In place of the procedure's own targets. */
	targets: Selection.optional(),
};

export const ExecuteMop = z.object({
	...started,
	mode: ProcedureMode.default("run"),
	/** For those who approve, and for those who read it later. */
	reason: z.string().trim().max(500).default(""),
});

export const DryRunMop = z.object(started);

/** What is to be known of a procedure before it is started later. */
export const MopOutline = z.object({
	name: z.string(),
	/** Devices that it is for where whoever starts it names none. */
	targets: Selection.nullable(),
	/** Those that its steps name themselves, those of procedures that it runs, and those of stacks that it deploys or removes. */
	step_targets: z.array(Selection),
	/** Whether a step of it may change something, as an approval counts it. */
	changes: z.boolean(),
	/** Names of variables whose values nobody may see. */
	secrets: z.array(z.object({ name: VariableName, required: z.boolean() })),
});

/** A step as a dry run shows it. */
export const DryRunStep = z.object({
	path: z.string(),
	name: z.string().nullable(),
	type: StepType,
	/** Depth within other steps, 0 for the outermost. */
	depth: z.int(),
	phase: z.enum(["main", "rollback"]),
	/** It may change something with the parameters that it has. */
	writes: z.boolean(),
	when: z.string().nullable(),
	/** Names of devices; null of a step that is for none. */
	devices: z.array(z.string()).nullable(),
	/** Parameters with their values, devices for which they are the same together; at most 50 different ones. */
	resolved: z.array(
		z.object({
			/** Empty of a step that is for no device. */
			devices: z.array(z.string()),
			with: z.record(z.string(), z.unknown()),
			/** Commands that it would send, where it sends commands. */
			commands: z.array(z.string()),
			/** Why it has no values. */
			error: z.string().nullable(),
		}),
	),
	/** Variables that earlier steps save: what refers to them is shown as it is written. */
	depends_on: z.array(z.string()),
});
export type DryRunStep = z.output<typeof DryRunStep>;

export const MopDryRun = z
	.object({
		devices: z.array(z.object({ device_id: Id, name: z.string() })),
		skipped: z.array(z.object({ device_id: Id, name: z.string(), reason: z.string() })),
		steps: z.array(DryRunStep),
		warnings: z.array(MopFault),
	})
	.meta({ id: "MopDryRun" });
export type MopDryRun = z.output<typeof MopDryRun>;

export const MopExecution = z
	.object({
		run_id: Id,
		mop_id: Id,
		mop_name: z.string(),
		/** Of the definition that it carries out. */
		version: z.int(),
		status: RunStatus,
		reason: z.string(),
		started_by: z.string(),
		/** Who broke the glass, where it was carried out without an approval that was due. */
		bypassed_by: z.string().nullable(),
		started_at: Timestamp,
		finished_at: Timestamp.nullable(),
	})
	.meta({ id: "MopExecution" });
export type MopExecution = z.output<typeof MopExecution>;

export const ListMopExecutions = CursorQuery.extend({
	/** Only those that have not ended. */
	running: QueryBoolean.optional(),
});

/** Name of a step type that somebody defined. */
export const CustomStepTypeName = z
	.string()
	.max(63)
	.regex(/^[a-z][a-z0-9_]{2,62}$/, "Lower-case letters, digits and _ only, three or more, beginning with a letter");

const stepTypeFields = {
	label: Text.min(1).max(100),
	description: Text.max(2000),
	/** Built-in type that it presets. */
	base: StepType,
	/** Parameters of the base; strings may hold templates over the parameters below. */
	preset: z.record(z.string(), z.unknown()),
	parameters: variablesOf(Parameter),
};

/** A step type: a built-in one, or a preset of one with parameters of its own. */
export const MopStepType = StepTypeInfo.extend({
	/** Null of a built-in one. */
	id: Id.nullable(),
	built_in: z.boolean(),
	base: StepType.nullable(),
	preset: z.record(z.string(), z.unknown()),
	parameters: z.record(z.string(), Parameter),
	created_at: Timestamp.nullable(),
	created_by: z.string().nullable(),
	updated_at: Timestamp.nullable(),
	/** Procedures that use it, of one that somebody defined. */
	used_by: z.int().nullable(),
}).meta({ id: "MopStepType" });
export type MopStepType = z.output<typeof MopStepType>;

export const NewStepType = z.object({
	type: CustomStepTypeName,
	...stepTypeFields,
	description: stepTypeFields.description.default(""),
	preset: stepTypeFields.preset.default({}),
	parameters: stepTypeFields.parameters.default({}),
});
export const StepTypeChange = z.object(stepTypeFields).partial();

export const ListStepTypes = PageQuery.extend({
	page_size: z.coerce.number().int().min(1).max(500).default(200),
	built_in: QueryBoolean.optional(),
	sort: sortBy(["type", "label", "category"], "type"),
});
