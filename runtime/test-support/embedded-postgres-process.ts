// Starts the embedded PostgreSQL of the given data directory, says where, and stays: a process for tests to kill.
import { startEmbeddedPostgres } from "../src/db/embedded-postgres.ts";
import { createLog } from "../src/log.ts";

const [, , data_dir = ""] = process.argv;
try {
	const postgres = await startEmbeddedPostgres({ data_dir, log: createLog({ level: "silent" }) });
	process.on("SIGTERM", () => postgres.stop().then(() => process.exit(0)));
	process.on("SIGUSR2", () => process.exit(3));
	setInterval(() => {}, 60_000);
	process.stdout.write(`${JSON.stringify({ url: postgres.url, postmaster: postgres.pid() })}\n`);
} catch (error) {
	process.stdout.write(`${JSON.stringify({ error: error instanceof Error ? error.message : String(error) })}\n`);
	process.exit(1);
}
