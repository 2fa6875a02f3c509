import pg from "pg";
import { connectClient } from "../db/connect-client.ts";
import { type Database, openDatabase } from "../db/database.ts";
import { provisionSchema } from "../db/provision.ts";
import { failed, hasCode } from "../errors.ts";
import type { MasterKeys } from "../master-key.ts";
import { checkMasterKey } from "../vault.ts";
import { isWorkerKeys, rolePassword, type WorkerKeys } from "../worker-keys.ts";
import type { AnyService } from "./service.ts";

export interface DatabaseAccess {
	/** Administrator of the database: makes roles and schemas. Absent where every schema has a URL of its own. */
	admin_url?: string | undefined;
	/** URL by schema, for a database of its own or for a process that may not administer. */
	urls?: Readonly<Record<string, string | undefined>>;
	/** Most connections of one service. */
	pool_size: number;
}

/** The database of one schema, and the URL that signs in to it. */
export interface OpenedDatabase {
	url: string;
	db: Database;
}

/**
 * Opens the schema of every service, made first where this process administers the database. The role's password follows from the
 * master key, so it is stored nowhere.
 * @throws startup.no_database — a service has neither an administrator's URL nor one of its own
 * @throws startup.database_failed — the database does not answer, or does not let us in or do what we must
 * @throws startup.not_postgresql — something else answers at its address
 * @throws startup.master_key_wrong — before anything is changed
 */
export async function openDatabases(
	services: readonly AnyService[],
	access: DatabaseAccess,
	keys: MasterKeys | WorkerKeys,
): Promise<Map<string, OpenedDatabase>> {
	const opened = new Map<string, OpenedDatabase>();
	const schemas = new Set(services.flatMap(({ schema }) => (schema === false ? [] : [schema])));
	await Promise.all(
		[...schemas].map(async (schema) => {
			const given = access.urls?.[schema];
			const url =
				given === undefined ? await provision(schema, access.admin_url, keys) : withPassword(given, schema, keys);
			if (given !== undefined) await refuseOtherServers(url);
			const application_name = `netconductor ${schema}`;
			opened.set(schema, { url, db: openDatabase({ url, schema, application_name, max: access.pool_size }) });
		}),
	);
	return opened;
}

async function provision(
	schema: string,
	admin_url: string | undefined,
	keys: MasterKeys | WorkerKeys,
): Promise<string> {
	if (admin_url === undefined || isWorkerKeys(keys)) {
		throw failed("startup.no_database", {
			message: `${schema} has no database: set DATABASE_URL, or NETCONDUCTOR_${schema.toUpperCase()}_DATABASE_URL`,
		});
	}
	return provisionSchema({
		admin_url,
		service: schema,
		password: rolePassword(schema, keys),
		check: (client) => checkMasterKey(client, schema, keys),
	});
}

/** Whoever uses the database says what else is wrong with it, and waits for what passes. */
async function refuseOtherServers(url: string): Promise<void> {
	const client = new pg.Client({
		connectionString: url,
		application_name: "netconductor start",
		connectionTimeoutMillis: 2_000,
	});
	client.on("error", () => {});
	try {
		await connectClient(client);
	} catch (error) {
		if (hasCode(error, "startup.not_postgresql")) throw error;
	} finally {
		// A server that hangs is not waited for.
		client.end().catch(() => {});
	}
}

/** A URL that names the role which provisioning makes, without a password, means the one that we gave it. */
export function withPassword(given: string, schema: string, keys: MasterKeys | WorkerKeys): string {
	const url = new URL(given);
	if (url.username !== `nc_${schema}` || url.password !== "") return given;
	url.password = isWorkerKeys(keys) ? keys.database_password : rolePassword(schema, keys);
	return url.href;
}
