import { writeFile } from "node:fs/promises";
import { configApi } from "@netconductor/contracts/config/api";
import type {
	Mop,
	MopComparison,
	MopFault,
	MopSummary,
	MopValidation,
	MopVersionSummary,
} from "@netconductor/contracts/config/mops";
import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import { type Command, InvalidArgumentError } from "commander";
import { parseMapping } from "../apply/parse-mapping.ts";
import { type Cli, confirmed, type Open } from "../cli.ts";
import { hasProblem, usageFailure, workFailure } from "../failure.ts";
import { stateStyle } from "../follow-run.ts";
import { addListCommand } from "../list-command.ts";
import { renderUnified } from "../output/diff.ts";
import { safeJson, sanitiseLine } from "../output/sanitise.ts";
import { renderFields } from "../output/table.ts";
import { count, localTime } from "../output/words.ts";
import { readText } from "../variables.ts";
import { addMopRuns } from "./mop-runs.ts";

/** `mops`: procedures. One is named by id or name. */
export function addMopCommands(program: Command, open: Open): void {
	const mops = program.command("mops").description("Procedures: steps on devices and around them, written as YAML");
	addListCommand<MopSummary>(mops, open, {
		description: "Procedures",
		operation: configApi.operations.listMops,
		read: (cli, query) => cli.clients.config.listMops({ query }),
		noun: "procedure",
		columns: [
			{ title: "NAME", value: ({ name }) => name },
			{ title: "ENABLED", value: ({ enabled }) => (enabled ? "yes" : "no") },
			{ title: "STEPS", value: ({ steps }) => steps, align: "right" },
			{ title: "WRITES", value: ({ writes }) => (writes ? "yes" : "no") },
			{ title: "TAGS", value: ({ tags }) => tags.join(", ") || " " },
			{ title: "VERSION", value: ({ version }) => version, align: "right" },
			{
				title: "LAST RUN",
				value: ({ last_run_status }) => last_run_status ?? "never",
				style: ({ last_run_status }) => (last_run_status === null ? "dim" : stateStyle(last_run_status)),
			},
			{ title: "CHANGED", value: ({ updated_at }) => localTime(updated_at), whole: true },
			{ title: "ID", value: ({ id }) => id, whole: true },
		],
	});
	addShow(mops, open);
	addValidate(mops, open);
	addSchema(mops, open);
	addImport(mops, open);
	addExport(mops, open);
	addToggle(mops, open, true);
	addToggle(mops, open, false);
	addDelete(mops, open);
	addMopRuns(mops, open);
	addVersions(mops, open);
}

function addShow(mops: Command, open: Open): void {
	mops
		.command("show <mop>")
		.description("One procedure with its YAML")
		.action(async (id: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const mop = await cli.clients.config.getMop({ params: { id } });
			cli.print(mop, () => `${fieldsOf(cli, mop)}\n${shown(cli, mop.source)}`);
			for (const { message, line } of mop.warnings) cli.warn(`${line === null ? "" : `line ${line}: `}${message}`);
		});
}

/** A file or pipe gets the text as it is, a terminal what cannot harm it. */
function shown(cli: Cli, text: string): string {
	return cli.terminal.out_is_terminal ? visibleText(text) : text;
}

function fieldsOf(cli: Cli, mop: Mop): string {
	return renderFields(
		[
			["Id", mop.id],
			["Name", mop.name],
			["Description", mop.description || undefined],
			["Tags", mop.tags.join(", ") || undefined],
			["Enabled", mop.enabled],
			["Steps", mop.steps],
			["Changes devices", mop.writes],
			["Version", mop.version],
			["Last run", mop.last_run_id === null ? "never" : `${mop.last_run_id}, ${mop.last_run_status}`],
			["Changed", `${localTime(mop.updated_at)} by ${mop.updated_by}`],
		],
		cli.terminal.paint,
	);
}

