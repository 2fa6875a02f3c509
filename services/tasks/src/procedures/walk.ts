import type { OperationError } from "@netconductor/contracts/tasks/model";
import type { Procedure, ProgramStep } from "@netconductor/contracts/tasks/procedure";
import type { TemplateEngine } from "@netconductor/templating/engine";
import { isTrue } from "@netconductor/templating/expressions";
import type { DeviceRunner, ProcedureDevice } from "./device-runner.ts";
import { createDeviceSteps } from "./device-steps.ts";
import { Elsewhere, Halted, LetGo, RollBack, Stopped, Suspended } from "./ends.ts";
import { createFlowSteps, evaluated, Faulty, type Scope } from "./flow-steps.ts";
import type { Hide } from "./hide-secrets.ts";
import { leaveAwaited } from "./leave-awaited.ts";
import type { ConductedProcedure, JournalRow, ProcedureStore, StepEnd } from "./procedure-store.ts";
import { homePool, nameOf } from "./program.ts";
import type { StepTypes } from "./registry.ts";
import type { ServerStepNeeds } from "./server-runner.ts";
import { createServerSteps } from "./server-steps.ts";
import { asking, createStepJournal, isOver } from "./step-journal.ts";
import type { DeviceStepType, FlowStepType } from "./step-type.ts";
import { takeBackChanges, takeBackKey } from "./take-back-changes.ts";
import { createVariables } from "./variables.ts";

export interface WalkNeeds extends ServerStepNeeds {
	procedure: Procedure;
	claimed: ConductedProcedure;
	types: StepTypes;
	store: ProcedureStore;
	/** Steps that have begun. */
	steps: readonly JournalRow[];
	engine: TemplateEngine;
	devices: DeviceRunner;
	takeBack: DeviceStepType;
	/** Aborts when this worker may not go on. */
	gone: AbortSignal;
	/** Aborts when no further step is to begin here: the worker ends, another goes on. */
	leaving: AbortSignal;
	cancelled: AbortSignal;
	hide: Hide;
	onSteps(): void;
}

export interface Walk {
	/** Carries out the steps, or comes to what those that have been saved where all is to be taken back. @throws what `ends.ts` says */
	main(): Promise<void>;
	/** Takes back what was changed, then carries out the steps for after that. @throws what `ends.ts` says */
	rollBack(): Promise<void>;
}

/**
 * Walks through a procedure from its first step. What the journal says of a step that has ended is taken as it is, so that whoever takes a procedure
 * up after another worker, or after a wait, comes to the same place with the same variables and carries out nothing twice.
 */
