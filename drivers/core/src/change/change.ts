import type { UndoKind } from "@netconductor/contracts/devices/change";
import { failed } from "@netconductor/runtime/errors";
import { nameOf, sessionError } from "../device-error.ts";
import type { Session } from "../session.ts";
import { type AppliedChange, type ApplyOptions, applyWith } from "./apply.ts";
import { chooseMechanism } from "./mechanism.ts";
import { type RunningConfig, readRunning, shownLine } from "./running-config.ts";

/** What a change would do, found out without leaving anything behind on the device. */
export interface PlannedChange {
	/** Exactly what `applyChange` sends in configuration mode. Not masked: whoever shows them to people does that. */
	commands: string[];
	/** Lines with `+` and `-` and their sections, from the device where it can show one, else worked out. Secrets are masked. */
	diff: string;
	diff_source: "device" | "worked_out";
	/** Nothing would change: applying is not needed. */
	unchanged: boolean;
	/** How it will be undone, in words a person reads, and the commands for it where they are known beforehand (not masked). */
	undo: { kind: UndoKind; how: string; commands: string[] };
	/** The normalised running configuration that the plan was made against, which holds secrets, and its hash. */
	before: string;
	running_sha256: string;
}

/**
 * Finds out what `lines` would change. Systems with a candidate are asked and the candidate is discarded; for others it is worked out from the
 * running configuration.
 * @throws change.bad_line, change.line_rejected, change.commit_failed (where the device can check), device.*
 */
export async function planChange(session: Session, lines: string[]): Promise<PlannedChange> {
	const cleaned = checkedLines(session, lines);
	const running = await readRunning(session);
	const mechanism = chooseMechanism(session, cleaned, running);
	const { diff, source, unchanged } = await mechanism.preview(session);
	return {
		commands: mechanism.commands,
		diff,
		diff_source: source,
		unchanged,
		undo: mechanism.undo,
		before: running.text,
		running_sha256: running.sha256,
	};
}

/**
 * Makes the change, proves it over a new session and confirms it, or undoes it. Nothing is sent twice. What happened after the first line was sent is
 * a result, not an exception. `session` may be over afterwards; closing it remains the caller's.
 * @throws change.bad_line, change.plan_outdated, device.* — before anything was sent
 */
export async function applyChange(session: Session, lines: string[], options: ApplyOptions): Promise<AppliedChange> {
	const cleaned = checkedLines(session, lines);
	throwIfCancelled(session, options.signal);
	const before = await readRunning(session);
	throwIfOutdated(session, before, options.expected?.running_sha256);
	const mechanism = chooseMechanism(session, cleaned, before);
	throwIfCancelled(session, options.signal);
	return applyWith(session, mechanism, before, options);
}

export function throwIfCancelled({ connection }: Session, signal: AbortSignal): void {
	if (!signal.aborted) return;
	throw sessionError("device.cancelled", connection, "command", "was not changed: the change was cancelled before.");
}

export function throwIfOutdated(
	{ connection }: Session,
	{ sha256 }: RunningConfig,
	expected: string | undefined,
): void {
	if (expected === undefined || expected === sha256) return;
	throw sessionError(
		"change.plan_outdated",
		connection,
		"command",
		"has another running configuration than the plan was made against. Nothing was sent. Make the plan again.",
		{ details: { expected_sha256: expected, running_sha256: sha256 } },
	);
}

/** Lines one by one, blank ones left out. @throws change.bad_line for what a command line would not take as text */
export function checkedLines({ connection, platform }: Session, lines: readonly string[]): string[] {
	const split = lines.flatMap((line) => line.split(/\r?\n/)).map((line) => line.replaceAll("\t", " ").trimEnd());
	for (const [i, line] of split.entries()) {
		if (!/\p{Cc}/u.test(line)) continue;
		throw failed("change.bad_line", {
			message: `Line ${i + 1} for ${nameOf(connection)} holds a control character: \`${shownLine(line.replace(/\p{Cc}/gu, "."), platform)}\`. Nothing was sent.`,
			details: { line: i + 1 },
		});
	}
	return split.filter((line) => line.trim() !== "");
}
