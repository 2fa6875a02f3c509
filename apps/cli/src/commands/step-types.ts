import { configApi } from "@netconductor/contracts/config/api";
import type { MopStepType } from "@netconductor/contracts/config/mops";
import type { Command } from "commander";
import { stringify } from "yaml";
import { type Cli, confirmed, type Open } from "../cli.ts";
import { addListCommand } from "../list-command.ts";
import { sanitiseLine } from "../output/sanitise.ts";
import { renderFields, renderTable } from "../output/table.ts";
import { localTime } from "../output/words.ts";

/** `step-types`: what procedures are made of. Those that somebody defined are made with `apply`. */
export function addStepTypeCommands(program: Command, open: Open): void {
	const types = program
		.command("step-types")
		.description("Step types of procedures: the product's, and presets of them");
	addListCommand<MopStepType>(types, open, {
		description: "Step types",
		operation: configApi.operations.listStepTypes,
		read: (cli, query) => cli.clients.config.listStepTypes({ query }),
		noun: "step type",
		columns: [
			{ title: "TYPE", value: ({ type }) => type },
			{ title: "LABEL", value: ({ label }) => label },
			{ title: "CATEGORY", value: ({ category }) => category },
			{ title: "RUNS ON", value: ({ runs_on }) => runs_on },
			{ title: "WRITES", value: ({ writes }) => (writes ? "yes" : "no") },
			{ title: "PRESET OF", value: ({ base }) => base ?? " " },
			{ title: "USED BY", value: ({ used_by }) => used_by ?? " ", align: "right" },
		],
	});
	types
		.command("show <type>")
		.description("One step type with its parameters and an example")
		.action(async (id: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const type = await cli.clients.config.getStepType({ params: { id } });
			cli.print(type, () => renderType(cli, type));
		});
	types
		.command("delete <type>")
		.description("Delete a step type that somebody defined and no procedure uses")
		.option("--yes", "Do not ask")
		.action(async (id: string, { yes }: { yes?: boolean }, self: Command) => {
			const cli = open(self);
			const { type } = await cli.clients.config.getStepType({ params: { id } });
			if (!(await confirmed(cli, yes, `Delete the step type ${sanitiseLine(type)}?`))) return;
			await cli.clients.config.deleteStepType({ params: { id } });
			cli.print({ type, deleted: true }, () => `Deleted the step type ${sanitiseLine(type)}.\n`);
		});
}

interface ShownParameter {
	name: string;
	type: string;
	required: boolean;
	description: string;
}

function renderType(cli: Cli, type: MopStepType): string {
	const fields = renderFields(
		[
			["Type", type.type],
			["Label", type.label],
			["Description", type.description || undefined],
			["Category", type.category],
			["Runs on", type.runs_on],
			["Writes", type.writes],
			["Older names", type.aliases.join(", ") || undefined],
			["Needs", type.permission ?? undefined],
			["Preset of", type.base ?? undefined],
			["Holds", type.blocks.map(({ name }) => name).join(", ") || undefined],
			["Used by", type.used_by ?? undefined],
			["Added", type.created_at === null ? undefined : `${localTime(type.created_at)} by ${type.created_by}`],
		],
		cli.terminal.paint,
	);
	const parameters = parametersOf(type);
	const table =
		parameters.length === 0
			? ""
			: `\n${renderTable(
					[
						{ title: "PARAMETER", value: ({ name }) => name },
						{ title: "TYPE", value: (one) => one.type },
						{ title: "REQUIRED", value: ({ required }) => (required ? "yes" : "no") },
						{ title: "DESCRIPTION", value: ({ description }) => description || " " },
					],
					parameters,
					cli.terminal,
				)}`;
	const example = { type: type.type, ...(Object.keys(type.example).length > 0 && { with: type.example }) };
	return `${fields}${table}\nExample:\n${stringify([{ id: "step", ...example }], { lineWidth: 0 })}`;
}

/** Of a JSON Schema's properties what people need to know. */
function parametersOf({ params }: MopStepType): ShownParameter[] {
	const { properties, required } = params as { properties?: Record<string, unknown>; required?: unknown };
	const due = new Set(Array.isArray(required) ? required : []);
	return Object.entries(properties ?? {}).map(([name, property]) => {
		const { type, description, enum: choices } = (property ?? {}) as Record<string, unknown>;
		const words = Array.isArray(choices) ? choices.join(" | ") : Array.isArray(type) ? type.join(" | ") : type;
		return {
			name,
			type: typeof words === "string" ? words : "any",
			required: due.has(name),
			description: typeof description === "string" ? description : "",
		};
	});
}
