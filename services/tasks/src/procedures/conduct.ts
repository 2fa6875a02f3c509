import type { Clock } from "@netconductor/runtime/clock";
import { toAppError } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { Outbound } from "@netconductor/runtime/http/outbound";
import type { Log } from "@netconductor/runtime/log";
import { runWithTraceparent, withSpan } from "@netconductor/runtime/telemetry";
import type { TemplateEngine } from "@netconductor/templating/engine";
import { type ApprovalNeeds, allowed } from "./approval.ts";
import { createDeviceRunner, type DeviceRunnerNeeds } from "./device-runner.ts";
import { Elsewhere, LetGo, RollBack, Stopped, Suspended } from "./ends.ts";
import { hideSecrets } from "./hide-secrets.ts";
import { createJournalSeal } from "./journal-seal.ts";
import { leaveAwaited } from "./leave-awaited.ts";
import type { ClaimedProcedure, ProcedureStore } from "./procedure-store.ts";
import type { StepTypes } from "./registry.ts";
import type { DeviceStepType, ServerStepClients } from "./step-type.ts";
import { createWalk } from "./walk.ts";

export interface ConductNeeds extends Omit<DeviceRunnerNeeds, "tasks" | "backup"> {
	store: ProcedureStore;
	types: StepTypes;
	takeBack: DeviceStepType;
	engine: TemplateEngine;
	outbound: Outbound;
	clients: ServerStepClients & Pick<ApprovalNeeds, "scheduling">;
	ownAccount(): CallerContext;
	clock: Clock;
	log: Log;
	/** Called when the run's state changed. */
	onRun(run_id: string): void;
	/** Called when steps of the run changed. */
	onSteps(run_id: string): void;
	/** Called when workers of another pool are to go on. */
	onMoved(): void;
}

export interface Conducting {
	/** Aborts when this worker may not go on: whatever is under way is dropped. */
	gone: AbortSignal;
	/** Aborts when no further step is to begin here. */
	leaving: AbortSignal;
	/** Aborts when the run is cancelled. */
	cancelled: AbortSignal;
}

/** Before a procedure is taken up again that could not be carried on for a while, in milliseconds. */
const again_ms = 2_000;

/**
 * Conducts a procedure as far as it goes: to its end, or to where it has to wait. Never throws: what cannot be carried on now is given back, to be
 * taken up again.
 */
