import { toAppError } from "@netconductor/runtime/errors";
import { sessionError } from "../device-error.ts";
import type { Session } from "../session.ts";
import { type AppliedChange, type ApplyOptions, applyWith, type OperationErrorLike } from "./apply.ts";
import { checkedLines, type PlannedChange, throwIfCancelled, throwIfOutdated } from "./change.ts";
import { type Goal, goalOf } from "./goal.ts";
import { chooseMechanism } from "./mechanism.ts";
import { type RunningConfig, readRunning } from "./running-config.ts";
import type { RejectedLine } from "./send-lines.ts";

export interface RestoreOptions extends ApplyOptions {
	/**
	 * The normalised running configuration right after our change. Where the device has another one now, somebody changed it since: then only what is
	 * different between `wanted` and this is taken back.
	 */
	after?: string | undefined;
}

export interface RestoredConfig extends AppliedChange {
	/** What others changed since and was left alone, masked: `+` they added, `-` they removed. Empty when nobody did. */
	foreign: string;
}

export interface PlannedRestore extends PlannedChange {
	/** What others changed since and would be left alone, as in `RestoredConfig`. */
	foreign: string;
}

/** Attempts at most, each with the safety of a change: what still differs is sent again. */
const mostRounds = 3;
/** What an attempt ends with when its session was lost. */
const lostCodes: ReadonlySet<string> = new Set(["change.interrupted", "device.connection_lost"]);
/** Lines of a difference that an error holds. */
const mostDiffering = 100;

/**
 * Finds out what would take the device back to `wanted`, a normalised running configuration as `readRunning` gave it before a change. Leaves nothing
 * behind on the device. `after`: see `RestoreOptions`.
 * @throws change.cannot_restore, change.commit_failed (where the device can check), device.*
 */
export async function planRestore(session: Session, wanted: string, after?: string): Promise<PlannedRestore> {
	const now = await readRunning(session);
	const goal = await goalOf(session, now, wanted, after);
	const work = goal.work(now.text);
	checkedLines(session, work.commands);
	const mechanism = chooseMechanism(session, work, now);
	const { foreign } = goal;
	const { commands } = work;
	const known = { commands, undo: mechanism.undo, before: now.text, running_sha256: now.sha256, foreign };
	if (commands.length === 0 || goal.isReached(now)) {
		const diff = goal.isReached(now) ? "" : upsideDown(goal.differs(now));
		return { ...known, commands: [], diff, diff_source: "worked_out", unchanged: diff === "" };
	}
	const { diff, source, unchanged } = await mechanism.preview(session);
	return { ...known, diff, diff_source: source, unchanged };
}

/** What is missing is what would be added. */
function upsideDown(differs: string): string {
	return differs.replace(/^[-+]/gm, (sign) => (sign === "+" ? "-" : "+"));
}

/**
 * Takes a device whose change was confirmed some time ago back to `wanted`, a normalised running configuration as `readRunning` gave it before the
 * change, with the means and the safety of `applyChange`. A line that the device rejects does not keep the others from being taken back. A session that
 * is lost in the middle is followed by another that goes on from what was there, once.
 *
 * `confirmed`: the running configuration is `wanted`, or, where others changed something since, `wanted` with what they changed (`foreign`); nothing is
 * sent where it is already. `not_restored`: it was read and differs; `error.details.differs` has the lines, masked. `rolled_back`: the configuration is
 * the one from before this restoring, our change still in it. `unknown`: it could not be found out. `diff` is what restoring changed.
 * @throws change.cannot_restore, change.plan_outdated (another configuration than `expected`, and no `after` to tell whose), device.* — before anything
 * was sent
 */
export async function restoreConfig(
	session: Session,
	wanted: string,
	options: RestoreOptions,
): Promise<RestoredConfig> {
	throwIfCancelled(session, options.signal);
	const first = await readRunning(session);
	if (options.after === undefined) throwIfOutdated(session, first, options.expected?.running_sha256);
	const reached = { outcome: "confirmed", diff: "", running_sha256: first.sha256, saved: true } as const;
	if (first.text === wanted) return { ...reached, foreign: "" };
	const goal = await goalOf(session, first, wanted, options.after);
	const { foreign } = goal;
	if (goal.isReached(first)) return { ...reached, foreign };
	checkedLines(session, goal.work(first.text).commands);
	throwIfCancelled(session, options.signal);
	return { ...(await restoreInRounds(session, goal, first, options)), foreign };
}

async function restoreInRounds(
	session: Session,
	goal: Goal,
	first: RunningConfig,
	options: RestoreOptions,
): Promise<AppliedChange> {
	let at = session;
	let now = first;
	let last: AppliedChange | undefined;
	const rejected: RejectedLine[] = [];
	const interruptions: OperationErrorLike[] = [];
	const withDifference = (applied: AppliedChange): AppliedChange => ({
		...applied,
		diff: goal.difference(first, now),
		running_sha256: now.sha256,
	});
	try {
		for (let round = 0; round < mostRounds; round++) {
			const work = goal.work(now.text);
			if (work.commands.length === 0) break;
			const applied = await applyWith(at, chooseMechanism(at, work, now), now, options);
			rejected.push(...(work.undoing?.rejected ?? []));
			const isLost = applied.outcome === "rolled_back" && lostCodes.has(applied.error?.code ?? "");
			if (isLost && applied.error !== undefined) interruptions.push(applied.error);
			const goesOn = applied.outcome === "confirmed" || (isLost && interruptions.length < 2 && !options.signal.aborted);
			if (!goesOn && last === undefined) return applied;
			if (applied.outcome === "unknown") return applied;
			if (applied.outcome === "confirmed") last = applied;
			if (round === 0 && applied.running_sha256 === goal.sha256) return applied;
			const then = now;
			if (at !== session) await at.close();
			at = await options.reopen();
			now = await readRunning(at);
			if (last !== undefined && goal.isReached(now)) return withDifference(last);
			if (!goesOn || (now.sha256 === then.sha256 && !isLost)) break;
		}
		return {
			...withDifference(last ?? { outcome: "not_restored", diff: "", running_sha256: now.sha256, saved: false }),
			outcome: "not_restored",
			error: notRestored(at, goal.differs(now), rejected),
		};
	} catch (error) {
		// What was sent is there, or was taken back; what stands there now could not be read.
		return { outcome: "unknown", diff: "", running_sha256: now.sha256, error: toAppError(error), saved: false };
	} finally {
		if (at !== session) await at.close();
	}
}

function notRestored(session: Session, differs: string, rejected: readonly RejectedLine[]): OperationErrorLike {
	const lines = differs.split("\n").slice(0, mostDiffering).join("\n");
	const said = [...new Set(rejected.map(({ line, said }) => `\`${line}\`: "${said}"`))].slice(0, mostDiffering);
	const rejections = said.length === 0 ? "" : `\nIt rejected:\n${said.join("\n")}`;
	return sessionError(
		"change.not_restored",
		session.connection,
		"command",
		`was not taken back to the configuration before the change: these lines differ (\`-\` is missing, \`+\` is there):\n${lines}${rejections}`,
		{ details: { differs: lines, rejected: said } },
	);
}
