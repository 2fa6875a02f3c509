import { parseArgs } from "node:util";
import { isAppError } from "@netconductor/runtime/errors";
import { announce } from "./announce.ts";
import { serve } from "./serve.ts";
import { defaultTargets, parseTargets } from "./services.ts";

const usage = `Usage: netconductor serve [--targets=all|auth,devices,...] [--config=netconductor.yaml]\n`;

/** Ends with 2 for a wrong command line, 78 (EX_CONFIG) for a wrong configuration, 1 for everything else. */
function fail(error: unknown): never {
	if (isAppError(error)) {
		process.stderr.write(`netconductor: ${error.message}\n`);
		process.exit(error.code === "startup.config_invalid" ? 78 : 1);
	}
	process.stderr.write(`netconductor: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
	process.exit(1);
}

function readCommandLine() {
	try {
		const { values, positionals } = parseArgs({
			allowPositionals: true,
			options: {
				targets: { type: "string" },
				config: { type: "string" },
				help: { type: "boolean", short: "h" },
			},
		});
		if (values.help || positionals.length !== 1 || positionals[0] !== "serve") throw new RangeError("");
		return {
			targets: values.targets === undefined ? defaultTargets : parseTargets(values.targets),
			config_file: values.config,
		};
	} catch (error) {
		const { message } = error as Error;
		process.stderr.write(message === "" ? usage : `netconductor: ${message}\n${usage}`);
		process.exit(2);
	}
}

const { targets, config_file } = readCommandLine();
const server = await serve({ targets, config_file, env: process.env }).catch(fail);
announce(server);

let stopping = false;
async function stop(): Promise<void> {
	if (stopping) return;
	stopping = true;
	await server.stop();
	process.exit(0);
}
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
// A worker whose parent is gone has nobody to answer for it: it finishes and ends.
process.on("disconnect", stop);
