import type { OperationError } from "@netconductor/contracts/tasks/model";
import type { Procedure, Retries } from "@netconductor/contracts/tasks/procedure";
import type { Clock } from "@netconductor/runtime/clock";
import { isAppError } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { Outbound } from "@netconductor/runtime/http/outbound";
import type { Log } from "@netconductor/runtime/log";
import { toOperationError } from "../operations/operation-error.ts";
import { badParameters, isBadInput } from "./device-runner.ts";
import { LetGo } from "./ends.ts";
import { leaveAwaited } from "./leave-awaited.ts";
import type { ClaimedProcedure } from "./procedure-store.ts";
import { readParams } from "./read-params.ts";
import { waitBefore } from "./retries.ts";
import { coverOf, type NamesDevices } from "./start-procedure.ts";
import type {
	ProcedureRun,
	ServerStepClients,
	ServerStepContext,
	ServerStepResult,
	ServerStepType,
} from "./step-type.ts";

export interface ServerStepNeeds {
	claimed: ClaimedProcedure;
	run: ProcedureRun;
	procedure: Pick<Procedure, "not_after"> & NamesDevices;
	hide<T>(shown: T): T;
	clients: ServerStepClients;
	outbound: Outbound;
	ownAccount(): CallerContext;
	clock: Clock;
	log: Log;
}

export interface ServerWork {
	step: ServerStepContext<unknown>["step"];
	type: ServerStepType;
	/** Parameters with their values. */
	given: unknown;
	state: Record<string, unknown> | undefined;
	/** A run that it began and waits for. */
	waits_for_run: string | null;
	/** Of when it began to wait. */
	tries: Tries;
	retries: Retries;
	timeout_s: number | null;
	started_at: Date;
	devices: ServerStepContext<unknown>["devices"];
	isTrue: ServerStepContext<unknown>["isTrue"];
	expectRun: ServerStepContext<unknown>["expectRun"];
	/** Aborts when the run is cancelled or the worker has to let go. */
	stop: AbortSignal;
}

/** How often a step was tried again, and how often of that what it had waited for had failed. */
export interface Tries {
	tried: number;
	anew: number;
}

/**
 * Carries out a step that is for no device, again where it failed and may be tried again. What is thrown is its error. Where it waits no longer for a
 * run that it began, that run is cancelled and the step says so.
 * @throws what the call to cancel throws: the step is to be taken up again; LetGo
 */
export async function runServerStep(
	needs: ServerStepNeeds,
	work: ServerWork,
): Promise<ServerStepResult & { tries: Tries }> {
	const { type, retries, stop } = work;
	let { state } = work;
	let { tried, anew } = work.tries;
	for (; ; tried++) {
		const key = anew === 0 ? work.step.key : `${work.step.key}#${anew}`;
		let came = { ...(await attempt(needs, { ...work, step: { ...work.step, key }, state })), tries: { tried, anew } };
		if ("wait" in came || came.error === undefined || stop.aborted) return came;
		if (state !== undefined && work.waits_for_run !== null) {
			const left = await leaveAwaited(needs, work.waits_for_run);
			const { error, result } = came;
			if (left !== undefined) {
				const told = { ...error, message: `${error.message}. ${left}` };
				came = { ...came, result: { ...result, run_id: work.waits_for_run }, error: told };
			}
		}
		if (tried >= retries.count || timeLeft(needs, work) <= 0) return came;
		// What it waited for has failed: it begins anew, under another name for those outside.
		if (state !== undefined) anew++;
		state = undefined;
		await needs.clock.sleep(waitBefore(retries, tried), stop).catch(() => {});
		if (stop.aborted) return came;
		needs.log.debug({ step: type.type }, "a step is tried again");
	}
}

async function attempt(needs: ServerStepNeeds, work: ServerWork): Promise<ServerStepResult> {
	const { clock, log, claimed } = needs;
	const { type, stop } = work;
	const left_ms = timeLeft(needs, work);
	if (left_ms <= 0) return { result: {}, error: tooLate(work) };
	const late = left_ms === Number.POSITIVE_INFINITY ? undefined : AbortSignal.timeout(Math.ceil(left_ms));
	const signal = late === undefined ? stop : AbortSignal.any([stop, late]);
	try {
		const came = await type.run({
			params: readParams(type.params, work.given),
			step: work.step,
			run: needs.run,
			devices: work.devices,
			state: work.state,
			signal,
			not_after: needs.procedure.not_after ?? null,
			now: () => clock.now(),
			isTrue: work.isTrue,
			expectRun: work.expectRun,
			hide: needs.hide,
			clients: needs.clients,
			outbound: needs.outbound,
			onBehalf: () => ({ ...needs.ownAccount(), actor: claimed.starter, signal }),
			ownAccount: () => ({ ...needs.ownAccount(), signal }),
			starter: claimed.starter,
			cover: () => coverOf(needs.procedure, claimed.starter),
			log,
		});
		if (!("wait" in came) || late === undefined) return came;
		const ends = new Date(clock.now().getTime() + left_ms);
		const { until } = came.wait;
		return { wait: { ...came.wait, until: until === undefined || until > ends ? ends : until } };
	} catch (thrown) {
		if (thrown instanceof LetGo) throw thrown;
		if (isBadInput(thrown)) return { result: {}, error: badParameters(thrown) };
		if (late?.aborted && !stop.aborted) return { result: {}, error: tooLate(work) };
		if (!isAppError(thrown) && !signal.aborted)
			log.error({ err: thrown, step: type.type }, "a step failed unexpectedly");
		return { result: {}, error: toOperationError(thrown) };
	}
}

/** In milliseconds; the time that it waited counts, too. */
function timeLeft({ clock }: ServerStepNeeds, { timeout_s, started_at }: ServerWork): number {
	if (timeout_s === null) return Number.POSITIVE_INFINITY;
	return timeout_s * 1000 - (clock.now().getTime() - started_at.getTime());
}

function tooLate({ step, timeout_s }: ServerWork): OperationError {
	return { code: "procedure.step_timeout", message: `Step ${step.path} did not end within ${timeout_s} s` };
}

/** What is kept of an error of a template. */
export function errorOf(thrown: unknown): OperationError {
	return toOperationError(thrown);
}
