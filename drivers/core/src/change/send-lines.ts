import { type AppError, hasCode } from "@netconductor/runtime/errors";
import type { CompiledPattern } from "@netconductor/runtime/pattern";
import type { CommandOptions } from "../cli-engine.ts";
import { sessionError } from "../device-error.ts";
import type { Session } from "../session.ts";
import { type ConfigSyntax, type Edit, opensFor } from "./config-tree.ts";
import { shownLine } from "./running-config.ts";

/** Sends the lines one after the other and stops at the first that the device rejects. @throws change.line_rejected with number and text */
export async function typeCommands(
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

/** A line that the device did not take, masked, and what it said. */
export interface RejectedLine {
	line: string;
	said: string;
}

/**
 * Sends lines that undo something, one after the other. What one of them says does not keep the others from being sent: the configuration is compared
 * afterwards.
 */
export async function sendEach(session: Session, commands: readonly string[]): Promise<RejectedLine[]> {
	const rejected: RejectedLine[] = [];
	for (const command of commands) {
		const said = await rejectionOf(session, command);
		if (said !== undefined) rejected.push({ line: shownLine(command, session.platform), said });
	}
	return rejected;
}

/**
 * The same by section. What belongs into a section that cannot be entered is not sent: elsewhere it would mean something else, and leaving what was not
 * entered would end configuration mode.
 */
export async function sendEdits(
	session: Session,
	edits: readonly Edit[],
	syntax: ConfigSyntax,
	questions?: readonly CompiledPattern[],
): Promise<RejectedLine[]> {
	const rejected: RejectedLine[] = [];
	const closed: string[][] = [];
	const opens = opensFor(edits, syntax);
	let at: string[] = [];
	async function isTaken(line: string): Promise<boolean> {
		const said = await rejectionOf(session, line, questions);
		if (said !== undefined) rejected.push({ line: shownLine(line, session.platform), said });
		return said === undefined;
	}
	async function enter(path: readonly string[]): Promise<boolean> {
		while (at.length > 0 && !isWithin(path, at)) {
			at = at.slice(0, -1);
			await session.run("exit", { check: false, modes: ["config"] });
		}
		for (const header of path.slice(at.length)) {
			if (!(await isTaken(header))) return false;
			at = [...at, header];
		}
		return true;
	}
	for (const { path, command } of edits) {
		if (closed.some((section) => isWithin(path, section))) continue;
		if (!(await enter(path))) {
			closed.push(path.slice(0, at.length + 1));
			continue;
		}
		const said = await rejectionOf(session, command, questions);
		if (said !== undefined && !(await isTakenByKey(session, command, syntax, questions))) {
			rejected.push({ line: shownLine(command, session.platform), said });
			if (opens(command)) closed.push([...path, command]);
		} else if (opens(command)) at = [...path, command];
		if (syntax.endsVerbatim(command)) at = path.slice(0, -1);
	}
	return rejected;
}

function isWithin(path: readonly string[], section: readonly string[]): boolean {
	return section.every((header, i) => path[i] === header);
}

/** Some systems do not take a value after `no`: the setting alone is sent. */
async function isTakenByKey(
	session: Session,
	command: string,
	syntax: ConfigSyntax,
	questions?: readonly CompiledPattern[],
): Promise<boolean> {
	const line = /^no (.+)$/.exec(command)?.[1];
	const key = line === undefined ? undefined : syntax.singleKey(line);
	if (key === undefined || key === line || !line?.startsWith(key)) return false;
	return (await rejectionOf(session, `no ${key}`, questions)) === undefined;
}

/** What the device says to a line that it does not take; undefined where it does. @throws device.* when the session is over */
export async function rejectionOf(
	session: Session,
	command: string,
	questions?: readonly CompiledPattern[],
): Promise<string | undefined> {
	try {
		await session.run(command, { modes: ["config"], literal: true, questions });
		return undefined;
	} catch (error) {
		if (!hasCode(error, "device.command_failed")) throw error;
		return saidBy(error);
	}
}

/** What the device answered to the line that it rejected. */
export function saidBy(error: AppError): string {
	return String(error.details?.excerpt ?? "an error");
}
