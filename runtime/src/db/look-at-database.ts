import pg from "pg";
import { connectClient } from "./connect-client.ts";
import { explainedConnection } from "./provision.ts";

/** What a database says of itself and of what its user may do. */
export interface DatabaseFacts {
	/** `18.4` */
	version: string;
	major: number;
	max_connections: number;
	may_create_roles: boolean;
	may_create_schemas: boolean;
	/** Whether the extension pg_trgm is there or can be installed. */
	has_pg_trgm: boolean;
	/** How far the clock of this process is ahead of the database's, ms; half the way there and back is allowed for. */
	ahead_ms: number;
}

const patience_ms = 5_000;

/**
 * Looks at a database on one connection that can change nothing.
 * @throws startup.database_failed — nobody answers, or does not let us in
 * @throws startup.not_postgresql
 */
export async function lookAtDatabase<T>(
	url: string,
	look: (client: pg.ClientBase, facts: DatabaseFacts) => Promise<T>,
): Promise<T> {
	const client = new pg.Client({
		connectionString: url,
		application_name: "netconductor doctor",
		connectionTimeoutMillis: patience_ms,
		query_timeout: patience_ms,
		options: "-c default_transaction_read_only=on",
	});
	client.on("error", () => {});
	try {
		try {
			await connectClient(client);
		} catch (error) {
			throw explainedConnection(error, url);
		}
		return await look(client, await readFacts(client));
	} finally {
		// Not awaited: a database that hangs never answers the goodbye.
		client.end().catch(() => {});
	}
}

async function readFacts(client: pg.ClientBase): Promise<DatabaseFacts> {
	const asked_at = Date.now();
	const { rows: clock } = await client.query<{ now_ms: number }>(
		"select (extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms",
	);
	const answered_at = Date.now();
	const { rows } = await client.query<Omit<DatabaseFacts, "ahead_ms">>(
		`select current_setting('server_version') as version, current_setting('server_version_num')::int / 10000 as major,
			current_setting('max_connections')::int as max_connections,
			(select rolsuper or rolcreaterole from pg_roles where rolname = current_user) as may_create_roles,
			has_database_privilege(current_database(), 'create') as may_create_schemas,
			exists (select from pg_available_extensions where name = 'pg_trgm') as has_pg_trgm`,
	);
	const [facts] = rows;
	if (facts === undefined || clock[0] === undefined) throw new TypeError("a select without from has one row");
	return { ...facts, ahead_ms: Math.round((asked_at + answered_at) / 2 - clock[0].now_ms) };
}
