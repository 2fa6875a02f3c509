import { ParsedKind } from "@netconductor/contracts/devices/parsed";
import { commandFor, parse, parseWith } from "@netconductor/driver-parsers/parsers/catalogue";
import { toObjects } from "@netconductor/driver-parsers/textfsm/parse-text";
import { readTemplate } from "@netconductor/driver-parsers/textfsm/template";
import { failed, isAppError } from "@netconductor/runtime/errors";
import { z } from "zod";

const known = ["auto", "json", ...ParsedKind.options];

/** How an answer becomes data. */
export const Parse = z
	.string()
	.max(100_000)
	.superRefine((text, { addIssue }) => {
		const fault = faultOf(text);
		if (fault !== undefined) addIssue({ code: "custom", message: fault });
	})
	.describe(
		`How answers become data. \`json\`: they are JSON. ${ParsedKind.options.map((kind) => `\`${kind}\``).join(", ")}: rows that look the same on every platform. \`auto\`: rows where the command is the one that a platform is asked for them with, else JSON. A text of several lines is a TextFSM template, which gives a list of records.`,
	);

function faultOf(text: string): string | undefined {
	if (known.includes(text)) return undefined;
	if (!text.includes("\n")) return `${known.join(", ")}, or a TextFSM template`;
	try {
		readTemplate(text);
		return undefined;
	} catch (error) {
		if (!isAppError(error)) throw error;
		return error.message;
	}
}

/** The kind of rows that a way of parsing names. */
export function kindOf(way: string): ParsedKind | undefined {
	return ParsedKind.safeParse(way).data;
}

/** An answer, and the same as people may have it. */
export interface Answer {
	command: string;
	/** As it came: rows of a kind hold no secrets, and masks would hide what they are read by. */
	raw: string;
	shown: string;
}

/**
 * What an answer says, as data without secrets.
 * @throws parse.*
 */
export function parseAnswer(platform: string, way: string, answer: Answer): unknown {
	const kind = kindOf(way);
	if (kind !== undefined) return parse(platform, kind, answer.raw);
	if (way === "json") return jsonOf(answer);
	if (way !== "auto") return toObjects(parseWith(way, answer.shown));
	const asked = askedWith(platform, answer.command);
	return asked === undefined ? jsonOf(answer) : parse(platform, asked.kind, answer.raw, asked.params);
}

/** The kind of rows that a platform is asked for with this command alone. */
function askedWith(platform: string, command: string) {
	for (const kind of ParsedKind.options.filter((kind) => kind !== "ping")) {
		for (const params of [{}, { afi: "ipv6" }]) {
			const commands = commandsOf(platform, kind, params);
			if (commands.length === 1 && commands[0] === command) return { kind, params };
		}
	}
	return undefined;
}

function commandsOf(platform: string, kind: ParsedKind, params: object): string[] {
	try {
		return commandFor(platform, kind, params);
	} catch {
		// There is no parser for it on this platform.
		return [];
	}
}

function jsonOf({ command, shown }: Answer): unknown {
	try {
		return JSON.parse(shown);
	} catch {
		const line = shown.trimStart().split("\n")[0]?.slice(0, 200) ?? "";
		throw failed("parse.not_understood", {
			message: `The answer to \`${command.slice(0, 200)}\` is not JSON, and no parser is known for the command: ${line}. Name the kind of rows, or write a TextFSM template.`,
			details: { command: command.slice(0, 200), line },
		});
	}
}
