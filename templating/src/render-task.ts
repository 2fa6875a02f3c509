import type { FaultReport } from "./fault.ts";
import type { RenderLimits } from "./limits.ts";

/** How white space around tags is treated: Jinja2's environment options of the same names. */
export interface EngineSettings {
	/** The line break after a block tag is left out. Default true. */
	trim_blocks?: boolean;
	/** White space before a block tag at the beginning of a line is left out. Default true. */
	lstrip_blocks?: boolean;
	/** The line break at the end of a source is kept. Default true. */
	keep_trailing_newline?: boolean;
}

/** What a thread is given: plain data. */
export interface RenderTask {
	entry: string;
	templates: Record<string, string>;
	settings: EngineSettings;
	/** Variables of every set; a set's own win. */
	shared: Record<string, unknown>;
	sets: Record<string, unknown>[];
	limits: RenderLimits;
}

/** What a thread answers for one set of variables. */
export type ThreadOutcome = { text: string } | { fault: FaultReport };

/** What a string of a step is: a text with tags, or a bare expression as after `when`. */
export type StringKind = "text" | "condition";

/** A string of a step. */
export interface NamedString {
	/** For messages: where it stands. */
	name: string;
	source: string;
}

/** What a thread is given to evaluate strings with: plain data. */
export interface EvaluateTask {
	strings: NamedString[];
	kind: StringKind;
	/** Variables of every set; a set's own win. */
	shared: Record<string, unknown>;
	sets: Record<string, unknown>[];
	limits: RenderLimits;
}

/** What the strings come to for one set of variables, in their order; the first fault ends the set. */
export type EvaluateOutcome = { values: unknown[] } | { fault: FaultReport };
