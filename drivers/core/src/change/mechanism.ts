import { randomBytes } from "node:crypto";
import type { ChangeDefinition, UndoKind } from "@netconductor/contracts/devices/change";
import { type AppError, hasCode } from "@netconductor/runtime/errors";
import { type CompiledPattern, compilePattern } from "@netconductor/runtime/pattern";
import { sessionError } from "../device-error.ts";
import type { Platform } from "../platform.ts";
import type { Session } from "../session.ts";
import {
	type ConfigNode,
	type ConfigSyntax,
	compileSyntax,
	type Edit,
	editsBetween,
	mergeEdits,
	parseConfig,
	readLines,
	typedCommands,
} from "./config-tree.ts";
import { reloadDifference } from "./reload.ts";
import { maskDeviceText, type RunningConfig, readRunning, secretsIn, shownDifference } from "./running-config.ts";
import { type RejectedLine, saidBy, sendEach, sendEdits, typeCommands } from "./send-lines.ts";
import { inverseSetLines, setLinesOf } from "./set-lines.ts";

/** One way to change a configuration and to take the change back, for one change of one device. */
export interface Mechanism {
	/** What is typed in configuration mode. */
	commands: string[];
	undo: { kind: UndoKind; how: string; commands: string[] };
	/** What would change; leaves nothing behind. @throws change.line_rejected, change.commit_failed where the device can be asked */
	preview(session: Session): Promise<{ diff: string; source: "device" | "worked_out"; unchanged: boolean }>;
	/**
	 * Makes the change and leaves configuration mode. `commits` is called right before the running configuration may change.
	 * @throws change.line_rejected, change.commit_failed (the session stays usable), device.* when the session is over
	 */
	push(session: Session, confirm_within_ms: number, commits: () => void): Promise<void>;
	/** How long the device waits for the confirmation, in milliseconds from the push; undefined where it does not take a change back itself. */
	native_ms(confirm_within_ms: number): number | undefined;
	/** Where `confirm` must be sent. */
	confirm_in: "any" | "same";
	confirm(session: Session): Promise<void>;
	/** Takes the change back at once, by the device's own means. */
	revert: ((session: Session) => Promise<void>) | undefined;
	/** Takes it back with commands made from what differs: ways of doing it, the next where the one before left something. */
	restore: ((session: Session, now: RunningConfig, before: RunningConfig) => Promise<void>)[];
	/** Whether the device itself said before the commit that something would change. */
	mustChange(): boolean;
	/** Lines that differ between two configurations, for people. */
	difference(from: RunningConfig, to: RunningConfig, session: Session): string;
	/** Removes what the change left on the device to undo it with. */
	cleanUp(session: Session): Promise<void>;
	/** Whether `confirm` saves, too. */
	saves: boolean;
}

/** What is to be sent in configuration mode. */
export interface Work {
	commands: string[];
	/** The same by section, where the system has sections. */
	edits?: Edit[] | undefined;
	/**
	 * Set where an earlier configuration is to come back: a line that the device rejects then does not keep the others from being sent, and is noted. Where
	 * each line acts at once, what still differs from `goal` then is sent after it, in a few rounds.
	 */
	undoing?: { goal?: ConfigNode; rejected: RejectedLine[] } | undefined;
}

type Definition<M extends ChangeDefinition["method"]> = Extract<ChangeDefinition, { method: M }>;

/** What a device needs beyond the confirmation time for its own timer to be the last to act. */
const timerMargin_ms = 30_000;
/** For one line, on average. */
const longestTyping_ms = 250;
const offTerminal = ["enable", "exec"] as const;
/** Silence while a device applies or compares a whole configuration, in milliseconds. */
const longestCommit_ms = 120_000;
/** Nobody reads a longer difference. */
const longestDiff_bytes = 4 * 1024 * 1024;

/** How often what still differs is sent again while an earlier configuration comes back. */
const undoingRounds = 3;

/** The mechanism that the platform, and what is configured on this device, allow. */
export function chooseMechanism(session: Session, sent: readonly string[] | Work, running: RunningConfig): Mechanism {
	const { change } = session.platform.definition;
	if (change.method === "candidate") return candidate(session, change, workOf(sent, session), running);
	if (change.method === "direct") return direct(session, change, workOf(sent, session), running);
	return withoutUndo(change, workOf(sent, session));
}

function workOf(sent: readonly string[] | Work, session: Session): Work {
	if ("commands" in sent) return sent;
	const { change } = session.platform.definition;
	const syntax = syntaxOf(change);
	if (syntax === undefined) {
		const lines = sent.map((line) => line.trim());
		return { commands: lines.filter((line) => line !== "" && !line.startsWith("#") && line !== "!") };
	}
	// Configuration mode of a system without a candidate is entered and left by us.
	const lines = change.method === "direct" ? withoutModeChanges(sent, session) : sent;
	const edits = readLines(lines, syntax);
	return { commands: typedCommands(edits, syntax), edits };
}

