import { z } from "zod";

/** A regular expression in RE2 syntax, matched against one line without its indentation. */
const LinePattern = z.string().min(1).max(1000);

/**
 * Commands sent one after the other. `{name}` becomes a name that is used once, `{minutes}`, `{seconds}` and `{hms}` (`hh:mm:ss`) the time
 * within which a change must be confirmed.
 */
const Steps = z.array(z.string().min(1).max(200)).max(10);

/**
 * How configuration lines of a system with indented sections act on what is there. From this a change is worked out before it is made, and the
 * commands that undo it. What is not listed is taken for a line that may stand beside its like and that `no` removes.
 */
export const ConfigSyntaxDefinition = z.object({
	/** Lines that open a section. */
	sections: z.array(LinePattern).max(100).default([]),
	/** Lines that only the top level knows: inside of a section they leave it. */
	top_level: z.array(LinePattern).max(100).default([]),
	/** Settings that exist once. The capture groups, joined, are the key: a new line replaces the one with the same key. */
	single_value: z.array(LinePattern).max(200).default([]),
	/** Such lines that `no` takes with their key alone: `no description`. */
	negated_by_key: z.array(LinePattern).max(50).default([]),
	/** Lines about one thing: `key` captures it (`neighbor 10.0.0.1`), `root` is the line without which the others cannot be; removing that removes all. */
	groups: z
		.array(z.object({ key: LinePattern, root: LinePattern }))
		.max(20)
		.default([]),
	/** Lines that the system stores in their negated form, because the setting is on by itself. */
	stored_negations: z.array(LinePattern).max(100).default([]),
	/** Sections that cannot be removed, only emptied; the system does not show empty ones. */
	permanent: z.array(LinePattern).max(50).default([]),
	/** Sections in which the order of lines counts (access lists without numbers): they are undone as a whole. */
	ordered: z.array(LinePattern).max(50).default([]),
	/** Sections that hold a language of their own: their lines are sent as they are until one that matches `end`, which leaves them. */
	verbatim: z
		.array(z.object({ start: LinePattern, end: LinePattern }))
		.max(20)
		.default([]),
});
export type ConfigSyntaxDefinition = z.output<typeof ConfigSyntaxDefinition>;

/** How a running configuration is changed and how a change is undone, as the operating system allows. */
export const ChangeDefinition = z.discriminatedUnion("method", [
	z.object({
		/** Lines gather beside the running configuration; a commit applies them all, and the device takes it back itself unless it is confirmed. */
		method: z.literal("candidate"),
		enter: Steps.min(1),
		/** Enters a candidate that is nobody else's, to plan with; `enter` where there is none. */
		enter_to_plan: Steps.default([]),
		/** Shows what the candidate would change. */
		diff: z.string().min(1).max(200),
		/** Checks the candidate without applying it. */
		check: z.string().min(1).max(200).optional(),
		/** Applies the candidate until the time has passed. */
		commit: Steps.min(1),
		/** Questions of `commit` that are answered with the line ending. */
		questions: z.array(LinePattern).max(10).default([]),
		/** Sent in a session of its own, save where `confirm_in` is `same`: some systems take the confirmation only where the commit was given. */
		confirm: Steps.min(1),
		confirm_in: z.enum(["any", "same"]).default("any"),
		/** Takes a commit back before its time, in a session of its own. Without it the device's timer is waited for. */
		revert: Steps.default([]),
		/** Commits the inverse of what changed, on a system that shows its configuration as `set` lines; `enter` precedes the inverse lines. */
		restore: Steps.default([]),
		/** Leaves the candidate without a trace. */
		discard: Steps.min(1),
		/** Leaves configuration mode after the commit; empty where the commit does. */
		leave: Steps.default([]),
		/** Sections, for lines that are written indented; without it lines are sent as they are. */
		syntax: ConfigSyntaxDefinition.optional(),
		/** Bounds of the time for confirmation, in seconds. */
		shortest_s: z.int().positive().default(60),
		longest_s: z.int().positive().default(3600),
		/** How a change is undone, for people: `commit confirmed: the router takes the change back by itself unless it is confirmed`. */
		how: z.string().min(1).max(300),
	}),
	z.object({
		/** Each line acts as soon as it is sent. */
		method: z.literal("direct"),
		syntax: ConfigSyntaxDefinition.prefault({}),
		/** Questions that a line of configuration may raise, answered with the line ending: `[confirm]`. */
		questions: z.array(LinePattern).max(10).default([]),
		/** The device's own timer, where its running configuration has a line like `available`; sections stand before it (`archive path flash:`). */
		timer: z
			.object({
				available: LinePattern,
				enter: z.string().min(1).max(200),
				confirm: Steps.min(1),
				revert: Steps.min(1),
				longest_s: z.int().positive().default(7200),
				how: z.string().min(1).max(300),
			})
			.optional(),
		/** A copy of the running configuration on the device, to go back to. `questions` are answered with the line ending. */
		checkpoint: z
			.object({
				save: Steps.min(1),
				restore: Steps.min(1),
				drop: Steps.default([]),
				questions: z.array(LinePattern).max(10).default([]),
				how: z.string().min(1).max(300),
			})
			.optional(),
	}),
	z.object({
		/** Lines are sent as they are and nothing can take them back. */
		method: z.literal("none"),
		why: z.string().max(300).default("This device type does not say how a change is undone."),
	}),
]);
export type ChangeDefinition = z.output<typeof ChangeDefinition>;

/** `native`: the device itself takes an unconfirmed change back. `emulated`: our worker does, by a copy on the device or by inverse commands. */
export const UndoKind = z.enum(["native", "emulated", "none"]);
export type UndoKind = z.infer<typeof UndoKind>;

/** Where the dead-man's timer runs that takes an unconfirmed change back. */
type UndoTimer = "device" | "worker" | "none";

export function undoTimerOf(kind: UndoKind): UndoTimer {
	return ({ native: "device", emulated: "worker", none: "none" } as const)[kind];
}

/** What that means for whoever plans the change. */
export const undoTimerWords: Readonly<Record<UndoTimer, string>> = {
	device: "The timer is in the device: unconfirmed, it goes back by itself, even where nobody can reach it any more.",
	worker:
		"The timer is in our worker, which must reach the device again to take the change back. Where it cannot, or ends itself, the change stays and the run needs attention.",
	none: "No timer: nothing takes the change back.",
};

/** What a platform has at least; one device may have more (a configured archive on IOS). */
export function undoKindOf({ method }: ChangeDefinition): UndoKind {
	return ({ candidate: "native", direct: "emulated", none: "none" } as const)[method];
}
