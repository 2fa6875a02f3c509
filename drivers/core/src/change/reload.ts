import type { CompiledPattern } from "@netconductor/runtime/pattern";
import type { Session } from "../session.ts";
import { type ConfigNode, type ConfigSyntax, type Edit, editsBetween, isAbout, sectionAt } from "./config-tree.ts";
import { shownLine } from "./running-config.ts";
import { type RejectedLine, rejectionOf } from "./send-lines.ts";

/** A command that is cut shorter would say next to nothing: `no ip`. */
const fewestWords = 2;

/**
 * Sends what makes `wanted` of `now` as FRR's `frr-reload.py --reload` does, with configuration mode alone: each line by itself, with its sections from
 * the top, so that a line that left its section misleads no other one. A removal that the device rejects is tried in other words: a section is emptied
 * line by line, a line loses its last words, but never so many that it would name one that is wanted. Answers what was rejected all the same; that all of
 * it came to `wanted` is for the caller to read.
 */
export async function reloadDifference(
	session: Session,
	now: ConfigNode,
	wanted: ConfigNode,
	syntax: ConfigSyntax,
	questions?: readonly CompiledPattern[],
): Promise<RejectedLine[]> {
	const rejected: RejectedLine[] = [];

	/** What the device said to the line, where it did not take it. */
	async function rejection({ path, command }: Edit): Promise<string | undefined> {
		await session.enterConfig();
		try {
			for (const header of path) {
				const said = await rejectionOf(session, header, questions);
				if (said !== undefined) return said;
			}
			return await rejectionOf(session, command, questions);
		} finally {
			if (session.mode === "config") await session.exitConfig();
		}
	}
	async function isTakenOtherwise(edit: Edit): Promise<boolean> {
		const removed = /^no (.+)$/.exec(edit.command)?.[1];
		if (removed === undefined) return false;
		const section = sectionAt(now, [...edit.path, removed]);
		if (section !== undefined && section.children.length > 0) {
			await sendAll(withoutContents(section, edit.path, syntax));
			return true;
		}
		for (const shorter of shorterRemovals(removed, edit.path, wanted)) {
			if ((await rejection({ path: edit.path, command: `no ${shorter}` })) === undefined) return true;
		}
		return false;
	}
	async function sendAll(edits: readonly Edit[]): Promise<void> {
		for (const edit of edits) {
			const said = await rejection(edit);
			if (said === undefined || (await isTakenOtherwise(edit))) continue;
			rejected.push({ line: shownLine(edit.command, session.platform), said });
		}
	}

	await sendAll(editsBetween(now, wanted, syntax));
	return rejected;
}

function withoutContents(section: ConfigNode, path: readonly string[], syntax: ConfigSyntax): Edit[] {
	return editsBetween(section, { line: section.line, children: [] }, syntax).map((edit) => ({
		path: [...path, section.line, ...edit.path],
		command: edit.command,
	}));
}

/** The line with ever fewer words, as long as none that is wanted begins like it: there, or above, where some systems look for it, too. */
export function shorterRemovals(line: string, path: readonly string[], wanted: ConfigNode): string[] {
	const kept = [path, ...path.map((_, i) => path.slice(0, i))].flatMap((at) => sectionAt(wanted, at)?.children ?? []);
	const words = line.split(/\s+/);
	const shorter: string[] = [];
	for (let length = words.length - 1; length >= fewestWords; length--) {
		const cut = words.slice(0, length).join(" ");
		if (kept.some((child) => isAbout(child.line, cut))) break;
		shorter.push(cut);
	}
	return shorter;
}