/** How sections are written, where that is known. */
export function syntaxOf(change: ChangeDefinition): ConfigSyntax | undefined {
	return change.method === "none" || change.syntax === undefined ? undefined : compileSyntax(change.syntax);
}

async function send(at: Session, work: Work, syntax?: ConfigSyntax, questions?: CompiledPattern[]): Promise<void> {
	if (work.undoing === undefined) return typeCommands(at, work.commands, { questions });
	const rejected =
		work.edits === undefined || syntax === undefined
			? await sendEach(at, work.commands)
			: await sendEdits(at, work.edits, syntax, questions);
	work.undoing.rejected.push(...rejected);
}

function candidate(session: Session, change: Definition<"candidate">, work: Work, running: RunningConfig): Mechanism {
	const { platform } = session;
	const { commands, undoing } = work;
	const known = () => secretsIn([...running.text.split("\n"), ...commands], platform);
	const timer_s = (ms: number) =>
		Math.min(change.longest_s, Math.max(change.shortest_s, Math.ceil((ms + timerMargin_ms) / 1000)));
	const questions = change.questions.map(compilePattern);
	const fill = filler();
	let showed = false;

	async function discard(at: Session): Promise<void> {
		for (const step of change.discard) await at.run(fill(step), { check: false, modes: ["config", ...offTerminal] });
	}
	/** Gathers the lines and shows what they would change; the candidate is open afterwards. */
	async function gather(at: Session, enter = change.enter): Promise<string> {
		for (const step of enter) await at.run(fill(step), { modes: ["config"] });
		try {
			await send(at, work, syntaxOf(change));
			const shown = await at.run(fill(change.diff), { modes: ["config"], max_bytes: longestDiff_bytes });
			showed = showsChange(shown.output);
			if (!showed && undoing?.rejected[0] !== undefined) throw allRejected(at, undoing.rejected[0]);
			if (change.check !== undefined) await accepted(at, fill(change.check), ["config"]);
			return shown.output;
		} catch (error) {
			if (isStillOpen(error)) await discard(at);
			throw error;
		}
	}
	return {
		commands,
		undo: { kind: "native", how: change.how, commands: [] },
		async preview(at) {
			const shown = tidy(await gather(at, change.enter_to_plan.length > 0 ? change.enter_to_plan : change.enter));
			await discard(at);
			const unchanged = !showsChange(shown);
			return {
				diff: unchanged ? "" : maskDeviceText(signed(withoutHead(shown, platform)), known(), platform),
				source: "device",
				unchanged,
			};
		},
		async push(at, confirm_within_ms, commits) {
			await gather(at);
			commits();
			try {
				for (const step of change.commit) {
					await accepted(at, fill(step, timer_s(confirm_within_ms)), ["config", ...offTerminal], questions);
				}
			} catch (error) {
				if (isStillOpen(error)) await discard(at);
				throw error;
			}
			for (const step of change.leave) await at.run(fill(step), { check: false, modes: ["config", ...offTerminal] });
		},
		native_ms: (confirm_within_ms) => timer_s(confirm_within_ms) * 1000,
		confirm_in: change.confirm_in,
		confirm: (at) =>
			runSteps(
				at,
				change.confirm.map((step) => fill(step)),
			),
		revert:
			change.revert.length === 0
				? undefined
				: (at) =>
						runSteps(
							at,
							change.revert.map((step) => fill(step)),
						),
		restore:
			change.restore.length === 0
				? []
				: [
						async (at, now, before) => {
							await runSteps(
								at,
								change.enter.map((step) => fill(step)),
							);
							const [there, wanted] = [now, before].map(({ text }) => setLinesOf(text, "set_lines"));
							await sendEach(at, inverseSetLines(there ?? [], wanted ?? []));
							await runSteps(
								at,
								change.restore.map((step) => fill(step)),
							);
						},
					],
		mustChange: () => showed,
		difference: lineDifference,
		async cleanUp() {},
		saves: change.confirm.includes(platform.definition.save?.command ?? ""),
	};
}

