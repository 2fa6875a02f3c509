import { setTimeout as sleep } from "node:timers/promises";
import { type AppError, hasCode, isAppError, toAppError } from "@netconductor/runtime/errors";
import { forPeople, sessionError } from "../device-error.ts";
import type { Session } from "../session.ts";
import { isStillOpen, type Mechanism } from "./mechanism.ts";
import { type RunningConfig, readRunning } from "./running-config.ts";

/** What stands in an error of an applied change: an `AppError` is one. */
export interface OperationErrorLike {
	code: string;
	message: string;
	phase?: string | undefined;
	details?: Record<string, unknown> | undefined;
}

export type ChangeStage = "pushing" | "pushed" | "verifying" | "confirmed" | "rolling_back" | "rolled_back";

export interface ApplyOptions {
	/**
	 * Dead-man's time from the push, in milliseconds. Without confirmation by then the change is undone: by the device where it can (its timer is
	 * set to a little more, within what it allows), else by us, also over a new session when this one is lost.
	 */
	confirm_within_ms: number;
	/** What the plan was approved against. */
	expected?: { running_sha256: string } | undefined;
	/** Post-checks. They get a session that was opened after the push: that it could be is the first of them. */
	verify: (session: Session) => Promise<void>;
	/** Awaited with the configuration that the change made, before it is confirmed. A rejection undoes the change. */
	beforeConfirming?: ((after: RunningConfig) => Promise<void>) | undefined;
	/** Opens a session with the same device. Called again while it fails; must work when `signal` is aborted, too: it is how the change is undone. */
	reopen: () => Promise<Session>;
	onStage(stage: ChangeStage, detail?: string): void;
	/** Before the push: ends it with `device.cancelled`. After it: the change is undone. */
	signal: AbortSignal;
	/** Whether a confirmed change becomes the configuration that the device starts with; true. Some systems save with the confirmation. */
	save?: boolean | undefined;
	/** How long to go on trying to undo or to find out after `confirm_within_ms` (or the device's timer), in milliseconds; 60,000. */
	grace_ms?: number | undefined;
}

export interface AppliedChange {
	/**
	 * `confirmed`: it is there to stay. `rolled_back`: the running configuration equals the one before. `not_restored`: it was read and differs from the one
	 * before; `error.details.differs` has the lines. `unknown`: it could not be found out.
	 */
	outcome: "confirmed" | "rolled_back" | "not_restored" | "unknown";
	/** What is different now from before, masked; empty when it was rolled back. */
	diff: string;
	/** Hash of the normalised running configuration as it was last read. */
	running_sha256: string;
	/** Why it is not confirmed, or not saved. */
	error?: OperationErrorLike | undefined;
	/** Whether the running configuration was saved. True also where the system needs no saving. */
	saved: boolean;
}

const defaultGrace_ms = 60_000;
/** Between two attempts to reach the device, in milliseconds. */
const firstPause_ms = 500;
const longestPause_ms = 10_000;
/** A running configuration whose lines still differ is undone again with the commands for what remains, so often. */
const restoreRounds = 3;
/** Logins that may be refused while a change is taken back. */
const mostRefusals = 3;
/** Which part of the grace a device may take to go back to the configuration before, once its timer has passed. */
const shareForDevice = 0.75;
/** At most this part of the grace passes between two looks at the device, so that one falls into what the device leaves of it. */
const shareBetween = 0.1;

/** One change under way. */
interface Attempt {
	mechanism: Mechanism;
	before: RunningConfig;
	options: ApplyOptions;
	/** The session that pushed, while it can be used. */
	first: Session | undefined;
	/** When the running configuration may have begun to change; on the clock of `performance.now()`. */
	startedAt: number | undefined;
	/** When the push was answered to its end. */
	pushedAt: number | undefined;
}

