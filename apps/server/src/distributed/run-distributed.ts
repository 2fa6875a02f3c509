import { resolve } from "node:path";
import { freePort } from "@netconductor/lab/free-port";
import type { Environment } from "@netconductor/runtime/config";
import { makeDataDir } from "@netconductor/runtime/data-dir";
import { findEmbeddedPostgres } from "@netconductor/runtime/db/embedded-postgres";
import { createLifecycle } from "@netconductor/runtime/host/lifecycle";
import { createLog } from "@netconductor/runtime/log";
import { type KeptProcess, keepProcess } from "../kept-process.ts";
import { openMasterKeys } from "../master-keys.ts";
import type { Target } from "../services.ts";
import { loadSettings, type Settings } from "../settings.ts";
import { createLogStream } from "./log-stream.ts";
import { type ProcessPlan, planProcesses, targetsHere } from "./processes.ts";
import { startWhatIsNotGiven } from "./stands-on.ts";

export interface DistributedOptions {
	env: Environment;
	/** Configuration file, when named on the command line. */
	config_file: string | undefined;
	/** A process cannot run with this configuration; it has said why. */
	onRefused(code: number): void;
}

export interface Distributed {
	/**
	 * Starts what is not given, the services, the workers and last the gateway, which then says that it is ready.
	 * @throws startup.master_key_missing and whatever keeps PostgreSQL, RabbitMQ or Redis from starting
	 */
	start(): Promise<void>;
	/** Drains the workers, closes the door, stops the other services and then what they stand on. Also while it starts. */
	stop(): Promise<void>;
	/** Ends the processes by force. */
	kill(): void;
}

const drain_ms = 30_000;

/**
 * Every service as a process of its own on this machine, and the workers. One that dies is started again.
 * @throws startup.config_invalid
 */
export function createDistributed({ env, config_file, onRefused }: DistributedOptions): Distributed {
	const settings = loadSettings([], env, config_file);
	const forPeople = settings.log.format === "text" || (settings.log.format === "auto" && process.stdout.isTTY === true);
	const stream = createLogStream(forPeople, process.stdout);
	const log = createLog({
		level: settings.log.level,
		format: forPeople ? "text" : "json",
		destination: { write: (text) => stream.write("distributed", text.trimEnd()) },
	});
	const life = createLifecycle(log);
	const data_dir = resolve(settings.data.dir);
	const running: { name: string; target: Target; kept: KeptProcess }[] = [];
	let stopping = false;

	/** Resolves when the process has come up for the first time. */
	function keep({ name, target, env: its, flags }: ProcessPlan): Promise<void> {
		return new Promise((ready) => {
			const kept = keepProcess({
				name,
				args: [`--targets=${target}`, ...(config_file === undefined ? [] : [`--config=${config_file}`])],
				env: its,
				flags,
				drain_ms,
				takeOutput({ stdout, stderr }) {
					for (const from of [stdout, stderr]) if (from !== null) stream.follow(name, from);
				},
				onReady() {
					log.info({ ready_pid: kept.pid() }, `${name} is ready`);
					ready();
				},
				onRefused,
				log,
			});
			running.push({ name, target, kept });
		});
	}

	async function stopThose(chosen: (target: Target) => boolean): Promise<void> {
		const those = running.filter(({ target, kept }) => chosen(target) && kept.pid() !== undefined);
		await Promise.all(running.filter(({ target }) => chosen(target)).map(({ kept }) => kept.stop()));
		if (those.length > 0) log.info(`stopped: ${those.map(({ name }) => name).join(", ")}`);
	}

	return {
		async start() {
			makeDataDir(data_dir);
			const hasData = settings.database.url === undefined && findEmbeddedPostgres(data_dir).state !== "absent";
			await openMasterKeys(settings, data_dir, { may_make: !hasData });
			const started = await startWhatIsNotGiven({ settings, data_dir, log, life });
			const plans = planProcesses({
				settings,
				env,
				data_dir,
				shared: { ...started, NETCONDUCTOR_LOG_FORMAT: forPeople ? "text" : "json" },
				ports: await choosePorts(settings),
			});
			const groups = [
				plans.filter(({ target }) => target !== "gateway" && target !== "worker"),
				plans.filter(({ target }) => target === "worker"),
				plans.filter(({ target }) => target === "gateway"),
			];
			for (const group of groups) if (!stopping) await Promise.all(group.map(keep));
		},
		async stop() {
			stopping = true;
			await stopThose((target) => target === "worker");
			await stopThose((target) => target === "gateway");
			await stopThose(() => true);
			await life.stop();
		},
		kill() {
			for (const { kept } of running) kept.kill();
		},
	};
}

/** `internal.port` is the first of consecutive ports; where it is 0, each service gets a free one. */
async function choosePorts(settings: Settings): Promise<Map<Target, number>> {
	const first = settings.internal.port;
	const ports = new Map<Target, number>();
	for (const [i, name] of targetsHere(settings).entries()) {
		let port = first === 0 ? await freePort() : first + i;
		while (first === 0 && [...ports.values()].includes(port)) port = await freePort();
		ports.set(name, port);
	}
	return ports;
}
