import pg from "pg";
import { connectClient } from "../db/connect-client.ts";
import { explainedConnection } from "../db/provision.ts";

/** A database, and which services have their schema in it. */
export interface Place {
	/** The administrator's, or that of the one schema there. */
	url: string;
	schemas: readonly string[];
	/** Whether roles and schemas are made by us there. */
	provisions: boolean;
}

/** What a table's or a schema's name becomes in a statement. */
export const quoted = pg.escapeIdentifier;

/** Acts on a schema as the role that owns it, where the connection is the administrator's. Within a transaction. */
export async function actFor(client: pg.ClientBase, { provisions }: Place, schema: string): Promise<void> {
	if (provisions) await client.query(`set local role ${quoted(`nc_${schema}`)}`);
	await client.query(`set local search_path = ${quoted(schema)}, public`);
}

/** @throws startup.database_failed, startup.not_postgresql */
export async function connectTo({ url }: Place): Promise<pg.Client> {
	const client = new pg.Client({
		connectionString: url,
		application_name: "netconductor system backup",
		connectionTimeoutMillis: 10_000,
		keepAlive: true,
	});
	// What breaks is told by the statement under way.
	client.on("error", () => {});
	try {
		await connectClient(client);
	} catch (error) {
		throw explainedConnection(error, url);
	}
	return client;
}

/** Two places with the same key are one database, which one snapshot may serve. */
export function databaseKey({ url }: Place): string {
	const { hostname, port, pathname } = new URL(url);
	return `${hostname}:${port || 5432}${pathname}`;
}
