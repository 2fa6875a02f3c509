import { onlyReads } from "@netconductor/contracts/devices/reading-commands";
import type { CommandOptions as RunOptions } from "@netconductor/driver-core/cli-engine";
import type { Session } from "@netconductor/driver-core/session";
import { failed, hasCode } from "@netconductor/runtime/errors";
import { compilePattern, patternFault } from "@netconductor/runtime/pattern";
import { z } from "zod";
import { interruptionOf } from "../../checks/device-check.ts";
import type { DeviceStepContext } from "../step-type.ts";
import type { Answer } from "./parse-output.ts";
import { shownOutput } from "./shown-output.ts";

/** What enters configuration mode, on the systems that have one. */
const entersConfiguration =
	/^(?:conf|confi|config|configu|configur|configure)(?:\s+(?!replace\b|confirm\b|revert\b|checkpoint\b).*)?$|^(?:system-view|edit(?:\s.*)?)$/i;

/** One command of exec mode. */
export const Command = z
	.string()
	.trim()
	.min(1)
	.max(2_000)
	.regex(/^[^\p{Cc}]*$/u, "One line")
	.refine(
		(command) => !entersConfiguration.test(command),
		"Must not enter configuration mode: set_config changes configuration",
	);

/** Some commands, or one; several lines are several commands. */
export const Commands = z.union([
	z.array(Command).min(1).max(200),
	z
		.string()
		.max(100_000)
		.transform((text) => text.split(/\r?\n/).filter((line) => line.trim() !== ""))
		.pipe(z.array(Command).min(1).max(200)),
]);

/** A pattern in RE2 syntax. */
export const Pattern = z
	.string()
	.min(1)
	.max(1_000)
	.superRefine((source, { addIssue }) => {
		const fault = patternFault(source);
		if (fault !== undefined) addIssue({ code: "custom", message: fault });
	});

/** One pattern, or several. */
export const Patterns = z.union([Pattern, z.array(Pattern).max(50)]).transform((given) => [given].flat());

export const Answers = z
	.array(
		z.strictObject({
			question: Pattern,
			answer: z
				.string()
				.max(500)
				.regex(/^[^\p{Cc}]*$/u, "One line"),
		}),
	)
	.max(20);

export interface CommandOptions {
	answers?: z.output<typeof Answers>;
	/** An answer that is an error message is an answer like others. */
	allow_errors?: boolean;
	longest_silence_s?: number | undefined;
	/** The last command may end the session: it restarts the device. */
	may_disconnect?: boolean;
}

/** Bytes of one answer at most, and of all answers of a step: they are held until the step is over. */
const longestAnswer_bytes = 16 * 1024 * 1024;
const mostAnswers_bytes = 64 * 1024 * 1024;
/** What is left for each of many answers in any case. */
const leastAnswer_bytes = 64 * 1024;

/**
 * Sends commands of exec mode, one after the other, and shows what they answer. The first that does not only read is announced by `beforeWriting`.
 * @throws procedure.bad_parameters for one that would enter configuration mode, device.*
 */
export async function* runCommands(
	context: Pick<DeviceStepContext<unknown>, "connection" | "beforeWriting" | "log" | "show">,
	session: Session,
	commands: readonly string[],
	{ answers = [], allow_errors = false, longest_silence_s, may_disconnect = false }: CommandOptions = {},
): AsyncGenerator<Answer> {
	const { connection, log, show } = context;
	for (const command of commands) throwIfConfiguration(session, command);
	const compiled = answers.map(({ question, answer }) => ({ question: compilePattern(question), text: answer }));
	let writes = false;
	let left_bytes = mostAnswers_bytes;
	for (const [i, command] of commands.entries()) {
		if (!writes && !onlyReads(command)) {
			await context.beforeWriting();
			writes = true;
		}
		const options = {
			check: !allow_errors,
			answers: compiled.length > 0 ? compiled : undefined,
			interrupt_after_ms: interruptionOf(session, command),
			timeout_ms: longest_silence_s === undefined ? undefined : longest_silence_s * 1000,
			max_bytes: Math.min(longestAnswer_bytes, Math.max(left_bytes, leastAnswer_bytes)),
		};
		const mayEnd = may_disconnect && i === commands.length - 1;
		const output = await answerOf(session, command, options, mayEnd);
		left_bytes -= Buffer.byteLength(output);
		const shown = await shownOutput(output, connection);
		log(`> ${await shownOutput(command, connection)}`);
		if (shown.trim() !== "") show(shown.slice(0, longestShown));
		if (shown.length > longestShown)
			log(`... and ${(shown.length - longestShown).toLocaleString("en")} characters more`);
		if (session.mode === "config") await leaveConfiguration(session, command);
		yield { command, raw: output, shown };
	}
}

/** A session that ended as it might has answered nothing. */
async function answerOf(session: Session, command: string, options: RunOptions, mayEnd: boolean): Promise<string> {
	try {
		return (await session.run(command, options)).output;
	} catch (error) {
		if (!mayEnd || !(hasCode(error, "device.connection_lost") || hasCode(error, "device.timeout"))) throw error;
		return "";
	}
}

/** Characters of an answer that a run's output has. */
const longestShown = 100_000;

/** What the schema does not know: a device type of a user's may have a word of its own. */
function throwIfConfiguration({ platform, connection }: Session, command: string): void {
	if (command !== platform.definition.configure?.enter) return;
	throw failed("procedure.bad_parameters", {
		message: `\`${command.slice(0, 200)}\` would enter the configuration mode of ${connection.name}. Nothing was sent. Use set_config to change its configuration.`,
		details: { command: command.slice(0, 200) },
	});
}

async function leaveConfiguration(session: Session, command: string): Promise<never> {
	await session.exitConfig();
	throw failed("procedure.bad_parameters", {
		message: `\`${command.slice(0, 200)}\` led ${session.connection.name} into configuration mode, which was left again. The commands after it were not sent. Use set_config to change its configuration.`,
		details: { command: command.slice(0, 200) },
	});
}
