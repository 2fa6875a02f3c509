import { setTimeout as sleep } from "node:timers/promises";
import { isAppError } from "../errors.ts";
import { isConnectionError } from "./query-error.ts";

const longest_ms = 30_000;
const pause_ms = 250;

/**
 * Does it again when PostgreSQL broke off because it restarts or takes nobody at that moment, for at most half a minute: a server that starts at the
 * same moment as its database does not give up. What is done must be whole or not at all.
 */
export async function throughRestart<T>(work: () => Promise<T>): Promise<T> {
	const until = performance.now() + longest_ms;
	let wasThere = false;
	for (;;) {
		try {
			return await work();
		} catch (error) {
			const lost = connectionErrorOf(error);
			wasThere ||= lost !== undefined && isOfServer(lost);
			if (lost === undefined || !wasThere || performance.now() > until) throw error;
			await sleep(pause_ms);
		}
	}
}

/** Whether somebody was there who broke off or said no. That nobody answers at all is to be said at once. */
function isOfServer(error: Error): boolean {
	if ("code" in error && typeof error.code === "string") return /^(EPIPE|ECONNRESET|08|57P0|55)/.test(error.code);
	return /^(Connection terminated unexpectedly|The server closed|Client has encountered a connection error)/.test(
		error.message,
	);
}

/** What the connection said, below what we made of it. */
function connectionErrorOf(error: unknown): Error | undefined {
	const cause = isAppError(error) && error.code === "service.unavailable" ? error.cause : error;
	return cause instanceof Error && isConnectionError(cause) ? cause : undefined;
}
