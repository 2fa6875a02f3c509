import type { PlatformDefinition } from "@netconductor/contracts/devices/platform";
import { compileOnce } from "@netconductor/runtime/compile-once";
import { type CompiledPattern, compilePattern } from "@netconductor/runtime/pattern";

/** Which prompt a device shows. On a system without privilege levels `exec` is the only one. */
export type Mode = "exec" | "enable" | "config";

/** A question on the unfinished line, and the keys that answer it. */
interface Question {
	pattern: CompiledPattern;
	send: string;
}

/** A platform definition with its patterns compiled. All run on the linear-time engine: definitions and output may be hostile. */
export interface Platform {
	definition: PlatformDefinition;
	/** The mode that a prompt belongs to, the most privileged first; undefined when the line is no prompt. */
	modeOf(prompt: string): Mode | undefined;
	/** Whether a line belongs to the prompt below it. */
	isAbovePrompt(line: string): boolean;
	enablePassword: CompiledPattern | undefined;
	pager: Question[];
	loginQuestions: Question[];
	isError(line: string): boolean;
	isDropped(line: string): boolean;
	configEnd: CompiledPattern | undefined;
	facts: { command: string; fields: [name: string, pattern: CompiledPattern][] }[];
}

const never = () => false;

function anyOf(sources: string[]): (text: string) => boolean {
	if (sources.length === 0) return never;
	const pattern = compilePattern(sources.map((source) => `(?:${source})`).join("|"));
	return (text) => pattern.test(text);
}

function compile(definition: PlatformDefinition): Platform {
	const { prompt, config } = definition;
	const modes: [Mode, CompiledPattern][] = [];
	if (prompt.config !== undefined) modes.push(["config", compilePattern(prompt.config)]);
	if (prompt.enable !== undefined) modes.push(["enable", compilePattern(prompt.enable)]);
	modes.push(["exec", compilePattern(prompt.exec)]);
	const question = ({ pattern, send }: { pattern: string; send: string }) => ({
		pattern: compilePattern(pattern),
		send,
	});
	return {
		definition,
		modeOf: (line) => modes.find(([, pattern]) => pattern.test(line))?.[0],
		isAbovePrompt: anyOf(prompt.above === undefined ? [] : [prompt.above]),
		enablePassword: definition.enable && compilePattern(definition.enable.password_prompt),
		pager: definition.pager.map(question),
		loginQuestions: definition.login_questions.map(question),
		isError: anyOf(definition.errors),
		isDropped: anyOf(config.drop),
		configEnd: config.end === undefined ? undefined : compilePattern(config.end),
		facts: definition.facts.map(({ command, fields }) => ({
			command,
			fields: Object.entries(fields).map(([name, source]) => [name, compilePattern(source)]),
		})),
	};
}

/** Compiles a definition; the same definition is compiled once. @throws the engine's syntax error on a bad pattern */
export const compilePlatform: (definition: PlatformDefinition) => Platform = compileOnce(compile);
