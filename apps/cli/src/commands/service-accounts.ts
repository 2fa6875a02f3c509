import { authApi } from "@netconductor/contracts/auth/api";
import {
	type CreatedServiceAccountToken,
	longest_overlap_hours,
	longest_token_days,
	type ServiceAccount,
	type ServiceAccountToken,
} from "@netconductor/contracts/auth/service-accounts";
import type { Command } from "commander";
import { type Cli, confirmed, type Open } from "../cli.ts";
import { notFoundFailure, usageFailure } from "../failure.ts";
import { addListCommand } from "../list-command.ts";
import { renderFields } from "../output/table.ts";
import { ago, localTime } from "../output/words.ts";
import { collected, wholeNumber } from "../query-options.ts";
import { findServiceAccount, findUser, isId } from "../resolve.ts";

const gone = "nobody";

function ownerWord({ owner }: ServiceAccount): string {
	return owner === null ? gone : owner.active ? owner.username : `${owner.username} (no longer active)`;
}

function stateWord({ disabled }: ServiceAccount): string {
	return disabled ? "disabled" : "active";
}

/** `service-accounts`: accounts of programs, which act by API tokens. */
export function addServiceAccountCommands(program: Command, open: Open): void {
	const accounts = program
		.command("service-accounts")
		.description("Service accounts: accounts of programs, which act by API tokens");
	addListCommand<ServiceAccount>(accounts, open, {
		description: "Service accounts",
		operation: authApi.operations.listServiceAccounts,
		read: (cli, query) => cli.clients.auth.listServiceAccounts({ query }),
		noun: "service account",
		columns: [
			{ title: "NAME", value: ({ name }) => name },
			{ title: "ROLE", value: ({ role }) => role },
			{ title: "STATE", value: stateWord },
			{ title: "OWNER", value: ownerWord },
			{ title: "TOKENS", value: ({ tokens }) => String(tokens) },
			{ title: "USED", value: ({ last_used_at }) => ago(last_used_at, new Date()) },
			{ title: "DESCRIPTION", value: ({ description }) => description },
		],
	});
	accounts
		.command("show <service-account>")
		.description("One service account")
		.action(async (given: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const account = await findServiceAccount(cli, given);
			cli.print(account, () =>
				renderFields(
					[
						["Name", account.name],
						["Description", account.description || undefined],
						["Role", account.role],
						["State", stateWord(account)],
						["Owner", ownerWord(account)],
						["API tokens", String(account.tokens)],
						["Last used", localTime(account.last_used_at)],
						["Added", localTime(account.created_at)],
						["Id", account.id],
					],
					cli.terminal.paint,
				),
			);
		});
	addCreate(accounts, open);
	addUpdate(accounts, open);
	addToggle(accounts, open, { verb: "disable", disabled: true, description: "Refuse its API tokens, at once" });
	addToggle(accounts, open, { verb: "enable", disabled: false, description: "Let its API tokens work again" });
	accounts
		.command("delete <service-account>")
		.description("Delete a service account with its API tokens")
		.option("--yes", "Do not ask")
		.action(async (given: string, { yes }: { yes?: boolean }, self: Command) => {
			const cli = open(self);
			const { id, name } = await findServiceAccount(cli, given);
			if (!(await confirmed(cli, yes, `Delete the service account ${name} and its API tokens?`))) return;
			await cli.clients.auth.deleteServiceAccount({ params: { id } });
			cli.print({ id, deleted: true }, () => `Deleted the service account ${name}.\n`);
		});
	addTokens(accounts, open);
}

function addCreate(accounts: Command, open: Open): void {
	accounts
		.command("create <name>")
		.description("Add a service account")
		.requiredOption("--role <role>", "Role, such as operator; at most what you may yourself")
		.option("--description <text>", "What it is for")
		.option("--owner <user>", "Whom to ask about it (default: you)")
		.action(async (name: string, options: { role: string; description?: string; owner?: string }, self: Command) => {
			const cli = open(self);
			const { role, description } = options;
			const owner_id = await ownerOf(cli, options.owner);
			const account = await cli.clients.auth.createServiceAccount({ body: { name, role, description, owner_id } });
			cli.print(account, () => `Added ${account.name}.\n`);
			cli.note(`Give it a token: netconductor service-accounts tokens create ${account.name} <token name>`);
		});
}

function addUpdate(accounts: Command, open: Open): void {
	accounts
		.command("update <service-account>")
		.description("Change a service account; what is not named stays")
		.option("--role <role>", "Role")
		.option("--description <text>", "What it is for")
		.option("--owner <user>", "Whom to ask about it")
		.action(async (given: string, options: { role?: string; description?: string; owner?: string }, self: Command) => {
			const cli = open(self);
			const { role, description, owner } = options;
			if ([role, description, owner].every((value) => value === undefined)) {
				throw usageFailure("Nothing to change was given.");
			}
			const { id } = await findServiceAccount(cli, given);
			const body = { role, description, owner_id: await ownerOf(cli, owner) };
			const account = await cli.clients.auth.updateServiceAccount({ params: { id }, body });
			cli.print(account, () => `Changed ${account.name}.\n`);
		});
}

async function ownerOf(cli: Cli, given: string | undefined): Promise<string | undefined> {
	return given === undefined ? undefined : (await findUser(cli, given)).id;
}

