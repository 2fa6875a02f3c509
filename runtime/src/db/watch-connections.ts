import pg from "pg";

/** How often connections that wait for an answer are looked at. */
const every_ms = 5_000;
/** A statement that has just ended may look lost: so many looks in a row have to say so. */
const looks = 2;

/** A connection that knows since when it has waited for PostgreSQL. */
interface Watched extends pg.Client {
	processID: number | null;
	/** Whether a statement was sent and has not been answered. */
	isWaiting(): boolean;
}

/** A pool's connection, before it is known what it can do. */
function isWatched(client: pg.ClientBase): client is Watched {
	return "isWaiting" in client && "processID" in client;
}

/**
 * Notices that a connection is dead of which nobody was told: a firewall forgot it, or the machine at its other end is gone. A statement of which nothing
 * is heard is asked after over a connection of its own: where PostgreSQL is not at it, or cannot be reached either, the connection is broken
 * off, and the statement fails as when it had been lost. One that takes long is left alone.
 */
export function watchConnections(pool: pg.Pool, url: string, pause_ms = every_ms): void {
	const heard = new Map<Watched, { bytes: number; silent: number }>();
	let timer: NodeJS.Timeout | undefined;
	let looking = false;

	function bytesOf({ connection }: Watched): number {
		return (connection.stream as { bytesRead?: number }).bytesRead ?? 0;
	}

	async function look(): Promise<void> {
		const quiet = [...heard].filter(([client, seen]) => {
			const bytes = bytesOf(client);
			const isQuiet = client.isWaiting() && bytes === seen.bytes;
			if (!isQuiet) seen.silent = 0;
			seen.bytes = bytes;
			return isQuiet;
		});
		if (quiet.length === 0) return;
		const busy = await busyServers(
			url,
			quiet.map(([{ processID }]) => processID),
		);
		for (const [client, seen] of quiet) {
			if (busy === "all" || busy.has(client.processID) || !client.isWaiting() || bytesOf(client) !== seen.bytes)
				continue;
			seen.silent++;
			if (seen.silent >= looks) client.connection.stream.destroy(lost());
		}
	}

	pool.on("connect", (client) => {
		if (!isWatched(client)) return;
		heard.set(client, { bytes: -1, silent: 0 });
		timer ??= setInterval(() => {
			if (looking) return;
			looking = true;
			void look().finally(() => {
				looking = false;
			});
		}, pause_ms).unref();
	});
	pool.on("remove", (client) => {
		if (isWatched(client)) heard.delete(client);
		if (heard.size > 0) return;
		clearInterval(timer);
		timer = undefined;
	});
}

/** Which of these server processes are at a statement; "all" where PostgreSQL lives and does not say. */
async function busyServers(url: string, pids: readonly (number | null)[]): Promise<Set<number | null> | "all"> {
	const client = new pg.Client({
		connectionString: url,
		application_name: "netconductor watches its connections",
		connectionTimeoutMillis: every_ms,
		query_timeout: every_ms,
	});
	client.on("error", () => {});
	try {
		await client.connect();
		const { rows } = await client.query<{ pid: number }>(
			"select pid from pg_stat_activity where pid = any($1::int[]) and state not like 'idle%'",
			[pids],
		);
		return new Set(rows.map(({ pid }) => pid));
	} catch (error) {
		// It takes no more connections, but it is there.
		return error instanceof pg.DatabaseError ? "all" : new Set();
	} finally {
		// A connection that hangs is not waited for.
		client.end().catch(() => {});
		client.connection.stream.destroy();
	}
}

function lost(): Error {
	return Object.assign(new Error("Connection terminated: PostgreSQL is not at the statement that was sent"), {
		code: "ETIMEDOUT",
	});
}
