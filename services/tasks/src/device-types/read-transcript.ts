import type { PlatformDefinition } from "@netconductor/contracts/devices/platform";
import type { TranscriptReading } from "@netconductor/contracts/devices/transcript";
import { withoutPreamble } from "@netconductor/driver-core/collect-config";
import { compilePlatform, type Platform } from "@netconductor/driver-core/platform";
import { factsIn } from "@netconductor/driver-core/read-facts";
import { drawLine } from "@netconductor/driver-core/terminal-text";
import {
	createLineMasker,
	createLineNormaliser,
	maskEcho,
	maskSecrets,
	normalise,
} from "@netconductor/runtime/config-text";
import { type CompiledPattern, compilePattern } from "@netconductor/runtime/pattern";
import { findPrompts, type Prompt } from "./find-prompts.ts";

type Command = TranscriptReading["commands"][number];
type Config = NonNullable<TranscriptReading["config"]>;

const mostListed = 2_000;
const longestShown = 500;
/** Where an answer may say that its command failed, in lines from its beginning and its end: as in a session. */
const edgeLines = 5;

/** A command with the lines of its answer, as indexes of the transcript's lines. */
interface Exchange {
	prompt: Prompt;
	command: string;
	from: number;
	until: number;
	refused: number | undefined;
}

/** How a definition reads the transcript of a session, by the rules by which a session with a device is read. Its patterns compile. */
export function readTranscript(definition: PlatformDefinition, transcript: string): TranscriptReading {
	const platform = compilePlatform(definition);
	const shown = createShow(definition);
	const raw = transcript.split("\n");
	if (raw.at(-1) === "") raw.pop();
	const lines = raw.map((line) => drawLine(line.endsWith("\r") ? line.slice(0, -1) : line).trimEnd());
	const pager = pagerLines(platform, raw, lines);
	const prompts = withoutTextOfConfig(platform, lines, findPrompts(platform, lines));
	const errors: TranscriptReading["errors"] = [];
	const patterns = definition.errors.map(compilePattern);
	const exchanges = exchangesOf(platform, lines, prompts).map((exchange): Exchange => {
		const found = errorLines(exchange, lines, patterns);
		for (const { index, pattern } of found) {
			errors.push({ line: index + 1, text: shown.words(lines[index] as string), pattern });
		}
		return { ...exchange, refused: found[0]?.index };
	});
	const purposes = purposesOf(definition);
	const textOf = (index: number) => shown.line(lines[index] as string);
	const config = readConfig({ platform, lines, pager, exchanges, shown });
	const lists = {
		prompts: prompts.map(({ index, prompt, mode, command }) => ({
			line: index + 1,
			prompt: prompt.slice(0, longestShown),
			mode,
			command: command === "" ? null : shown.line(command),
		})),
		commands: exchanges.map(
			({ prompt, command, from, until, refused }): Command => ({
				line: prompt.index + 1,
				command: shown.line(command),
				mode: prompt.mode,
				purpose: purposes.get(squeeze(command)) ?? null,
				answer: from < until ? { from_line: from + 1, to_line: until } : null,
				refused: refused === undefined ? null : { line: refused + 1, text: shown.words(lines[refused] as string) },
			}),
		),
		pager: [...pager].map((index) => ({ line: index + 1, text: textOf(index) })),
		errors,
	};
	const cutConfig = config && {
		...config,
		dropped: config.dropped.slice(0, mostListed),
		volatile: config.volatile.slice(0, mostListed),
	};
	const found = readFacts({ platform, lines, pager, exchanges });
	return {
		label: definition.label,
		total_lines: lines.length,
		prompts: lists.prompts.slice(0, mostListed),
		commands: lists.commands.slice(0, mostListed),
		pager: lists.pager.slice(0, mostListed),
		errors: lists.errors.slice(0, mostListed),
		...found,
		config: cutConfig,
		hints: hintsOf({ platform, lines, prompts, exchanges, pager, config }),
		truncated: [...Object.values(lists), config?.dropped ?? [], config?.volatile ?? []].some(
			({ length }) => length > mostListed,
		),
	};
}

interface Reading {
	platform: Platform;
	lines: string[];
	/** Indexes of lines that are a pager's question and nothing else. */
	pager: Set<number>;
	exchanges: Exchange[];
}

/** Lines as they are shown: cut, and with secrets masked. `words` are the device's own, which may repeat a line of config. */
function createShow(definition: PlatformDefinition) {
	return {
		line: (line: string) => createLineMasker(definition)(line).slice(0, longestShown),
		words: (line: string) => maskEcho(line.slice(0, longestShown), definition),
	};
}

/** A pager's question that was wiped by the device left only its control characters; one that was copied from a screen is a line of its own. */
function pagerLines({ pager }: Platform, raw: string[], lines: string[]): Set<number> {
	const isQuestion = (text: string) => text !== "" && pager.some(({ pattern }) => pattern.test(text));
	return new Set(lines.flatMap((line, index) => (isQuestion(line) && raw[index] !== "" ? [index] : [])));
}