function direct(session: Session, change: Definition<"direct">, work: Work, running: RunningConfig): Mechanism {
	const { platform } = session;
	const syntax = compileSyntax(change.syntax);
	const { checkpoint } = change;
	const before = parseConfig(running.text, syntax);
	const { commands, edits = [], undoing } = work;
	const after = mergeEdits(before, edits, syntax);
	const inverse = typedCommands(editsBetween(after, before, syntax), syntax);
	const timer = change.timer !== undefined && holds(before, change.timer.available) ? change.timer : undefined;
	const questions = checkpoint?.questions.map(compilePattern);
	const asked = change.questions.map(compilePattern);
	const fill = filler();
	// The router's time runs from the first line, ours from the last.
	const typing_ms = commands.length * longestTyping_ms;
	const timer_s = (ms: number) =>
		Math.min(timer?.longest_s ?? 0, Math.ceil((ms + typing_ms + timerMargin_ms) / 60_000) * 60);
	let saved = false;

	async function saveCheckpoint(at: Session): Promise<void> {
		if (checkpoint === undefined || timer !== undefined) return;
		try {
			await runSteps(
				at,
				checkpoint.save.map((step) => fill(step)),
				questions,
			);
			saved = true;
		} catch (error) {
			// No room, or a system of the family that cannot: the inverse commands remain.
			if (!hasCode(error, "device.command_failed")) throw error;
		}
	}
	/** Sends again what the rounds before left, as long as that brings the device on. */
	async function sendRemaining(at: Session, goal: ConfigNode): Promise<void> {
		let then: RunningConfig | undefined;
		for (let round = 1; round < undoingRounds; round++) {
			const now = await readRunning(at);
			const there = parseConfig(now.text, syntax);
			if (now.sha256 === then?.sha256 || editsBetween(there, goal, syntax).length === 0) return;
			then = now;
			await reloadDifference(at, there, goal, syntax, asked);
		}
	}
	async function revert(at: Session): Promise<void> {
		if (timer !== undefined)
			await runSteps(
				at,
				timer.revert.map((step) => fill(step)),
			);
		else if (checkpoint !== undefined && saved) {
			await runSteps(
				at,
				checkpoint.restore.map((step) => fill(step)),
				questions,
			);
		}
	}
	return {
		commands,
		undo:
			timer !== undefined
				? { kind: "native", how: timer.how, commands: timer.revert }
				: {
						kind: "emulated",
						how: checkpoint?.how ?? inverseHow,
						commands: checkpoint?.restore.map((step) => step.replaceAll("{name}", "<copy>")) ?? inverse,
					},
		async preview() {
			const diff = shownDifference(before, after, syntax, platform);
			return { diff, source: "worked_out", unchanged: diff === "" };
		},
		async push(at, confirm_within_ms, commits) {
			await saveCheckpoint(at);
			commits();
			if (timer === undefined) await at.enterConfig();
			else await at.run(fill(timer.enter, timer_s(confirm_within_ms)), { modes: ["config"] });
			try {
				await send(at, work, syntax, asked);
			} finally {
				if (at.mode === "config") await at.exitConfig().catch(() => {});
			}
			if (undoing?.goal !== undefined) await sendRemaining(at, undoing.goal);
		},
		native_ms: (confirm_within_ms) => (timer === undefined ? undefined : timer_s(confirm_within_ms) * 1000),
		confirm_in: "any",
		async confirm(at) {
			if (timer !== undefined)
				await runSteps(
					at,
					timer.confirm.map((step) => fill(step)),
				);
		},
		revert: timer === undefined && checkpoint === undefined ? undefined : revert,
		restore: [
			async (at, now, wanted) => {
				const undo = editsBetween(parseConfig(now.text, syntax), parseConfig(wanted.text, syntax), syntax);
				await at.enterConfig();
				try {
					await sendEdits(at, undo, syntax, asked);
				} finally {
					if (at.mode === "config") await at.exitConfig();
				}
			},
			async (at, now, wanted) => {
				await reloadDifference(at, parseConfig(now.text, syntax), parseConfig(wanted.text, syntax), syntax, asked);
			},
		],
		mustChange: () => false,
		difference(from, to) {
			const [left, right] = [parseConfig(from.text, syntax), parseConfig(to.text, syntax)];
			const shown = shownDifference(left, right, syntax, platform);
			return shown === "" ? lineDifference(from, to, session) : shown;
		},
		async cleanUp(at) {
			if (saved && checkpoint !== undefined) {
				for (const step of checkpoint.drop) await at.run(fill(step), { check: false, questions });
			}
		},
		saves: false,
	};
}

const inverseHow =
	"Inverse commands, made from what differs; what they leave is sent again line by line until the running configuration is the one kept from before. By us, when a check fails or nobody confirms in time, over a new session when this one is lost.";

function withoutUndo(change: Definition<"none">, { commands }: Work): Mechanism {
	return {
		commands,
		undo: { kind: "none", how: change.why, commands: [] },
		async preview(session) {
			const diff = maskDeviceText(commands.map((command) => `+${command}\n`).join(""), [], session.platform);
			return { diff, source: "worked_out", unchanged: commands.length === 0 };
		},
		async push(session, _confirm_within_ms, commits) {
			commits();
			const modes = session.platform.definition.configure !== undefined;
			if (modes) await session.enterConfig();
			try {
				await typeCommands(session, commands, { literal: false });
			} finally {
				if (modes && session.mode === "config") await session.exitConfig().catch(() => {});
			}
		},
		native_ms: () => undefined,
		confirm_in: "any",
		async confirm() {},
		revert: undefined,
		restore: [],
		mustChange: () => false,
		difference: lineDifference,
		async cleanUp() {},
		saves: false,
	};
}

