import type { TokenPair } from "@netconductor/contracts/auth/model";
import { asksForCode, type SecondFactorAsked } from "@netconductor/contracts/auth/second-factor";
import type { Command } from "commander";
import type { Cli, Open } from "../cli.ts";
import { createClients, fetchFrom } from "../client.ts";
import { exitCodes, Failure, hasProblem, usageFailure } from "../failure.ts";
import { renderFields } from "../output/table.ts";
import { localTime } from "../output/words.ts";
import { addSecretOption, askTwice, readSecret } from "../secret-options.ts";
import { fixedBearer, toSession } from "../session.ts";

const password = { flag: "password", label: "Password" };
const newPassword = { flag: "new-password", label: "New password" };

interface LoginOptions extends Record<string, unknown> {
	username?: string;
	code?: string;
}

/** `login`, `logout`, `whoami`. */
export function addSessionCommands(program: Command, open: Open): void {
	const login = program
		.command("login")
		.description("Sign in; commands after it use this server and session")
		.option("--username <name>", "User name (or NETCONDUCTOR_USERNAME)")
		.option("--code <code>", "Code of your authenticator app, or a recovery code, where you have a second factor");
	addSecretOption(login, password);
	addSecretOption(login, newPassword);
	login
		.addHelpText(
			"after",
			"\nThe password can also be in NETCONDUCTOR_PASSWORD, a new one in NETCONDUCTOR_NEW_PASSWORD.",
		)
		.action(async (options: LoginOptions, self: Command) => {
			const cli = open(self);
			// Both are found out before anybody types a password, and before a one-time one is spent.
			await cli.sessions.update(() => undefined);
			if (cli.prompts.interactive) await (await fetchFrom(cli.url, "/health/live", { timeout_ms: 15_000 })).text();
			const pair = await signIn(cli, options);
			await cli.sessions.update((file) => {
				file.current = cli.url;
				file.sessions[cli.url] = toSession(pair, new Date());
			});
			cli.print(
				{ url: cli.url, user: pair.user },
				() => `Signed in at ${cli.url} as ${pair.user.username} (${pair.user.role}).\n`,
			);
			const fresh = createClients({ url: cli.url, bearer: fixedBearer(pair.access_token) });
			if ((await fresh.auth.getMe({})).must_add_second_factor) {
				cli.note(
					"This installation asks a second factor of you before anything else: `netconductor account second-factor enable`.",
				);
			}
		});

	program
		.command("logout")
		.description("End the session and forget it here")
		.action(async (_options: unknown, self: Command) => {
			const cli = open(self);
			const session = cli.sessions.read().sessions[cli.url];
			let ended = false;
			if (session !== undefined) ended = await endSession(cli);
			await cli.sessions.update((file) => {
				delete file.sessions[cli.url];
				if (file.current === cli.url) file.current = null;
			});
			cli.print({ url: cli.url, signed_out: session !== undefined, ended_on_server: ended }, () =>
				session === undefined ? `Nobody was signed in at ${cli.url}.\n` : `Signed out at ${cli.url}.\n`,
			);
		});

	program
		.command("whoami")
		.description("Who is signed in, where, and what they may do")
		.action(async (_options: unknown, self: Command) => {
			const cli = open(self);
			const me = await cli.clients.auth.getMe({});
			const { user, service_account } = me;
			cli.print({ url: cli.url, ...me }, () =>
				renderFields(
					[
						["Server", cli.url],
						["User", user?.username],
						["Service account", service_account?.name],
						["Name", user?.display_name || undefined],
						["Role", user?.role ?? service_account?.role],
						["Last sign-in", user === null ? undefined : localTime(user.last_login_at)],
						["Permissions", me.permissions.join(" ")],
					],
					cli.terminal.paint,
				),
			);
		});
}

