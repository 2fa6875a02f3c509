import { authApi } from "@netconductor/contracts/auth/api";
import type { Role } from "@netconductor/contracts/auth/model";
import type { Command } from "commander";
import type { Open } from "../cli.ts";
import { addListCommand } from "../list-command.ts";
import { renderFields } from "../output/table.ts";

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
					],
					cli.terminal.paint,
				),
			);
		});
}
