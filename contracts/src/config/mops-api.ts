import { z } from "zod";
import { Id, Timestamp } from "../kernel/ids.ts";
import { del, get, internal, patch, post, put } from "../kernel/operation.ts";
import { CursorPage, Page } from "../kernel/page.ts";
import { Run, RunRef } from "../tasks/model.ts";
import { RestartRun } from "../tasks/procedure.ts";
import { restartErrors } from "../tasks/procedure-api.ts";
import {
	DryRunMop,
	ExecuteMop,
	ListMopExecutions,
	ListMops,
	ListMopVersions,
	ListStepTypes,
	Mop,
	MopChange,
	MopComparison,
	MopDryRun,
	MopExecution,
	MopKey,
	MopOutline,
	MopStepType,
	MopSummary,
	MopValidation,
	MopVersion,
	MopVersionSummary,
	mopBodyBytes,
	NewMop,
	NewStepType,
	StepTypeChange,
	ValidateMop,
} from "./mops.ts";

const byMop = z.object({ id: MopKey });
const byMopVersion = byMop.extend({ version: z.coerce.number().int().min(1).max(2_147_483_647) });
/** Id or name. */
const byStepType = z.object({ id: z.string().min(1).max(63) });
/** What may keep a procedure from starting. */
const executeErrors = [
	"mops.not_found",
	"mops.disabled",
	"mops.bad_document",
	"mops.bad_variables",
	"mops.no_devices",
	"mops.too_many_devices",
	"mops.not_permitted",
	"devices.not_found",
	"device_groups.not_found",
] as const;

