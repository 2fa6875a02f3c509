import type { Procedure, ProgramStep } from "@netconductor/contracts/tasks/procedure";
import type { Clock } from "@netconductor/runtime/clock";
import type { StepOutput } from "../tables.ts";
import { LetGo, Stopped, Suspended } from "./ends.ts";
import type { Hide } from "./hide-secrets.ts";
import type { ConductedProcedure, JournalRow, NewStep, ProcedureStore, StepEnd } from "./procedure-store.ts";
import { takeBackPath } from "./program.ts";

export interface StepJournalNeeds {
	procedure: Pick<Procedure, "max_steps" | "secret_variables">;
	claimed: ConductedProcedure;
	store: ProcedureStore;
	/** Steps that have begun. */
	steps: readonly JournalRow[];
	hide: Hide;
	/** Aborts when this worker may not go on. */
	gone: AbortSignal;
	/** Aborts when no further step is to begin here: the worker ends, another goes on. */
	leaving: AbortSignal;
	onSteps(): void;
	clock: Clock;
}

export type StepJournal = ReturnType<typeof createStepJournal>;

/** What a procedure's steps have come to, in memory as in the table: whatever is noted here is there for whoever takes the procedure up. */
export function createStepJournal(needs: StepJournalNeeds) {
	const { procedure, claimed, store, hide, clock } = needs;
	const rows = new Map(needs.steps.map((row) => [row.key, row]));
	const secret = new Set(procedure.secret_variables);
	let woken_at: string | null = null;
	let words = 0;

	function note(row: JournalRow): JournalRow {
		rows.set(row.key, row);
		needs.onSteps();
		return row;
	}

	const journal = {
		/** A time that a step has begun. */
		of: (key: string): JournalRow | undefined => rows.get(key),

		/** What has begun of what stands in a step. */
		within: (key: string): JournalRow[] => [...rows.values()].filter((row) => row.key.startsWith(`${key}/`)),

		/** How often it was heard that somebody had a word on the procedure. */
		words: (): number => words,

		/** Listens for a word on the procedure; what a person decided on steps is noted. The word stands until the procedure is let go. */
		async listen(): Promise<void> {
			const now = await store.wokenAt(claimed);
			if (now === null || now === woken_at) return;
			for (const row of await store.steps(claimed)) {
				const known = rows.get(row.key);
				if (known !== undefined && isDecided(known, row)) rows.set(row.key, row);
			}
			woken_at = now;
			words++;
		},

		/** Variables have come by these values: what is declared secret among them is hidden from now on. Answers that. */
		learn(all: readonly Readonly<Record<string, unknown>>[]): unknown[] {
			const found = all.flatMap((values) =>
				Object.entries(values).flatMap(([name, value]) => (secret.has(name) ? [value] : [])),
			);
			hide.add(found);
			return [...new Set(found)];
		},

		/** @throws Stopped, Suspended, LetGo — it is not to begin, or not here and now */
		async begin(
			step: Pick<ProgramStep, "path" | "name" | "type">,
			key: string,
			phase: NewStep["phase"],
			again: JournalRow | undefined,
			flow = false,
		): Promise<JournalRow> {
			// Taking back is never one step too many.
			const many = [...rows.values()].filter((row) => row.phase === phase).length;
			if (again === undefined && step.path !== takeBackPath && many >= procedure.max_steps) {
				const most = `${procedure.max_steps} steps`;
				throw new Stopped(
					"failed",
					`It was to carry out more than ${most} (\`settings.max_steps\`). Is there a loop without an end?`,
				);
			}
			if (needs.gone.aborted) throw new LetGo();
			const now = clock.now();
			if (needs.leaving.aborted) throw new Suspended({ wake_at: now, waiting_for: null });
			const { path, name, type } = step;
			const begun = await store.beginStep(claimed, { key, path, name, type, phase, flow }, again);
			if ("refused" in begun) {
				if (begun.refused === "gone") throw new LetGo();
				if (begun.refused === "cancelled") throw new Stopped("cancelled", "It was cancelled");
				const since = now.toISOString();
				const waiting_for =
					begun.refused === "paused"
						? { kind: "resume" as const, paused_by: null, since }
						: { kind: "next_step" as const, step: path, since };
				throw new Suspended({ wake_at: null, waiting_for });
			}
			return note({
				...(again ?? empty),
				id: begun.id,
				run_id: claimed.run_id,
				seq: begun.seq,
				key,
				path,
				name,
				type,
				phase,
				status: "running",
				attempts: (again?.attempts ?? 0) + 1,
				started_at: now.toISOString(),
			});
		},

		/** @throws Suspended — a person is asked what comes of it; LetGo */
		async finish(
			{ save_to_variable, on_failure }: Pick<ProgramStep, "save_to_variable" | "on_failure">,
			row: JournalRow,
			end: StepEnd,
		): Promise<JournalRow> {
			const asks = end.status === "failed" && on_failure === "ask";
			const saved_variable = end.status === "succeeded" && end.output != null ? save_to_variable : null;
			if (saved_variable !== null) journal.learn([{ [saved_variable]: end.output?.value }]);
			const shown = {
				...end,
				result: hide(end.result ?? null),
				error: hide(end.error ?? null),
				skip_reason: hide(end.skip_reason ?? null),
				saved_variable,
				asks,
			};
			if (!(await store.finishStep(claimed, row, shown))) throw new LetGo();
			const ended = note({
				...row,
				...shown,
				devices: end.devices ?? null,
				output: end.output ?? row.output,
				state: null,
				waits_for_run: null,
			});
			if (asks) throw asking(ended);
			return ended;
		},

		/** Notes how a step ended with the procedure that it stands in. */
		async endWith(row: JournalRow, status: "succeeded" | "cancelled"): Promise<void> {
			await store.finishStep(claimed, row, { status });
		},

		/** Notes what a step waits with. @throws LetGo */
		async wait(
			row: JournalRow,
			waits: Required<Pick<StepEnd, "state" | "output" | "waits_for_run">> & Pick<StepEnd, "devices">,
		): Promise<void> {
			const waiting = { status: "waiting" as const, ...waits };
			if (!(await store.finishStep(claimed, row, waiting))) throw new LetGo();
			note({ ...row, ...waiting, devices: waits.devices ?? null });
		},

		/** Notes the run that a step is about to begin: whoever ends the step knows it, whatever becomes of this worker. @throws LetGo */
		async expectRun(row: JournalRow, run_id: string): Promise<void> {
			if (!(await store.expectRun(claimed, row, run_id))) throw new LetGo();
			note({ ...row, waits_for_run: run_id });
		},

		/** Keeps what was evaluated before a step does anything, so that it stays the same when the step is taken up again. @throws LetGo */
		async keep(row: JournalRow, output: StepOutput): Promise<void> {
			if (!(await store.keepOutput(claimed, row, output))) throw new LetGo();
			row.output = output;
		},

		/** Nobody is asked any more about what stands in a step that has ended. @throws LetGo */
		async dropQuestions(key: string): Promise<void> {
			if (!(await store.dropQuestions(claimed, key))) throw new LetGo();
			for (const row of journal.within(key)) row.asks = false;
		},
	};

	for (const { saved_variable, output } of rows.values()) {
		if (saved_variable !== null) journal.learn([{ [saved_variable]: output?.value }]);
		hide.add(output?.secrets ?? []);
	}
	return journal;
}

export function isOver({ status }: Pick<JournalRow, "status">): boolean {
	return status !== "running" && status !== "waiting" && status !== "pending";
}

/** Whether a person decided on a step that is not under way, as the table has it. What has begun since the table was read is newer than that. */
function isDecided(known: JournalRow, stored: JournalRow): boolean {
	if (known.status === "running" || known.attempts !== stored.attempts) return false;
	const isAgain = stored.status === "pending" && known.status !== "pending";
	return isAgain || known.decision?.at !== stored.decision?.at;
}

/** A person decides what comes of a step. */
export function asking({ path, error, finished_at }: JournalRow): Suspended {
	const since = finished_at ?? new Date().toISOString();
	const message = error?.message ?? "The step failed";
	return new Suspended({
		wake_at: null,
		waiting_for: { kind: "decision", step: path, message, since },
	});
}

const empty = {
	devices: null,
	result: null,
	error: null,
	skip_reason: null,
	saved_variable: null,
	output: null,
	state: null,
	waits_for_run: null,
	asks: false,
	decision: null,
	carried_from: null,
	finished_at: null,
};
