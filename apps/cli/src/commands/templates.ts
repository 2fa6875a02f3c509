import { configApi } from "@netconductor/contracts/config/api";
import {
	type Template,
	type TemplateComparison,
	type TemplateSettings,
	type TemplateSummary,
	TemplateType,
	type TemplateVariable,
	type TemplateVersionSummary,
} from "@netconductor/contracts/config/templates";
import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type Cli, confirmed, type Open } from "../cli.ts";
import { workFailure } from "../failure.ts";
import { addListCommand } from "../list-command.ts";
import { renderCounts, renderUnified } from "../output/diff.ts";
import { sanitiseLine } from "../output/sanitise.ts";
import { renderFields, renderTable } from "../output/table.ts";
import { count, localTime } from "../output/words.ts";
import { collected } from "../query-options.ts";
import { findDevice } from "../resolve.ts";
import { jsonOrText, namedValue, readText, readVariables } from "../variables.ts";

/** `templates`: text of configurations with Jinja2 in it. A template is named by id or name. */
export function addTemplateCommands(program: Command, open: Open): void {
	const templates = program.command("templates").description("Templates: text of configurations with Jinja2 in it");
	addListCommand<TemplateSummary>(templates, open, {
		description: "Templates",
		operation: configApi.operations.listTemplates,
		read: (cli, query) => cli.clients.config.listTemplates({ query }),
		noun: "template",
		columns: [
			{ title: "NAME", value: ({ name }) => name },
			{ title: "TYPE", value: ({ type }) => type },
			{ title: "FOR", value: ({ platforms }) => platforms.join(", ") || "any" },
			{ title: "TAGS", value: ({ tags }) => tags.join(", ") },
			{ title: "VERSION", value: ({ version }) => version, align: "right" },
			{ title: "CHANGED", value: ({ updated_at }) => localTime(updated_at), whole: true },
			{ title: "BY", value: ({ updated_by }) => updated_by },
			{ title: "ID", value: ({ id }) => id, whole: true },
		],
	});
	addShow(templates, open);
	addCreate(templates, open);
	addEdit(templates, open);
	addDelete(templates, open);
	addVersions(templates, open);
	addDiff(templates, open);
	addRestore(templates, open);
	addVariables(templates, open);
	addRender(templates, open);
}

function addShow(templates: Command, open: Open): void {
	templates
		.command("show <template>")
		.argument("[version]", "Its number, for the source of that version", wholeVersion)
		.description("One template; --source writes its source alone")
		.option("--source", "The source and nothing else")
		.action(async (id: string, number: number | undefined, options: { source?: boolean }, self: Command) => {
			const cli = open(self);
			const { config } = cli.clients;
			if (number !== undefined) {
				const version = await config.getTemplateVersion({ params: { id, version: number } });
				return cli.print(version, () => shown(cli, version.source));
			}
			const template = await config.getTemplate({ params: { id } });
			cli.print(template, () =>
				options.source ? shown(cli, template.source) : `${fieldsOf(cli, template)}\n${shown(cli, template.source)}`,
			);
		});
}

/** A file or pipe gets the text as it is, a terminal what cannot harm it. */
function shown(cli: Cli, text: string): string {
	return cli.terminal.out_is_terminal ? visibleText(text) : text;
}

function fieldsOf(cli: Cli, template: Template): string {
	const { settings } = template;
	const on = (Object.keys(settings) as (keyof TemplateSettings)[]).filter((name) => settings[name]);
	return renderFields(
		[
			["Id", template.id],
			["Name", template.name],
			["Type", template.type],
			["Description", template.description || undefined],
			["For", template.platforms.join(", ") || "any device type"],
			["Tags", template.tags.join(", ") || undefined],
			["Validation template", template.validation_template_id ?? undefined],
			["Delete template", template.delete_template_id ?? undefined],
			["Settings", on.join(", ") || "none on"],
			["Version", template.version],
			["Changed", `${localTime(template.updated_at)} by ${template.updated_by}`],
		],
		cli.terminal.paint,
	);
}

interface Details {
	file?: string;
	type?: TemplateType;
	description?: string;
	platform?: string[];
	tag?: string[];
	validation?: string;
	delete?: string;
	note?: string;
}