/** Pushes, verifies, confirms; or undoes. */
export async function applyWith(
	session: Session,
	mechanism: Mechanism,
	before: RunningConfig,
	options: ApplyOptions,
): Promise<AppliedChange> {
	const attempt: Attempt = { mechanism, before, options, first: session, startedAt: undefined, pushedAt: undefined };
	const stop = () => {
		attempt.first = undefined;
	};
	options.onStage("pushing", `${mechanism.commands.length} lines`);
	try {
		await mechanism.push(session, options.confirm_within_ms, () => {
			attempt.startedAt = performance.now();
		});
		attempt.pushedAt = performance.now();
	} catch (error) {
		if (!isStillOpen(error)) stop();
		// A candidate that never was committed is gone with its session, or was discarded.
		if (attempt.startedAt === undefined || refusedWhole(error)) return unpushed(attempt, error);
		return undo(attempt, interrupted(session, error));
	}
	options.onStage("pushed");
	let second: Session | undefined;
	try {
		second = await reopened(attempt);
		options.onStage("verifying");
		await withinTime(attempt, options.verify(second));
		throwIfStopped(attempt);
	} catch (error) {
		await second?.close();
		return undo(attempt, isAppError(error) ? error : verifyFailed(session, error));
	}
	return confirm(attempt, second);
}

/** Whether the device refused the change as a whole, so that nothing of it is in force. */
function refusedWhole(error: unknown): boolean {
	return toAppError(error).code === "change.commit_failed";
}

/** The running configuration was not touched, as far as the device says; it is looked at all the same. */
async function unpushed(attempt: Attempt, error: unknown): Promise<AppliedChange> {
	attempt.startedAt ??= performance.now();
	attempt.mechanism = { ...attempt.mechanism, native_ms: () => undefined, revert: undefined, restore: [] };
	return undo(attempt, error);
}

function interrupted({ connection }: Session, error: unknown): unknown {
	if (isStillOpen(error)) return error;
	const cause = toAppError(error);
	return sessionError(
		"change.interrupted",
		connection,
		cause.phase ?? "command",
		`was lost while it was changed: ${cause.message}`,
		{ details: { cause: cause.code }, cause },
	);
}

function verifyFailed({ connection }: Session, cause: unknown): AppError {
	const said = cause instanceof Error ? cause.message : String(cause);
	return sessionError(
		"change.verify_failed",
		connection,
		"command",
		`did not pass the check after the change: ${said}`,
		{
			cause,
		},
	);
}

/** When the change must be confirmed: before the device's own timer, where that cannot wait as long as was asked for. */
function deadlineOf({ startedAt = performance.now(), pushedAt = startedAt, options, mechanism }: Attempt): number {
	const native_ms = mechanism.native_ms(options.confirm_within_ms) ?? Number.POSITIVE_INFINITY;
	return Math.min(pushedAt + options.confirm_within_ms, startedAt + native_ms * 0.9);
}

function throwIfStopped(attempt: Attempt): void {
	const { options, first } = attempt;
	if (!options.signal.aborted) return;
	throw sessionError(
		"device.cancelled",
		first?.connection ?? nobody,
		"command",
		"was changed when the change was cancelled; it was taken back.",
	);
}

const nobody = { device_id: "", name: "The device", host: "", port: 0 };

/** A session opened after the push. @throws change.unreachable_after when none can be opened in time */
async function reopened(attempt: Attempt): Promise<Session> {
	const { options } = attempt;
	// Some of the time is kept for taking the change back.
	const now = performance.now();
	const until = now + (deadlineOf(attempt) - now) * 0.75;
	let pause_ms = firstPause_ms;
	for (;;) {
		throwIfStopped(attempt);
		try {
			return await options.reopen();
		} catch (error) {
			if (performance.now() + pause_ms < until && toAppError(error).retryable) {
				await pause(pause_ms, options.signal);
				pause_ms = Math.min(pause_ms * 2, longestPause_ms);
				continue;
			}
			const cause = toAppError(error);
			throw sessionError(
				"change.unreachable_after",
				attempt.first?.connection ?? nobody,
				cause.phase ?? "connect",
				`could not be reached over a new session after the change: ${cause.message}`,
				{ details: { cause: cause.code }, cause },
			);
		}
	}
}

async function pause(ms: number, signal?: AbortSignal): Promise<void> {
	await sleep(ms, undefined, { signal }).catch(() => {});
}

