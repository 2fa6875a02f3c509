import { ParsedCommandParams, ParsedKind, type ParsedRows, parsedRow } from "@netconductor/contracts/devices/parsed";
import { failed } from "@netconductor/runtime/errors";
import { type ParseLimits, parseText, type TextFsmTable } from "../textfsm/parse-text.ts";
import { readTemplate } from "../textfsm/template.ts";
import { NotUnderstood, type Parser, type PlatformParsers } from "./parser.ts";
import { aristaEos } from "./platforms/arista-eos.ts";
import { ciscoIos } from "./platforms/cisco-ios.ts";
import { ciscoNxos } from "./platforms/cisco-nxos.ts";
import { ciscoXr } from "./platforms/cisco-xr.ts";
import { fortinet } from "./platforms/fortinet.ts";
import { frr } from "./platforms/frr.ts";
import { hpProcurve } from "./platforms/hp-procurve.ts";
import { juniperJunos } from "./platforms/juniper-junos.ts";
import { linux } from "./platforms/linux.ts";
import { mikrotikRouteros } from "./platforms/mikrotik-routeros.ts";
import { vyos } from "./platforms/vyos.ts";

const platforms = new Map<string, PlatformParsers>(
	Object.entries({
		cisco_ios: ciscoIos,
		cisco_nxos: ciscoNxos,
		cisco_xr: ciscoXr,
		arista_eos: aristaEos,
		juniper_junos: juniperJunos,
		mikrotik_routeros: mikrotikRouteros,
		vyos,
		frr,
		linux,
		fortinet,
		hp_procurve: hpProcurve,
	}),
);

/** The most characters of an answer that are read. */
const maxOutput = 16 * 1024 * 1024;

export interface CatalogueEntry {
	platform: string;
	what: ParsedKind;
	/** Null where there is a parser; else why there is none. */
	none_because: string | null;
}

/** What can be read, and what cannot: every platform with every kind of rows. */
export function listParsers(): CatalogueEntry[] {
	return [...platforms].flatMap(([platform, parsers]) =>
		ParsedKind.options.map((what) => {
			const parser = parsers[what];
			return { platform, what, none_because: typeof parser === "string" ? parser : null };
		}),
	);
}

/**
 * The commands to send, in their order, to be read together by `parse`. They read only.
 * @throws parse.no_parser, parse.bad_params
 */
export function commandFor(platform: string, what: ParsedKind, params: unknown = {}): string[] {
	const parser = parserOf(platform, what);
	const checked = checkedParams(platform, what, params);
	if (what === "ping" && checked.target === undefined) throw badParams(platform, what, "a ping needs a target");
	const lacking = parser.takesNo?.find((name) => checked[name] !== undefined);
	if (lacking !== undefined) throw badParams(platform, what, `its command takes no ${lacking}`);
	return parser.commands(checked);
}

/** After how long the commands of `commandFor` have to be interrupted, in milliseconds; undefined where they end by themselves. */
export function interruptAfter_ms(platform: string, what: ParsedKind, params: unknown = {}): number | undefined {
	return parserOf(platform, what).interruptAfter_ms?.(checkedParams(platform, what, params));
}

/**
 * Rows of what the commands of `commandFor` answered, joined by line ends where there are several; with the same parameters, as an
 * answer does not always repeat what was asked.
 * @throws parse.no_parser, parse.bad_params, parse.not_understood (with the first line that is not known), parse.too_much
 */
export function parse<Kind extends ParsedKind>(
	platform: string,
	what: Kind,
	output: string,
	params: unknown = {},
): ParsedRows[Kind] {
	const parser = parserOf(platform, what);
	const checked = checkedParams(platform, what, params);
	if (output.length > maxOutput) {
		throw failed("parse.too_much", {
			message: `The answer of ${platform} has ${output.length} characters; ${maxOutput} are read at most.`,
			details: { platform, what },
		});
	}
	try {
		const rows = parser.read(output, checked);
		const row = parsedRow[what];
		for (const each of rows) {
			const fault = row.safeParse(each).error?.issues[0];
			if (fault)
				throw new NotUnderstood(
					`${fault.path.join(".")} is not as expected (${fault.message})`,
					JSON.stringify(each).slice(0, 200),
				);
		}
		return rows;
	} catch (error) {
		if (!(error instanceof NotUnderstood)) throw error;
		const place = error.lineNumber === undefined ? "" : ` in line ${error.lineNumber}`;
		throw failed("parse.not_understood", {
			message: `The ${what} of ${platform} was not understood: ${error.message}${place}${error.line === undefined ? "" : `: ${error.line.slice(0, 200)}`}`,
			details: {
				platform,
				what,
				...(error.line !== undefined && { line: error.line.slice(0, 200) }),
				...(error.lineNumber !== undefined && { line_number: error.lineNumber }),
			},
		});
	}
}

/**
 * Reads an output with a template of the user's.
 * @throws parse.template_invalid, parse.pattern_unsupported, parse.error_state, parse.too_much
 */
export function parseWith(template: string, output: string, limits: Partial<ParseLimits> = {}): TextFsmTable {
	return parseText(readTemplate(template), output, limits);
}

function parserOf<Kind extends ParsedKind>(platform: string, what: Kind): Parser<Kind> {
	const parser: Parser<Kind> | string | undefined = platforms.get(platform)?.[what];
	if (typeof parser === "object") return parser;
	throw failed("parse.no_parser", {
		message: `There is no parser for ${what} of ${platform}${parser === undefined ? "" : `: ${parser}`}. A TextFSM template of your own can read it.`,
		details: { platform, what },
	});
}

function checkedParams(platform: string, what: ParsedKind, params: unknown): ParsedCommandParams {
	const result = ParsedCommandParams.safeParse(params);
	if (result.success) return result.data;
	const fault = result.error.issues[0];
	throw badParams(platform, what, `${fault?.path.join(".") || "it"}: ${fault?.message}`);
}

function badParams(platform: string, what: ParsedKind, reason: string) {
	return failed("parse.bad_params", {
		message: `The command for ${what} of ${platform} cannot be made: ${reason}.`,
		details: { platform, what },
	});
}