export function conduct(needs: ConductNeeds) {
	const { store, access, clients, clock, log } = needs;

	return (claimed: ClaimedProcedure, conducting: Conducting): Promise<void> =>
		runWithTraceparent(claimed.traceparent ?? undefined, () =>
			withSpan("procedure", { "run.id": claimed.run_id }, async () => {
				needs.onRun(claimed.run_id);
				try {
					const end = await goOn(claimed, conducting);
					await patiently(conducting.gone, () => settle(claimed, end, conducting));
				} catch (err) {
					log.warn(
						{ err, run_id: claimed.run_id },
						"a procedure could not be given back; its worker's end gives it back",
					);
				}
				needs.onSteps(claimed.run_id);
				needs.onRun(claimed.run_id);
			}),
		);

	/** Answers how it came to a standstill: an end of `ends.ts`, another error, or nothing when all steps are done. */
	async function goOn(claimed: ClaimedProcedure, conducting: Conducting): Promise<unknown> {
		const { run_id, worker_id } = claimed;
		let devices: ReturnType<typeof createDeviceRunner> | undefined;
		const hide = hideSecrets([]);
		try {
			if (claimed.cancel_requested || claimed.restarted?.what === "rollback") await store.settleLeft(claimed);
			if (claimed.cancel_requested) throw new Stopped("cancelled", "It was cancelled");
			const { procedure, journal_key } = await access.patiently(conducting.gone, () =>
				clients.tasks.revealProcedure({ params: { id: run_id }, body: { worker_id } }, needs.ownAccount()),
			);
			hide.add(procedure.secret_variables.map((name) => procedure.variables[name]));
			await allowed({ ...needs, ...clients, hide, signal: conducting.gone }, claimed, procedure);
			const run = {
				id: run_id,
				title: claimed.title,
				reason: procedure.reason,
				started_by: claimed.starter.name,
				mop: procedure.mop,
				procedure_sha256: claimed.sha256,
			};
			const conducted = { ...claimed, seal: createJournalSeal(journal_key) };
			const steps = await store.steps(conducted);
			devices = createDeviceRunner({ ...needs, tasks: clients.tasks, backup: clients.backup }, claimed, run, {
				...conducting,
				hide,
			});
			const walk = createWalk({
				...needs,
				...conducting,
				procedure,
				claimed: conducted,
				run,
				hide,
				devices,
				steps,
				onSteps: () => needs.onSteps(run_id),
			});
			try {
				await walk.main();
			} catch (end) {
				if (end instanceof Stopped && end.status === "succeeded") return (await passedOver(claimed)) ?? end;
				if (!(end instanceof RollBack)) throw end;
				await walk.rollBack();
				if (claimed.restarted?.what === "rollback") return new Stopped("succeeded", "What was changed was taken back");
				return new Stopped("failed", hide(`${end.message}. What was changed was taken back`));
			}
			return await passedOver(claimed);
		} catch (end) {
			return end instanceof Stopped ? new Stopped(end.status, hide(end.message)) : end;
		} finally {
			await devices?.close();
		}
	}

	/** A procedure that came to its end although steps of it failed. */
	async function passedOver({ run_id }: ClaimedProcedure): Promise<Stopped | undefined> {
		const failed = await store.failedSteps(run_id);
		if (failed.length === 0) return undefined;
		const steps = failed.length === 1 ? "1 step" : `${failed.length} steps`;
		return new Stopped(
			"failed",
			`${steps} failed and the procedure went on: ${[...new Set(failed)].slice(0, 5).join(", ")}`,
		);
	}

	/** Held on to, nobody would take it up for as long as this worker lives. */
	async function patiently(gone: AbortSignal, work: () => Promise<void>): Promise<void> {
		for (;;) {
			try {
				return await work();
			} catch (err) {
				if (gone.aborted) throw err;
				log.debug({ err }, "a procedure could not be given back yet; trying again");
				await clock.sleep(again_ms, gone);
			}
		}
	}

	function soon(): Suspended["wait"] {
		return { wake_at: new Date(clock.now().getTime() + again_ms), waiting_for: null };
	}

	async function settle(claimed: ClaimedProcedure, end: unknown, { gone, leaving }: Conducting): Promise<void> {
		if (gone.aborted) return;
		// What is another worker's stays so; a word that came meanwhile, or what could not be recorded, is seen when it is taken up again.
		if (end instanceof LetGo) return store.release(claimed, soon());
		if (end instanceof Elsewhere) {
			await store.handOver(claimed, end.worker_pool);
			return needs.onMoved();
		}
		if (end instanceof Suspended) return store.release(claimed, end.wait);
		if (end === undefined) return store.end(claimed, { status: "succeeded", reason: null });
		if (end instanceof Stopped) {
			// One that began while the procedure was cancelled was not there to be cancelled with it.
			for (const awaited of await store.awaitedRuns(claimed.run_id)) await leaveAwaited(needs, awaited);
			const reason = end.message.slice(0, 2_000);
			const status = end.status === "unknown" ? "needs_attention" : end.status;
			return store.end(claimed, { status, reason });
		}
		const error = toAppError(end);
		if (error.retryable || error.kind === "unavailable" || leaving.aborted) {
			log.warn({ err: end, run_id: claimed.run_id }, "a procedure cannot go on now; it is taken up again");
			return store.release(claimed, soon());
		}
		log.error({ err: end, run_id: claimed.run_id }, "a procedure ended unexpectedly");
		return store.end(claimed, { status: "failed", reason: error.message });
	}
}
