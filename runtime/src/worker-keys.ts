import { readFile, stat } from "node:fs/promises";
import { WorkerPool } from "@netconductor/contracts/kernel/worker-pool";
import { z } from "zod";
import { failed } from "./errors.ts";
import { deriveKey, type MasterKeys } from "./master-key.ts";

const Key = z.string().regex(/^[\w-]{43}$/);

/** All that a worker of a site needs of what follows from the master key: nothing else follows from it. */
export const WorkerKeys = z.object({
	pool: WorkerPool,
	/** Password of the role that owns the schema of tasks. */
	database_password: Key,
	/** Seed of the key that signs its calls (base64url): of this pool's workers alone. */
	token_seed: Key,
});
export type WorkerKeys = z.output<typeof WorkerKeys>;

/** Seed of the key that signs calls of workers of a pool: services derive it again to check them, so that no list of keys is kept. */
export function workerTokenSeed({ current }: MasterKeys, pool: string): Buffer {
	return deriveKey(current, `service tokens of workers ${pool}`);
}

/** Password of the role that owns a schema: it follows from the master key. */
export function rolePassword(schema: string, { current }: MasterKeys): string {
	return deriveKey(current, `database role ${schema}`).toString("base64url");
}

/** Whether a process holds these instead of the master key. */
export function isWorkerKeys(keys: MasterKeys | WorkerKeys): keys is WorkerKeys {
	return "token_seed" in keys;
}

/** The keys of workers of a pool: the same each time, until the master key changes. */
export function deriveWorkerKeys(master: MasterKeys, pool: string): WorkerKeys {
	return {
		pool,
		database_password: rolePassword("tasks", master),
		token_seed: workerTokenSeed(master, pool).toString("base64url"),
	};
}

/**
 * Reads the file that `netconductor worker-keys` wrote.
 * @throws startup.worker_keys_invalid — it is not there, not such a file, or others than its owner can read it
 */
export async function readWorkerKeys(path: string): Promise<WorkerKeys> {
	try {
		const { mode } = await stat(path);
		if (process.platform !== "win32" && (mode & 0o077) !== 0) {
			throw invalid(path, `others can read it (mode ${(mode & 0o777).toString(8)}): run \`chmod 600 ${path}\``);
		}
		const parsed = WorkerKeys.safeParse(JSON.parse(await readFile(path, "utf8")));
		if (!parsed.success) throw invalid(path, "it is none that `netconductor worker-keys` wrote");
		return parsed.data;
	} catch (error) {
		if (error instanceof SyntaxError) throw invalid(path, "it is none that `netconductor worker-keys` wrote");
		const { code } = error as NodeJS.ErrnoException;
		if (code === "ENOENT" || code === "EACCES")
			throw invalid(path, code === "ENOENT" ? "there is none" : "it may not be read");
		throw error;
	}
}

function invalid(path: string, why: string): Error {
	return failed("startup.worker_keys_invalid", { message: `The worker keys ${path} cannot be used: ${why}.` });
}
