import type { backupApi } from "@netconductor/contracts/backup/api";
import type { Connection } from "@netconductor/contracts/devices/connection";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Clock } from "@netconductor/runtime/clock";
import { createLineMasker } from "@netconductor/runtime/config-text";
import { isAppError, toAppError } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { Log } from "@netconductor/runtime/log";
import { runWithTraceparent, withSpan } from "@netconductor/runtime/telemetry";
import type { OutputWriter } from "../output/output-writer.ts";
import type { Step, StepContext, StepRegistry } from "../steps/step.ts";
import type { DeviceAccess } from "./device-access.ts";
import { toOperationError } from "./operation-error.ts";
import { type ClaimedOperation, type Ending, type OperationStore, writeUnknown } from "./operation-store.ts";
import { followOutput, outcomeOfError, type Speaker } from "./outcome.ts";

export interface ExecuteNeeds {
	store: OperationStore;
	steps: StepRegistry;
	output: OutputWriter;
	access: DeviceAccess;
	backup: Client<typeof backupApi, CallerContext>;
	tasks: Pick<Client<typeof tasksApi, CallerContext>, "revealInput">;
	ownAccount(): CallerContext;
	clock: Clock;
	log: Log;
	/** Called when an operation began or ended. */
	onChange(run_id: string, operation_id: string): void;
	/** Called when an operation was left to workers of another pool. */
	onMoved(): void;
}

/** Whoever executes: its id, and how it is told to stop. */
export interface Executor {
	worker_id: string;
	/** Aborts when the worker may not go on: its lease was lost or it stops. What it had is then another's. */
	gone: AbortSignal;
	/** Aborts when the operation's run is cancelled. */
	cancelled: AbortSignal;
}

/** An operation that costs its worker the life every time must not go round for ever. */
const mostAttempts = 5;
/** What became of an operation here. `parked`: this worker has to let go of it, or does not reach its device; another takes it up. */
export type Outcome = "done" | "parked";

/**
 * Executes one operation that was claimed. Whatever happens to this process meanwhile, an operation ends once: every change asks whether this
 * attempt is still the latest one.
 */
