import { readFile } from "node:fs/promises";
import { devicesApi } from "@netconductor/contracts/devices/api";
import type { DeviceType } from "@netconductor/contracts/devices/model";
import type { PlatformInput } from "@netconductor/contracts/devices/platform";
import type { Command } from "commander";
import type { Open } from "../cli.ts";
import { usageFailure } from "../failure.ts";
import { addListCommand } from "../list-command.ts";
import { safeJson } from "../output/sanitise.ts";
import { renderFields } from "../output/table.ts";

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
