import type { ParsedCommandParams, ParsedKind, ParsedRows } from "@netconductor/contracts/devices/parsed";

/** How one platform is asked for one kind of rows, and how its answer is read. */
export interface Parser<Kind extends ParsedKind> {
	/** The commands, in their order. What they answer is read as one text. */
	commands(params: ParsedCommandParams): string[];
	/** Of a command that goes on until it is interrupted (Control-C): after how long that is done, in milliseconds. */
	interruptAfter_ms?(params: ParsedCommandParams): number;
	/** What its command cannot be told. */
	takesNo?: readonly ("source" | "vrf")[];
	/** @throws NotUnderstood */
	read(output: string, params: ParsedCommandParams): ParsedRows[Kind];
}

/** Everything that can be read of a platform. A text instead of a parser says why there is none. */
export type PlatformParsers = { [Kind in ParsedKind]: Parser<Kind> | string };

/** An answer is not what its reader knows. The line is what a person looks at first. */
export class NotUnderstood extends Error {
	override readonly name = "NotUnderstood";
	readonly line: string | undefined;
	readonly lineNumber: number | undefined;
	constructor(reason: string, line?: string, lineNumber?: number) {
		super(reason);
		this.line = line;
		this.lineNumber = lineNumber;
	}
}

/** `words("show", vrf && `vrf ${vrf}`)`: a command of those parts that are there. */
export function words(...parts: (string | false | undefined)[]): string {
	return parts.filter(Boolean).join(" ");
}

const maxLine = 4_096;

/**
 * The lines of a text, for readers whose patterns backtrack: on lines of this length they take milliseconds at worst.
 * @throws NotUnderstood of a longer one
 */
export function linesOf(output: string): string[] {
	const lines = output.split(/\r?\n/);
	const long = lines.findIndex((line) => line.length > maxLine);
	if (long >= 0) {
		throw new NotUnderstood(`a line has more than ${maxLine} characters`, lines[long]?.slice(0, 200).trim(), long + 1);
	}
	return lines;
}

/** That an answer is not what was asked for, shown by its first line. */
export function notWhatWasAsked(reason: string, output: string): NotUnderstood {
	const lines = output.split(/\r?\n/);
	const number = lines.findIndex((line) => line.trim() !== "");
	return new NotUnderstood(reason, lines[number]?.trim(), number + 1);
}
