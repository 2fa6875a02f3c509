import { resolve } from "node:path";
import type { Carrier } from "@netconductor/runtime/bus/carrier";
import { createPostgresEphemeral, createRedisEphemeral } from "@netconductor/runtime/bus/ephemeral";
import { createInProcessCarrier } from "@netconductor/runtime/bus/in-process-carrier";
import { systemClock } from "@netconductor/runtime/clock";
import type { Environment } from "@netconductor/runtime/config";
import { makeDataDir } from "@netconductor/runtime/data-dir";
import { findEmbeddedPostgres, startEmbeddedPostgres } from "@netconductor/runtime/db/embedded-postgres";
import { failed } from "@netconductor/runtime/errors";
import { createHealth } from "@netconductor/runtime/health";
import { createHost } from "@netconductor/runtime/host/host";
import { createLifecycle } from "@netconductor/runtime/host/lifecycle";
import type { AnyService } from "@netconductor/runtime/host/service";
import { newId } from "@netconductor/runtime/id";
import { createRedisCounters } from "@netconductor/runtime/limits/counters";
import { createLog, type Log } from "@netconductor/runtime/log";
import { createMetrics } from "@netconductor/runtime/metrics";
import { startTelemetry } from "@netconductor/runtime/telemetry";
import { isWorkerKeys } from "@netconductor/runtime/worker-keys";
import { workerEnvironment } from "./child-environment.ts";
import { openKeys } from "./master-keys.ts";
import { localUrl, publicUrl } from "./public-url.ts";
import { loadServices, type Target } from "./services.ts";
import { loadSettings, type Settings, usesEmbedded } from "./settings.ts";
import { loadSimulator } from "./simulator.ts";
import { version } from "./version.ts";
import { startWorkerProcesses } from "./worker-processes.ts";

export interface ServeOptions {
	targets: readonly Target[];
	env: Environment;
	/** Configuration file, when named on the command line. */
	config_file?: string | undefined;
}

export interface Server {
	/** Address of the API and web page; undefined where the gateway does not run here. */
	url: string | undefined;
	data_dir: string;
	log: Log;
	/** Drains the workers, finishes requests, stops everything, the embedded database last. */
	stop(): Promise<void>;
}

const drain_ms = 30_000;

/** Events that wait until somebody takes them: an audit record must not be lost because audit has not started once. */
const must_route = ["audit.operation_recorded.v1"];

/** Starts a NetConductor process: the chosen services, and with them the embedded database and workers where they belong. */
export async function serve({ targets, env, config_file }: ServeOptions): Promise<Server> {
	const services = await loadServices(targets);
	const settings = loadSettings(services, env, config_file);
	const log = createLog(settings.log);
	endOnUncaughtErrors(log);
	const life = createLifecycle(log);
	try {
		return await start({ targets, services, settings, config_file, env, log, life });
	} catch (error) {
		await life.stop();
		throw error;
	}
}

/**
 * Node's own last words would show every field of the error, secrets and all. A rejection that nobody handles ends here, too. What the process
 * held is taken over by its next start, as after a kill.
 */
function endOnUncaughtErrors(log: Log): void {
	process.once("uncaughtException", (err) => {
		log.fatal({ err }, "the process ends: an error was caught by nobody");
		process.exit(1);
	});
}

interface Parts {
	targets: readonly Target[];
	services: readonly AnyService[];
	settings: Settings;
	config_file: string | undefined;
	env: Environment;
	log: Log;
	life: ReturnType<typeof createLifecycle>;
}