/** @throws change.not_confirmed when the time for confirmation passes first, device.cancelled when the change is cancelled */
async function withinTime(attempt: Attempt, work: Promise<void>): Promise<void> {
	const { options } = attempt;
	const over = new AbortController();
	const late = sleep(Math.max(0, deadlineOf(attempt) - performance.now()), undefined, {
		signal: AbortSignal.any([over.signal, options.signal]),
	}).then(
		() => {
			throw sessionError(
				"change.not_confirmed",
				attempt.first?.connection ?? nobody,
				"command",
				`was changed and the checks were not over within ${forPeople(performance.now() - (attempt.pushedAt ?? 0))}.`,
			);
		},
		() => throwIfStopped(attempt),
	);
	// The loser of the race ends later; nobody waits for it any more.
	work.catch(() => {});
	try {
		await Promise.race([work, late.then(() => work)]);
	} finally {
		over.abort();
		late.catch(() => {});
	}
}

async function confirm(attempt: Attempt, second: Session): Promise<AppliedChange> {
	const { mechanism, before, options } = attempt;
	try {
		const at = mechanism.confirm_in === "same" ? attempt.first : second;
		if (at === undefined) {
			throw sessionError("change.not_confirmed", second.connection, "commit", "lost the session that could confirm.");
		}
		let after: RunningConfig;
		try {
			after = await readRunning(second);
			if (after.sha256 === before.sha256 && mechanism.mustChange()) throw notTaken(second);
			await options.beforeConfirming?.(after);
		} catch (error) {
			await second.close();
			return undo(attempt, error);
		}
		try {
			await mechanism.confirm(at);
		} catch (error) {
			await second.close();
			if (isStillOpen(error)) return undo(attempt, error);
			attempt.first = undefined;
			return findOut(attempt, after, error);
		}
		options.onStage("confirmed");
		const { saved, error } = await saveAndTidy(mechanism, second, options);
		return {
			outcome: "confirmed",
			diff: mechanism.difference(before, after, second),
			running_sha256: after.sha256,
			saved,
			error,
		};
	} finally {
		await second.close();
	}
}

/** The answer to the confirmation never came: once the device's time has passed, its configuration tells whether it was heard. */
async function findOut(attempt: Attempt, after: RunningConfig, reason: unknown): Promise<AppliedChange> {
	const { mechanism, before, options } = attempt;
	const grace_ms = options.grace_ms ?? defaultGrace_ms;
	const timer_ms = mechanism.native_ms(options.confirm_within_ms) ?? 0;
	const timerEnds = (attempt.startedAt ?? performance.now()) + timer_ms + grace_ms * shareForDevice;
	const giveUp = timerEnds + grace_ms;
	await pause(Math.max(0, timerEnds - performance.now()));
	while (performance.now() < giveUp) {
		let session: Session | undefined;
		try {
			session = await options.reopen();
			const now = await readRunning(session);
			if (now.sha256 === before.sha256) {
				options.onStage("rolled_back");
				return {
					outcome: "rolled_back",
					diff: "",
					running_sha256: now.sha256,
					error: toAppError(reason),
					saved: false,
				};
			}
			const diff = mechanism.difference(before, now, session);
			if (now.sha256 !== after.sha256) break;
			options.onStage("confirmed");
			return {
				outcome: "confirmed",
				diff,
				running_sha256: now.sha256,
				...(await saveAndTidy(mechanism, session, options)),
			};
		} catch {
			// Tried again until there is no more time; then it is unknown.
			await pause(Math.min(longestPause_ms, grace_ms * shareBetween, Math.max(0, giveUp - performance.now())));
		} finally {
			await session?.close();
		}
	}
	return { outcome: "unknown", diff: "", running_sha256: after.sha256, error: toAppError(reason), saved: false };
}

function notTaken({ connection }: Session): AppError {
	return sessionError(
		"change.commit_failed",
		connection,
		"commit",
		"took the commit, but its running configuration is the one before. Look at what it says on the commit by hand.",
	);
}

async function saveAndTidy(
	mechanism: Mechanism,
	session: Session,
	{ save = true }: ApplyOptions,
): Promise<{ saved: boolean; error?: OperationErrorLike }> {
	const command = mechanism.saves ? undefined : session.platform.definition.save?.command;
	try {
		if (command !== undefined && save) await session.run(command);
		await mechanism.cleanUp(session).catch(() => {});
		return { saved: command === undefined || save };
	} catch (error) {
		return { saved: false, error: toAppError(error) };
	}
}