/**
 * A banner in a configuration may read like the prompt. As in a session, a prompt that comes before the end marker does not end the answer, where
 * nothing was typed at it and the marker follows.
 */
function withoutTextOfConfig(platform: Platform, lines: string[], prompts: Prompt[]): Prompt[] {
	const { configEnd, definition } = platform;
	const last = squeeze(definition.config.commands.at(-1) ?? "");
	if (configEnd === undefined) return prompts;
	const isComplete = (from: number, end: number) => {
		let index = withoutPromptLines(platform, lines, from, end) - 1;
		while (index >= from && lines[index] === "") index--;
		return index >= from && configEnd.test(lines[index] as string);
	};
	const text = new Set<Prompt>();
	for (const [at, { index, command }] of prompts.entries()) {
		if (squeeze(command) !== last) continue;
		for (let next = at + 1; next <= prompts.length; next++) {
			const prompt = prompts[next];
			if (isComplete(index + 1, prompt?.index ?? lines.length)) {
				for (const passed of prompts.slice(at + 1, next)) text.add(passed);
				break;
			}
			if (prompt?.command !== "") break;
		}
	}
	return prompts.filter((prompt) => !text.has(prompt));
}

function exchangesOf(platform: Platform, lines: string[], prompts: Prompt[]): Omit<Exchange, "refused">[] {
	return prompts.flatMap((prompt, at) => {
		if (prompt.command === "") return [];
		const next = prompts[at + 1];
		const end = next?.index ?? lines.length;
		const from = prompt.index + 1;
		const until = next === undefined ? end : withoutPromptLines(platform, lines, from, end);
		return [{ prompt, command: prompt.command, from, until }];
	});
}

/** Where an answer ends above its prompt: before the line that belongs to the prompt (Junos: `{master:0}`) and the blank ones around it. */
function withoutPromptLines(platform: Platform, lines: string[], from: number, end: number): number {
	let until = end;
	let dropped = false;
	for (let index = end - 1; index >= from; index--) {
		const line = (lines[index] as string).trim();
		if (line !== "" && (dropped || !platform.isAbovePrompt(line))) break;
		dropped ||= line !== "";
		until = index;
	}
	return dropped ? until : end;
}

function errorLines({ from, until }: { from: number; until: number }, lines: string[], patterns: CompiledPattern[]) {
	const filled: number[] = [];
	for (let index = from; index < until && filled.length < edgeLines; index++)
		if (lines[index] !== "") filled.push(index);
	const last: number[] = [];
	for (let index = until - 1; index >= from && last.length < edgeLines; index--)
		if (lines[index] !== "") last.push(index);
	return [...new Set([...filled, ...last.reverse()])].flatMap((index) => {
		const pattern = patterns.find((error) => error.test(lines[index] as string));
		return pattern === undefined ? [] : [{ index, pattern: pattern.source }];
	});
}

const squeeze = (command: string) => command.trim().replace(/\s+/g, " ");

/** What a definition uses its commands for. */
function purposesOf(definition: PlatformDefinition): Map<string, Command["purpose"]> {
	const { config, facts, session_start, enable, configure, save, logout } = definition;
	const purposes = new Map<string, Command["purpose"]>();
	const use = (purpose: Command["purpose"], ...commands: (string | undefined)[]) => {
		for (const command of commands) {
			if (command !== undefined && !purposes.has(squeeze(command))) purposes.set(squeeze(command), purpose);
		}
	};
	use("config", ...config.commands);
	use("facts", ...facts.map(({ command }) => command));
	use("session_start", ...session_start);
	use("enable", enable?.command);
	use("configure", configure?.enter, configure?.exit);
	use("save", save?.command);
	use("logout", logout);
	return purposes;
}

/** The last answer to a command, one that was not refused if there is any. */
function answerTo(exchanges: Exchange[], command: string): Exchange | undefined {
	const asked = exchanges.filter((exchange) => squeeze(exchange.command) === squeeze(command));
	return asked.findLast(({ refused }) => refused === undefined) ?? asked.at(-1);
}

/** Indexes of an answer's lines, without a pager's questions. */
function answerLines({ from, until }: Exchange, pager: Set<number>): number[] {
	const indexes: number[] = [];
	for (let index = from; index < until; index++) if (!pager.has(index)) indexes.push(index);
	return indexes;
}

function readFacts({ platform, lines, pager, exchanges }: Reading): Pick<TranscriptReading, "facts" | "missing_facts"> {
	const facts: TranscriptReading["facts"] = {};
	const missing: TranscriptReading["missing_facts"] = [];
	for (const { command, fields } of platform.facts) {
		const exchange = answerTo(exchanges, command);
		const readable = exchange !== undefined && exchange.refused === undefined;
		const output = readable
			? answerLines(exchange, pager)
					.map((index) => `${lines[index]}\n`)
					.join("")
			: "";
		const found = new Map(factsIn(output, fields));
		for (const [fact, value] of found) facts[fact] ??= value;
		const why = exchange === undefined ? "no_such_command" : readable ? "no_match" : "refused";
		for (const [name] of fields) {
			const fact = name as keyof typeof facts;
			if (!found.has(fact)) missing.push({ fact, command, why });
		}
	}
	return { facts, missing_facts: missing.filter(({ fact }) => facts[fact] === undefined) };
}

