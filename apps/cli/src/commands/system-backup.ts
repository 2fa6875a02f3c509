import type { Command } from "commander";
import { runServerProgram } from "../server-program.ts";

interface BackupOptions {
	to?: string;
	passphraseFile?: string;
	config?: string;
	check?: boolean;
	force?: boolean;
	json?: boolean;
}

/** `system backup` and `system restore`: the server's own program, on the machine where the data is. */
export function addSystemBackupCommands(system: Command): void {
	shared(system.command("backup"))
		.description("Back up everything the server stores, here, also while it runs; sealed with the master key")
		.requiredOption("--to <file>", "A new file to write")
		.action((_options: unknown, self: Command) => run(["backup"], self));
	shared(system.command("restore"))
		.description("Verify a backup and put it back, here, with the server stopped")
		.argument("<file>", "What `system backup` wrote")
		.option("--check", "Only verify the file; restore nothing")
		.option("--force", "Replace what is stored: it is lost")
		.action((file: string, _options: unknown, self: Command) => run(["restore", file], self));
}

function shared(command: Command): Command {
	return command
		.option("--passphrase-file <file>", "Seal with the passphrase in this file instead")
		.option("--config <file>", "Configuration file");
}

function run(words: readonly string[], self: Command): Promise<void> {
	const { to, passphraseFile, config, check, force, json } = self.optsWithGlobals<BackupOptions>();
	return runServerProgram([
		"system",
		...words,
		...(to === undefined ? [] : [`--to=${to}`]),
		...(passphraseFile === undefined ? [] : [`--passphrase-file=${passphraseFile}`]),
		...(config === undefined ? [] : [`--config=${config}`]),
		...(check ? ["--check"] : []),
		...(force ? ["--force"] : []),
		...(json ? ["--json"] : []),
	]);
}
