import type { backupApi } from "@netconductor/contracts/backup/api";
import type { Connection } from "@netconductor/contracts/devices/connection";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { tasksApi } from "@netconductor/contracts/tasks/api";
import type { OperationError } from "@netconductor/contracts/tasks/model";
import type { Procedure, Retries } from "@netconductor/contracts/tasks/procedure";
import { openSession, type Session } from "@netconductor/driver-core/session";
import type { Clock } from "@netconductor/runtime/clock";
import { createLineMasker } from "@netconductor/runtime/config-text";
import { failed, isAppError, toAppError } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { Log } from "@netconductor/runtime/log";
import type { DeviceAccess } from "../operations/device-access.ts";
import { toOperationError } from "../operations/operation-error.ts";
import { writeUnknown } from "../operations/operation-store.ts";
import { followOutput, outcomeOfError } from "../operations/outcome.ts";
import type { OutputWriter } from "../output/output-writer.ts";
import { LetGo } from "./ends.ts";
import type { ClaimedProcedure, NewOperation, ProcedureStore, StepOperation } from "./procedure-store.ts";
import { readParams } from "./read-params.ts";
import { waitBefore } from "./retries.ts";
import type { DeviceStepContext, DeviceStepResult, DeviceStepType, ProcedureRun } from "./step-type.ts";

export interface DeviceRunnerNeeds {
	store: ProcedureStore;
	output: OutputWriter;
	access: DeviceAccess;
	backup: Pick<Client<typeof backupApi, CallerContext>, "recordBackup">;
	tasks: Pick<Client<typeof tasksApi, CallerContext>, "keepUndo" | "revealUndo">;
	ownAccount(): CallerContext;
	clock: Clock;
	log: Log;
	/** Called when an operation began or ended. */
	onOperation(run_id: string, operation_id: string): void;
}

export type ProcedureDevice = Procedure["targets"][number];

/** A step as it is carried out on one device. */
export interface DeviceWork {
	type: DeviceStepType;
	/** Parameters with their values, or why there are none. */
	params: { value: unknown; error?: undefined } | { value?: undefined; error: OperationError };
	operation: NewOperation;
	/** Of a worker before. */
	before: StepOperation | undefined;
	retries: Retries;
	timeout_s: number | null;
}

/** How a step ended on a device. */
export interface DeviceEnd {
	status: "succeeded" | "skipped" | "failed" | "cancelled" | "unknown";
	result: Record<string, unknown> | null;
	error: OperationError | null;
	skip_reason: string | null;
}

export interface DeviceRunner {
	/** @throws LetGo when this worker may not go on */
	carryOut(device: ProcedureDevice, work: DeviceWork): Promise<DeviceEnd>;
	/** Closes the sessions that are open. */
	close(): Promise<void>;
}

/** Between two looks whether a device is free that another run works on, in milliseconds. */
const busyPause_ms = 250;

/** Errors after which the session can be used on. */
const harmless = /^(?:device\.command_failed|change\.|procedure\.|parse\.|template\.)/;
/** Errors after which nobody knows what a write came to. */
const cutOff = /^device\.(?:connection_lost|timeout|cancelled|output_too_large)$/;

interface Held {
	session: Session;
	end: AbortController;
}

/**
 * Carries steps out on the devices of one procedure. Sessions stay open from step to step; on each device one step is under way at a time, over
 * all runs.
 */