function addToggle(
	accounts: Command,
	open: Open,
	{ verb, disabled, description }: { verb: string; disabled: boolean; description: string },
): void {
	accounts
		.command(`${verb} <service-account>`)
		.description(description)
		.action(async (given: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const { id } = await findServiceAccount(cli, given);
			const account = await cli.clients.auth.updateServiceAccount({ params: { id }, body: { disabled } });
			cli.print(account, () => `${account.name} is ${stateWord(account)}.\n`);
		});
}

function addTokens(accounts: Command, open: Open): void {
	const tokens = accounts.command("tokens").description("API tokens of a service account");
	addListCommand<ServiceAccountToken>(tokens, open, {
		name: "list <service-account>",
		description: "API tokens of a service account",
		operation: authApi.operations.listServiceAccountTokens,
		read: async (cli, query, _options, [given = ""]) => {
			const { id } = await findServiceAccount(cli, given);
			return cli.clients.auth.listServiceAccountTokens({ params: { id }, query });
		},
		noun: "token",
		columns: [
			{ title: "NAME", value: ({ name }) => name },
			{ title: "STARTS WITH", value: ({ prefix }) => prefix, whole: true },
			{ title: "PERMISSIONS", value: ({ permissions }) => permissions.join(" ") },
			{ title: "EXPIRES", value: ({ expires_at }) => localTime(expires_at) },
			{ title: "USED", value: ({ last_used_at }) => ago(last_used_at, new Date()) },
			{
				title: "OLD SECRET",
				value: ({ replaced }) => (replaced === null ? undefined : `until ${localTime(replaced.expires_at)}`),
			},
			{ title: "ISSUED BY", value: ({ issued_by }) => issued_by ?? gone },
			{ title: "ID", value: ({ id }) => id, whole: true },
		],
	});
	const days = wholeNumber(1, longest_token_days);

	tokens
		.command("create <service-account> <name>")
		.description("Make an API token for a service account; it is shown once")
		.option("--permission <permission>", "What it may do (default: all that the account's role grants)", collected)
		.option("--expires-in-days <days>", "Days until it expires (default: 90)", days)
		.action(
			async (
				given: string,
				name: string,
				options: { permission?: string[]; expiresInDays?: number },
				self: Command,
			) => {
				const cli = open(self);
				const { id } = await findServiceAccount(cli, given);
				const body = { name, permissions: options.permission, expires_in_days: options.expiresInDays };
				printCreated(cli, await cli.clients.auth.createServiceAccountToken({ params: { id }, body }));
			},
		);

	tokens
		.command("rotate <service-account> <token>")
		.description("Make a new secret for an API token (name or id); the old one goes on for a while")
		.option(
			"--overlap-hours <hours>",
			"Hours that the old secret goes on, 0 to end it at once (default: 24)",
			wholeNumber(0, longest_overlap_hours),
		)
		.option("--expires-in-days <days>", "Days until the new secret expires (default: 90)", days)
		.action(
			async (
				given: string,
				token: string,
				options: { overlapHours?: number; expiresInDays?: number },
				self: Command,
			) => {
				const cli = open(self);
				const { id } = await findServiceAccount(cli, given);
				const params = { id, token_id: isId(token) ? token : await findToken(cli, id, token) };
				const body = { overlap_hours: options.overlapHours, expires_in_days: options.expiresInDays };
				const created = await cli.clients.auth.rotateServiceAccountToken({ params, body });
				printCreated(cli, created);
				const { replaced } = created.api_token;
				cli.note(
					replaced === null ? "The old secret has ended." : `The old one ends ${localTime(replaced.expires_at)}.`,
				);
			},
		);

	tokens
		.command("revoke <service-account> <token>")
		.description("Revoke an API token (name or id), at once")
		.option("--yes", "Do not ask")
		.action(async (given: string, token: string, { yes }: { yes?: boolean }, self: Command) => {
			const cli = open(self);
			const { id, name } = await findServiceAccount(cli, given);
			const token_id = isId(token) ? token : await findToken(cli, id, token);
			if (!(await confirmed(cli, yes, `Revoke the token ${token} of ${name}?`))) return;
			await cli.clients.auth.revokeServiceAccountToken({ params: { id, token_id } });
			cli.print({ id: token_id, revoked: true }, () => `Revoked ${token}.\n`);
		});
}

/** The token alone on standard output, so that a script can take it. */
function printCreated(cli: Cli, created: CreatedServiceAccountToken): void {
	cli.print(created, () => `${created.token}\n`);
	cli.note(`Shown this once; it expires ${localTime(created.api_token.expires_at)}. Use it as NETCONDUCTOR_TOKEN.`);
}

async function findToken(cli: Cli, id: string, name: string): Promise<string> {
	const matches: string[] = [];
	for (let page = 1; ; page++) {
		const query = { q: name.slice(0, 200), page, page_size: 500 };
		const answer = await cli.clients.auth.listServiceAccountTokens({ params: { id }, query });
		for (const token of answer.items) if (token.name === name) matches.push(token.id);
		if (answer.items.length === 0 || page * answer.page_size >= answer.total) break;
	}
	const [found, second] = matches;
	if (found === undefined) throw notFoundFailure("tokens.not_found", `The service account has no token ${name}.`);
	if (second !== undefined) {
		throw usageFailure(`${matches.length} tokens have this name; name one by its id: ${matches.join(", ")}`);
	}
	return found;
}
