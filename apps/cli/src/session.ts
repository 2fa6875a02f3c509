import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { TokenPair } from "@netconductor/contracts/auth/model";
import { z } from "zod";
import { hasProblem, isFailure, signedOutFailure, workFailure } from "./failure.ts";

const Session = z.object({
	username: z.string(),
	access_token: z.string(),
	refresh_token: z.string(),
	/** When the access token ends, RFC 3339. */
	expires_at: z.string(),
});
type Session = z.infer<typeof Session>;

const SessionFile = z.object({
	/** URL of the latest sign-in: what commands without --url talk to. */
	current: z.string().nullable(),
	/** By URL, so that no server is ever sent another one's token. */
	sessions: z.record(z.string(), Session),
});
type SessionFile = z.infer<typeof SessionFile>;

/** The sessions of this user on this machine, in one file that only they may read. */
export interface SessionStore {
	readonly path: string;
	read(): SessionFile;
	/** Changes the file while no other command line can; what `change` answers is handed on. */
	update<T>(change: (file: SessionFile) => T | Promise<T>): Promise<T>;
}

const lockWait_ms = 30_000;

/** Where the session file is: `$XDG_CONFIG_HOME/netconductor/session.json`, below `~/.config` unless told. */
export function sessionPath(env: Readonly<Record<string, string | undefined>>): string {
	return join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), ".config"), "netconductor", "session.json");
}

/** The store in the file `path`, which need not exist yet. */
export function createSessionStore(path: string): SessionStore {
	function read(): SessionFile {
		let text: string;
		try {
			text = readFileSync(path, "utf8");
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code === "ENOENT") return { current: null, sessions: {} };
			throw unreadable(path, (error as Error).message);
		}
		try {
			return SessionFile.parse(JSON.parse(text));
		} catch {
			throw unreadable(path, "it is not a session file");
		}
	}

	return {
		path,
		read,
		async update(change) {
			const unlock = await openLock(path);
			try {
				const file = read();
				const before = JSON.stringify(file);
				try {
					return await change(file);
				} finally {
					if (JSON.stringify(file) !== before) replaceFile(path, `${JSON.stringify(file, null, "\t")}\n`);
				}
			} finally {
				unlock();
			}
		},
	};
}

/** @throws cli.session_not_kept where the folder of the session file takes no file */
async function openLock(path: string): Promise<() => void> {
	try {
		mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
		return await lock(`${path}.lock`);
	} catch (error) {
		if (isFailure(error) || (error as NodeJS.ErrnoException).code === undefined) throw error;
		throw workFailure(
			"cli.session_not_kept",
			"The session cannot be kept",
			(error as Error).message,
			"Make that folder writable or name another in XDG_CONFIG_HOME. With NETCONDUCTOR_TOKEN no session is needed.",
		);
	}
}

function unreadable(path: string, reason: string) {
	return workFailure(
		"cli.session_unreadable",
		"The stored session cannot be read",
		`${path}: ${reason}`,
		"Delete the file and sign in again with `netconductor login`.",
	);
}

/** Whoever reads sees the old file or the new one, never half of one. */
function replaceFile(path: string, text: string): void {
	const fresh = `${path}.${randomUUID()}`;
	try {
		writeFileSync(fresh, text, { mode: 0o600, flag: "wx" });
		renameSync(fresh, path);
	} catch (error) {
		rmSync(fresh, { force: true });
		throw error;
	}
}

/**
 * A lock that the operating system takes away from a process that dies: an SQLite file's. Node has no flock(2), and a lock file of
 * our own would be left behind by a kill.
 */
async function lock(path: string): Promise<() => void> {
	const { DatabaseSync } = await import("node:sqlite");
	// Created with the mode that the session file has.
	writeFileSync(path, "", { mode: 0o600, flag: "a" });
	const database = new DatabaseSync(path, { timeout: 0 });
	const until = performance.now() + lockWait_ms;
	for (;;) {
		try {
			database.exec("BEGIN EXCLUSIVE");
			return () => database.close();
		} catch (error) {
			const isBusy = (error as { errcode?: number }).errcode === 5;
			if (!isBusy || performance.now() > until) {
				database.close();
				throw workFailure(
					"cli.session_locked",
					"The stored session is in use",
					isBusy ? `Another command holds ${path} for ${lockWait_ms / 1000} s already.` : (error as Error).message,
				);
			}
			await sleep(20 + Math.random() * 30);
		}
	}
}

/** What a sign-in or refresh leaves in the file. */
export function toSession(pair: TokenPair, now: Date): Session {
	return {
		username: pair.user.username,
		access_token: pair.access_token,
		refresh_token: pair.refresh_token,
		expires_at: new Date(now.getTime() + pair.expires_in * 1000).toISOString(),
	};
}

/** Where a transport takes its bearer token from. */
export interface Bearer {
	/** Undefined when nobody is signed in. */
	token(): Promise<string | undefined>;
	/** Another token in place of one that the server refused; undefined when there is none. */
	renew(refused: string): Promise<string | undefined>;
}

// An access token is renewed this long before it ends, so that it does not end on the way.
const margin_ms = 20_000;

interface BearerNeeds {
	store: SessionStore;
	url: string;
	refresh(refresh_token: string): Promise<TokenPair>;
	now?: () => Date;
}

/**
 * The stored session of `url`, refreshed as needed. A refresh token works once, and using it twice ends the session: so it is
 * exchanged under the lock, and whoever waited for the lock takes what the other one brought.
 */
export function createSessionBearer({ store, url, refresh, now = () => new Date() }: BearerNeeds): Bearer {
	const isFresh = ({ expires_at }: Session) => new Date(expires_at).getTime() - margin_ms > now().getTime();

	function exchange(refused: string | undefined): Promise<string | undefined> {
		return store.update(async (file) => {
			const session = file.sessions[url];
			if (session === undefined) return undefined;
			if (isFresh(session) && session.access_token !== refused) return session.access_token;
			try {
				const renewed = toSession(await refresh(session.refresh_token), now());
				file.sessions[url] = renewed;
				return renewed.access_token;
			} catch (error) {
				if (!hasProblem(error, "auth.session_ended", "auth.refresh_reused")) throw error;
				delete file.sessions[url];
				throw signedOutFailure(url, `The session of ${session.username} at ${url} has ended.`);
			}
		});
	}

	return {
		async token() {
			const session = store.read().sessions[url];
			if (session === undefined) return undefined;
			return isFresh(session) ? session.access_token : exchange(undefined);
		},
		renew: (refused) => exchange(refused),
	};
}

/** A token given for this command alone. */
export function fixedBearer(token: string): Bearer {
	return { token: async () => token, renew: async () => undefined };
}
