import type { Mode, Platform } from "@netconductor/driver-core/platform";

/** A line of a transcript that begins with a prompt. */
export interface Prompt {
	/** Of the line, from 0. */
	index: number;
	prompt: string;
	mode: Mode;
	/** What was typed at it; empty when nothing was. */
	command: string;
}

/** Longest beginning of a line in which a prompt is looked for, and how many places in it are tried. */
const longestPrompt = 200;
const mostTried = 24;

/**
 * Lines that begin with a prompt of the device. Alone, a prompt's pattern also fits lines of text (`# comment`), so those count whose name is that
 * of the session: the name before a command that the definition knows, else the one that occurs most often.
 */
export function findPrompts(platform: Platform, lines: readonly string[]): Prompt[] {
	const found = lines.flatMap((line, index) => {
		const prompt = promptOf(platform, line);
		return prompt === undefined ? [] : [{ index, ...prompt }];
	});
	const name = sessionName(platform, found);
	return found.filter(({ prompt }) => nameOf(prompt) === name);
}

/** Blanks at a prompt's end are not part of it, as in a session. */
function promptOf(platform: Platform, line: string): Omit<Prompt, "index"> | undefined {
	let tried = 0;
	for (const { index } of line.slice(0, longestPrompt).matchAll(/[^\p{L}\p{N}\s]/gu)) {
		const end = index + ((line.codePointAt(index) as number) > 0xffff ? 2 : 1);
		const prompt = line.slice(0, end);
		const mode = platform.modeOf(prompt);
		if (mode !== undefined) return { prompt, mode, command: line.slice(end).trim() };
		if (++tried === mostTried) return undefined;
	}
	return undefined;
}

function sessionName({ definition }: Platform, found: readonly Prompt[]): string | undefined {
	const { config, facts, session_start, enable } = definition;
	const known = new Set(
		[...config.commands, ...facts.map(({ command }) => command), ...session_start, enable?.command ?? ""]
			.map((command) => command.trim())
			.filter(Boolean),
	);
	const certain = found.find(({ command }) => known.has(command));
	if (certain !== undefined) return nameOf(certain.prompt);
	const counts = Map.groupBy(found, ({ prompt }) => nameOf(prompt));
	const [most] = [...counts].sort(([, a], [, b]) => b.length - a.length);
	return most?.[0];
}

/** What stays the same of a prompt in every mode: its beginning up to the first name in it; all of it where there is no name. */
function nameOf(prompt: string): string {
	return /^[^\p{L}\p{N}]*[\p{L}\p{N}_.-]+(?:@[\p{L}\p{N}_.-]+)*/u.exec(prompt)?.[0] ?? prompt;
}
