import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { findEmbeddedPostgres } from "@netconductor/runtime/db/embedded-postgres";
import pg from "pg";

/** The cluster of a data directory. */
export function clusterOf(data_dir: string): string {
	return join(data_dir, "postgres", "cluster");
}

/** Process id and port of the postmaster; undefined while there is none. */
export function postmasterOf(data_dir: string): { pid: number; port: number } | undefined {
	let lines: string[];
	try {
		lines = readFileSync(join(clusterOf(data_dir), "postmaster.pid"), "utf8").split("\n");
	} catch {
		return undefined;
	}
	const pid = Number.parseInt(lines[0] ?? "", 10);
	const port = Number.parseInt(lines[3] ?? "", 10);
	return Number.isInteger(pid) && Number.isInteger(port) ? { pid, port } : undefined;
}

/** Processes that work in this cluster, the postmaster among them. */
export function serversOf(data_dir: string): number[] {
	const cluster = clusterOf(data_dir);
	return readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name))
		.map(Number)
		.filter((pid) => {
			try {
				return readlinkSync(`/proc/${pid}/cwd`) === cluster;
			} catch {
				return false;
			}
		});
}

/** Asks the product's own PostgreSQL as its superuser, past the product: once, on a connection of its own. */
export async function askPostgres<R extends pg.QueryResultRow>(
	data_dir: string,
	text: string,
	values: unknown[] = [],
	database = "netconductor",
): Promise<R[]> {
	const postgres = findEmbeddedPostgres(data_dir);
	if (postgres.state !== "running") throw new Error("PostgreSQL does not run");
	const url = new URL(postgres.url);
	url.pathname = database;
	const client = new pg.Client({
		connectionString: url.href,
		application_name: "chaos",
		connectionTimeoutMillis: 5_000,
		query_timeout: 60_000,
	});
	client.on("error", () => {});
	try {
		await client.connect();
		return (await client.query<R>(text, values)).rows;
	} finally {
		await client.end().catch(() => {});
	}
}
