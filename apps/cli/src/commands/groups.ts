import { devicesApi } from "@netconductor/contracts/devices/api";
import type { Device, DeviceGroup } from "@netconductor/contracts/devices/model";
import type { Command } from "commander";
import { type Cli, confirmed, type Open } from "../cli.ts";
import { addListCommand } from "../list-command.ts";
import { renderTable } from "../output/table.ts";
import { count } from "../output/words.ts";
import { collected } from "../query-options.ts";
import { findCredential, findDevice, findGroup } from "../resolve.ts";

interface GroupOptions {
	description?: string;
	credential?: string;
	workerPool?: string;
}

/** `groups`: devices that are worked with together. */
export function addGroupCommands(program: Command, open: Open): void {
	const groups = program.command("groups").description("Groups of devices");
	addListCommand<DeviceGroup>(groups, open, {
		description: "Groups",
		operation: devicesApi.operations.listGroups,
		read: (cli, query) => cli.clients.devices.listGroups({ query }),
		noun: "group",
		columns: [
			{ title: "NAME", value: ({ name }) => name },
			{ title: "DEVICES", value: ({ devices }) => devices, align: "right" },
			{ title: "POOL", value: ({ worker_pool }) => worker_pool },
			{ title: "DESCRIPTION", value: ({ description }) => description },
			{ title: "ID", value: ({ id }) => id, whole: true },
		],
	});

	groups
		.command("add <name>")
		.description("Add a group")
		.option("--description <text>", "Description")
		.option("--credential <credential>", "Credential of its devices that have none of their own")
		.option("--worker-pool <pool>", "Workers that reach its devices that name none themselves")
		.action(async (name: string, options: GroupOptions, self: Command) => {
			const cli = open(self);
			const { description, credential, workerPool: worker_pool } = options;
			const credential_id = credential === undefined ? null : (await findCredential(cli, credential)).id;
			const group = await cli.clients.devices.createGroup({ body: { name, description, credential_id, worker_pool } });
			cli.print(group, () => `Added the group ${group.name}.\n`);
		});

	groups
		.command("edit <group>")
		.description("Change a group")
		.option("--name <name>", "Name")
		.option("--description <text>", "Description")
		.option("--credential <credential>", "Credential (an empty one takes it away)")
		.option("--worker-pool <pool>", "Worker pool (an empty one takes it away)")
		.action(async (given: string, options: GroupOptions & { name?: string }, self: Command) => {
			const cli = open(self);
			const { name, description, credential, workerPool } = options;
			const credential_id = credential
				? (await findCredential(cli, credential)).id
				: credential === ""
					? null
					: undefined;
			const worker_pool = workerPool === "" ? null : workerPool;
			const { id } = await findGroup(cli, given);
			const body = { name, description, credential_id, worker_pool };
			const group = await cli.clients.devices.updateGroup({ params: { id }, body });
			cli.print(group, () => `Changed the group ${group.name}.\n`);
		});

	groups
		.command("delete <group>")
		.description("Delete a group; its devices stay")
		.option("--yes", "Do not ask")
		.action(async (given: string, { yes }: { yes?: boolean }, self: Command) => {
			const cli = open(self);
			const group = await findGroup(cli, given);
			const question = `Delete the group ${group.name} of ${count(group.devices, "device")}?`;
			if (!(await confirmed(cli, yes, question))) return;
			await cli.clients.devices.deleteGroup({ params: { id: group.id } });
			cli.print({ id: group.id, deleted: true }, () => `Deleted the group ${group.name}.\n`);
		});

	groups
		.command("members <group>")
		.description("Devices of a group, or change which they are")
		.option("--add <device>", "Put these in", collected)
		.option("--remove <device>", "Take these out", collected)
		.option("--set <device>", "Exactly these", collected)
		.action(async (given: string, options: { add?: string[]; remove?: string[]; set?: string[] }, self: Command) => {
			const cli = open(self);
			const group = await findGroup(cli, given);
			if (options.add || options.remove || options.set) {
				const wanted = new Set(
					options.set ? await idsOf(cli, options.set) : (await membersOf(cli, group)).map(({ id }) => id),
				);
				for (const id of await idsOf(cli, options.add ?? [])) wanted.add(id);
				for (const id of await idsOf(cli, options.remove ?? [])) wanted.delete(id);
				const body = { device_ids: [...wanted] };
				const changed = await cli.clients.devices.setGroupMembers({ params: { id: group.id }, body });
				return cli.print(changed, () => `${changed.name} holds ${count(changed.devices, "device")}.\n`);
			}
			const members = await membersOf(cli, group);
			cli.print({ group, items: members }, () =>
				renderTable(
					[
						{ title: "NAME", value: ({ name }) => name },
						{ title: "HOST", value: ({ host }) => host },
						{ title: "TYPE", value: ({ device_type }) => device_type },
						{ title: "HEALTH", value: ({ health }) => health },
					],
					members,
					cli.terminal,
				),
			);
		});
}

function idsOf(cli: Cli, names: readonly string[]): Promise<string[]> {
	return Promise.all(names.map(async (name) => (await findDevice(cli, name)).id));
}

async function membersOf(cli: Cli, group: DeviceGroup): Promise<Device[]> {
	const members: Device[] = [];
	for (let page = 1; ; page++) {
		const answer = await cli.clients.devices.listDevices({ query: { group: [group.name], page, page_size: 500 } });
		members.push(...answer.items);
		if (answer.items.length === 0 || page * answer.page_size >= answer.total) return members;
	}
}
