import { randomInt } from "node:crypto";
import { authApi } from "@netconductor/contracts/auth/api";
import type { User } from "@netconductor/contracts/auth/model";
import type { Command } from "commander";
import { type Cli, confirmed, type Open } from "../cli.ts";
import { usageFailure } from "../failure.ts";
import { addListCommand } from "../list-command.ts";
import { ago } from "../output/words.ts";
import { yesOrNo } from "../query-options.ts";
import { findUser } from "../resolve.ts";
import { addSecretOption, readSecret } from "../secret-options.ts";
import { toSession } from "../session.ts";

const password = { flag: "password", label: "Password" };
const currentPassword = { flag: "current-password", label: "Current password" };

/** `users`: who may sign in. */
export function addUserCommands(program: Command, open: Open): void {
	const users = program.command("users").description("Users: who may sign in");
	addListCommand<User>(users, open, {
		description: "Users",
		operation: authApi.operations.listUsers,
		read: (cli, query) => cli.clients.auth.listUsers({ query }),
		noun: "user",
		columns: [
			{ title: "USERNAME", value: ({ username }) => username },
			{ title: "NAME", value: ({ display_name }) => display_name },
			{ title: "ROLE", value: ({ role }) => role },
			{
				title: "STATE",
				value: ({ disabled, must_change_password }) =>
					disabled ? "disabled" : must_change_password ? "one-time password" : "active",
			},
			{ title: "SIGNED IN", value: ({ last_login_at }) => ago(last_login_at, new Date()) },
			{ title: "EMAIL", value: ({ email }) => email },
		],
	});
	addAdd(users, open);
	addEdit(users, open);

	users
		.command("delete <user>")
		.description("Delete a user with their sessions and API tokens")
		.option("--yes", "Do not ask")
		.action(async (given: string, { yes }: { yes?: boolean }, self: Command) => {
			const cli = open(self);
			const { id, username } = await findUser(cli, given);
			if (!(await confirmed(cli, yes, `Delete the user ${username}?`))) return;
			await cli.clients.auth.deleteUser({ params: { id } });
			cli.print({ id, deleted: true }, () => `Deleted the user ${username}.\n`);
		});
	addPassword(users, open);

	users
		.command("remove-second-factor <user>")
		.description("Remove the second factors of a user who lost theirs, passkeys included; their sessions end")
		.option("--yes", "Do not ask")
		.action(async (given: string, { yes }: { yes?: boolean }, self: Command) => {
			const cli = open(self);
			const { id, username } = await findUser(cli, given);
			if (
				!(await confirmed(
					cli,
					yes,
					`Remove the second factors of ${username}, passkeys included? Their password alone will do.`,
				))
			)
				return;
			await cli.clients.auth.removeUserSecondFactors({ params: { id } });
			cli.print({ id, username, removed: true }, () => `${username} signs in with the password alone now.\n`);
		});
}

function addAdd(users: Command, open: Open): void {
	const command = users
		.command("add <username>")
		.description("Add a user with a one-time password")
		.requiredOption("--role <role>", "Role, such as operator")
		.option("--display-name <name>", "Name for people")
		.option("--email <email>", "Address")
		.option("--generate-password", "Make up a one-time password and show it")
		.option("--keep-password", "The password is not for one time only");
	addSecretOption(command, password);
	interface AddOptions extends Record<string, unknown> {
		role: string;
		displayName?: string;
		email?: string;
		generatePassword?: boolean;
		keepPassword?: boolean;
	}
	command.action(async (username: string, options: AddOptions, self: Command) => {
		const cli = open(self);
		const made = options.generatePassword ? generatePassword() : undefined;
		const secret = made ?? (await neededSecret(cli, options));
		const user = await cli.clients.auth.createUser({
			body: {
				username,
				role: options.role,
				display_name: options.displayName,
				email: options.email,
				password: secret,
				must_change_password: options.keepPassword !== true,
			},
		});
		cli.print(made === undefined ? user : { ...user, password: made }, () =>
			made === undefined ? `Added ${user.username}.\n` : `Added ${user.username}. One-time password: ${made}\n`,
		);
	});
}

interface EditOptions {
	role?: string;
	displayName?: string;
	email?: string;
	disabled?: boolean;
}

function addEdit(users: Command, open: Open): void {
	users
		.command("edit <user>")
		.description("Change a user; what is not named stays")
		.option("--role <role>", "Role")
		.option("--display-name <name>", "Name for people")
		.option("--email <email>", "Address (an empty one takes it away)")
		.option("--disabled <yes>", "Disabling ends their sessions", yesOrNo)
		.action(async (given: string, { role, displayName, email, disabled }: EditOptions, self: Command) => {
			const cli = open(self);
			const body = { role, display_name: displayName, email: email === "" ? null : email, disabled };
			if (Object.values(body).every((value) => value === undefined)) throw usageFailure("Nothing to change was given.");
			const { id } = await findUser(cli, given);
			const user = await cli.clients.auth.updateUser({ params: { id }, body });
			cli.print(user, () => `Changed ${user.username}.\n`);
		});
}

function addPassword(users: Command, open: Open): void {
	const command = users
		.command("password [user]")
		.description("Set a one-time password for a user, or without a name change your own")
		.option("--generate-password", "Make up a one-time password and show it");
	addSecretOption(command, currentPassword);
	addSecretOption(command, password);
	command.action(
		async (
			given: string | undefined,
			options: Record<string, unknown> & { generatePassword?: boolean },
			self: Command,
		) => {
			const cli = open(self);
			if (given === undefined) return changeOwn(cli, options);
			const { id, username } = await findUser(cli, given);
			const made = options.generatePassword ? generatePassword() : undefined;
			const secret = made ?? (await neededSecret(cli, options));
			await cli.clients.auth.setUserPassword({ params: { id }, body: { password: secret } });
			cli.print({ id, username, ...(made !== undefined && { password: made }) }, () =>
				made === undefined
					? `${username} has a new one-time password.\n`
					: `${username} has a new one-time password: ${made}\n`,
			);
		},
	);
}

async function changeOwn(cli: Cli, options: Record<string, unknown>): Promise<void> {
	const current = await readSecret(cli, options, { ...currentPassword, ask: true });
	const new_password = await neededSecret(cli, options);
	const pair = await cli.clients.auth.changePassword({ body: { current_password: current ?? "", new_password } });
	// Other sessions end with the old password; this one goes on with what came back.
	await cli.sessions.update((file) => {
		if (file.sessions[cli.url] !== undefined) file.sessions[cli.url] = toSession(pair, new Date());
	});
	cli.print({ changed: true }, () => "Your password is changed; your other sessions have ended.\n");
}

async function neededSecret(cli: Cli, options: Record<string, unknown>): Promise<string> {
	return (await readSecret(cli, options, { ...password, label: "New password", ask: true, twice: true })) ?? "";
}

// Without letters and digits that look alike, since it may be read out.
const alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

function generatePassword(): string {
	return Array.from({ length: 20 }, () => alphabet[randomInt(alphabet.length)]).join("");
}