/** Procedures and their step types: part of the API of config. */
export const mopOperations = {
	listMops: get("/api/mops", {
		summary: "Procedures",
		query: ListMops,
		returns: Page(MopSummary),
		permission: "mops:read",
	}),
	createMop: post("/api/mops", {
		summary: "Add a procedure from its YAML",
		body: NewMop,
		returns: Mop,
		status: 201,
		permission: "mops:write",
		max_body_bytes: mopBodyBytes,
		errors: ["mops.name_taken", "mops.bad_document"],
	}),
	validateMop: post("/api/mops/validate", {
		summary: "What is wrong with the YAML of a procedure, with lines",
		body: ValidateMop,
		returns: MopValidation,
		permission: "mops:read",
		changes: false,
		max_body_bytes: mopBodyBytes,
	}),
	getMopSchema: get("/api/mops/schema", {
		summary: "JSON Schema of a procedure's YAML, for editors",
		returns: z.record(z.string(), z.unknown()),
		permission: "mops:read",
	}),
	listExecutions: get("/api/mops/executions", {
		summary: "Runs of procedures, newest first",
		query: ListMopExecutions,
		returns: CursorPage(MopExecution),
		permission: "mops:read",
	}),
	getExecution: get("/api/mops/executions/:run_id", {
		summary: "One run of a procedure",
		description: "What it was started for, and how far it is. Its steps are at `/api/runs/{id}/steps`.",
		params: z.object({ run_id: Id }),
		returns: MopExecution,
		permission: "mops:read",
		errors: ["mops.execution_not_found"],
	}),
	cancelExecution: post("/api/mops/executions/:run_id/cancel", {
		summary: "Cancel the run of a procedure",
		params: z.object({ run_id: Id }),
		returns: Run,
		status: 202,
		permission: "runs:cancel",
		errors: ["mops.execution_not_found", "runs.not_found", "runs.already_ended"],
	}),
	restartExecution: post("/api/mops/executions/:run_id/restart", {
		summary: "Begin a procedure anew from one of its steps, or take back what it changed, as a new run",
		description:
			"Only what changed can be taken back once the procedure is not enabled any more, or deleted. Approvals that do not hold for who begins it are asked for again.",
		params: z.object({ run_id: Id }),
		body: RestartRun,
		returns: RunRef,
		status: 202,
		permission: "mops:override",
		errors: [...restartErrors, "mops.not_found", "mops.disabled"],
	}),
	getMop: get("/api/mops/:id", {
		summary: "One procedure, with its YAML",
		params: byMop,
		returns: Mop,
		permission: "mops:read",
		errors: ["mops.not_found"],
	}),
	updateMop: put("/api/mops/:id", {
		summary: "Change a procedure",
		params: byMop,
		body: MopChange,
		returns: Mop,
		permission: "mops:write",
		max_body_bytes: mopBodyBytes,
		errors: ["mops.not_found", "mops.name_taken", "mops.bad_document", "mops.changed", "mops.in_use"],
	}),
	deleteMop: del("/api/mops/:id", {
		summary: "Delete a procedure; its runs stay",
		params: byMop,
		permission: "mops:write",
		errors: ["mops.not_found", "mops.in_use"],
	}),
	toggleMop: post("/api/mops/:id/toggle", {
		summary: "Enable a procedure, or keep it from being started",
		params: byMop,
		body: z.object({ enabled: z.boolean() }),
		returns: Mop,
		permission: "mops:write",
		errors: ["mops.not_found"],
	}),
	listMopVersions: get("/api/mops/:id/versions", {
		summary: "Versions of a procedure, newest first",
		params: byMop,
		query: ListMopVersions,
		returns: CursorPage(MopVersionSummary),
		permission: "mops:read",
		errors: ["mops.not_found"],
	}),
	compareMopVersions: get("/api/mops/:id/compare", {
		summary: "Difference between two versions of a procedure",
		params: byMop,
		query: z.object({ from: z.coerce.number().int().min(1), to: z.coerce.number().int().min(1) }),
		returns: MopComparison,
		permission: "mops:read",
		errors: ["mops.not_found", "mops.version_not_found"],
	}),
	getMopVersion: get("/api/mops/:id/versions/:version", {
		summary: "A procedure as it was in one version",
		params: byMopVersion,
		returns: MopVersion,
		permission: "mops:read",
		errors: ["mops.not_found", "mops.version_not_found"],
	}),
	restoreMopVersion: post("/api/mops/:id/versions/:version/restore", {
		summary: "Make an older version the newest",
		params: byMopVersion,
		returns: Mop,
		permission: "mops:write",
		errors: ["mops.not_found", "mops.version_not_found", "mops.name_taken", "mops.bad_document", "mops.in_use"],
	}),
	dryRunMop: post("/api/mops/:id/dry-run", {
		summary: "What each step of a procedure would do, with commands; no device is asked",
		params: byMop,
		body: DryRunMop,
		returns: MopDryRun,
		permission: "mops:read",
		changes: false,
		timeout_ms: 120_000,
		errors: executeErrors,
	}),
	executeMop: post("/api/mops/:id/execute", {
		summary: "Start a procedure as a run",
		params: byMop,
		body: ExecuteMop,
		returns: RunRef,
		status: 202,
		permission: "mops:execute",
		timeout_ms: 120_000,
		errors: executeErrors,
	}),
	listMopExecutions: get("/api/mops/:id/executions", {
		summary: "Runs of one procedure, newest first",
		params: byMop,
		query: ListMopExecutions,
		returns: CursorPage(MopExecution),
		permission: "mops:read",
		errors: ["mops.not_found"],
	}),
	/** For a service that may ask again after a crash: the same key answers the same run. */
	startMopRun: internal("/internal/config/mop-runs", {
		summary: "Start a procedure, once",
		body: ExecuteMop.extend({
			key: z.string().min(1).max(200),
			mop: MopKey,
			/** Of `Procedure`. */
			not_after: Timestamp.nullable().default(null),
		}),
		returns: RunRef,
		errors: executeErrors,
	}),
	/** For a service that starts it later: the values are checked as a start would, those of secrets left aside. */
	outlineMop: internal("/internal/config/mops/outline", {
		summary: "What a procedure is for, and which of its variables are secret",
		body: z.object({ mop: MopKey, variables: ExecuteMop.shape.variables, targets: ExecuteMop.shape.targets }),
		returns: MopOutline,
		changes: false,
		errors: ["mops.not_found", "mops.bad_variables", "mops.bad_document"],
	}),

	listStepTypes: get("/api/step-types", {
		summary: "Step types of procedures: those of the product, and presets of them",
		query: ListStepTypes,
		returns: Page(MopStepType),
		permission: "mops:read",
	}),
	createStepType: post("/api/step-types", {
		summary: "Add a step type: a preset of a built-in one with parameters of its own",
		body: NewStepType,
		returns: MopStepType,
		status: 201,
		permission: "mops:write",
		errors: ["step_types.name_taken", "step_types.bad_preset"],
	}),
	getStepType: get("/api/step-types/:id", {
		summary: "One step type",
		params: byStepType,
		returns: MopStepType,
		permission: "mops:read",
		errors: ["step_types.not_found"],
	}),
	updateStepType: patch("/api/step-types/:id", {
		summary: "Change a step type that somebody defined",
		params: byStepType,
		body: StepTypeChange,
		returns: MopStepType,
		permission: "mops:write",
		errors: ["step_types.not_found", "step_types.built_in", "step_types.bad_preset"],
	}),
	deleteStepType: del("/api/step-types/:id", {
		summary: "Delete a step type that somebody defined and no procedure uses",
		params: byStepType,
		permission: "mops:write",
		errors: ["step_types.not_found", "step_types.built_in", "step_types.in_use"],
	}),
};
