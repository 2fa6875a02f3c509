import type { Environment } from "@netconductor/runtime/config";
import { calledByWorkers } from "./services.ts";

/** This environment with these variables in place of its own; undefined removes one. The files that stand for them go as well: both must not be set. */
export function withVariables(
	env: Environment,
	replaced: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
	const files = Object.keys(replaced).map((name) => [`${name}_FILE`, undefined] as const);
	return { ...env, ...replaced, ...Object.fromEntries(files) };
}

/** The variable that says where a service answers. */
export function addressVariable(service: string): string {
	return `NETCONDUCTOR_${service.toUpperCase()}_URL`;
}

interface WorkerSurroundings {
	data_dir: string;
	/** Where a service answers. */
	addressOf(service: string): string | undefined;
	/** URL of the schema of tasks; undefined where the environment has it already. */
	tasks_database_url: string | undefined;
}

/**
 * What a worker process needs to know and no more: it may use the schema of tasks alone and reaches the rest by calls.
 * The master key comes to it the way it came here.
 */
export function workerEnvironment(
	env: Environment,
	{ data_dir, addressOf, tasks_database_url }: WorkerSurroundings,
): Record<string, string | undefined> {
	return withVariables(env, {
		DATABASE_URL: undefined,
		NETCONDUCTOR_DATABASE_URL: undefined,
		NETCONDUCTOR_ADMIN_PASSWORD: undefined,
		NETCONDUCTOR_DATA_DIR: data_dir,
		...(tasks_database_url !== undefined && {
			NETCONDUCTOR_TASKS_DATABASE_URL: withoutPassword(tasks_database_url),
		}),
		...Object.fromEntries(calledByWorkers.map((name) => [addressVariable(name), addressOf(name)])),
		// The port that is set is that of the process which starts them.
		NETCONDUCTOR_INTERNAL_PORT: "0",
		NETCONDUCTOR_WORKERS_PROCESSES: "0",
		NETCONDUCTOR_WORKERS_KEYS_FILE: undefined,
	});
}

/** Whoever holds the master key derives the password of a role that we made; an environment can be read in /proc. */
function withoutPassword(url: string): string {
	const bare = new URL(url);
	bare.password = "";
	return bare.href;
}
