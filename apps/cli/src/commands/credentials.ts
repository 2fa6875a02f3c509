import { readFile } from "node:fs/promises";
import { devicesApi } from "@netconductor/contracts/devices/api";
import type { Credential } from "@netconductor/contracts/devices/model";
import type { Command } from "commander";
import { type Cli, confirmed, type Open } from "../cli.ts";
import { usageFailure } from "../failure.ts";
import { addListCommand } from "../list-command.ts";
import { localTime } from "../output/words.ts";
import { yesOrNo } from "../query-options.ts";
import { findCredential } from "../resolve.ts";
import { addSecretOption, readSecret } from "../secret-options.ts";

const password = { flag: "password", label: "Password" };
const passphrase = { flag: "passphrase", label: "Passphrase of the private key" };
const enablePassword = { flag: "enable-password", label: "Enable password" };

/** `credentials`: logins for devices. Their secrets go in and never come out. */
export function addCredentialCommands(program: Command, open: Open): void {
	const credentials = program.command("credentials").description("Credentials: logins for devices");
	addListCommand<Credential>(credentials, open, {
		description: "Credentials, without their secrets",
		operation: devicesApi.operations.listCredentials,
		read: (cli, query) => cli.clients.devices.listCredentials({ query }),
		noun: "credential",
		columns: [
			{ title: "NAME", value: ({ name }) => name },
			{ title: "USERNAME", value: ({ username }) => username },
			{ title: "HAS", value: secretsOf },
			{ title: "DEFAULT", value: ({ is_default }) => (is_default ? "yes" : "") },
			{ title: "USED BY", value: ({ used_by }) => used_by, align: "right" },
			{ title: "CHANGED", value: ({ updated_at }) => localTime(updated_at), whole: true },
		],
	});

	addSecretOptions(credentials.command("add <name>"))
		.description("Add a credential; asks for the password when no secret is given")
		.requiredOption("--username <username>", "User name on the devices")
		.option("--default", "Use it for devices that name no other")
		.action(async (name: string, options: CredentialOptions & { default?: boolean }, self: Command) => {
			const cli = open(self);
			const given = await secretsFrom(cli, options);
			if (given.password === undefined && given.private_key === undefined) {
				given.password = await readSecret(cli, options, { ...password, ask: true });
			}
			const credential = await cli.clients.devices.createCredential({
				body: { name, username: options.username ?? "", is_default: options.default === true, ...given },
			});
			cli.print(credential, () => `Added the credential ${credential.name}.\n`);
		});

	addSecretOptions(credentials.command("edit <credential>"))
		.description("Change a credential; what is not named stays")
		.option("--name <name>", "New name")
		.option("--username <username>", "User name on the devices")
		.option("--default <yes>", "Whether devices that name no other use it", yesOrNo)
		.action(async (given: string, options: CredentialOptions & { name?: string; default?: boolean }, self: Command) => {
			const cli = open(self);
			const { name, username, default: is_default } = options;
			const body = { name, username, is_default, ...(await secretsFrom(cli, options)) };
			if (Object.values(body).every((value) => value === undefined)) throw usageFailure("Nothing to change was given.");
			const { id } = await findCredential(cli, given);
			const credential = await cli.clients.devices.updateCredential({ params: { id }, body });
			cli.print(credential, () => `Changed the credential ${credential.name}.\n`);
		});

	credentials
		.command("delete <credential>")
		.description("Delete a credential that nothing uses")
		.option("--yes", "Do not ask")
		.action(async (given: string, { yes }: { yes?: boolean }, self: Command) => {
			const cli = open(self);
			const { id, name } = await findCredential(cli, given);
			if (!(await confirmed(cli, yes, `Delete the credential ${name}?`))) return;
			await cli.clients.devices.deleteCredential({ params: { id } });
			cli.print({ id, deleted: true }, () => `Deleted the credential ${name}.\n`);
		});
}

interface CredentialOptions extends Record<string, unknown> {
	username?: string;
	privateKeyFile?: string;
}

function addSecretOptions(command: Command): Command {
	addSecretOption(command, password);
	command.option("--private-key-file <file>", "Private key in PEM or OpenSSH format");
	addSecretOption(command, passphrase);
	addSecretOption(command, enablePassword);
	return command;
}

async function secretsFrom(cli: Cli, options: CredentialOptions) {
	const file = options.privateKeyFile;
	return {
		password: await readSecret(cli, options, password),
		private_key: file === undefined ? undefined : await readKey(file),
		passphrase: await readSecret(cli, options, passphrase),
		enable_password: await readSecret(cli, options, enablePassword),
	};
}

async function readKey(file: string): Promise<string> {
	try {
		return await readFile(file, "utf8");
	} catch (error) {
		throw usageFailure(`${file} cannot be read: ${(error as Error).message}`);
	}
}

function secretsOf(credential: Credential): string {
	return [
		credential.has_password && "password",
		credential.has_private_key && "key",
		credential.has_passphrase && "passphrase",
		credential.has_enable_password && "enable",
	]
		.filter(Boolean)
		.join(" ");
}