/** Options that `create` and `edit` share. */
function addDetails(command: Command): Command {
	return command
		.addOption(new Option("--type <type>", "What it is for").choices(TemplateType.options))
		.option("--description <text>", "Description")
		.option("--platform <type>", "Device type that it is for; again for another", collected)
		.option("--tag <tag>", "Tag; again for another", collected)
		.option("--validation <template>", "Template that says what must stand afterwards; none takes it away")
		.option("--delete <template>", "Template that takes away what this one deploys; none takes it away")
		.option("--note <text>", "Why, for the list of versions");
}

async function detailsOf(cli: Cli, options: Details) {
	const { type, description, platform: platforms, tag: tags, note } = options;
	const linked = async (given: string | undefined) =>
		given === undefined || given === "none"
			? null
			: (await cli.clients.config.getTemplate({ params: { id: given } })).id;
	return {
		...(type !== undefined && { type }),
		...(description !== undefined && { description }),
		...(platforms !== undefined && { platforms }),
		...(tags !== undefined && { tags }),
		...(note !== undefined && { note }),
		...(options.validation !== undefined && { validation_template_id: await linked(options.validation) }),
		...(options.delete !== undefined && { delete_template_id: await linked(options.delete) }),
		...(options.file !== undefined && { source: await readText(options.file) }),
	};
}

function addCreate(templates: Command, open: Open): void {
	const command = templates
		.command("create <name>")
		.description("Add a template")
		.requiredOption("--file <file>", "Its source; - reads standard input");
	addDetails(command).action(async (name: string, options: Details, self: Command) => {
		const cli = open(self);
		const body = { name, source: "", ...(await detailsOf(cli, options)) };
		const template = await cli.clients.config.createTemplate({ body });
		cli.print(template, () => `Added the template ${sanitiseLine(template.name)}.\n`);
	});
}

function addEdit(templates: Command, open: Open): void {
	const command = templates
		.command("edit <template>")
		.description("Change a template; another source is another version")
		.option("--file <file>", "Its new source; - reads standard input")
		.option("--name <name>", "Another name")
		.option("--base <version>", "Version that the change began from; the newest unless told", wholeVersion);
	addDetails(command).action(async (id: string, options: Details & { name?: string; base?: number }, self: Command) => {
		const cli = open(self);
		const details = await detailsOf(cli, options);
		const version = options.base ?? (await cli.clients.config.getTemplate({ params: { id } })).version;
		const body = { ...details, ...(options.name !== undefined && { name: options.name }), version };
		const template = await cli.clients.config.updateTemplate({ params: { id }, body });
		const made = template.version > version ? `; it is version ${template.version} now` : "";
		cli.print(template, () => `Changed the template ${sanitiseLine(template.name)}${made}.\n`);
	});
}

function addDelete(templates: Command, open: Open): void {
	templates
		.command("delete <template>")
		.description("Delete a template that no other needs, with its versions")
		.option("--yes", "Do not ask")
		.action(async (given: string, { yes }: { yes?: boolean }, self: Command) => {
			const cli = open(self);
			const { id, name, version } = await cli.clients.config.getTemplate({ params: { id: given } });
			const question = `Delete the template ${sanitiseLine(name)} with ${count(version, "version")}?`;
			if (!(await confirmed(cli, yes, question))) return;
			await cli.clients.config.deleteTemplate({ params: { id } });
			cli.print({ id, deleted: true }, () => `Deleted the template ${sanitiseLine(name)}.\n`);
		});
}

function addVersions(templates: Command, open: Open): void {
	addListCommand<TemplateVersionSummary>(templates, open, {
		name: "versions <template>",
		description: "Versions of a template, newest first",
		operation: configApi.operations.listTemplateVersions,
		read: (cli, query, _, [id = ""]) => cli.clients.config.listTemplateVersions({ params: { id }, query }),
		noun: "version",
		columns: [
			{ title: "VERSION", value: ({ version }) => version, align: "right" },
			{ title: "LINES", value: ({ lines }) => lines, align: "right" },
			{ title: "BY", value: ({ created_by }) => created_by },
			{ title: "TIME", value: ({ created_at }) => localTime(created_at), whole: true },
			{
				title: "NOTE",
				value: ({ note, restored_from }) =>
					[restored_from === null ? "" : `version ${restored_from} brought back`, note].filter(Boolean).join(": "),
			},
		],
	});
}