/** Takes the change back and makes sure of it; what cannot be found out until the time has passed is `unknown`. */
async function undo(attempt: Attempt, reason: unknown): Promise<AppliedChange> {
	const { mechanism, before, options } = attempt;
	const error = toAppError(reason);
	options.onStage("rolling_back", error.message);
	const started = attempt.startedAt ?? performance.now();
	const native_ms = mechanism.native_ms(options.confirm_within_ms);
	const grace_ms = options.grace_ms ?? defaultGrace_ms;
	const timerEnds = native_ms === undefined ? undefined : started + native_ms;
	const giveUp = Math.max(timerEnds ?? deadlineOf(attempt), performance.now()) + grace_ms;
	const isDeviceDone = () => timerEnds === undefined || performance.now() > timerEnds + grace_ms * shareForDevice;
	let reverted = false;
	let rounds = 0;
	let refused = 0;
	let last: { now: RunningConfig; diff: string } | undefined;
	let pause_ms = firstPause_ms;
	const result = (outcome: AppliedChange["outcome"], said: OperationErrorLike): AppliedChange => ({
		outcome,
		diff: last?.diff ?? "",
		running_sha256: last?.now.sha256 ?? before.sha256,
		error: said,
		saved: false,
	});

	while (performance.now() < giveUp) {
		let session: Session | undefined;
		try {
			session = attempt.first ?? (await options.reopen());
			if (session.mode === "config") await session.exitConfig();
			let now = await readRunning(session);
			// A commit whose answer never came may still be under way, until it is seen and taken back.
			const settled = attempt.pushedAt !== undefined || timerEnds === undefined || performance.now() > timerEnds;
			if (now.sha256 !== before.sha256 && mechanism.revert !== undefined && !reverted) {
				reverted = true;
				await mechanism.revert(session);
				now = await readRunning(session);
			}
			while (now.sha256 !== before.sha256 && rounds < restoreRounds) {
				const way = mechanism.restore[Math.min(rounds, mechanism.restore.length - 1)];
				if (way === undefined) break;
				rounds++;
				await way(session, now, before);
				const then = now;
				now = await readRunning(session);
				if (now.sha256 === then.sha256 && rounds >= mechanism.restore.length) rounds = restoreRounds;
			}
			last = { now, diff: mechanism.difference(before, now, session) };
			if (now.sha256 === before.sha256 && (settled || reverted || rounds > 0)) {
				last.diff = "";
				await mechanism.cleanUp(session).catch(() => {});
				options.onStage("rolled_back");
				return result("rolled_back", error);
			}
			// Before its time the device itself may still take the change back.
			if (now.sha256 !== before.sha256 && isDeviceDone()) {
				return result("not_restored", notRestored(session, error, last.diff, mechanism));
			}
		} catch (cause) {
			if (session === attempt.first) attempt.first = isStillOpen(cause) ? attempt.first : undefined;
			// A login that is refused again and again locks an account; the device's own way back may restore it.
			if (hasCode(cause, "device.auth_failed") && ++refused >= mostRefusals) {
				if (isDeviceDone()) break;
				pause_ms = Math.max(pause_ms, (timerEnds ?? 0) - performance.now() + longestPause_ms);
				refused--;
			}
		} finally {
			if (session !== undefined && session !== attempt.first) await session.close();
		}
		await pause(Math.min(pause_ms, Math.max(0, giveUp - performance.now())));
		pause_ms = Math.min(pause_ms * 2, longestPause_ms, grace_ms * shareBetween);
	}
	return result("unknown", error);
}

function notRestored(session: Session, reason: Error, diff: string, { undo: how }: Mechanism): OperationErrorLike {
	const differs = diff.split("\n").slice(0, 100).join("\n");
	return sessionError(
		"change.not_restored",
		session.connection,
		"command",
		`${how.kind === "none" ? "has no way to take a change back" : "could not be restored"}: these lines differ from before:\n${differs}\nThe change was to be taken back because: ${reason.message}`,
		{ details: { differs } },
	);
}
