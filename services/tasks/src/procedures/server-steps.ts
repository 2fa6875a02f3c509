import type { ProgramStep } from "@netconductor/contracts/tasks/procedure";
import type { TemplateEngine } from "@netconductor/templating/engine";
import { isTrue, resolveValues } from "@netconductor/templating/expressions";
import type { ProcedureDevice } from "./device-runner.ts";
import { LetGo, Suspended } from "./ends.ts";
import type { JournalRow, StepEnd } from "./procedure-store.ts";
import { apart } from "./program.ts";
import { errorOf, runServerStep, type ServerStepNeeds, type Tries } from "./server-runner.ts";
import type { StepJournal } from "./step-journal.ts";
import type { ServerStepType } from "./step-type.ts";
import type { Variables } from "./variables.ts";

export interface ServerStepsNeeds extends ServerStepNeeds {
	journal: StepJournal;
	engine: TemplateEngine;
	/** What every template is told besides variables. */
	facts: Record<string, unknown>;
	/** Aborts when this worker may not go on. */
	gone: AbortSignal;
	cancelled: AbortSignal;
}

/** Carries out the steps of one procedure that are for no device. */
export function createServerSteps(needs: ServerStepsNeeds) {
	const { claimed, journal, engine, facts, clock } = needs;
	const stop = AbortSignal.any([needs.gone, needs.cancelled]);

	/** @throws Suspended while it waits, LetGo */
	return async (
		step: ProgramStep,
		type: ServerStepType,
		row: JournalRow,
		{ variables, devices }: { variables: Variables; devices: ProcedureDevice[] },
	): Promise<StepEnd> => {
		const at = step.path;
		let seen = { ...variables.forAll(), ...facts };
		let given: unknown;
		let secrets: unknown[] = [];
		try {
			if (row.state === null && step.when !== null && !(await isTrue(engine, step.when, seen, { at: `${at}.when` }))) {
				return { status: "skipped", skip_reason: `Not when ${step.when}` };
			}
			const locals = (await resolveValues(engine, step.locals, seen, { at })) as Record<string, unknown>;
			secrets = journal.learn([locals]);
			seen = { ...seen, ...locals };
			const { given: mixed, raw } = apart(step.with, type.own_templates);
			given = { ...((await resolveValues(engine, mixed, seen, { at })) as Record<string, unknown>), ...raw };
		} catch (error) {
			return { status: "failed", error: errorOf(error), output: { secrets } };
		}
		const end = await runServerStep(needs, {
			step: { id: step.id, path: step.path, key: keyOutside(row), name: step.name },
			type,
			given,
			state: row.state ?? undefined,
			waits_for_run: row.waits_for_run,
			tries: (row.output?.evaluated as Tries | undefined) ?? { tried: 0, anew: 0 },
			retries: step.retries,
			timeout_s: step.timeout_s,
			started_at: new Date(row.started_at ?? clock.now()),
			devices,
			expectRun: (run_id) => journal.expectRun(row, run_id),
			isTrue: (expression) => isTrue(engine, expression, { ...seen, ...variables.forAll() }),
			stop,
		});
		if (needs.gone.aborted) throw new LetGo();
		if ("wait" in end) {
			const { state, until, waiting_for } = end.wait;
			const waits_for_run = waiting_for.kind === "run" ? waiting_for.run_id : null;
			await journal.wait(row, { state, output: { evaluated: end.tries, secrets }, waits_for_run });
			const since = row.started_at ?? clock.now().toISOString();
			throw new Suspended({
				wake_at: until ?? null,
				waiting_for: { step: step.path, ...waiting_for, since } as Suspended["wait"]["waiting_for"],
			});
		}
		const { result, error } = end;
		if (needs.cancelled.aborted && error !== undefined) return { status: "cancelled", result };
		if (error !== undefined) return { status: "failed", result, error, output: { secrets } };
		const saved = step.save_to_variable === null ? {} : { value: result };
		return { status: "succeeded", result, output: { secrets, ...saved } };
	};

	/** Names what a step asks of others, so that it is not asked for twice: the same after a crash, another where a person has it done again. */
	function keyOutside({ carried_from, key, decision }: JournalRow): string {
		const again = decision?.action === "retry" ? `@${decision.at}` : "";
		return `${carried_from ?? claimed.run_id}/${key}${again}`;
	}
}
