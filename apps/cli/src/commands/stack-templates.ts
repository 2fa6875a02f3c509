import { configApi } from "@netconductor/contracts/config/api";
import type { StackTemplate, StackTemplateSummary, StackUpgrade } from "@netconductor/contracts/config/stack-templates";
import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import type { Command } from "commander";
import { documentText } from "../apply/export-documents.ts";
import { stackTemplateDocumentOf } from "../apply/kinds/stack-template.ts";
import { createWorld } from "../apply/world.ts";
import { type Cli, confirmed, type Open } from "../cli.ts";
import { addListCommand } from "../list-command.ts";
import { renderUnified } from "../output/diff.ts";
import { sanitiseLine } from "../output/sanitise.ts";
import { renderFields, renderTable } from "../output/table.ts";
import { count, localTime } from "../output/words.ts";
import { collected } from "../query-options.ts";
import { jsonOrText, namedValue, readVariables } from "../variables.ts";

interface ValueOptions {
	values?: string;
	set?: string[];
}

/** `stack-templates`: stacks with parameters. A template is named by id or name; it is written as a file, which `apply` takes. */
export function addStackTemplateCommands(program: Command, open: Open): void {
	const templates = program
		.command("stack-templates")
		.description("Stack templates: service stacks with parameters, of which stacks are made");
	addListCommand<StackTemplateSummary>(templates, open, {
		description: "Stack templates",
		operation: configApi.operations.listStackTemplates,
		read: (cli, query) => cli.clients.config.listStackTemplates({ query }),
		noun: "stack template",
		columns: [
			{ title: "NAME", value: ({ name }) => name },
			{ title: "PARAMETERS", value: ({ parameters_count }) => parameters_count, align: "right" },
			{ title: "STACKS", value: ({ stacks }) => stacks, align: "right" },
			{
				title: "OLDER",
				value: ({ outdated_stacks }) => outdated_stacks || "",
				align: "right",
				style: () => "warning" as const,
			},
			{ title: "VERSION", value: ({ version }) => version, align: "right" },
			{ title: "CHANGED", value: ({ updated_at }) => localTime(updated_at), whole: true },
			{ title: "ID", value: ({ id }) => id, whole: true },
		],
	});

	templates
		.command("show <template>")
		.description("One stack template; --yaml writes it as a file that `apply` takes")
		.option("--yaml", "As a document")
		.action(async (id: string, { yaml }: { yaml?: boolean }, self: Command) => {
			const cli = open(self);
			const template = await cli.clients.config.getStackTemplate({ params: { id } });
			if (cli.json || !yaml) return cli.print(template, () => renderTemplate(cli, template));
			const text = documentText(await stackTemplateDocumentOf(createWorld(cli.clients), template));
			cli.print(template, () => (cli.terminal.out_is_terminal ? visibleText(text) : text));
		});

	addValues(templates.command("instantiate <template> <name>"))
		.description("Make a stack of this name; nothing is deployed")
		.option("--description <text>", "Of the stack; the template's unless told")
		.action(async (id: string, name: string, options: ValueOptions & { description?: string }, self: Command) => {
			const cli = open(self);
			const { description } = options;
			const body = {
				name,
				parameters: await valuesOf(options, await cli.clients.config.getStackTemplate({ params: { id } })),
				...(description !== undefined && { description }),
			};
			const stack = await cli.clients.config.instantiateStackTemplate({ params: { id }, body });
			cli.print(
				stack,
				() =>
					`Made the stack ${sanitiseLine(stack.name)}. See what it would change: \`netconductor stacks plan ${sanitiseLine(stack.name)}\`\n`,
			);
		});

	templates
		.command("delete <template>")
		.description("Delete a stack template; stacks that were made from it stay")
		.option("--yes", "Do not ask")
		.action(async (given: string, options: { yes?: boolean }, self: Command) => {
			const cli = open(self);
			const { id, name, stacks } = await cli.clients.config.getStackTemplate({ params: { id: given } });
			const rest = stacks === 0 ? "" : ` ${count(stacks, "stack")} made from it cannot be upgraded then.`;
			if (!(await confirmed(cli, options.yes, `Delete the stack template ${sanitiseLine(name)}?${rest}`))) return;
			await cli.clients.config.deleteStackTemplate({ params: { id } });
			cli.print({ id, deleted: true }, () => `Deleted the stack template ${sanitiseLine(name)}.\n`);
		});
}

