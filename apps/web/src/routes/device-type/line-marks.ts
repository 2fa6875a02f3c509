import type { TranscriptReading } from "@netconductor/contracts/devices/transcript";

/** What a definition takes one line of a transcript for. */
export interface LineMark {
	kind: "prompt" | "command" | "unknown_command" | "config" | "answer" | "error" | "pager" | "volatile" | "dropped";
	word: string;
}

const purposes = {
	enable: "raises privileges",
	session_start: "session start",
	config: "configuration",
	facts: "facts",
	configure: "configuration mode",
	save: "saves",
	logout: "ends the session",
} as const;

/** Line by line, from 1, what was recognised; the more particular wins: a volatile line within an answer is volatile. */
export function lineMarks(reading: TranscriptReading): Map<number, LineMark> {
	const marks = new Map<number, LineMark>();
	for (const { line } of reading.prompts) marks.set(line, { kind: "prompt", word: "prompt" });
	for (const { line, purpose, answer } of reading.commands) {
		marks.set(
			line,
			purpose === null ? { kind: "unknown_command", word: "command" } : { kind: "command", word: purposes[purpose] },
		);
		if (answer === null) continue;
		const mark: LineMark =
			purpose === "config" ? { kind: "config", word: "configuration" } : { kind: "answer", word: "answer" };
		for (let at = answer.from_line; at <= answer.to_line; at += 1) marks.set(at, mark);
	}
	for (const { line } of reading.config?.dropped ?? []) marks.set(line, { kind: "dropped", word: "dropped" });
	for (const { line, effect } of reading.config?.volatile ?? []) {
		marks.set(line, { kind: "volatile", word: effect === "left_out" ? "volatile, left out" : "volatile, blanked" });
	}
	for (const { line } of reading.pager) marks.set(line, { kind: "pager", word: "pager" });
	for (const { line } of reading.errors) marks.set(line, { kind: "error", word: "error" });
	return marks;
}
