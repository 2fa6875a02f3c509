import { readFile } from "node:fs/promises";
import { text as readAll } from "node:stream/consumers";
import { devicesApi } from "@netconductor/contracts/devices/api";
import type { DeviceType } from "@netconductor/contracts/devices/model";
import type { PlatformInput } from "@netconductor/contracts/devices/platform";
import type { TranscriptReading } from "@netconductor/contracts/devices/transcript";
import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import type { Command } from "commander";
import type { Cli, Open } from "../cli.ts";
import { usageFailure } from "../failure.ts";
import { addListCommand } from "../list-command.ts";
import { safeJson } from "../output/sanitise.ts";
import { type Column, renderFields, renderTable } from "../output/table.ts";
import { count } from "../output/words.ts";

/** `device-types`: how to talk to each operating system. */
export function addDeviceTypeCommands(program: Command, open: Open): void {
	const types = program.command("device-types").description("Device types: how to talk to each operating system");
	addListCommand<DeviceType>(types, open, {
		description: "Device types, built-in and custom",
		operation: devicesApi.operations.listDeviceTypes,
		read: (cli, query) => cli.clients.devices.listDeviceTypes({ query }),
		noun: "device type",
		columns: [
			{ title: "ID", value: ({ id }) => id, whole: true },
			{ title: "LABEL", value: ({ label }) => label },
			{ title: "VENDOR", value: ({ vendor }) => vendor },
			{ title: "KIND", value: ({ built_in }) => (built_in ? "built-in" : "custom") },
			{ title: "DEVICES", value: ({ devices }) => devices, align: "right" },
		],
	});

	types
		.command("show <type>")
		.description("One device type with its definition")
		.action(async (id: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const type = await cli.clients.devices.getDeviceType({ params: { id } });
			cli.print(type, () => {
				const fields = renderFields(
					[
						["Id", type.id],
						["Label", type.label],
						["Vendor", type.vendor],
						["Kind", type.built_in ? "built-in" : "custom"],
						["Devices", type.devices],
					],
					cli.terminal.paint,
				);
				return `${fields}\n${safeJson(type.definition)}\n`;
			});
		});

	types
		.command("add <file>")
		.description("Add a device type from a JSON file; `device-types show TYPE --json` shows what one looks like")
		.option("--replace", "Replace the custom type of this id")
		.action(async (file: string, { replace }: { replace?: boolean }, self: Command) => {
			const cli = open(self);
			const body = await readDefinition(file);
			const type = replace
				? await cli.clients.devices.updateDeviceType({ params: { id: body.id }, body })
				: await cli.clients.devices.createDeviceType({ body });
			cli.print(type, () => `${replace ? "Replaced" : "Added"} the device type ${type.id}.\n`);
		});
	types
		.command("try <type> <transcript>")
		.description(
			"Show how a device type, by id or as a JSON file, reads a session copied from a terminal; - reads standard input",
		)
		.action(async (type: string, file: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const stored = /^[a-z][a-z0-9_]+$/.test(type);
			const definition = stored
				? (await cli.clients.devices.getDeviceType({ params: { id: type } })).definition
				: await readDefinition(type);
			const transcript = await readTranscript(file);
			const reading = await cli.clients.tasks.tryDeviceType({ body: { definition, transcript } });
			cli.print(reading, () => renderReading(cli, reading));
		});
}

async function readTranscript(file: string): Promise<string> {
	if (file === "-") return readAll(process.stdin);
	try {
		return await readFile(file, "utf8");
	} catch (error) {
		throw usageFailure(`${file} cannot be read: ${(error as Error).message}`);
	}
}

function renderReading(cli: Cli, reading: TranscriptReading): string {
	const { config, facts, hints, commands } = reading;
	const fields = renderFields(
		[
			["Device type", reading.label],
			["Lines", reading.total_lines],
			["Prompts", reading.prompts.length],
			...Object.entries(facts).map(([name, value]) => [`Fact ${name}`, value] as const),
			["Config", config === null ? "none" : `${config.text.split("\n").length - 1} lines`],
			["Masked", config === null ? undefined : count(config.masked_lines, "line")],
			["Left out or blanked", config === null ? undefined : count(config.volatile.length, "line")],
			...hints.map((hint) => ["Hint", hint] as const),
		],
		cli.terminal.paint,
	);
	const columns: Column<(typeof commands)[number]>[] = [
		{ title: "LINE", value: ({ line }) => line, align: "right" },
		{ title: "MODE", value: ({ mode }) => mode },
		{ title: "COMMAND", value: ({ command }) => command },
		{ title: "FOR", value: ({ purpose }) => purpose ?? "" },
		{ title: "ANSWER", value: ({ answer }) => (answer === null ? "" : `${answer.from_line}-${answer.to_line}`) },
		{ title: "REFUSED", value: ({ refused }) => refused?.text ?? "", style: () => "bad" },
	];
	const table = commands.length === 0 ? "" : `\n${renderTable(columns, commands, cli.terminal)}`;
	return `${fields}${table}${config === null ? "" : `\n${visibleText(config.text)}`}`;
}

/** The client checks it against the contract before it is sent, field by field. */
async function readDefinition(file: string): Promise<PlatformInput> {
	try {
		const read: unknown = JSON.parse(await readFile(file, "utf8"));
		if (typeof read !== "object" || read === null) throw new TypeError("it holds no object");
		return ("definition" in read ? read.definition : read) as PlatformInput;
	} catch (error) {
		throw usageFailure(`${file} cannot be read as a definition: ${(error as Error).message}`);
	}
}