/** `stacks upgrade`: a stack to the newest version of the template that it was made from. */
export function addStackUpgrade(stacks: Command, open: Open): void {
	addValues(stacks.command("upgrade <stack>"))
		.description("Bring a stack to its template's newest version: shows what changes, asks, does it")
		.option("--dry-run", "Only show it")
		.option("--yes", "Do not ask")
		.action(async (id: string, options: ValueOptions & { dryRun?: boolean; yes?: boolean }, self: Command) => {
			const cli = open(self);
			const { made_from } = await cli.clients.config.getStack({ params: { id } });
			const template =
				made_from === null ? undefined : await cli.clients.config.getStackTemplate({ params: { id: made_from.id } });
			const parameters = await valuesOf(options, template);
			const seen = await cli.clients.config.previewUpgrade({ params: { id }, body: { parameters } });
			if (options.dryRun) return cli.print(seen, () => renderUpgrade(cli, seen));
			if (!cli.json) cli.print(undefined, () => renderUpgrade(cli, seen));
			if (seen.identical && seen.from_version === seen.to_version) return cli.print(seen, () => "");
			if (!(await confirmed(cli, options.yes, "Change the stack so?"))) return;
			const body = { parameters, version: seen.version, template_version: seen.to_version };
			const stack = await cli.clients.config.upgradeStack({ params: { id }, body });
			cli.print(
				stack,
				() => `${sanitiseLine(stack.name)} is version ${stack.version} now; devices change when it is deployed.\n`,
			);
		});
}

function renderUpgrade(
	cli: Cli,
	{ template_name, from_version, to_version, identical, unified }: StackUpgrade,
): string {
	const head = `${sanitiseLine(template_name)}: version ${from_version} to ${to_version}\n`;
	if (identical) return `${head}Nothing of the stack's definition changes.\n`;
	return `${head}${renderUnified(unified, { paint: cli.terminal.paint, safe: cli.terminal.out_is_terminal })}`;
}

function addValues(command: Command): Command {
	return command
		.option("--values <file>", "Values of parameters as a YAML or JSON file; - reads standard input")
		.option("--set <name=value>", "Value of one parameter, over those of the file; JSON or a text", collected);
}

/** What is said of a text is the text, also where it looks like a number. */
async function valuesOf(
	{ values, set = [] }: ValueOptions,
	template: StackTemplate | undefined,
): Promise<Record<string, unknown>> {
	const texts = new Set(template?.parameters.filter(({ type }) => type === "string").map(({ name }) => name));
	return {
		...(values === undefined ? {} : await readVariables(values)),
		...Object.fromEntries(
			set.map((given) => {
				const [name, text] = namedValue(given);
				return [name, texts.has(name) ? text : jsonOrText(text)];
			}),
		),
	};
}

function renderTemplate(cli: Cli, template: StackTemplate): string {
	const fields = renderFields(
		[
			["Id", template.id],
			["Name", template.name],
			["Description", template.description || undefined],
			["Version", template.version],
			["Services", template.services.map(({ name }) => name).join(", ") || undefined],
			["Stacks", template.stacks],
			["Of older versions", template.outdated_stacks || undefined],
			["Changed", `${localTime(template.updated_at)} by ${template.updated_by}`],
		],
		cli.terminal.paint,
	);
	if (template.parameters.length === 0) return fields;
	const table = renderTable(
		[
			{ title: "PARAMETER", value: ({ name }) => name },
			{ title: "TYPE", value: ({ type }) => type },
			{ title: "DEFAULT", value: ({ default: preset }) => (preset === undefined ? " " : JSON.stringify(preset)) },
			{ title: "NEEDED", value: ({ required, default: preset }) => (required && preset === undefined ? "yes" : "no") },
			{ title: "DESCRIPTION", value: ({ description }) => description || " " },
		],
		template.parameters,
		cli.terminal,
	);
	return `${fields}\n${table}`;
}