/** Configuration mode is entered and left by us. */
function withoutModeChanges(lines: readonly string[], { platform }: Session): string[] {
	const { enter, exit } = platform.definition.configure ?? {};
	return lines.filter((line) => line.trim() !== enter && line.trim() !== exit);
}

function holds(config: ConfigNode, source: string): boolean {
	const pattern = compilePattern(source);
	const visit = (node: ConfigNode, path: string): boolean =>
		node.children.some((child) => pattern.test(`${path}${child.line}`) || visit(child, `${path}${child.line} `));
	return visit(config, "");
}

function allRejected({ connection }: Session, { line, said }: RejectedLine): AppError {
	return sessionError(
		"change.line_rejected",
		connection,
		"command",
		`rejected \`${line}\`: "${said}". What it took of the other lines changes nothing.`,
		{ details: { command: line, excerpt: said } },
	);
}

async function accepted(
	session: Session,
	command: string,
	modes: ("exec" | "enable" | "config")[],
	questions?: CompiledPattern[],
): Promise<void> {
	try {
		await session.run(command, { modes, questions, timeout_ms: commitTimeout(session) });
	} catch (error) {
		if (!hasCode(error, "device.command_failed")) throw error;
		throw sessionError(
			"change.commit_failed",
			session.connection,
			"commit",
			`did not accept the change on \`${command}\`: "${saidBy(error)}". Nothing of it was applied.`,
			{ details: { command, excerpt: saidBy(error) }, cause: error },
		);
	}
}

/** Whether the session can still be used after this error. */
export function isStillOpen(error: unknown): boolean {
	return (
		hasCode(error, "device.command_failed") ||
		hasCode(error, "change.line_rejected") ||
		hasCode(error, "change.commit_failed")
	);
}

async function runSteps(session: Session, steps: readonly string[], questions?: CompiledPattern[]): Promise<void> {
	const timeout_ms = commitTimeout(session);
	for (const step of steps) await session.run(step, { modes: ["config", ...offTerminal], questions, timeout_ms });
}

function commitTimeout({ connection }: Session): number {
	return Math.max(connection.timeouts.command_ms, longestCommit_ms);
}

/** Fills in the placeholders of steps; the name stays the same for one change. */
function filler(): (step: string, seconds?: number) => string {
	const name = `nc-${randomBytes(4).toString("hex")}`;
	return (step, seconds = 0) =>
		step
			.replaceAll("{name}", name)
			.replaceAll("{minutes}", `${Math.ceil(seconds / 60)}`)
			.replaceAll("{seconds}", `${seconds}`)
			.replaceAll("{hms}", clock(seconds));
}

function clock(seconds: number): string {
	const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
	return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}

function tidy(output: string): string {
	const text = output
		.split("\n")
		.map((line) => line.trimEnd())
		.join("\n")
		.replace(/^\n+|\n+$/g, "");
	return text === "" ? "" : `${text}\n`;
}

function showsChange(diff: string): boolean {
	return diff
		.split("\n")
		.some((line) => /^\s*(?:[-+<>#]|(?:set|delete) )/.test(line) && !/^(?:---|\+\+\+) /.test(line));
}

/** A device's words without what stands before them: the time, that it is at work. */
function withoutHead(text: string, { isDropped }: Pick<Platform, "isDropped">): string {
	const lines = text.split("\n");
	const first = lines.findIndex((line) => line !== "" && !isDropped(line));
	return lines.slice(Math.max(0, first)).join("\n");
}

/** A unified difference without the names of what was compared (EOS: the session's, used once) and line numbers: the same change reads the same everywhere. */
function withoutPlaces(diff: string): string {
	return diff.replace(/^--- \S.*\n\+\+\+ \S.*\n/gm, "").replace(/^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@/gm, "@@");
}

/** Differences in the form of commands get the signs of all others. */
function signed(diff: string): string {
	return withoutPlaces(diff).replace(/^(set|delete) /gm, (_, verb) => (verb === "set" ? "+set " : "-set "));
}

/** Lines that only one of two configurations has, masked: for systems whose sections are not known. */
export function lineDifference(from: RunningConfig, to: RunningConfig, { platform }: Session): string {
	const [left, right] = [from.text.split("\n"), to.text.split("\n")];
	const [old, now] = [new Set(left), new Set(right)];
	const lines = [
		...left.filter((line) => !now.has(line)).map((line) => `-${line}\n`),
		...right.filter((line) => !old.has(line)).map((line) => `+${line}\n`),
	];
	return maskDeviceText(lines.join(""), secretsIn([...left, ...right], platform), platform);
}
