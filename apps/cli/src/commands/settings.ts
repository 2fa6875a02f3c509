import { type Settings, SettingsChange } from "@netconductor/contracts/auth/model";
import { Argument, type Command } from "commander";
import type { Cli, Open } from "../cli.ts";
import { usageFailure } from "../failure.ts";
import { renderFields } from "../output/table.ts";

/** `settings`: of the installation. */
export function addSettingsCommands(program: Command, open: Open): void {
	const settings = program.command("settings").description("Settings of the installation");
	settings
		.command("show")
		.description("The settings as they are")
		.action(async (_options: unknown, self: Command) => {
			const cli = open(self);
			show(cli, await cli.clients.auth.getSettings({}));
		});
	settings
		.command("set")
		.description("Change one setting; the others stay as they are")
		.addArgument(new Argument("<name>", "Setting").choices(SettingsChange.keyof().options))
		.argument("<value>", "Text, a number, true or false")
		.action(async (name: keyof SettingsChange, value: string, _options: unknown, self: Command) => {
			const cli = open(self);
			show(cli, await cli.clients.auth.updateSettings({ body: readChange(name, value) }));
		});
}

/** Text where the setting is text, also when it looks like something else. */
function readChange(name: keyof SettingsChange, value: string): SettingsChange {
	const text = SettingsChange.safeParse({ [name]: value });
	if (text.success) return text.data;
	const other = SettingsChange.safeParse({ [name]: parsed(value) });
	if (other.success) return other.data;
	throw usageFailure(`${name}: ${other.error.issues.map(({ message }) => message).join("; ")}`);
}

function parsed(value: string): unknown {
	try {
		return JSON.parse(value);
	} catch {
		return value;
	}
}

function show(cli: Cli, settings: Settings): void {
	cli.print(settings, () =>
		renderFields(
			Object.entries(settings).map(([name, value]) => [name, value] as const),
			cli.terminal.paint,
		),
	);
}
