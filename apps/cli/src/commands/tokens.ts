import { authApi } from "@netconductor/contracts/auth/api";
import type { ApiToken } from "@netconductor/contracts/auth/model";
import type { Page } from "@netconductor/contracts/kernel/page";
import type { Command } from "commander";
import { type Cli, confirmed, type Open } from "../cli.ts";
import { notFoundFailure, usageFailure } from "../failure.ts";
import { addListCommand } from "../list-command.ts";
import { ago, localTime } from "../output/words.ts";
import { collected, wholeNumber } from "../query-options.ts";
import { findUser, isId } from "../resolve.ts";

/** `tokens`: API tokens for scripts. */
export function addTokenCommands(program: Command, open: Open): void {
	const tokens = program.command("tokens").description("API tokens, for scripts");
	addListCommand<ApiToken>(tokens, open, {
		description: "Your API tokens, or those of another user",
		operation: authApi.operations.listMyTokens,
		read: async (cli, query, { user }) =>
			readTokens(cli, typeof user === "string" ? (await findUser(cli, user)).id : undefined, query),
		noun: "token",
		columns: [
			{ title: "NAME", value: ({ name }) => name },
			{ title: "STARTS WITH", value: ({ prefix }) => prefix, whole: true },
			{ title: "USER", value: ({ username }) => username },
			{ title: "PERMISSIONS", value: ({ permissions }) => permissions.join(" ") },
			{ title: "EXPIRES", value: ({ expires_at }) => (expires_at === null ? "never" : localTime(expires_at)) },
			{ title: "USED", value: ({ last_used_at }) => ago(last_used_at, new Date()) },
			{ title: "ID", value: ({ id }) => id, whole: true },
		],
	}).option("--user <user>", "Those of another user");

	tokens
		.command("create <name>")
		.description("Make an API token for yourself; it is shown once")
		.requiredOption("--permission <permission>", "What it may do, such as backups:run or devices:*", collected)
		.option("--expires-in-days <days>", "Days until it expires (default: 90)", wholeNumber(1, 365))
		.action(async (name: string, options: { permission: string[]; expiresInDays?: number }, self: Command) => {
			const cli = open(self);
			const created = await cli.clients.auth.createToken({
				body: { name, permissions: options.permission, expires_in_days: options.expiresInDays },
			});
			// The token alone on standard output, so that a script can take it.
			cli.print(created, () => `${created.token}\n`);
			cli.note(`Shown this once; it expires ${localTime(created.api_token.expires_at)}. Use it as NETCONDUCTOR_TOKEN.`);
		});

	tokens
		.command("revoke <token>")
		.description("Revoke an API token (name or id)")
		.option("--user <user>", "One of another user")
		.option("--yes", "Do not ask")
		.action(async (given: string, { user, yes }: { user?: string; yes?: boolean }, self: Command) => {
			const cli = open(self);
			const user_id = user === undefined ? undefined : (await findUser(cli, user)).id;
			const id = isId(given) ? given : await findToken(cli, user_id, given);
			if (!(await confirmed(cli, yes, `Revoke the token ${given}?`))) return;
			await (user_id === undefined
				? cli.clients.auth.revokeMyToken({ params: { id } })
				: cli.clients.auth.revokeUserToken({ params: { id: user_id, token_id: id } }));
			cli.print({ id, revoked: true }, () => `Revoked ${given}.\n`);
		});
}

function readTokens({ clients: { auth } }: Cli, user_id: string | undefined, query: object): Promise<Page<ApiToken>> {
	return user_id === undefined ? auth.listMyTokens({ query }) : auth.listUserTokens({ params: { id: user_id }, query });
}

async function findToken(cli: Cli, user_id: string | undefined, name: string): Promise<string> {
	const matches: string[] = [];
	for (let page = 1; ; page++) {
		const answer = await readTokens(cli, user_id, { page, page_size: 500 });
		for (const token of answer.items) if (token.name === name) matches.push(token.id);
		if (answer.items.length === 0 || page * answer.page_size >= answer.total) break;
	}
	const [id, second] = matches;
	if (id === undefined)
		throw notFoundFailure("tokens.not_found", `There is no token ${name}.`, "`netconductor tokens list` shows them.");
	if (second !== undefined)
		throw usageFailure(`${matches.length} tokens have this name; name one by its id: ${matches.join(", ")}`);
	return id;
}
