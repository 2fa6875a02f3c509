import { randomBytes } from "node:crypto";
import type { ChangeDefinition, UndoKind } from "@netconductor/contracts/devices/change";
import { type AppError, hasCode } from "@netconductor/runtime/errors";
import { type CompiledPattern, compilePattern } from "@netconductor/runtime/pattern";
import type { CommandOptions } from "../cli-engine.ts";
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
import { maskDeviceText, type RunningConfig, secretsIn, shownDifference, shownLine } from "./running-config.ts";

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
	/** Takes it back with commands made from what differs. */
	restore: ((session: Session, now: RunningConfig, before: RunningConfig) => Promise<void>) | undefined;
	/** Whether the device itself said before the commit that something would change. */
	mustChange(): boolean;
	/** Lines that differ between two configurations, for people. */
	difference(from: RunningConfig, to: RunningConfig, session: Session): string;
	/** Removes what the change left on the device to undo it with. */
	cleanUp(session: Session): Promise<void>;
	/** Whether `confirm` saves, too. */
	saves: boolean;
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

/** The mechanism that the platform, and what is configured on this device, allow. */
export function chooseMechanism(session: Session, lines: readonly string[], running: RunningConfig): Mechanism {
	const { change } = session.platform.definition;
	if (change.method === "candidate") return candidate(session, change, lines, running);
	if (change.method === "direct") return direct(session, change, lines, running);
	return withoutUndo(change, lines);
}

function candidate(
	session: Session,
	change: Definition<"candidate">,
	lines: readonly string[],
	running: RunningConfig,
): Mechanism {
	const { platform } = session;
	const commands = commandsOf(lines, change.syntax);
	const known = () => secretsIn([...running.text.split("\n"), ...lines.map((line) => line.trim())], platform);
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
			await typeCommands(at, commands);
			const shown = await at.run(fill(change.diff), { modes: ["config"], max_bytes: longestDiff_bytes });
			showed = showsChange(shown.output);
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
				? undefined
				: async (at, now, before) => {
						await runSteps(
							at,
							change.enter.map((step) => fill(step)),
						);
						for (const command of inverseSetLines(now.text, before.text)) {
							await at.run(command, { check: false, modes: ["config"], literal: true });
						}
						await runSteps(
							at,
							change.restore.map((step) => fill(step)),
						);
					},
		mustChange: () => showed,
		difference: lineDifference,
		async cleanUp() {},
		saves: change.confirm.includes(platform.definition.save?.command ?? ""),
	};
}

function direct(
	session: Session,
	change: Definition<"direct">,
	lines: readonly string[],
	running: RunningConfig,
): Mechanism {
	const { platform } = session;
	const syntax = compileSyntax(change.syntax);
	const { checkpoint } = change;
	const before = parseConfig(running.text);
	const edits = readLines(withoutModeChanges(lines, session), syntax);
	const commands = typedCommands(edits, syntax);
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
				await typeCommands(at, commands, { questions: asked });
			} finally {
				if (at.mode === "config") await at.exitConfig().catch(() => {});
			}
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
		async restore(at, now, wanted) {
			const undo = editsBetween(parseConfig(now.text), parseConfig(wanted.text), syntax);
			await at.enterConfig();
			try {
				// What one line of the undoing says does not keep the others from being undone: the configuration is compared afterwards.
				for (const command of typedCommands(undo, syntax)) await retract(at, command, syntax, asked);
			} finally {
				if (at.mode === "config") await at.exitConfig();
			}
		},
		mustChange: () => false,
		difference(from, to) {
			const shown = shownDifference(parseConfig(from.text), parseConfig(to.text), syntax, platform);
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

/** Sends one line of an undoing; where the system does not take a value after `no`, the setting alone. */
async function retract(
	session: Session,
	command: string,
	syntax: ConfigSyntax,
	questions: CompiledPattern[],
): Promise<void> {
	try {
		await session.run(command, { modes: ["config"], literal: true, questions });
	} catch (error) {
		if (!hasCode(error, "device.command_failed")) throw error;
		const line = /^no (.+)$/.exec(command)?.[1];
		const key = line === undefined ? undefined : syntax.singleKey(line);
		if (key === undefined || key === line || !line?.startsWith(key)) return;
		await session.run(`no ${key}`, { check: false, modes: ["config"], questions });
	}
}

const inverseHow =
	"Inverse commands, made from what differs: sent by us when a check fails or nobody confirms in time, over a new session when this one is lost.";

function withoutUndo(change: Definition<"none">, lines: readonly string[]): Mechanism {
	const commands = commandsOf(lines, undefined);
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
		restore: undefined,
		mustChange: () => false,
		difference: lineDifference,
		async cleanUp() {},
		saves: false,
	};
}

