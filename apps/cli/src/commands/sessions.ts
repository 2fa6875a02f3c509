import { authApi } from "@netconductor/contracts/auth/api";
import type { Session } from "@netconductor/contracts/auth/model";
import type { Command } from "commander";
import { type Cli, confirmed, type Open } from "../cli.ts";
import { usageFailure } from "../failure.ts";
import { addListCommand } from "../list-command.ts";
import { ago, count, localTime } from "../output/words.ts";
import { findUser } from "../resolve.ts";

/** `sessions`: where somebody is signed in. */
export function addSessionsCommands(program: Command, open: Open): void {
	const sessions = program.command("sessions").description("Sessions: where you, or another user, are signed in");
	addListCommand<Session>(sessions, open, {
		description: "Your open sessions, or those of another user",
		operation: authApi.operations.listMySessions,
		read: async (cli, query, { user }) => {
			if (typeof user !== "string") return cli.clients.auth.listMySessions({ query });
			return cli.clients.auth.listUserSessions({ params: { id: (await findUser(cli, user)).id }, query });
		},
		noun: "session",
		columns: [
			{ title: "SIGNED IN", value: ({ created_at }) => ago(created_at, new Date()) },
			{ title: "RENEWED", value: ({ refreshed_at }) => ago(refreshed_at, new Date()) },
			{ title: "FROM", value: ({ network }) => network },
			{ title: "BY", value: ({ login_method }) => login_method ?? "local password" },
			{ title: "PROGRAM", value: ({ user_agent }) => user_agent },
			{ title: "ENDS", value: ({ expires_at }) => localTime(expires_at) },
			{ title: "THIS ONE", value: ({ current }) => (current ? "yes" : "") },
			{ title: "ID", value: ({ id }) => id, whole: true },
		],
	}).option("--user <user>", "Those of another user");

	interface RevokeOptions {
		user?: string;
		others?: boolean;
		yes?: boolean;
	}
	sessions
		.command("revoke [session]")
		.description("End a session at once (its id), or with --others all of yours but this one")
		.option("--user <user>", "One of another user")
		.option("--others", "All of your own but this one")
		.option("--yes", "Do not ask")
		.action(async (id: string | undefined, { user, others, yes }: RevokeOptions, self: Command) => {
			const cli = open(self);
			if (others) {
				if (id !== undefined || user !== undefined)
					throw usageFailure("--others is about your own sessions, all of them.");
				return revokeOthers(cli, yes);
			}
			if (id === undefined) throw usageFailure("Name a session by its id, as `netconductor sessions list` shows it.");
			const user_id = user === undefined ? undefined : (await findUser(cli, user)).id;
			if (!(await confirmed(cli, yes, `End the session ${id}?`))) return;
			await (user_id === undefined
				? cli.clients.auth.revokeMySession({ params: { id } })
				: cli.clients.auth.revokeUserSession({ params: { id: user_id, session_id: id } }));
			cli.print({ id, revoked: true }, () => `Ended the session ${id}.\n`);
		});
}

async function revokeOthers(cli: Cli, yes: boolean | undefined): Promise<void> {
	if (!(await confirmed(cli, yes, "End all your other sessions?"))) return;
	const answer = await cli.clients.auth.revokeOtherSessions({});
	cli.print(answer, () => `Ended ${count(answer.revoked, "session")}.\n`);
}
