import { authApi } from "@netconductor/contracts/auth/api";
import type { Role } from "@netconductor/contracts/auth/model";
import type { Command } from "commander";
import type { Cli, Open } from "../cli.ts";
import { usageFailure } from "../failure.ts";
import { addListCommand } from "../list-command.ts";
import { renderFields } from "../output/table.ts";
import { count } from "../output/words.ts";
import { collected } from "../query-options.ts";
import { findGroup } from "../resolve.ts";

/** `roles`: what users may do. */
export function addRoleCommands(program: Command, open: Open): void {
	const roles = program.command("roles").description("Roles: what users may do");
	addListCommand<Role>(roles, open, {
		description: "Roles",
		operation: authApi.operations.listRoles,
		read: (cli, query) => cli.clients.auth.listRoles({ query }),
		noun: "role",
		columns: [
			{ title: "NAME", value: ({ name }) => name, whole: true },
			{ title: "LABEL", value: ({ label }) => label },
			{ title: "USERS", value: ({ users }) => users, align: "right" },
			{ title: "KIND", value: ({ preset }) => (preset ? "preset" : "custom") },
			{ title: "DEVICES", value: shownDevices },
			{ title: "PERMISSIONS", value: ({ permissions }) => permissions.join(" ") },
		],
	});

	roles
		.command("show <role>")
		.description("One role with its permissions")
		.action(async (name: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const role = await cli.clients.auth.getRole({ params: { name } });
			cli.print(role, () =>
				renderFields(
					[
						["Name", role.name],
						["Label", role.label],
						["Description", role.description],
						["Kind", role.preset ? "preset" : "custom"],
						["Users", role.users],
						["Permissions", role.permissions.join(" ")],
						["Devices", shownDevices(role)],
					],
					cli.terminal.paint,
				),
			);
		});

	roles
		.command("add <role>")
		.description("Add a role")
		.option("--label <text>", "What people read; the name unless told")
		.option("--description <text>", "Description")
		.requiredOption("--permission <permission>", "What it may do, such as devices:read or backups:*", collected)
		.option("--group <group>", "Limit it to the devices of this group; several times for several", collected)
		.action(
			async (
				name: string,
				options: { label?: string; description?: string; permission: string[]; group?: string[] },
				self: Command,
			) => {
				const cli = open(self);
				const { label = name, description, permission: permissions, group } = options;
				const device_groups = group === undefined ? null : await idsOf(cli, group);
				const role = await cli.clients.auth.createRole({
					body: { name, label, description, permissions, device_groups },
				});
				cli.print(role, () => `Added the role ${role.name} for ${shownDevices(role)}.\n`);
			},
		);

	roles
		.command("limit <role>")
		.description("Limit a role to the devices of groups, at once also for who is signed in")
		.option("--group <group>", "A group; several times for several", collected)
		.option("--every-device", "No limit any more")
		.action(async (name: string, options: { group?: string[]; everyDevice?: boolean }, self: Command) => {
			const cli = open(self);
			const { group, everyDevice = false } = options;
			if ((group === undefined) !== everyDevice) throw usageFailure("Say either --group or --every-device");
			const device_groups = group === undefined ? null : await idsOf(cli, group);
			const role = await cli.clients.auth.updateRole({ params: { name }, body: { device_groups } });
			cli.print(role, () => `${role.name} covers ${shownDevices(role)}.\n`);
		});
}

function shownDevices({ device_groups }: Role): string {
	return device_groups === null ? "every device" : `the devices of ${count(device_groups.length, "group")}`;
}

function idsOf(cli: Cli, groups: readonly string[]): Promise<string[]> {
	return Promise.all(groups.map(async (group) => (await findGroup(cli, group)).id));
}
