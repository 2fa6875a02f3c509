import { flushCompileCache } from "node:module";
import { parseArgs } from "node:util";
import { isAppError } from "@netconductor/runtime/errors";
import { redactText } from "@netconductor/runtime/redact";
import { announce } from "./announce.ts";
import { withVariables } from "./child-environment.ts";
import { exitCodeOf } from "./exit-code.ts";
import type { Server } from "./serve.ts";
import { defaultTargets, parseTargets } from "./services.ts";

const usage = `Usage: netconductor serve [--targets=all|auth,devices,...] [--worker-pool=NAME] [--config=netconductor.yaml]
       netconductor worker-keys --pool=NAME [--to=FILE] [--config=netconductor.yaml]
       netconductor doctor [--json] and the same options
       netconductor health [--ready]
       netconductor system backup|restore, which say their options themselves

worker-keys writes what a worker of another site needs in place of the master key, to a new file or to standard output.
serve ends with 0 after SIGTERM or SIGINT, 2 for a wrong command line, 78 for what another start does not change (a wrong
configuration or master key, a database server that is none, the database of a newer version, a restore that did not end), 1 for
everything else that keeps it from running. doctor says whether that start would work, or what is wrong with what runs, and ends with 1
when something must be mended. health asks a process beside this one, for container engines.
`;

function fail(error: unknown): never {
	const known = isAppError(error);
	const text = known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
	process.stderr.write(`netconductor: ${redactText(text)}\n`);
	process.exit(exitCodeOf(error));
}

function readCommandLine() {
	try {
		const { values, positionals } = parseArgs({
			allowPositionals: true,
			options: {
				targets: { type: "string" },
				"worker-pool": { type: "string" },
				config: { type: "string" },
				json: { type: "boolean" },
				help: { type: "boolean", short: "h" },
			},
		});
		if (values.help) {
			process.stdout.write(usage);
			process.exit(0);
		}
		const [command] = positionals;
		if (positionals.length !== 1 || (command !== "serve" && command !== "doctor")) throw new RangeError("");
		if (command === "serve" && values.json) throw new RangeError("serve has no --json");
		return {
			command,
			json: values.json === true,
			targets: values.targets === undefined ? defaultTargets : parseTargets(values.targets),
			config_file: values.config,
			env: withPool(process.env, values["worker-pool"]),
		};
	} catch (error) {
		const { message } = error as Error;
		process.stderr.write(message === "" ? usage : `netconductor: ${message}\n${usage}`);
		process.exit(2);
	}
}

/** The command line wins over the environment, as that does over the file. */
function withPool(env: NodeJS.ProcessEnv, pool: string | undefined) {
	return pool === undefined ? env : withVariables(env, { NETCONDUCTOR_WORKERS_POOL: pool });
}

if (process.argv[2] === "system") {
	// By process.exit, so that a database that was started for it ends, too.
	for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
	const { runSystemCommand } = await import("./system-command.ts");
	process.exit(await runSystemCommand(process.argv.slice(3), process.env).catch(fail));
}
if (process.argv[2] === "health") {
	const { runHealthCommand } = await import("./health-command.ts");
	process.exit(await runHealthCommand(process.argv.slice(3), process.env));
}
if (process.argv[2] === "worker-keys") {
	const { runWorkerKeysCommand } = await import("./worker-keys-command.ts");
	process.exit(await runWorkerKeysCommand(process.argv.slice(3), process.env).catch(fail));
}
const { command, json, targets, config_file, env } = readCommandLine();
if (command === "doctor") {
	const { diagnose, renderDiagnosis } = await import("./doctor/doctor.ts");
	const diagnosis = await diagnose({ targets, config_file, env }).catch(fail);
	const text = json ? `${JSON.stringify(diagnosis, null, 2)}\n` : renderDiagnosis(diagnosis);
	// Only a written answer is one: process.exit does not wait for a pipe.
	await new Promise((resolve) => process.stdout.write(text, resolve));
	process.exit(diagnosis.status === "failed" ? 1 : 0);
}
const isWorker = targets.includes("worker");
if (targets.length > 1) process.stdout.write("Starting NetConductor (the first start takes some seconds)...\n");
// Loaded after the line above: it takes a second or more. What follows is registered before anything starts: a process that is stopped
// while it starts must not leave its database running.
const starting = import("./serve.ts").then(({ serve }) => serve({ targets, config_file, env }));

/** A terminal's Ctrl-C may arrive twice at once: by the terminal and by npm. */
const impatient_ms = 1_000;
let stopping_since: number | undefined;

async function stop(): Promise<void> {
	if (stopping_since !== undefined) {
		// Asked again, the main process does not drain any longer. A worker waits for its parent's word.
		if (!isWorker && Date.now() - stopping_since > impatient_ms) process.exit(1);
		return;
	}
	stopping_since = Date.now();
	await (await starting.catch(fail)).stop();
	process.exit(0);
}
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
let server: Server | undefined;
// A worker whose parent is gone has nobody to answer for it: it finishes what it has begun and ends.
process.on("disconnect", () => (server === undefined ? process.exit(1) : stop()));

server = await starting.catch(fail);
if (stopping_since === undefined) {
	announce(server);
	process.send?.("ready");
}
// Written at the end otherwise, which a process that is killed does not have.
setTimeout(flushCompileCache, 5_000).unref();