function addValidate(mops: Command, open: Open): void {
	mops
		.command("validate <file...>")
		.description(
			"What is wrong with procedures in files, with lines; ends with 1 when something is. - is standard input",
		)
		.action(async (files: string[], _options: unknown, self: Command) => {
			const cli = open(self);
			const results: ({ file: string } & MopValidation)[] = [];
			for (const file of files) {
				const body = { source: await readText(file) };
				results.push({ file, ...(await cli.clients.config.validateMop({ body })) });
			}
			cli.print({ items: results }, () =>
				results
					.map(({ file, valid, faults }) =>
						faults.length === 0 && valid
							? `${sanitiseLine(file)}: ${cli.terminal.paint("good", "valid")}\n`
							: faults.map((fault) => faultLine(cli, file, fault)).join(""),
					)
					.join(""),
			);
			const bad = results.filter(({ valid }) => !valid).length;
			if (bad === 0) return;
			throw workFailure("cli.not_valid", "Not every procedure is valid", `${count(bad, "file")} of ${results.length}.`);
		});
}

function addSchema(mops: Command, open: Open): void {
	mops
		.command("schema")
		.description("JSON Schema of a procedure's YAML with all step types, those of your own too, for editors")
		.addHelpText(
			"after",
			`
  netconductor mops schema > mop.schema.json
  # yaml-language-server: $schema=./mop.schema.json      (first line of a procedure)
`,
		)
		.action(async (_options: unknown, self: Command) => {
			const cli = open(self);
			cli.terminal.out(`${safeJson(await cli.clients.config.getMopSchema({}))}
`);
		});
}

/** As compilers write it, so that editors can jump there. */
function faultLine({ terminal: { paint } }: Cli, file: string, fault: MopFault): string {
	const { line, column, severity, message, code } = fault;
	const place = [file, ...(line === null ? [] : [line]), ...(line === null || column === null ? [] : [column])].join(
		":",
	);
	const word = paint(severity === "error" ? "bad" : "warning", severity);
	return `${sanitiseLine(place)}: ${word}: ${sanitiseLine(message)} ${paint("dim", `(${code})`)}\n`;
}

interface ImportOptions {
	note?: string;
	disabled?: boolean;
}

function addImport(mops: Command, open: Open): void {
	mops
		.command("import <file>")
		.description("Add a procedure from its YAML, or make the one of that name a new version; - is standard input")
		.option("--note <text>", "What was changed and why, for the list of versions")
		.option("--disabled", "A new one cannot be started until it is enabled")
		.action(async (file: string, { note, disabled }: ImportOptions, self: Command) => {
			const cli = open(self);
			const source = await readText(file);
			const said = { ...(note !== undefined && { note }) };
			const existing = await existingOf(cli, file, source);
			if (existing === undefined) {
				const mop = await cli.clients.config.createMop({ body: { source, ...said, enabled: !disabled } });
				return cli.print(mop, () => `Added the procedure ${sanitiseLine(mop.name)}.\n`);
			}
			if (existing.source === source) {
				return cli.print(existing, () => `${sanitiseLine(existing.name)} is so already.\n`);
			}
			const body = { source, version: existing.version, ...said };
			const mop = await cli.clients.config.updateMop({ params: { id: existing.id }, body });
			cli.print(mop, () => `Changed the procedure ${sanitiseLine(mop.name)}; it is version ${mop.version} now.\n`);
		});
}

async function existingOf(cli: Cli, file: string, source: string): Promise<Mop | undefined> {
	let name: unknown;
	try {
		({ name } = parseMapping(source));
	} catch (error) {
		throw usageFailure(
			`${file} cannot be read: ${(error as Error).message}`,
			`See all that is wrong: \`netconductor mops validate ${file}\``,
		);
	}
	// What is wrong with a name is the server's to say, with its line.
	if (typeof name !== "string" || name === "" || name.length > 100) return undefined;
	try {
		return await cli.clients.config.getMop({ params: { id: name } });
	} catch (error) {
		if (hasProblem(error, "mops.not_found")) return undefined;
		throw error;
	}
}

function addExport(mops: Command, open: Open): void {
	mops
		.command("export <mop>")
		.argument("[version]", "Of this version; the newest unless told", versionNumber)
		.description("The YAML of a procedure as it was written, with its comments")
		.option("--file <file>", "Into this file; standard output unless told")
		.action(async (id: string, version: number | undefined, options: { file?: string }, self: Command) => {
			const cli = open(self);
			const { config } = cli.clients;
			const { source } =
				version === undefined
					? await config.getMop({ params: { id } })
					: await config.getMopVersion({ params: { id, version } });
			if (options.file === undefined) return cli.print({ source }, () => shown(cli, source));
			await writeFile(options.file, source).catch((error: Error) => {
				throw usageFailure(`${options.file} cannot be written: ${error.message}`);
			});
			cli.print({ file: options.file }, () => `Wrote ${sanitiseLine(options.file ?? "")}.\n`);
		});
}