/** The lines as typed: indented ones with the sections' ends in words where the syntax is known, else as they are. */
function commandsOf(lines: readonly string[], definition: Definition<"direct">["syntax"] | undefined): string[] {
	if (definition !== undefined) {
		const syntax = compileSyntax(definition);
		const edits: Edit[] = readLines(lines, syntax);
		return typedCommands(edits, syntax);
	}
	return lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#") && line !== "!");
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

/** Sends the lines one after the other and stops at the first that the device rejects. @throws change.line_rejected with number and text */
async function typeCommands(
	session: Session,
	commands: readonly string[],
	{ literal = true, questions }: Pick<CommandOptions, "literal" | "questions"> = {},
): Promise<void> {
	for (const [i, command] of commands.entries()) {
		try {
			await session.run(command, { modes: ["config"], literal, questions });
		} catch (error) {
			if (!hasCode(error, "device.command_failed")) throw error;
			const line = shownLine(command, session.platform);
			throw sessionError(
				"change.line_rejected",
				session.connection,
				"command",
				`rejected line ${i + 1} of ${commands.length}, \`${line}\`: "${saidBy(error)}". The lines after it were not sent.`,
				{ details: { line: i + 1, of: commands.length, command: line, excerpt: saidBy(error) }, cause: error },
			);
		}
	}
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

function saidBy(error: AppError): string {
	return String(error.details?.excerpt ?? "an error");
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

/**
 * `set` and `delete` commands that make `wanted` of `now`. A value that exists once is set back before the new one would be deleted, which then is no
 * more; what is new altogether goes with the highest of its words.
 */
function inverseSetLines(now: string, wanted: string): string[] {
	const lines = (text: string) => text.split("\n").filter((line) => line.startsWith("set "));
	const [left, right] = [lines(now), lines(wanted)];
	const [old, kept] = [new Set(left), new Set(right)];
	const words = (line: string) => line.match(/'[^']*'|\S+/g) ?? [];
	const heads = new Set(
		right.flatMap((line) => {
			const all = words(line);
			return all.map((_, i) => all.slice(0, i + 1).join(" "));
		}),
	);
	const deletions = left
		.filter((line) => !kept.has(line))
		.map((line) => {
			const all = words(line);
			const first = all.findIndex((_, i) => !heads.has(all.slice(0, i + 1).join(" ")));
			return `delete ${all.slice(1, first + 1).join(" ")}`;
		});
	return [...right.filter((line) => !old.has(line)), ...new Set(deletions)];
}

/** Lines that only one of two configurations has, masked: for systems whose sections are not known. */
function lineDifference(from: RunningConfig, to: RunningConfig, { platform }: Session): string {
	const [left, right] = [from.text.split("\n"), to.text.split("\n")];
	const [old, now] = [new Set(left), new Set(right)];
	const lines = [
		...left.filter((line) => !now.has(line)).map((line) => `-${line}\n`),
		...right.filter((line) => !old.has(line)).map((line) => `+${line}\n`),
	];
	return maskDeviceText(lines.join(""), secretsIn([...left, ...right], platform), platform);
}
