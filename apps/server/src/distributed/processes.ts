import type { Environment } from "@netconductor/runtime/config";
import { addressVariable, withVariables, workerEnvironment } from "../child-environment.ts";
import { defaultTargets, type Target } from "../services.ts";
import type { Settings } from "../settings.ts";
import { workerFlags } from "../worker-processes.ts";

/** One process of those that make up the product. */
export interface ProcessPlan {
	/** Of the service that it runs; workers are numbered. */
	name: string;
	target: Target;
	/** Its whole environment. */
	env: Record<string, string | undefined>;
	/** For Node. */
	flags: readonly string[];
}

export interface PlanOptions {
	settings: Settings;
	env: Environment;
	data_dir: string;
	/** What the processes are told besides, such as the address of a database that was started for them. */
	shared: Readonly<Record<string, string>>;
	/** A port for each service to answer the others. */
	ports: ReadonlyMap<Target, number>;
}

/** Services that run here: those that have no address, which would mean that they run elsewhere. */
export function targetsHere({ peers }: Pick<Settings, "peers">): Target[] {
	return defaultTargets.filter((name) => peers[name] === undefined);
}

/** A process for every service that runs here, and the workers. Each is told no more than it needs. */
export function planProcesses({ settings, env, data_dir, shared, ports }: PlanOptions): ProcessPlan[] {
	const { host } = settings.internal;
	const reached = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
	const addresses = new Map([...ports].map(([name, port]) => [name as string, `http://${reached}:${port}`]));
	const base = withVariables(env, { ...shared, NETCONDUCTOR_DATA_DIR: data_dir });
	const services = [...ports].map(
		([name, port]): ProcessPlan => ({
			name,
			target: name,
			env: withVariables(base, {
				...Object.fromEntries([...addresses].map(([other, url]) => [addressVariable(other), url])),
				NETCONDUCTOR_INTERNAL_PORT: String(port),
				NETCONDUCTOR_WORKERS_PROCESSES: "0",
				...(name !== "auth" && { NETCONDUCTOR_ADMIN_PASSWORD: undefined }),
			}),
			flags: [],
		}),
	);
	const worker = workerEnvironment(base, {
		data_dir,
		addressOf: (name) => settings.peers[name]?.join(",") ?? addresses.get(name),
		tasks_database_url: tasksDatabase(settings, shared.DATABASE_URL),
	});
	const workers = Array.from(
		{ length: settings.workers.processes },
		(_, i): ProcessPlan => ({ name: `worker-${i + 1}`, target: "worker", env: worker, flags: workerFlags }),
	);
	return [...services, ...workers];
}

/** The database as the role that the tasks service makes at its start. */
function tasksDatabase({ database, database_urls }: Settings, started: string | undefined): string | undefined {
	const admin_url = database.url ?? started;
	if (database_urls.tasks !== undefined || admin_url === undefined) return undefined;
	const url = new URL(admin_url);
	url.username = "nc_tasks";
	return url.href;
}
