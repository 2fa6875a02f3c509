import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { isAlive } from "../db/data-dir-claim.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../db/embedded-postgres.ts";
import { createLog } from "../log.ts";

declare module "vitest" {
	interface ProvidedContext {
		/** Answers the URL of the run's PostgreSQL, which it starts when first asked. */
		test_database_broker: string;
	}
}

const log = createLog({ level: "error" });
const prefix = "netconductor-test-";

/** One PostgreSQL for a whole test run, in the process that outlives all test files, started when the first of them asks for a database. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
	await sweep();
	const data_dir = join(tmpdir(), `${prefix}${process.pid}`);
	let cluster: Promise<EmbeddedPostgres> | undefined;
	const broker = createServer((_, response) => {
		cluster ??= start(data_dir);
		cluster.then(
			({ url }) => response.end(url),
			(error: unknown) => response.writeHead(500).end(String(error)),
		);
	});
	await new Promise<void>((resolve) => broker.listen(0, "127.0.0.1", resolve));
	project.provide("test_database_broker", `http://127.0.0.1:${(broker.address() as AddressInfo).port}/`);
	return async () => {
		broker.close();
		await (await cluster?.catch(() => undefined))?.stop();
		rmSync(data_dir, { recursive: true, force: true });
	};
}

function start(data_dir: string): Promise<EmbeddedPostgres> {
	mkdirSync(data_dir, { recursive: true });
	// Nothing here must survive a power cut.
	const settings = { fsync: "off", synchronous_commit: "off", full_page_writes: "off", shared_buffers: "128MB" };
	return startEmbeddedPostgres({ data_dir, log, settings });
}

/** Ends and removes what a killed run left behind. */
async function sweep(): Promise<void> {
	for (const name of readdirSync(tmpdir())) {
		const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : Number.NaN;
		if (!Number.isInteger(pid) || isAlive(pid)) continue;
		const data_dir = join(tmpdir(), name);
		// Taking over is the way to stop a postmaster that nobody owns any more.
		await start(data_dir).then(
			(cluster) => cluster.stop(),
			() => {},
		);
		rmSync(data_dir, { recursive: true, force: true });
	}
}
