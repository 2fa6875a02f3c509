import type { Command } from "commander";
import type { Open } from "../cli.ts";
import { renderFields } from "../output/table.ts";

/** `settings`: of the installation. */
export function addSettingsCommands(program: Command, open: Open): void {
	program
		.command("settings")
		.description("Settings of the installation")
		.command("show")
		.description("The settings as they are")
		.action(async (_options: unknown, self: Command) => {
			const cli = open(self);
			const settings = await cli.clients.auth.getSettings({});
			cli.print(settings, () =>
				renderFields(
					Object.entries(settings).map(([name, value]) => [name, value] as const),
					cli.terminal.paint,
				),
			);
		});
}
