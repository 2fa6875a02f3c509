import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import type { Command } from "commander";
import { type Clients, createClients } from "./client.ts";
import { usageFailure } from "./failure.ts";
import { safeJson, sanitisePainted } from "./output/sanitise.ts";
import { createTerminal, type System, type Terminal } from "./output/terminal.ts";
import { createPrompts, type Prompts } from "./prompt.ts";
import { createSessionBearer, createSessionStore, fixedBearer, type SessionStore, sessionPath } from "./session.ts";

/** What a command works with. */
export interface Cli {
	/** Standard output holds JSON and nothing else. */
	readonly json: boolean;
	readonly env: System["env"];
	readonly terminal: Terminal;
	readonly prompts: Prompts;
	readonly sessions: SessionStore;
	/** Address of the server. */
	readonly url: string;
	readonly clients: Clients;
	/** Bearer token for what is not a call of a contract; undefined when nobody is signed in. */
	token(): Promise<string | undefined>;
	/** The answer of the command: as JSON, or as the text that `human` makes of it. */
	print(answer: unknown, human: () => string): void;
	/** A remark beside the answer, on standard error; left out with --json. */
	note(text: string): void;
	/** The same for a line whose parts were made safe already, so that it may have colours. */
	noteSafe(line: string): void;
	/** A remark that something is not as it should be. */
	warn(text: string): void;
}

/** Makes the context of a command from the options that all commands share. */
export type Open = (command: Command) => Cli;

interface SharedOptions {
	json?: boolean;
	url?: string;
	token?: string;
}

const defaultUrl = "http://127.0.0.1:8000";

/** Contexts over the process's streams. */
export function createOpen(system: System): Open {
	const terminal = createTerminal(system);
	return (command) => {
		const options = command.optsWithGlobals<SharedOptions>();
		const json = options.json === true;
		const sessions = createSessionStore(sessionPath(system.env));
		const chosen = options.url ?? (system.env.NETCONDUCTOR_URL || undefined);
		const url = normaliseUrl(chosen ?? sessions.read().current ?? defaultUrl);
		const token = options.token ?? (system.env.NETCONDUCTOR_TOKEN || undefined);
		const signIn = createClientsWithoutSession(url);
		const bearer =
			token === undefined
				? createSessionBearer({ store: sessions, url, refresh: (refresh_token) => signIn({ refresh_token }) })
				: fixedBearer(token);
		const cli: Cli = {
			json,
			env: system.env,
			terminal,
			prompts: createPrompts(system),
			sessions,
			url,
			clients: createClients({ url, bearer }),
			token: () => bearer.token(),
			print: (answer, human) => {
				if (json) return terminal.out(`${safeJson(answer)}\n`);
				terminal.out(terminal.out_is_terminal ? sanitisePainted(human()) : human());
			},
			note: (text) => {
				if (!json) terminal.err(`${visibleText(text)}\n`);
			},
			noteSafe: (line) => {
				if (!json) terminal.err(`${sanitisePainted(line)}\n`);
			},
			warn: (text) => {
				if (!json) terminal.err(`${terminal.paintErr("warning", "warning:")} ${visibleText(text)}\n`);
			},
		};
		if (options.token !== undefined) {
			cli.warn("other users of this machine can see --token in the process list; NETCONDUCTOR_TOKEN is safer");
		}
		return cli;
	};
}

function createClientsWithoutSession(url: string) {
	const { auth } = createClients({ url, bearer: { token: async () => undefined, renew: async () => undefined } });
	return (body: { refresh_token: string }) => auth.refresh({ body });
}

/** The address in the one form under which its session is stored. */
export function normaliseUrl(given: string): string {
	let url: URL;
	try {
		url = new URL(given);
	} catch {
		throw usageFailure(`${given} is not a URL.`, "Give one such as http://127.0.0.1:8000.");
	}
	if (url.protocol !== "http:" && url.protocol !== "https:") {
		throw usageFailure(`${given} does not start with http:// or https://.`);
	}
	if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
		throw usageFailure("The URL of the server has neither a login nor a query.");
	}
	return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}

/**
 * Asks before something that cannot be undone.
 * @throws cli.usage when nobody is there to be asked and `--yes` was not given
 */
export async function confirmed(cli: Cli, yes: boolean | undefined, question: string): Promise<boolean> {
	if (yes) return true;
	if (!cli.prompts.interactive) throw usageFailure(`${question} Give --yes to do it without being asked.`);
	if (await cli.prompts.confirm(question)) return true;
	cli.note("Nothing was changed.");
	return false;
}