function addDiff(templates: Command, open: Open): void {
	templates
		.command("diff <template>")
		.description("What differs between two versions; the newest two unless told")
		.option("--from <version>", "Earlier version", wholeVersion)
		.option("--to <version>", "Later version", wholeVersion)
		.option("--exit-code", "End with 1 when something differs")
		.action(async (id: string, options: { from?: number; to?: number; exitCode?: boolean }, self: Command) => {
			const cli = open(self);
			const { from, to } = options;
			const comparison = await cli.clients.config.compareTemplateVersions({ params: { id }, query: { from, to } });
			cli.print(comparison, () => renderComparison(cli, id, comparison));
			if (options.exitCode && !comparison.identical) {
				throw workFailure("cli.differs", "The versions differ", `+${comparison.added} -${comparison.removed}`);
			}
		});
}

function renderComparison(cli: Cli, name: string, comparison: TemplateComparison): string {
	const { paint, out_is_terminal } = cli.terminal;
	const { from, to, identical, added, removed, settings, unified } = comparison;
	const head = `${sanitiseLine(name)}: version ${from.version} → version ${to.version}`;
	if (identical) return `${head}: no difference\n`;
	const switched = settings.map((one) => `${one.name} ${one.to ? "on" : "off"}\n`).join("");
	const summary = `${paint("heading", head)}  ${renderCounts(added, removed, paint)}\n${switched}`;
	return `${summary}${renderUnified(unified, { paint, safe: out_is_terminal })}`;
}

function addRestore(templates: Command, open: Open): void {
	templates
		.command("restore <template>")
		.argument("<version>", "Its number", wholeVersion)
		.description("Bring back the source and settings of a version, as a new version")
		.option("--note <text>", "Why, for the list of versions")
		.action(async (id: string, version: number, { note }: { note?: string }, self: Command) => {
			const cli = open(self);
			const { version: newest } = await cli.clients.config.getTemplate({ params: { id } });
			const body = { version: newest, ...(note !== undefined && { note }) };
			const template = await cli.clients.config.restoreTemplateVersion({ params: { id, version }, body });
			cli.print(
				template,
				() => `Version ${version} of ${sanitiseLine(template.name)} is back, as version ${template.version}.\n`,
			);
		});
}

function addVariables(templates: Command, open: Open): void {
	templates
		.command("variables <template>")
		.description("Variables that a template and all that it includes need")
		.action(async (id: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const found = await cli.clients.config.getTemplateVariables({ params: { id } });
			cli.print(found, () =>
				renderTable(
					[
						{ title: "NAME", value: ({ path }) => path },
						{ title: "SHAPE", value: ({ shape }) => shape },
						{ title: "REQUIRED", value: ({ required }) => (required ? "yes" : "no") },
						{ title: "USED IN", value: ({ template, line }) => `${template}:${line}` },
					],
					flat(found.variables, ""),
					cli.terminal,
				),
			);
		});
}

/** Each variable and below it its keys, by their paths: `bgp`, `bgp.asn`, `bgp.peers[].address`. */
function flat(variables: readonly TemplateVariable[], before: string): (TemplateVariable & { path: string })[] {
	return variables.flatMap((variable) => {
		const path = `${before}${variable.name}`;
		const items = variable.items === null ? [] : flat(variable.items.keys, `${path}[].`);
		return [{ ...variable, path }, ...flat(variable.keys, `${path}.`), ...items];
	});
}

function addRender(templates: Command, open: Open): void {
	templates
		.command("render <template>")
		.description("Write the text that a template makes of variables, or of a device")
		.option("--vars <file>", "Variables as a YAML or JSON file; - reads standard input")
		.option("--var <name=value>", "One variable, over those of the file; the value is JSON or a text", collected)
		.option("--device <device>", "For this device (name or id); variables given win over what it brings")
		.action(async (id: string, options: { vars?: string; var?: string[]; device?: string }, self: Command) => {
			const cli = open(self);
			const variables = {
				...(options.vars === undefined ? {} : await readVariables(options.vars)),
				...Object.fromEntries(
					(options.var ?? []).map((given) => {
						const [name, text] = namedValue(given);
						return [name, jsonOrText(text)];
					}),
				),
			};
			const device_id = options.device === undefined ? undefined : (await findDevice(cli, options.device)).id;
			const body = { variables, ...(device_id !== undefined && { device_id }) };
			const rendered = await cli.clients.config.renderTemplate({ params: { id }, body });
			cli.print(rendered, () => shown(cli, rendered.text));
		});
}

function wholeVersion(text: string): number {
	const version = Number(text);
	if (!Number.isSafeInteger(version) || version < 1) throw new InvalidArgumentError("A version is a number from 1.");
	return version;
}
