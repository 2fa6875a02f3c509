import { z } from "zod";
import { ChangeDefinition } from "./change.ts";

/**
 * A regular expression in RE2 syntax (no look-around, no back-references), so that it can run in linear time on hostile text.
 * It is matched against single lines unless the field says otherwise.
 */
export const Pattern = z.string().min(1).max(1000);

/** Which structure a config has; the section-aware diff follows it. */
export const ConfigStructure = z.enum(["indent", "braces", "set_lines", "flat"]);

/** Facts that a platform can read from a device. */
export const FactName = z.enum(["hostname", "os_version", "model", "serial", "uptime"]);
export type FactName = z.infer<typeof FactName>;

/**
 * How to talk to one operating system: data only, so that a custom device type can be made through the API.
 * Prompts are matched against the last, unfinished line of the device's output.
 */
export const PlatformDefinition = z.object({
	/** `vendor_os`, as users of Netmiko, Scrapli and Oxidized know it. */
	id: z.string().regex(/^[a-z][a-z0-9_]{1,62}$/, "Lower-case letters, digits and _ only, starting with a letter"),
	label: z.string().min(1).max(100),
	vendor: z.string().max(100).default(""),
	prompt: z.object({
		/** Unprivileged mode; also the only one on systems without privilege levels. */
		exec: Pattern,
		enable: Pattern.optional(),
		config: Pattern.optional(),
		/** A line that belongs to the prompt and stands above it (Junos: `{master:0}`, `[edit]`); not part of an answer. */
		above: Pattern.optional(),
	}),
	/** How to raise privileges: the command, and the question that its password answers. */
	enable: z.object({ command: z.string().max(200), password_prompt: Pattern.default("(?i)password: ?$") }).optional(),
	/** Commands that enter and leave configuration mode. */
	configure: z.object({ enter: z.string().max(200), exit: z.string().max(200) }).optional(),
	/** Sent once after login (after enable): no paging, wide terminal. An error answer to these is tolerated. */
	session_start: z.array(z.string().max(200)).max(10).default([]),
	/** Questions that may interrupt output, matched against the unfinished line, with the keys that answer them. */
	pager: z
		.array(z.object({ pattern: Pattern, send: z.string().max(20) }))
		.max(10)
		.default([{ pattern: "^\\s*-- ?[Mm]ore ?--\\s*$", send: " " }]),
	/** Questions between login and the first prompt ("Press any key", banners to accept). */
	login_questions: z
		.array(z.object({ pattern: Pattern, send: z.string().max(100) }))
		.max(10)
		.default([]),
	/** What ends a command line. */
	newline: z.enum(["\n", "\r", "\r\n"]).default("\n"),
	/** Appended to the user name at login (RouterOS: `+ct0w500h` switches colours and auto-detection off). */
	username_suffix: z.string().max(40).default(""),
	/** The session ends politely with this. */
	logout: z.string().max(100).default("exit"),
	/** A line of an answer that matches one of these means that the command failed. */
	errors: z.array(Pattern).max(50).default([]),
	/** The running configuration. Several commands are read in order and joined. */
	config: z.object({
		commands: z.array(z.string().min(1).max(500)).min(1).max(10),
		/** The last non-empty line of a complete config matches this; where set, a config without it is refused as cut off. */
		end: Pattern.optional(),
		/** Lines before the config proper, dropped from the stored text ("Building configuration..."). */
		drop: z.array(Pattern).max(30).default([]),
		structure: ConfigStructure.default("indent"),
		comment: Pattern.optional(),
	}),
	/** Saves the running configuration, where the system needs it. */
	save: z.object({ command: z.string().max(200) }).optional(),
	/** How it is changed, and how a change is undone. */
	change: ChangeDefinition.prefault({ method: "none" }),
	/**
	 * What differs from read to read without a change of configuration. A line that matches is absent from the normalised text; where
	 * the pattern has capture groups, the line stays and only what they captured becomes `<volatile>` (FortiOS salts `ENC` values anew).
	 */
	volatile: z.array(Pattern).max(100).default([]),
	/**
	 * Each capture group of a match is a secret: masked in what is shown and searched. A pattern with a group named `harmless` is an
	 * exception: what others find inside of that group is no secret (`^(?P<harmless>password encryption aes)$`).
	 */
	secrets: z.array(Pattern).max(100).default([]),
	/** Secrets that only their surroundings give away: such patterns count between a line that matches `start` and one that matches `end`. */
	secret_blocks: z
		.array(z.object({ start: Pattern, end: Pattern, secrets: z.array(Pattern).min(1).max(20) }))
		.max(20)
		.default([]),
	/** Commands that reveal facts; each field's first capture group is the value. Patterns see the whole output, `(?m)` as needed. */
	facts: z
		.array(z.object({ command: z.string().min(1).max(500), fields: z.partialRecord(FactName, Pattern) }))
		.max(10)
		.default([]),
});
export type PlatformDefinition = z.output<typeof PlatformDefinition>;
/** What a definition file or the API hands in: defaults may be left out. */
export type PlatformInput = z.input<typeof PlatformDefinition>;

/** What is known about a device after asking it. */
export const Facts = z.partialRecord(FactName, z.string().max(500));
export type Facts = z.infer<typeof Facts>;
