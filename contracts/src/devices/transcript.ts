import { z } from "zod";
import { Secret } from "../kernel/secret.ts";
import { FactName, Facts, PlatformDefinition } from "./platform.ts";

/** The definition of a device type, and what a session with a device looked like on a terminal. */
export const TryDeviceType = z.object({
	/** As it is stored, or as somebody is writing it. */
	definition: PlatformDefinition,
	/** As it stood on the screen, from the first prompt on: prompts, commands, answers. It may hold passwords, so no record of the call keeps it. */
	transcript: Secret(
		z
			.string()
			.min(1)
			.max(2 * 1024 * 1024),
	),
});

const Mode = z.enum(["exec", "enable", "config"]);
/** A line of the transcript, counted from 1. */
const Line = z.object({ line: z.int(), text: z.string() });

/**
 * How a device type reads a transcript. Lists hold at most 2,000 entries each, and texts of lines at most 500 characters. Secrets are masked as
 * they would be in a backup.
 */
export const TranscriptReading = z
	.object({
		label: z.string(),
		total_lines: z.int(),
		/** Lines that begin with a prompt. */
		prompts: z.array(z.object({ line: z.int(), prompt: z.string(), mode: Mode, command: z.string().nullable() })),
		/** What was typed at them, with the lines of the answer. */
		commands: z.array(
			z.object({
				line: z.int(),
				command: z.string(),
				mode: Mode,
				/** What the definition uses it for; null for one that it does not know. */
				purpose: z.enum(["enable", "session_start", "config", "facts", "configure", "save", "logout"]).nullable(),
				/** First and last line of the answer; null for an empty one. */
				answer: z.object({ from_line: z.int(), to_line: z.int() }).nullable(),
				/** The line of the answer that says that the device refused it. */
				refused: Line.nullable(),
			}),
		),
		/** Questions of a pager, which are no part of an answer. */
		pager: z.array(Line),
		/** Lines that match a pattern of `errors`, and which. */
		errors: z.array(Line.extend({ pattern: z.string() })),
		facts: Facts,
		missing_facts: z.array(
			z.object({ fact: FactName, command: z.string(), why: z.enum(["no_such_command", "refused", "no_match"]) }),
		),
		/** What would be stored and compared; null when no command of `config` was found. */
		config: z
			.object({
				/** Commands of `config` that are not in the transcript. */
				missing_commands: z.array(z.string()),
				/** Whether the last line is the one that a complete config ends with; null when the definition names none. */
				complete: z.boolean().nullable(),
				/** Normalised, with secrets masked. */
				text: z.string(),
				/** Lines in which a secret was masked. */
				masked_lines: z.int(),
				/** Lines before the config proper that are left out. */
				dropped: z.array(Line),
				/** Lines that change by themselves: left out of `text`, or with a part of them blanked. */
				volatile: z.array(Line.extend({ effect: z.enum(["left_out", "blanked"]) })),
			})
			.nullable(),
		/** What does not fit and what to do about it, for people. */
		hints: z.array(z.string()),
		/** A list was longer than what is shown of it. */
		truncated: z.boolean(),
	})
	.meta({ id: "TranscriptReading" });
export type TranscriptReading = z.infer<typeof TranscriptReading>;