async function signIn(cli: Cli, options: LoginOptions): Promise<TokenPair> {
	const { auth } = cli.clients;
	const username = options.username ?? (cli.env.NETCONDUCTOR_USERNAME || (await askUsername(cli)));
	const given = await readSecret(cli, options, password);
	const secret =
		given ?? (cli.env.NETCONDUCTOR_PASSWORD || (await readSecret(cli, options, { ...password, ask: true })) || "");
	const answer = await auth.login({ body: { username, password: secret } });
	const pair = asksForCode(answer) ? await giveCode(cli, options, answer) : answer;
	if (!pair.user.must_change_password) return pair;

	cli.note("This password was for one time only: choose one of your own.");
	const fresh = createClients({ url: cli.url, bearer: fixedBearer(pair.access_token) });
	const chosen = (await readSecret(cli, options, newPassword)) ?? (cli.env.NETCONDUCTOR_NEW_PASSWORD || undefined);
	if (chosen !== undefined) {
		return fresh.auth.changePassword({ body: { current_password: secret, new_password: chosen } });
	}
	if (!cli.prompts.interactive) {
		throw new Failure(
			{
				type: "/docs/errors/auth.password_change_required",
				title: "Change the one-time password first",
				status: 403,
				code: "auth.password_change_required",
				detail: `${username} must choose a new password.`,
			},
			exitCodes.forbidden,
			"Give it with --new-password-stdin or NETCONDUCTOR_NEW_PASSWORD, or sign in at a terminal.",
		);
	}
	for (;;) {
		const new_password = await askTwice(cli, newPassword.label);
		try {
			return await fresh.auth.changePassword({ body: { current_password: secret, new_password } });
		} catch (error) {
			if (!hasProblem(error, "auth.weak_password", "request.invalid")) throw error;
			cli.warn(error.problem.errors?.map(({ message }) => message).join("; ") || error.problem.detail);
		}
	}
}

/**
 * A code from the command line is tried once; at a terminal somebody is asked until the challenge is over. Who has passkeys alone is told what is open
 * to them: a passkey belongs to a browser.
 */
async function giveCode(cli: Cli, options: LoginOptions, asked: SecondFactorAsked): Promise<TokenPair> {
	const { challenge, kinds } = asked.second_factor;
	if (options.code !== undefined) return cli.clients.auth.signInWithCode({ body: { challenge, code: options.code } });
	const hasApp = kinds.includes("totp");
	if (!cli.prompts.interactive) {
		throw usageFailure(
			hasApp
				? "A code is needed as well: give it with --code. Programs use an API token instead."
				: `Your second factor is a passkey, which only a browser takes: sign in at ${cli.url}, make an API token there and give it in NETCONDUCTOR_TOKEN. A recovery code given with --code does as well, once.`,
		);
	}
	if (!hasApp) {
		cli.note(
			`Your second factor is a passkey, which only a browser takes. Sign in at ${cli.url} and make an API token for the command line (NETCONDUCTOR_TOKEN), or spend a recovery code now.`,
		);
	}
	for (;;) {
		const code = await cli.prompts.ask(
			hasApp ? "Code of your authenticator app, or a recovery code: " : "Recovery code: ",
		);
		try {
			return await cli.clients.auth.signInWithCode({ body: { challenge, code } });
		} catch (error) {
			if (!hasProblem(error, "auth.wrong_code", "request.invalid")) throw error;
			cli.warn("that is not a code of this moment, or it was used already");
		}
	}
}

async function askUsername(cli: Cli): Promise<string> {
	if (!cli.prompts.interactive) throw usageFailure("Who signs in? Give --username.");
	return cli.prompts.ask(`User name at ${cli.url}: `);
}

/** A session that has ended anyway, or a server that is away, must not keep anybody from signing out here. */
async function endSession(cli: Cli): Promise<boolean> {
	try {
		await cli.clients.auth.logout({});
		return true;
	} catch (error) {
		if (!hasProblem(error, "auth.unauthenticated", "auth.session_ended", "cli.unreachable")) throw error;
		if (hasProblem(error, "cli.unreachable")) {
			cli.warn(
				`${cli.url} cannot be reached: the session is forgotten here, but ends there only when its time is over`,
			);
		}
		return false;
	}
}