function addToggle(mops: Command, open: Open, enabled: boolean): void {
	mops
		.command(`${enabled ? "enable" : "disable"} <mop>`)
		.description(enabled ? "Let a procedure be started" : "Keep a procedure from being started; runs of it go on")
		.action(async (id: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const mop = await cli.clients.config.toggleMop({ params: { id }, body: { enabled } });
			cli.print(mop, () => `${sanitiseLine(mop.name)} ${enabled ? "can" : "cannot"} be started now.\n`);
		});
}

function addDelete(mops: Command, open: Open): void {
	mops
		.command("delete <mop>")
		.description("Delete a procedure with its versions; its runs stay")
		.option("--yes", "Do not ask")
		.action(async (given: string, { yes }: { yes?: boolean }, self: Command) => {
			const cli = open(self);
			const { id, name, version } = await cli.clients.config.getMop({ params: { id: given } });
			const question = `Delete the procedure ${sanitiseLine(name)} with ${count(version, "version")}?`;
			if (!(await confirmed(cli, yes, question))) return;
			await cli.clients.config.deleteMop({ params: { id } });
			cli.print({ id, deleted: true }, () => `Deleted the procedure ${sanitiseLine(name)}.\n`);
		});
}

function addVersions(mops: Command, open: Open): void {
	addListCommand<MopVersionSummary>(mops, open, {
		name: "versions <mop>",
		description: "Versions of a procedure, newest first",
		operation: configApi.operations.listMopVersions,
		read: (cli, query, _, [id = ""]) => cli.clients.config.listMopVersions({ params: { id }, query }),
		noun: "version",
		columns: [
			{ title: "VERSION", value: ({ version }) => version, align: "right" },
			{ title: "BY", value: ({ created_by }) => created_by },
			{ title: "TIME", value: ({ created_at }) => localTime(created_at), whole: true },
			{ title: "NOTE", value: ({ note }) => note || " " },
		],
	});
	mops
		.command("diff <mop>")
		.argument("<from>", "Earlier version", versionNumber)
		.argument("<to>", "Later version", versionNumber)
		.description("What differs between two versions of a procedure")
		.option("--exit-code", "End with 1 when something differs")
		.action(async (id: string, from: number, to: number, options: { exitCode?: boolean }, self: Command) => {
			const cli = open(self);
			const comparison = await cli.clients.config.compareMopVersions({ params: { id }, query: { from, to } });
			cli.print(comparison, () => renderComparison(cli, comparison));
			if (options.exitCode && comparison.hunks.length > 0) {
				throw workFailure("cli.differs", "The versions differ", count(comparison.hunks.length, "difference"));
			}
		});
	mops
		.command("restore <mop>")
		.argument("<version>", "Its number", versionNumber)
		.description("Make an older version the newest")
		.action(async (id: string, version: number, _options: unknown, self: Command) => {
			const cli = open(self);
			const mop = await cli.clients.config.restoreMopVersion({ params: { id, version } });
			cli.print(mop, () => `Version ${version} of ${sanitiseLine(mop.name)} is back, as version ${mop.version}.\n`);
		});
}

const signs = { context: " ", added: "+", removed: "-" } as const;

function renderComparison(cli: Cli, { from, to, hunks }: MopComparison): string {
	const { paint, out_is_terminal } = cli.terminal;
	if (hunks.length === 0) return `Versions ${from} and ${to} do not differ.\n`;
	const unified = [
		`--- version ${from}`,
		`+++ version ${to}`,
		...hunks.flatMap(({ from_start, from_lines, to_start, to_lines, lines }) => [
			`@@ -${from_start},${from_lines} +${to_start},${to_lines} @@`,
			...lines.map(({ kind, text }) => `${signs[kind]}${text}`),
		]),
	].join("\n");
	return renderUnified(unified, { paint, safe: out_is_terminal });
}

function versionNumber(text: string): number {
	const version = Number(text);
	if (!Number.isSafeInteger(version) || version < 1) throw new InvalidArgumentError("A version is a number from 1.");
	return version;
}
