import type { OperationError } from "@netconductor/contracts/tasks/model";
import type { ProgramStep } from "@netconductor/contracts/tasks/procedure";
import type { Clock } from "@netconductor/runtime/clock";
import type { TemplateEngine } from "@netconductor/templating/engine";
import { isTrue, resolveValues } from "@netconductor/templating/expressions";
import { badParameters, isBadInput } from "./device-runner.ts";
import { RollBack, Stopped, Suspended, weightiest } from "./ends.ts";
import type { JournalRow, NewStep, StepEnd } from "./procedure-store.ts";
import { apart, nameOf } from "./program.ts";
import { readParams } from "./read-params.ts";
import { errorOf } from "./server-runner.ts";
import { isOver, type StepJournal } from "./step-journal.ts";
import type { FlowStepType } from "./step-type.ts";
import type { Variables } from "./variables.ts";

export interface FlowStepsNeeds {
	journal: StepJournal;
	engine: TemplateEngine;
	/** What every template is told besides variables. */
	facts: Record<string, unknown>;
	/** Aborts when no further step is to begin here, or the procedure is cancelled or another worker's. */
	ending: AbortSignal;
	clock: Clock;
	/** Carries out steps one after another. @throws what `ends.ts` says */
	walkList(steps: readonly ProgramStep[], scope: Scope): Promise<void>;
}

/** What a step stands in. */
export interface Scope {
	/** Before the keys of its steps. */
	key: string;
	variables: Variables;
	/** Ids of devices; undefined: all of the procedure's. */
	devices: ReadonlySet<string> | undefined;
	phase: NewStep["phase"];
	/** A branch beside it came to an end that ends them all. */
	halted: () => boolean;
	/** What it stands in has ended: what has been is walked through for its variables, nothing is carried out. */
	closed: boolean;
}

/** An evaluation that a step with others in it begins with went wrong. */
export class Faulty extends Error {
	readonly error: OperationError;
	constructor(error: OperationError) {
		super(error.message);
		this.error = error;
	}
}

/** What was evaluated once in a step with others in it. */
interface Kept {
	/** Parameters with their values. */
	given?: Record<string, unknown>;
	/** Of a condition. */
	holds?: boolean;
	/** Of a loop that goes on while something holds: rounds that have begun, and whether there is no other. */
	rounds?: number;
	over?: boolean;
}

/** @throws Faulty */
export async function evaluated<T>(work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		throw new Faulty(isBadInput(error) ? badParameters(error) : errorOf(error));
	}
}

/** Longest list of items that the journal keeps, as JSON. */
const longestItems = 1_000_000;

/** Between two moments at which a branch that waits beside others listens for a word on the procedure. */
const listenEvery_ms = 1_000;

/** Rounds of a loop that says no bound itself. */
const mostRounds = 1_000;