export function executeOperation(needs: ExecuteNeeds) {
	const { store, steps, output, access, clock, log } = needs;

	return (claimed: ClaimedOperation, executor: Executor): Promise<Outcome> =>
		runWithTraceparent(claimed.traceparent ?? undefined, () =>
			withSpan(
				`operation ${claimed.step_type}`,
				{ "run.id": claimed.run_id, "operation.id": claimed.id, "device.name": claimed.device_name },
				() => carryOut(claimed, executor),
			),
		);

	async function carryOut(claimed: ClaimedOperation, executor: Executor): Promise<Outcome> {
		const step = steps.get(claimed.step_type);
		const { cancelled } = executor;
		const signal = AbortSignal.any([executor.gone, cancelled]);
		let ending: Ending | "moved";
		if (claimed.write_started) ending = { status: "unknown", error: writeUnknown };
		else if (claimed.cancel_requested) ending = { status: "cancelled" };
		else if (claimed.tries > mostAttempts) ending = { status: "failed", error: lostTooOften(claimed) };
		else if (step === undefined) ending = { status: "failed", error: unknownStep(claimed) };
		else {
			needs.onChange(claimed.run_id, claimed.id);
			ending = await runStep(step, claimed, executor, signal);
			if (executor.gone.aborted || ending === "moved") return "parked";
			if (cancelled.aborted && ending.status === "failed") ending = cancelledEnding(step, ending);
		}
		if (ending.error && ending.outcome === undefined)
			ending = { ...ending, outcome: outcomeOfError(ending.error, claimed) };
		while (!(await recorded(claimed, executor, ending))) {
			if (await isGone(500, executor)) return "parked";
		}
		return "done";
	}

	async function recorded(claimed: ClaimedOperation, executor: Executor, ending: Ending): Promise<boolean> {
		try {
			const mine = await store.finish(claimed, executor.worker_id, ending);
			if (mine) needs.onChange(claimed.run_id, claimed.id);
			else log.warn({ operation_id: claimed.id }, "an operation was taken over meanwhile; its result here is dropped");
			return true;
		} catch (err) {
			// Only the database or a mistake of ours gets here; the operation is not lost by either.
			log.error({ err, operation_id: claimed.id }, "the end of an operation could not be stored; trying again");
			return false;
		}
	}

	async function runStep(
		step: Step,
		claimed: ClaimedOperation,
		executor: Executor,
		signal: AbortSignal,
	): Promise<Ending | "moved"> {
		const lines = output.open(claimed.run_id, claimed.id);
		const speaker: Speaker = { device_name: claimed.device_name };
		const followed = step.outcome === undefined ? followOutput() : undefined;
		const print = (text: string) => {
			lines.add(text);
			followed?.add(text, speaker);
		};
		try {
			const { device_id, run_id, id: operation_id } = claimed;
			const connection = await access.connection({ device_id, run_id, operation_id }, signal);
			Object.assign(speaker, { host: connection.host, port: connection.port });
			if (step.mode === "write" && !(await store.startWriting(claimed, executor.worker_id))) {
				throw new Error("the operation was taken over before it began to write");
			}
			const context = contextOf(step, claimed, { connection, worker_id: executor.worker_id }, signal, print);
			const { result, error, unknown, skip_rest } = await step.run(context);
			if (error === undefined) {
				return { status: "succeeded", result, outcome: step.outcome?.(result) ?? followed?.outcome(), skip_rest };
			}
			lines.add(error.message);
			await access.noteRefusedKey(error, claimed.run_id, signal);
			const status = unknown === true ? "unknown" : "failed";
			return { status, result, error, outcome: outcomeOfError(error, speaker) };
		} catch (thrown) {
			if (await moved(claimed, executor, thrown)) return "moved";
			const error = toOperationError(thrown);
			// What was cut off by a cancel or by the worker's end threw because it was told to.
			if (!isAppError(thrown) && !signal.aborted)
				log.error({ err: thrown, operation_id: claimed.id, step: step.type }, "a step failed unexpectedly");
			if (!signal.aborted) {
				lines.add(error.message);
				await access.noteRefusedKey(error, claimed.run_id, signal);
			}
			return { status: "failed", error, outcome: outcomeOfError(error, speaker) };
		} finally {
			if (!executor.gone.aborted) await lines.flush();
		}
	}

	/** Whether another pool's workers reach the device by now, and the operation is theirs from now on. */
	async function moved(claimed: ClaimedOperation, { worker_id }: Executor, thrown: unknown): Promise<boolean> {
		const { code, details } = toAppError(thrown);
		if (code !== "devices.other_pool" || typeof details?.worker_pool !== "string") return false;
		const isMoved = await store.moveToPool(claimed, worker_id, details.worker_pool);
		if (isMoved) {
			needs.onChange(claimed.run_id, claimed.id);
			needs.onMoved();
		}
		return isMoved;
	}

	function contextOf(
		step: Step,
		claimed: ClaimedOperation,
		{ connection, worker_id }: { connection: Connection; worker_id: string },
		signal: AbortSignal,
		add: (text: string) => void,
	): StepContext<never> {
		const mask = createLineMasker(connection.platform);
		const { id, run_id, device_id, device_name } = claimed;
		return {
			params: step.params.parse(claimed.params) as never,
			operation: { id, run_id, device_id, device_name },
			run: { subject: claimed.subject, started_by: claimed.started_by_name },
			async input() {
				const body = { worker_id, attempt: claimed.attempts };
				const { input } = await access.patiently(signal, () =>
					needs.tasks.revealInput({ params: { id }, body }, { ...needs.ownAccount(), signal }),
				);
				return input;
			},
			earlier: (step_id) => claimed.earlier[step_id] ?? undefined,
			connection,
			session_options: {
				signal,
				onHostKey: (key) => access.noteNewKey(key, run_id, signal),
			},
			log: add,
			show: (text) => add(text.replace(/\n$/, "").split("\n").map(mask).join("\n")),
			backup: {
				recordBackup: (input) =>
					access.patiently(signal, () => needs.backup.recordBackup(input, { ...needs.ownAccount(), signal })),
				readCurrent: (input) =>
					access.patiently(signal, () => needs.backup.readCurrent(input, { ...needs.ownAccount(), signal })),
			},
		};
	}

	/** Waits, and says whether the worker has to let go. */
	async function isGone(wait_ms: number, { gone }: Executor): Promise<boolean> {
		await clock.sleep(wait_ms, gone).catch(() => {});
		return gone.aborted;
	}
}

/** A read that was cut off did nothing; of a write that was cut off nobody knows how far it got, unless it says itself what came of it. */
function cancelledEnding(step: Step, ending: Ending): Ending {
	if (step.mode === "write") return ending.result == null ? { status: "unknown", error: cancelledWrite } : ending;
	return { ...ending, status: "cancelled", error: null, outcome: null };
}

const cancelledWrite = {
	...writeUnknown,
	message:
		"The run was cancelled after this operation had begun to write to the device. Whether the change was made is not known. Look at the device, then run it again or leave it.",
};

function lostTooOften({ device_name, tries }: ClaimedOperation) {
	return {
		code: "operations.worker_lost",
		message: `The worker was lost ${tries - 1} times while it worked on ${device_name}; it was not tried again. Look at the log of the workers.`,
	};
}

function unknownStep({ step_type }: ClaimedOperation) {
	return {
		code: "runs.unknown_step",
		message: `This worker does not know the step ${step_type}. Is it of another version?`,
	};
}