async function start({ targets, services, settings, config_file, env, log, life }: Parts): Promise<Server> {
	const data_dir = resolve(settings.data.dir);
	makeDataDir(data_dir);
	const isWorker = targets.includes("worker");

	const telemetry = await startTelemetry({
		otlp_endpoint: settings.telemetry.otlp_endpoint,
		sample_ratio: settings.telemetry.sample_ratio,
		service_name: isWorker ? "netconductor-worker" : "netconductor",
		version,
	});
	life.onStop("telemetry", () => telemetry.stop());

	const hasData = usesEmbedded(services, settings) && findEmbeddedPostgres(data_dir).state !== "absent";
	const master = await openKeys(settings, data_dir, { is_worker: isWorker, may_make: !isWorker && !hasData });
	const pool = isWorkerKeys(master) ? master.pool : settings.workers.pool;
	const admin_url = await openDatabase(services, settings, data_dir, log, life);
	const metrics = createMetrics();
	const health = createHealth();
	const host = await createHost({
		services,
		config: { ...settings.sections, workers: { ...settings.workers, pool } },
		outbound: settings.outbound,
		master,
		...(isWorker && { worker_pool: pool }),
		database: { admin_url, urls: settings.database_urls, pool_size: settings.database.pool_size },
		peers: settings.peers,
		internal: settings.internal,
		carrier: await openCarrier(services, settings, log),
		openEphemeral: (db) => openEphemeral(settings, db, log),
		// A worker answers nobody whose requests would be counted.
		...(settings.redis.url !== undefined &&
			!isWorker && { counters: createRedisCounters({ url: settings.redis.url, log }) }),
		process: {
			id: newId(),
			version,
			data_dir,
			local_url: localUrl(targets, settings),
			stands_on: {
				database: usesEmbedded(services, settings) ? "embedded" : "external",
				events: settings.rabbitmq.url === undefined ? "in this process" : "RabbitMQ",
				live: settings.redis.url === undefined ? "PostgreSQL" : "Redis",
			},
			simulator: loadSimulator,
		},
		clock: systemClock,
		log,
		metrics,
		health,
	});
	life.onStop("services", () => host.stop());
	await host.start();

	if (targets.includes("tasks") && settings.workers.processes > 0) {
		const workers = startWorkerProcesses({
			count: settings.workers.processes,
			config_file,
			env: workerEnvironment(env, {
				data_dir,
				addressOf: (name) => settings.peers[name]?.join(",") ?? host.internal_url,
				tasks_database_url: settings.database_urls.tasks === undefined ? host.databaseUrl("tasks") : undefined,
			}),
			drain_ms,
			log,
		});
		life.onStop("workers", () => workers.stop());
	}
	return { url: publicUrl(targets, settings), data_dir, log, stop: () => life.stop() };
}

/** The administrator's URL: the configured database's, or that of the embedded one, which is started here. */
async function openDatabase(
	services: readonly AnyService[],
	settings: Settings,
	data_dir: string,
	log: Log,
	life: ReturnType<typeof createLifecycle>,
): Promise<string | undefined> {
	if (!usesEmbedded(services, settings)) return settings.database.url;
	const postgres = await startEmbeddedPostgres({ data_dir, log });
	life.onStop("embedded PostgreSQL", () => postgres.stop());
	return postgres.url;
}

async function openCarrier(services: readonly AnyService[], settings: Settings, log: Log): Promise<Carrier> {
	if (settings.rabbitmq.url !== undefined) {
		// Its client is loaded only where it is used.
		const { createRabbitMqCarrier } = await import("@netconductor/runtime/bus/rabbitmq-carrier");
		return createRabbitMqCarrier({ url: settings.rabbitmq.url, log, must_route });
	}
	return createInProcessCarrier({
		services: services.filter(({ name, schema }) => schema === name).map(({ name }) => name),
	});
}

function openEphemeral(settings: Settings, db: { url: string } | undefined, log: Log) {
	if (settings.redis.url !== undefined) return createRedisEphemeral({ url: settings.redis.url, log });
	if (db === undefined) {
		throw failed("startup.no_database", {
			message: "Without a database this process needs Redis for live output: set REDIS_URL",
		});
	}
	return createPostgresEphemeral({ url: db.url, log });
}