/** Carries out steps that have others in them. */
export function createFlowSteps(needs: FlowStepsNeeds) {
	const { journal, engine, facts, clock, walkList } = needs;

	/** Carries out what stands in a step. What it is decided by stays as it was first: branches beside it may save other values meanwhile. */
	async function within(
		step: ProgramStep,
		{ type, params: schema, own_templates = [] }: FlowStepType,
		row: JournalRow,
		around: Scope,
	): Promise<Pick<StepEnd, "result" | "output">> {
		const devices = step.targets === null ? around.devices : new Set(step.targets);
		const scope: Scope = { ...around, devices, key: `${row.key}/` };
		const { variables } = scope;
		const seen = { ...variables.forAll(), ...facts };
		const at = step.path;
		const kept = row.output?.evaluated as Kept | undefined;
		const { given: all, raw } = apart(step.with, own_templates);
		const given = Object.fromEntries(Object.entries(all).filter(([name]) => !Object.hasOwn(kept?.given ?? {}, name)));
		const keep = async (now: Kept): Promise<void> => {
			if (isOver(row) || scope.closed) return;
			await journal.keep(row, { evaluated: now });
		};
		const params = (await evaluated(async () => {
			const values = (await resolveValues(engine, given, seen, { at })) as Record<string, unknown>;
			return readParams(schema, { ...values, ...raw, ...kept?.given });
		})) as Record<string, unknown>;
		const block = (name: string) => step.blocks.filter((found) => found.name === name);
		switch (type) {
			case "parallel":
				return { result: { branches: await beside(block("branches"), scope) } };
			case "condition": {
				const holds =
					kept?.holds ?? (await evaluated(() => isTrue(engine, String(params.if), seen, { at: `${at}.if` })));
				if (kept === undefined) await keep({ holds });
				const chosen = block(holds ? "then" : "else")[0];
				if (chosen !== undefined) await walkList(chosen.steps, { ...scope, key: `${scope.key}${chosen.name}/` });
				return { result: { condition: holds } };
			}
			case "loop":
				return { result: { rounds: await loop(step, params, scope, kept, keep) } };
			case "run_mop": {
				const locals = (await evaluated(() => resolveValues(engine, step.locals, seen, { at }))) as Record<
					string,
					unknown
				>;
				journal.learn([locals]);
				const inner = variables.procedure(locals);
				for (const { steps } of step.blocks) await walkList(steps, { ...scope, variables: inner });
				return { result: { mop: params.mop ?? null }, output: { value: inner.saved() } };
			}
			case "rollback":
				throw new RollBack(String(params.reason ?? "") || `Step ${nameOf(step)} takes back what was changed`);
			default:
				throw new Stopped("failed", `Nobody knows how to carry out ${type}`);
		}
	}

	/**
	 * Carries out branches side by side. One that waits comes again when its time has come or somebody had a word on the procedure, however long
	 * the others take.
	 */
	async function beside(branches: readonly ProgramStep["blocks"][number][], scope: Scope): Promise<number> {
		let over = false;
		let going = branches.length;
		const halted = () => over || scope.halted();
		const idle = new AbortController();
		const onlyWaiting = AbortSignal.any([idle.signal, needs.ending]);
		async function untilNews(wake_at: Date | null, heard: number): Promise<void> {
			while (!onlyWaiting.aborted && journal.words() === heard) {
				const left_ms = wake_at === null ? listenEvery_ms : wake_at.getTime() - clock.now().getTime();
				if (left_ms <= 0) return;
				await clock.sleep(Math.min(left_ms, listenEvery_ms), onlyWaiting).catch(() => {});
				// Where it cannot be heard now, it is a moment later, or when the procedure is taken up again.
				if (!onlyWaiting.aborted) await journal.listen().catch(() => {});
			}
		}
		async function branch(steps: readonly ProgramStep[], key: string): Promise<void> {
			for (;;) {
				const heard = journal.words();
				try {
					await walkList(steps, { ...scope, halted, key });
					break;
				} catch (end) {
					// A branch that only waits leaves the others their way.
					if (!(end instanceof Suspended)) over = true;
					if (--going === 0 || over) idle.abort();
					if (!(end instanceof Suspended)) throw end;
					await untilNews(end.wait.wake_at, heard);
					if (onlyWaiting.aborted) throw end;
					going++;
				}
			}
			if (--going === 0) idle.abort();
		}
		const ends = await Promise.allSettled(
			branches.map(({ steps }, index) => branch(steps, `${scope.key}${index + 1}/`)),
		);
		const thrown = ends.flatMap((end) => (end.status === "rejected" ? [end.reason] : []));
		if (thrown.length > 0) throw weightiest(thrown);
		return branches.length;
	}

	async function loop(
		step: ProgramStep,
		params: Record<string, unknown>,
		scope: Scope,
		kept: Kept | undefined,
		keep: (now: Kept) => Promise<void>,
	): Promise<number> {
		const { variables } = scope;
		const as = String(params.as ?? "item");
		const most = typeof params.max === "number" ? params.max : mostRounds;
		const items = Array.isArray(params.items)
			? params.items
			: typeof params.count === "number"
				? Array.from({ length: params.count }, (_, index) => index)
				: undefined;
		if (items !== undefined && kept === undefined) {
			const { items: listed, count } = params;
			if (JSON.stringify(items).length <= longestItems)
				await keep({ given: listed === undefined ? { count } : { items: listed } });
		}
		let rounds = kept?.rounds ?? 0;
		const goesOn = async (round: number): Promise<boolean> => {
			if (items !== undefined) return round < items.length;
			if (round < rounds) return true;
			if (kept?.over === true) return false;
			const seen = { ...variables.forAll(), ...facts };
			const holds = await evaluated(() => isTrue(engine, String(params.while), seen, { at: `${step.path}.while` }));
			if (holds) rounds = round + 1;
			await keep({ rounds, over: !holds });
			return holds;
		};
		let round = 0;
		for (; await goesOn(round); round++) {
			if (round >= most)
				throw new Stopped(
					"failed",
					`The loop ${nameOf(step)} went round ${most} times, which is the most it may (\`max\`)`,
				);
			const last = items !== undefined && round === items.length - 1;
			const counted = { index: round + 1, index0: round, first: round === 0, last };
			const item = items === undefined ? {} : { [as]: items[round] };
			journal.learn([item]);
			const inner = variables.within({ ...item, loop: counted });
			for (const { steps } of step.blocks) {
				await walkList(steps, { ...scope, variables: inner, key: `${scope.key}${round + 1}/` });
			}
		}
		return round;
	}

	return { within };
}