function readConfig({
	platform,
	lines,
	pager,
	exchanges,
	shown,
}: Reading & { shown: ReturnType<typeof createShow> }): Config | null {
	const { definition } = platform;
	const missing_commands: string[] = [];
	const dropped: number[] = [];
	const kept: number[] = [];
	for (const command of definition.config.commands) {
		const exchange = answerTo(exchanges, command);
		if (exchange === undefined || exchange.refused !== undefined) {
			missing_commands.push(command);
			continue;
		}
		const answer = answerLines(exchange, pager);
		const bytes = Buffer.from(answer.map((index) => `${lines[index]}\n`).join(""));
		const rest = withoutPreamble(bytes, platform.isDropped).toString();
		const preamble = answer.length - (rest === "" ? 0 : rest.split("\n").length - 1);
		dropped.push(...answer.slice(0, preamble).filter((index) => lines[index] !== ""));
		for (const index of answer.slice(preamble)) kept.push(index);
	}
	if (missing_commands.length === definition.config.commands.length) return null;
	const text = kept.map((index) => `${lines[index]}\n`).join("");
	const normalised = normalise(text, definition);
	const masked = maskSecrets(normalised, definition);
	const last = kept.findLast((index) => lines[index] !== "");
	const plain = normalised.split("\n");
	// Line after line: what is a key's body shows only by what stands before it.
	const mask = createLineMasker(definition);
	const shownOf = new Map(kept.map((index) => [index, mask(lines[index] as string).slice(0, longestShown)]));
	return {
		missing_commands,
		complete:
			platform.configEnd === undefined ? null : last !== undefined && platform.configEnd.test(lines[last] as string),
		text: masked,
		masked_lines: masked.split("\n").filter((line, index) => line !== plain[index]).length,
		dropped: dropped.map((index) => ({ line: index + 1, text: shown.line(lines[index] as string) })),
		volatile: volatileLines(definition, lines, kept).map(({ index, effect }) => ({
			line: index + 1,
			text: shownOf.get(index) ?? "",
			effect,
		})),
	};
}

function volatileLines(definition: PlatformDefinition, lines: string[], kept: number[]) {
	const settle = createLineNormaliser(definition);
	const found: { index: number; effect: "left_out" | "blanked" }[] = [];
	for (const index of kept) {
		const settled = settle(lines[index] as string);
		if (settled === undefined) found.push({ index, effect: "left_out" });
		else if (settled !== lines[index]) found.push({ index, effect: "blanked" });
	}
	return found;
}

function hintsOf({
	platform,
	lines,
	prompts,
	exchanges,
	pager,
	config,
}: Reading & { prompts: Prompt[]; config: Config | null }): string[] {
	const { label, config: asked } = platform.definition;
	const commands = asked.commands.map((command) => `\`${command}\``);
	if (prompts.length === 0) {
		return [
			`No line begins with a prompt of ${label}. Paste the session from its first prompt on, with the commands that were typed; if a prompt is there, correct the patterns of \`prompt\`.`,
		];
	}
	const hints: string[] = [];
	if ((prompts.at(-1)?.index ?? 0) < lines.findLastIndex((line) => line !== "")) {
		hints.push("The transcript does not end with a prompt, so its last answer may be cut off.");
	}
	const configs = asked.commands.flatMap((command) => answerTo(exchanges, command) ?? []);
	if (configs.length === 0) {
		hints.push(`The transcript does not show ${commands.join(", ")}, so nothing tells what a backup would hold.`);
	}
	for (const { command, refused } of configs) {
		if (refused !== undefined)
			hints.push(`The device refused \`${command}\` (line ${refused + 1}), so a backup would fail.`);
	}
	if (configs.some((exchange) => [...pager].some((index) => index >= exchange.from && index < exchange.until))) {
		hints.push("A pager interrupts the configuration. A command in `session_start` should switch it off.");
	}
	if (config === null) return hints;
	const missing = config.missing_commands.map((command) => `\`${command}\``);
	if (missing.length > 0)
		hints.push(`A backup also needs ${missing.join(", ")}, of which the transcript has no good answer.`);
	if (config.text.trim() === "")
		hints.push("Nothing is left of the configuration: a backup would be refused as empty.");
	else if (config.complete === false) {
		hints.push("The configuration does not end with a line like `config.end`: a backup would be refused as cut off.");
	} else if (config.masked_lines === 0) {
		hints.push("No secret was found. If this configuration holds passwords or keys, add their patterns to `secrets`.");
	}
	return hints;
}
