import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { WorkerPool } from "@netconductor/contracts/kernel/worker-pool";
import type { Environment } from "@netconductor/runtime/config";
import { failed } from "@netconductor/runtime/errors";
import { deriveWorkerKeys } from "@netconductor/runtime/worker-keys";
import { openMasterKeys } from "./master-keys.ts";
import { defaultTargets, loadServices } from "./services.ts";
import { loadSettings } from "./settings.ts";

const usage = `Usage: netconductor worker-keys --pool=NAME [--to=FILE] [--config=netconductor.yaml]

Writes the keys of workers of a pool: a worker of another site starts with them (NETCONDUCTOR_WORKERS_KEYS_FILE) in place of the
master key. They are secret: whoever has them reads what is stored of runs and asks for the logins of that pool's devices.
`;

/** Runs `worker-keys` where the master key is, and answers the exit code. */
export async function runWorkerKeysCommand(args: readonly string[], env: Environment): Promise<number> {
	const read = readArguments(args);
	if (read === undefined) return 2;
	const settings = loadSettings(await loadServices(defaultTargets), env, read.config_file);
	const master = await openMasterKeys(settings, resolve(settings.data.dir), { may_make: false });
	const text = `${JSON.stringify(deriveWorkerKeys(master, read.pool), null, 2)}\n`;
	if (read.file === undefined) {
		await new Promise((written) => process.stdout.write(text, written));
		return 0;
	}
	// Never over a file that is there: it may be the keys of another pool.
	await writeFile(read.file, text, { flag: "wx", mode: 0o600 }).catch((cause: NodeJS.ErrnoException) => {
		const why = cause.code === "EEXIST" ? "there is a file of that name already" : cause.message;
		throw failed("startup.worker_keys_invalid", {
			message: `The keys cannot be written to ${read.file}: ${why}.`,
			cause,
		});
	});
	process.stderr.write(`The keys of workers of the pool ${read.pool} are in ${read.file}.\n`);
	return 0;
}

function readArguments(args: readonly string[]) {
	try {
		const { values } = parseArgs({
			args: [...args],
			options: {
				pool: { type: "string" },
				to: { type: "string" },
				config: { type: "string" },
				help: { type: "boolean" },
			},
		});
		const pool = WorkerPool.safeParse(values.pool);
		if (!pool.success)
			throw new RangeError(values.pool === undefined ? "" : `--pool: ${pool.error.issues[0]?.message}`);
		return { pool: pool.data, file: values.to, config_file: values.config };
	} catch (error) {
		const { message } = error as Error;
		process.stderr.write(message === "" ? usage : `netconductor: ${message}\n${usage}`);
		return undefined;
	}
}
