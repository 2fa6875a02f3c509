import { withoutPreamble } from "../collect-config.ts";
import { sessionError } from "../device-error.ts";
import type { Session } from "../session.ts";
import { type AppliedChange, type ApplyOptions, applyWith } from "./apply.ts";
import { checkedLines, type PlannedChange, throwIfCancelled, throwIfOutdated } from "./change.ts";
import { goalOf } from "./goal.ts";
import { chooseMechanism, type Work } from "./mechanism.ts";
import { type RunningConfig, readRunning } from "./running-config.ts";

export interface ReplaceOptions {
	/** Replaces it also where the new configuration lacks what the device is reached by, or most of what is there. */
	force?: boolean | undefined;
}

/** A configuration with fewer of the lines that are there is taken for a mistake. */
const smallestShare = 0.2;

/**
 * Finds out what makes `whole` the device's configuration: everything else goes. `whole` is written as the device shows its configuration (Junos: also as
 * `set` commands). Leaves nothing behind on the device.
 * @throws change.would_cut_off unless forced, change.cannot_restore where the platform cannot be brought to a configuration by lines,
 * change.line_rejected, change.commit_failed (where the device can check), device.*
 */
export async function planReplace(
	session: Session,
	whole: string,
	options: ReplaceOptions = {},
): Promise<PlannedChange> {
	const running = await readRunning(session);
	const work = await workFor(session, running, whole, options);
	const mechanism = chooseMechanism(session, work, running);
	const { commands, undo } = mechanism;
	const plan = { commands, undo, before: running.text, running_sha256: running.sha256 };
	if (commands.length === 0) return { ...plan, diff: "", diff_source: "worked_out", unchanged: true };
	const { diff, source, unchanged } = await mechanism.preview(session);
	return { ...plan, diff, diff_source: source, unchanged };
}

/**
 * Makes `whole` the device's configuration with the minimal lines, as `applyChange` makes a change: a line that the device rejects stops it, and it is
 * taken back. `confirmed` without a difference where it is there already: nothing is sent.
 * @throws as planReplace, and change.plan_outdated — before anything was sent
 */
export async function applyReplace(
	session: Session,
	whole: string,
	options: ApplyOptions & ReplaceOptions,
): Promise<AppliedChange> {
	throwIfCancelled(session, options.signal);
	const before = await readRunning(session);
	throwIfOutdated(session, before, options.expected?.running_sha256);
	const work = await workFor(session, before, whole, options);
	if (work.commands.length === 0) {
		return { outcome: "confirmed", diff: "", running_sha256: before.sha256, saved: true };
	}
	throwIfCancelled(session, options.signal);
	return applyWith(session, chooseMechanism(session, work, before), before, options);
}

async function workFor(session: Session, now: RunningConfig, whole: string, options: ReplaceOptions): Promise<Work> {
	// A file may be what a device answered, with the lines above its configuration.
	const config = withoutPreamble(Buffer.from(whole), session.platform.isDropped).toString();
	if (options.force !== true) throwIfCutOff(session, now.text, config);
	const { commands, edits } = (await goalOf(session, now, config, undefined)).work(now.text);
	checkedLines(session, commands);
	return { commands, edits };
}

function throwIfCutOff({ connection }: Session, now: string, whole: string): void {
	const [there, wanted] = [statementsOf(now), statementsOf(whole)];
	const { username, host } = connection;
	const lost = [
		wanted.length < there.length * smallestShare &&
			`it has ${wanted.length} lines and the device ${there.length} (a fifth at least is expected)`,
		isLost(there, wanted, new RegExp(`(?:^|\\s)user(?:name)? ["']?${escaped(username)}["']?(?:[\\s;]|$)`)) &&
			`the login "${username}" is not in it`,
		isLost(there, wanted, new RegExp(`address ["']?${escaped(host)}(?:[/\\s;"']|$)`)) &&
			`no interface has the address ${host} any more`,
		isLost(there, wanted, /(?:^|\s)ssh(?:[\s;]|$)/) && "nothing in it is about SSH any more",
	].filter((why) => why !== false);
	if (lost.length === 0) return;
	throw sessionError(
		"change.would_cut_off",
		connection,
		"command",
		`was not given the new configuration: ${lost.join("; ")}. Nothing was sent. Complete the configuration, or force it.`,
		{ details: { why: lost } },
	);
}

function statementsOf(text: string): string[] {
	return text.split("\n").filter((line) => /^\s*[^\s!#}]/.test(line));
}

/** Whether the device has such a line and would have none. */
function isLost(there: readonly string[], wanted: readonly string[], pattern: RegExp): boolean {
	return there.some((line) => pattern.test(line)) && !wanted.some((line) => pattern.test(line));
}

function escaped(text: string): string {
	return text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}
