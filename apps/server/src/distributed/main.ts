// `npm run distributed`: every service as a process of its own on this machine.
import { parseArgs } from "node:util";
import { isAppError } from "@netconductor/runtime/errors";
import { redactText } from "@netconductor/runtime/redact";
import { exitCodeOf } from "../exit-code.ts";
import { createDistributed } from "./run-distributed.ts";

const usage = `Usage: npm run distributed [-- --config=netconductor.yaml]

Starts every service as a process of its own, and worker processes, at DATABASE_URL, RABBITMQ_URL and REDIS_URL. Of these it
starts its own where none is given: the embedded PostgreSQL, and the rabbitmq-server and redis-server that are installed.
A service with an address (NETCONDUCTOR_<SERVICE>_URL) runs elsewhere and is not started.
`;

function readCommandLine(): { config_file: string | undefined } {
	try {
		const { values } = parseArgs({ options: { config: { type: "string" }, help: { type: "boolean", short: "h" } } });
		if (values.help) {
			process.stdout.write(usage);
			process.exit(0);
		}
		return { config_file: values.config };
	} catch (error) {
		process.stderr.write(`netconductor: ${(error as Error).message}\n${usage}`);
		process.exit(2);
	}
}

function tell(error: unknown): number {
	const known = isAppError(error) || error instanceof RangeError;
	const text = known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
	process.stderr.write(`netconductor: ${redactText(text)}\n`);
	return exitCodeOf(error);
}

const { config_file } = readCommandLine();
/** A terminal's Ctrl-C may arrive twice at once: by the terminal and by npm. */
const impatient_ms = 1_000;
let stopping_since: number | undefined;

async function end(code: number): Promise<void> {
	if (stopping_since !== undefined) {
		if (Date.now() - stopping_since <= impatient_ms) return;
		// Asked again, it does not drain any longer.
		distributed.kill();
		process.exit(1);
	}
	stopping_since = Date.now();
	await distributed.stop();
	process.exit(code);
}

function create() {
	try {
		return createDistributed({ env: process.env, config_file, onRefused: end });
	} catch (error) {
		return process.exit(tell(error));
	}
}

const distributed = create();
process.on("SIGTERM", () => end(0));
process.on("SIGINT", () => end(0));
process.stdout.write("Starting NetConductor as separate processes (the first start takes some seconds)...\n");
await distributed.start().catch((error: unknown) => {
	if (stopping_since === undefined) return end(tell(error));
});