export function createWalk(needs: WalkNeeds): Walk {
	const { procedure, claimed, types, store, engine } = needs;
	const dropped = new Set<string>();
	const variables = createVariables(procedure.variables);
	const facts = {
		run: { id: claimed.run_id, title: claimed.title, reason: procedure.reason, started_by: claimed.starter.name },
	};
	const journal = createStepJournal(needs);
	const around = { ...needs, journal, facts };
	const onServer = createServerSteps(around);
	const deviceSteps = createDeviceSteps(around);
	const ending = AbortSignal.any([needs.gone, needs.cancelled, needs.leaving]);
	const flowSteps = createFlowSteps({ ...around, ending, walkList });
	const home = homePool(procedure);
	const takeBack = takeBackChanges({ ...around, deviceSteps });

	async function walkList(list: readonly ProgramStep[], scope: Scope): Promise<void> {
		const times = new Map<string, number>();
		for (let at = 0; at < list.length; ) {
			const step = list[at] as ProgramStep;
			const time = (times.get(step.id) ?? 0) + 1;
			times.set(step.id, time);
			const key = `${scope.key}${step.id}:${time}`;
			if ((scope.closed || scope.halted()) && !hasBeen(step, key)) throw new Halted();
			const row = await walkStep(step, key, scope);
			const goto = onward(step, row, scope);
			at = goto === undefined ? at + 1 : list.findIndex(({ id }) => id === goto);
			if (at < 0) throw new Stopped("failed", `Step ${step.path} goes to ${goto}, which is not in its list`);
		}
	}

	function hasBeen(step: ProgramStep, key: string): boolean {
		const known = journal.of(key);
		return known !== undefined && (isOver(known) || types.get(step.type)?.runs_on === "flow");
	}

	/** Where the procedure goes on after a step; undefined: with the next one. @throws what ends it */
	function onward(step: ProgramStep, row: JournalRow, scope: Scope): string | undefined {
		const decided = row.decision?.action;
		const why = `Step ${nameOf(step)} failed${row.error === null ? "" : `: ${row.error.message}`}`;
		if (row.status === "unknown") throw new Stopped("unknown", why);
		if (row.status === "cancelled") {
			// Where the procedure is not cancelled, a step beside this one ended what both stand in, on purpose: that step says how.
			throw needs.cancelled.aborted ? new Stopped("cancelled", "It was cancelled") : new Halted();
		}
		if (row.status === "skipped") return undefined;
		if (row.status === "succeeded") {
			if (typeof step.on_success === "object") return step.on_success.goto;
			if (step.on_success === "stop") throw new Stopped("succeeded", `Step ${nameOf(step)} ended the procedure`);
			return undefined;
		}
		const action = decided === undefined || decided === "retry" || decided === "succeed" ? step.on_failure : decided;
		if (typeof action === "object") return action.goto;
		switch (action) {
			case "continue":
				return undefined;
			case "drop_devices": {
				const failing = failedDevicesOf(row);
				// What is wrong with none of them in particular is wrong with all.
				if (failing.length === 0) throw new Stopped("failed", `${why}. It failed for no device that could be left out`);
				for (const device_id of failing) dropped.add(device_id);
				const left = devicesOf(step, scope).length;
				if (left === 0) throw new Stopped("failed", `${why}. No device is left`);
				return undefined;
			}
			case "rollback":
				if (scope.phase === "main") throw new RollBack(why);
				throw new Stopped("failed", why);
			default:
				throw new Stopped("failed", why);
		}
	}

	/** Of a step that has others in it, those of them. */
	function failedDevicesOf({ key, output }: JournalRow): string[] {
		const within = journal.within(key).filter(({ status }) => status === "failed");
		return [output, ...within.map((row) => row.output)].flatMap((one) => one?.failed_devices ?? []);
	}

	function devicesOf(step: Pick<ProgramStep, "targets">, scope: Scope): ProcedureDevice[] {
		const wanted = step.targets === null ? scope.devices : new Set(step.targets);
		return procedure.targets.filter(
			({ device_id }) => (wanted === undefined || wanted.has(device_id)) && !dropped.has(device_id),
		);
	}

	async function walkStep(step: ProgramStep, key: string, scope: Scope): Promise<JournalRow> {
		const type = types.get(step.type);
		if (type === undefined) throw new Stopped("failed", `This worker does not know the step type ${step.type}`);
		const known = journal.of(key);
		if (type.runs_on === "flow") return walkFlow(step, type, key, scope);
		if (known !== undefined && isOver(known)) {
			if (known.asks && !scope.closed) throw asking(known);
			return saved(known, scope);
		}
		if (type.runs_on === "server" && claimed.worker_pool !== home) throw new Elsewhere(home);
		const row = known?.status === "waiting" ? known : await journal.begin(step, key, scope.phase, known);
		const given = { variables: scope.variables, devices: devicesOf(step, scope) };
		const end =
			type.runs_on === "server"
				? await onServer(step, type, row, given)
				: await deviceSteps.carryOut(step, type, row, { ...given, again: known !== undefined });
		return finish(step, row, end, scope);
	}

	async function finish(step: ProgramStep, row: JournalRow, end: StepEnd, scope: Scope): Promise<JournalRow> {
		return saved(await journal.finish(step, row, end), scope);
	}

	/** What a step saved is there for those after it. */
	function saved(row: JournalRow, { variables }: Scope): JournalRow {
		const { status, saved_variable, output, seq } = row;
		if (status === "succeeded" && saved_variable !== null && output !== null) {
			variables.save(saved_variable, output, seq);
		}
		return row;
	}

	async function walkFlow(step: ProgramStep, type: FlowStepType, key: string, scope: Scope): Promise<JournalRow> {
		const known = journal.of(key);
		if (known?.status === "skipped") return known;
		if (known !== undefined && isOver(known)) return throughFlow(step, type, known, scope);
		if (known !== undefined && scope.closed) {
			await flowSteps.within(step, type, known, scope);
			throw new Halted();
		}
		const row =
			known !== undefined && known.status !== "pending"
				? known
				: await journal.begin(step, key, scope.phase, known, true);
		const seen = { ...scope.variables.forAll(), ...facts };
		const settle = async (error: OperationError): Promise<JournalRow> => {
			await journal.dropQuestions(key);
			return finish(step, row, { status: "failed", error }, scope);
		};
		let output: Pick<StepEnd, "result" | "output">;
		try {
			const { when } = step;
			const hasBegun = row.output !== null || journal.within(key).length > 0;
			if (when !== null && !hasBegun) {
				const holds = await evaluated(() => isTrue(engine, when, seen, { at: `${step.path}.when` }));
				if (!holds) return finish(step, row, { status: "skipped", skip_reason: `Not when ${when}` }, scope);
			}
			output = await flowSteps.within(step, type, row, scope);
		} catch (end) {
			if (end instanceof Faulty || end instanceof Stopped || end instanceof RollBack) await leaveWithin(key, end);
			if (end instanceof Faulty) return settle(end.error);
			if (end instanceof Stopped && end.status === "failed") return settle(stepFailed(end));
			if (end instanceof RollBack || (end instanceof Stopped && end.status === "unknown")) {
				await settle(stepFailed(end)).catch(() => {});
			} else if (end instanceof Stopped) {
				await journal.endWith(row, end.status === "succeeded" ? "succeeded" : "cancelled");
			}
			throw end;
		}
		return finish(step, row, { status: "succeeded", ...output }, scope);
	}

	/**
	 * What runs began beside what ended a step does not go on without anybody who waits for it: the procedure goes on, or takes back. Where it ended
	 * on purpose nothing failed.
	 */
	async function leaveWithin(key: string, end: Faulty | Stopped | RollBack): Promise<void> {
		const on_purpose = end instanceof Stopped && (end.status === "succeeded" || end.status === "cancelled");
		for (const row of journal.within(key)) {
			const { waits_for_run: run_id } = row;
			if (isOver(row) || run_id === null) continue;
			const left =
				(await leaveAwaited(needs, run_id)) ?? `The run that it began, ${run_id}, had ended by then, or not begun`;
			const result = { run_id };
			const message = `What it stands in came to an end. ${left}`;
			await journal.finish(
				{ save_to_variable: null, on_failure: "stop" },
				row,
				on_purpose
					? { status: "cancelled", result }
					: { status: "failed", result, error: { code: "procedure.step_failed", message, details: result } },
			);
		}
	}

	/** A step that has ended, with others in it: what they saved is there again, and it came to what it came to. */
	async function throughFlow(
		step: ProgramStep,
		type: FlowStepType,
		known: JournalRow,
		scope: Scope,
	): Promise<JournalRow> {
		if (known.asks && !scope.closed) throw asking(known);
		try {
			await flowSteps.within(step, type, known, { ...scope, closed: true });
		} catch (end) {
			if (!isEnd(end) && !(end instanceof Faulty)) throw end;
			const all = end instanceof RollBack || (end instanceof Stopped && end.status !== "failed");
			// A person's decision on it outweighs what it came to.
			if (all && known.decision === null) throw end;
		}
		return saved(known, scope);
	}

	return {
		async main() {
			await store.settleLeft(claimed);
			// Once taking back has begun, or where the run is for nothing else, nothing is carried out but that.
			const closed = journal.of(takeBackKey) !== undefined || claimed.restarted?.what === "rollback";
			const scope = { key: "", variables, devices: undefined, phase: "main" as const, halted: () => false, closed };
			try {
				await walkList(procedure.steps, scope);
			} catch (end) {
				if (!closed || end instanceof RollBack || !(isEnd(end) || end instanceof Faulty)) throw end;
			}
			if (closed) throw new RollBack("It was being taken back");
		},
		async rollBack() {
			await takeBack();
			dropped.clear();
			const scope = { variables, devices: undefined, halted: () => false, closed: false };
			try {
				await walkList(procedure.rollback, { ...scope, key: "rollback/", phase: "rollback" });
			} catch (end) {
				// It ends these steps, and makes no success of what was taken back.
				if (!(end instanceof Stopped && end.status === "succeeded")) throw end;
			}
		},
	};
}

function stepFailed({ message }: Error): OperationError {
	return { code: "procedure.step_failed", message };
}

function isEnd(thrown: unknown): boolean {
	return [Stopped, RollBack, Suspended, LetGo, Halted].some((kind) => thrown instanceof kind);
}