export function createDeviceRunner(
	needs: DeviceRunnerNeeds,
	claimed: ClaimedProcedure,
	run: ProcedureRun,
	{ gone, cancelled, hide }: { gone: AbortSignal; cancelled: AbortSignal; hide<T>(shown: T): T },
): DeviceRunner {
	const { store, access, clock, log } = needs;
	const mine = { ...claimed, mop_id: run.mop.id };
	const both = AbortSignal.any([gone, cancelled]);
	const connections = new Map<string, Connection>();
	const held = new Map<string, Held>();
	const turns = new Map<string, Promise<unknown>>();
	/** Output is stored together with that of others, a moment later: the next step does not wait for it, the end of the procedure does. */
	const flushing = new Set<Promise<void>>();

	/** One after another on a device: branches that run beside each other come to the same ones. */
	async function inTurn<T>(device_id: string, work: () => Promise<T>): Promise<T> {
		const before = turns.get(device_id) ?? Promise.resolve();
		const done = before.then(work, work);
		turns.set(
			device_id,
			done.catch(() => {}),
		);
		return done;
	}

	async function begin({ operation, before }: DeviceWork, again?: { id: string }) {
		for (;;) {
			const begun = await store.beginOperation(claimed, operation, again ?? before);
			if (begun === "gone") throw new LetGo();
			if (begun !== "busy") return begun;
			await clock.sleep(busyPause_ms, both).catch(() => {});
			if (gone.aborted) throw new LetGo();
			if (cancelled.aborted) return undefined;
		}
	}

	async function drop(device_id: string): Promise<void> {
		const kept = held.get(device_id);
		held.delete(device_id);
		kept?.end.abort(new Error("the session is not used any more"));
		await kept?.session.close();
	}

	async function sessionOf(
		device: ProcedureDevice,
		connection: Connection,
		run_id: string,
	): Promise<Held & { fresh: boolean }> {
		const kept = held.get(device.device_id);
		if (kept !== undefined && kept.session.mode !== "config") return { ...kept, fresh: false };
		if (kept !== undefined) await drop(device.device_id);
		const end = new AbortController();
		const signal = AbortSignal.any([both, end.signal]);
		const session = await openSession(connection, {
			signal,
			onHostKey: (key) => access.noteNewKey(key, run_id, signal),
		});
		const opened = { session, end };
		held.set(device.device_id, opened);
		return { ...opened, fresh: true };
	}

	/** One attempt. What a stale session lost before anything was written is begun once more over a new one. */
	async function attempt(
		device: ProcedureDevice,
		work: DeviceWork,
		operation_id: string,
	): Promise<DeviceEnd & { outcome: string | undefined }> {
		const { type, params, operation, timeout_s } = work;
		const lines = needs.output.open(claimed.run_id, operation_id);
		const speaker = { device_name: device.name };
		const followed = followOutput();
		const print = (text: string) => {
			const shown = hide(text);
			lines.add(shown);
			followed.add(shown, speaker);
		};
		const late = timeout_s === null ? undefined : AbortSignal.timeout(Math.ceil(timeout_s * 1000));
		const signal = late === undefined ? both : AbortSignal.any([both, late]);
		let writing = false;
		let stale = false;
		/** Ends when the attempt does: the session that stays open is the next step's. */
		const over = new AbortController();
		const failing = (error: OperationError, status: "failed" | "unknown", result: DeviceEnd["result"] = null) => {
			const shown = hide(error);
			lines.add(shown.message);
			return { status, result: hide(result), error: shown, skip_reason: null, outcome: outcomeOfError(shown, speaker) };
		};

		async function once(): Promise<DeviceStepResult> {
			const connection =
				connections.get(device.device_id) ??
				(await access.connection({ device_id: device.device_id, run_id: claimed.run_id, operation_id }, signal));
			connections.set(device.device_id, connection);
			Object.assign(speaker, { host: connection.host, port: connection.port });
			const mask = createLineMasker(connection.platform);
			const context: DeviceStepContext<unknown> = {
				params: readParams(type.params, params.value),
				operation: { id: operation_id, run_id: claimed.run_id, device_id: device.device_id, device_name: device.name },
				run,
				connection,
				signal,
				async session() {
					signal.throwIfAborted();
					const { session, end, fresh } = await sessionOf(device, connection, claimed.run_id);
					stale = !fresh;
					late?.addEventListener("abort", () => end.abort(late.reason), { once: true, signal: over.signal });
					return session;
				},
				session_options: { signal, onHostKey: (key) => access.noteNewKey(key, claimed.run_id, signal) },
				async beforeWriting() {
					if (!(await store.startWriting(operation_id, claimed.worker_id))) throw new LetGo();
					writing = true;
				},
				async keepUndo({ before, after }) {
					await access.patiently(signal, () =>
						needs.tasks.keepUndo(
							{ params: { id: operation_id }, body: { worker_id: claimed.worker_id, before, after } },
							needs.ownAccount(),
						),
					);
				},
				revealUndo: (id) =>
					access.patiently(signal, () =>
						needs.tasks.revealUndo(
							{ params: { id }, body: { worker_id: claimed.worker_id, run_id: claimed.run_id } },
							needs.ownAccount(),
						),
					),
				log: print,
				show: (text) => print(text.replace(/\n$/, "").split("\n").map(mask).join("\n")),
				backup: {
					recordBackup: (input) =>
						access.patiently(signal, () => needs.backup.recordBackup(input, { ...needs.ownAccount(), signal })),
				},
			};
			return type.run(context);
		}

		try {
			if (params.error !== undefined) return failing(params.error, "failed");
			let came: DeviceStepResult;
			try {
				came = await once();
			} catch (error) {
				if (!stale || writing || signal.aborted || toAppError(error).code !== "device.connection_lost") throw error;
				await drop(device.device_id);
				came = await once();
			}
			const { result, error, unknown, skipped } = came;
			if (error !== undefined) {
				await access.noteRefusedKey(error, claimed.run_id, signal);
				if (!harmless.test(error.code)) await drop(device.device_id);
				return failing(error, unknown === true && type.repeatable !== true ? "unknown" : "failed", result);
			}
			return {
				status: skipped === undefined ? "succeeded" : "skipped",
				result: hide(result),
				error: null,
				skip_reason: skipped === undefined ? null : hide(skipped),
				outcome: followed.outcome(),
			};
		} catch (thrown) {
			if (thrown instanceof LetGo || gone.aborted) throw new LetGo();
			const error = toOperationError(thrown);
			if (!harmless.test(error.code)) await drop(device.device_id);
			if (!isAppError(thrown) && !signal.aborted && !isBadInput(thrown)) {
				log.error({ err: thrown, operation_id, step: type.type }, "a step failed unexpectedly");
			}
			await access.noteRefusedKey(error, claimed.run_id, both);
			const unsure = writing && type.repeatable !== true && (cutOff.test(error.code) || signal.aborted);
			if (late?.aborted && !both.aborted)
				return failing(timedOut(operation.step_id, timeout_s), unsure ? "unknown" : "failed");
			if (cancelled.aborted) {
				if (unsure) return failing(writeUnknown, "unknown");
				return { status: "cancelled", result: null, error: null, skip_reason: null, outcome: undefined };
			}
			return failing(isBadInput(thrown) ? badParameters(thrown) : error, unsure ? "unknown" : "failed");
		} finally {
			over.abort();
			if (!gone.aborted) {
				const stored: Promise<void> = lines.flush().finally(() => flushing.delete(stored));
				flushing.add(stored);
			}
		}
	}

	async function carryOut(device: ProcedureDevice, work: DeviceWork): Promise<DeviceEnd> {
		const { before, retries } = work;
		if (before !== undefined && hasEnded(before, work.type)) {
			const { status, result, error, skip_reason } = before;
			return { status: status as DeviceEnd["status"], result, error, skip_reason };
		}
		let begun = await begin(work);
		if (begun === undefined) return { status: "cancelled", result: null, error: null, skip_reason: null };
		needs.onOperation(claimed.run_id, begun.id);
		// Whoever wrote could not record what came of it, and did not lose its lease either.
		const lost = before?.status === "running" && before.written && work.type.repeatable !== true;
		for (let tried = 0; ; tried++) {
			const { outcome, ...end } = lost ? notRecorded : await attempt(device, work, begun.id);
			const again = end.status === "failed" && tried < retries.count && !cancelled.aborted;
			if (again) {
				await clock.sleep(waitBefore(retries, tried), both).catch(() => {});
				if (gone.aborted) throw new LetGo();
				if (!cancelled.aborted) {
					begun = (await begin(work, begun)) ?? begun;
					continue;
				}
			}
			const operation = { ...work.operation, id: begun.id };
			const { skip_reason, ...ending } = end;
			const ended = { ...ending, outcome, ...(skip_reason !== null && { skip_reason }) };
			const kept = await access.patiently(gone, () => store.finishOperation(mine, operation, ended));
			if (!kept) throw new LetGo();
			needs.onOperation(claimed.run_id, begun.id);
			return end;
		}
	}

	return {
		carryOut: (device, work) => inTurn(device.device_id, () => carryOut(device, work)),
		async close() {
			await Promise.all(flushing);
			await Promise.all([...held.keys()].map(drop));
		},
	};
}

/** Whether a worker before has brought it to an end that stays. */
export function hasEnded({ status }: StepOperation, { repeatable }: DeviceStepType): boolean {
	return !(["running", "pending", "cancelled"].includes(status) || (status === "unknown" && repeatable === true));
}

const notRecorded = {
	status: "unknown",
	result: null,
	error: writeUnknown,
	skip_reason: null,
	outcome: undefined,
} as const;

function timedOut(step: string, timeout_s: number | null): OperationError {
	return { code: "procedure.step_timeout", message: `Step ${step} did not end within ${timeout_s} s` };
}

export function isBadInput(thrown: unknown): thrown is { issues: { path: PropertyKey[]; message: string }[] } {
	return thrown instanceof Error && thrown.name === "ZodError" && "issues" in thrown;
}

/** What is wrong with parameters once their templates have values. */
export function badParameters({ issues }: { issues: { path: PropertyKey[]; message: string }[] }): OperationError {
	const said = issues.slice(0, 5).map(({ path, message }) => `${path.map(String).join(".") || "with"}: ${message}`);
	const { code, message } = failed("procedure.bad_parameters", {
		message: `Parameters are not valid: ${said.join("; ")}`,
	});
	return { code, message };
}
