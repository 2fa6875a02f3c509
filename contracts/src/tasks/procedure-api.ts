import { z } from "zod";
import { Id } from "../kernel/ids.ts";
import { get, internal, post } from "../kernel/operation.ts";
import { Page } from "../kernel/page.ts";
import { RunRef } from "./model.ts";
import {
	ListRunSteps,
	OverrideStep,
	Procedure,
	RestartRun,
	RunProcedure,
	RunStep,
	StepTypeHint,
	StepTypeInfo,
} from "./procedure.ts";

const byId = z.object({ id: Id });

/** What may keep a procedure from beginning anew. */
export const restartErrors = [
	"runs.not_found",
	"runs.not_a_procedure",
	"runs.no_such_step",
	"runs.still_running",
	"runs.approval_left_out",
	"runs.not_permitted",
] as const;

/** Runs of procedures: part of the API of tasks. */
export const procedureOperations = {
	listRunSteps: get("/api/runs/:id/steps", {
		summary: "Steps of a procedure's run that have begun, in that order",
		params: byId,
		query: ListRunSteps,
		returns: Page(RunStep),
		permission: "runs:read",
		scope: "devices",
		errors: ["runs.not_found", "runs.not_a_procedure"],
	}),
	getRunProcedure: get("/api/runs/:id/procedure", {
		summary: "The procedure that a run carries out",
		params: byId,
		returns: RunProcedure,
		permission: "runs:read",
		scope: "devices",
		errors: ["runs.not_found", "runs.not_a_procedure"],
	}),
	overrideStep: post("/api/runs/:id/steps/:step_id/override", {
		summary: "Decide on a step of a procedure that waits for a person's word: again, done, elsewhere, take back, stop",
		params: byId.extend({ step_id: Id }),
		body: OverrideStep,
		returns: RunStep,
		permission: "mops:override",
		scope: "devices",
		errors: [
			"runs.not_found",
			"runs.not_a_procedure",
			"runs.no_such_step",
			"runs.not_waiting",
			"runs.approval_left_out",
			"runs.not_permitted",
			"runs.already_ended",
		],
	}),
	/** Whether the procedure may still be started only config knows: people ask it. */
	restartRun: internal("/internal/tasks/procedures/:id/restart", {
		summary: "Begin a procedure anew",
		params: byId,
		body: RestartRun,
		returns: RunRef,
		changes: true,
		errors: restartErrors,
	}),
	/** Starts a procedure. The same key always answers the same run. */
	startProcedure: internal("/internal/tasks/procedures", {
		summary: "Start a procedure",
		body: z.object({ idempotency_key: z.string().min(1).max(200), procedure: Procedure }),
		returns: RunRef,
		changes: true,
		max_body_bytes: 64 * 1024 * 1024,
		errors: ["runs.unknown_step", "runs.bad_procedure", "runs.not_permitted", "devices.not_found"],
	}),
	/** Step types that procedures may have, and what is said of names that are none. */
	describeStepTypes: internal("/internal/tasks/step-types", {
		summary: "Step types of procedures",
		returns: z.object({ types: z.array(StepTypeInfo), hints: z.array(StepTypeHint) }),
		changes: false,
	}),
	/** What is wrong with the parameters of steps. A string with a template is taken for whatever is due. */
	checkSteps: internal("/internal/tasks/step-types/check", {
		summary: "Check the parameters of steps",
		body: z.object({
			steps: z.array(z.object({ type: z.string(), with: z.record(z.string(), z.unknown()) })).max(5_000),
		}),
		returns: z.object({
			/** `index` of the step, `path` within its `with`; empty: the step itself. */
			faults: z.array(
				z.object({ index: z.int(), path: z.array(z.union([z.string(), z.number()])), message: z.string() }),
			),
			/** Steps that may change a device, or what a device depends on: by index. */
			changing: z.array(z.int()),
			/** Commands that steps would send, where they send commands: by index. */
			commands: z.array(z.object({ index: z.int(), commands: z.array(z.string()) })),
		}),
		changes: false,
		max_body_bytes: 16 * 1024 * 1024,
	}),
	/** A procedure with its values and the key of its journal, for the worker that has taken it up: it holds secrets. */
	revealProcedure: internal("/internal/tasks/procedures/:id", {
		summary: "A procedure with its values",
		params: byId,
		body: z.object({ worker_id: z.string() }),
		returns: z.object({ procedure: Procedure, journal_key: z.string() }),
		errors: ["runs.not_found"],
	}),
	/** Keeps what a device's configuration was before and after a step changed it, sealed. */
	keepUndo: internal("/internal/tasks/operations/:id/undo", {
		summary: "Keep how to take a change back",
		params: byId,
		body: z.object({ worker_id: z.string(), before: z.string(), after: z.string().nullable() }),
		changes: true,
		max_body_bytes: 128 * 1024 * 1024,
		errors: ["operations.not_found"],
	}),
	/** What `keepUndo` was told, for the worker that takes the change back. */
	revealUndo: internal("/internal/tasks/operations/:id/undo/reveal", {
		summary: "How to take a change back",
		params: byId,
		body: z.object({ worker_id: z.string(), run_id: Id }),
		returns: z.object({ before: z.string(), after: z.string().nullable() }),
		errors: ["operations.not_found"],
	}),
};
