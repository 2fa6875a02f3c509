import pg from "pg";
import { inject } from "vitest";
import { type Database, openDatabase } from "../db/database.ts";
import { provisionSchema } from "../db/provision.ts";
import { rolePassword } from "../worker-keys.ts";
import { testMaster } from "./master.ts";

export interface TestDatabase {
	/** Superuser's URL of a database that nobody else uses. */
	url: string;
	/** The same, by the name under which a provisioning step takes it. */
	admin_url: string;
	/** Provisions a service's role and schema and opens its database, as the host does. */
	service(name: string, options?: { max?: number }): Promise<Database>;
	/** Closes what `service` opened and drops the database, whoever is still connected. */
	stop(): Promise<void>;
}

/** A fresh, empty database on the test run's own PostgreSQL: one a test file, made in `beforeAll`, stopped in `afterAll`. */
export async function testDatabase(name: string): Promise<TestDatabase> {
	const answer = await fetch(inject("test_database_broker"));
	const cluster_url = await answer.text();
	if (!answer.ok) throw new Error(`The test run's PostgreSQL did not start: ${cluster_url}`);

	const database = `${name.replaceAll(/\W/g, "_").toLowerCase().slice(0, 40)}_${crypto.randomUUID().slice(0, 8)}`;
	await administer(cluster_url, `create database ${pg.escapeIdentifier(database)}`);
	const url = new URL(cluster_url);
	url.pathname = `/${database}`;

	const opened: Database[] = [];
	return {
		url: url.href,
		admin_url: url.href,
		async service(service, { max = 5 } = {}) {
			// Roles are the cluster's, which all test files share: another password than the hosts' would shut them out.
			const password = rolePassword(service, testMaster);
			const service_url = await provisionSchema({ admin_url: url.href, service, password });
			const db = openDatabase({ url: service_url, schema: service, application_name: `test ${service}`, max });
			opened.push(db);
			return db;
		},
		async stop() {
			await Promise.all(opened.map((db) => db.close()));
			await administer(cluster_url, `drop database ${pg.escapeIdentifier(database)} with (force)`);
		},
	};
}

async function administer(url: string, statement: string): Promise<void> {
	const client = new pg.Client(url);
	await client.connect();
	try {
		await client.query(statement);
	} finally {
		await client.end();
	}
}
