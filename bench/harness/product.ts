import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clients, type Product, startProduct } from "@netconductor/e2e/product";
import type { FleetProcess } from "@netconductor/lab/sim/process";
import { findEmbeddedPostgres, startEmbeddedPostgres } from "@netconductor/runtime/db/embedded-postgres";
import { createLog } from "@netconductor/runtime/log";
import pg from "pg";
import { cpuOf, cpuOfTree } from "./processes.ts";

export interface MeasuredProductOptions {
	/** On top of the product's defaults. */
	env?: Readonly<Record<string, string>>;
	/** Folder for CPU profiles of the main process and the workers, written when they end. */
	profile_dir?: string | undefined;
	/** Has PostgreSQL count statements; it then belongs to this program and not to the product, with the same settings. */
	count_statements?: boolean;
}

/** CPU time since start, ms. */
export interface CpuTimes {
	main: number;
	workers: number;
	/** The postmaster with all its processes, those that came and went too. */
	postgres: number;
}

/** The real product, started as an operator would, with what is needed to measure it. */
export interface MeasuredProduct {
	product: Product;
	/** Clients that act as the administrator. */
	api: Clients;
	main_pid(): number;
	worker_pids(): number[];
	postgres_pid(): number;
	cpu(): CpuTimes;
	/** A connection as superuser to the product's database, beside the product. */
	connectDatabase(): Promise<pg.Client>;
	/** Ends everything; profiles are then complete. */
	stop(): Promise<void>;
}

/** More requests than any limit would let through: what is measured is the work. */
const unlimited = { NETCONDUCTOR_HTTP_REQUESTS_PER_MINUTE: "10000000" };

export async function startMeasuredProduct({
	env = {},
	profile_dir,
	count_statements = false,
}: MeasuredProductOptions = {}): Promise<MeasuredProduct> {
	const own = count_statements ? await startCountingPostgres() : undefined;
	let product: Product;
	try {
		product = await startProduct({
			...unlimited,
			...(own && { DATABASE_URL: own.url }),
			...(profile_dir !== undefined && profiling(profile_dir)),
			...env,
		});
	} catch (error) {
		await own?.stop();
		throw error;
	}
	const postgres_pid = () => own?.pid() ?? clusterOf(product).pid;
	const main_pid = () => product.server.pid();
	const worker_pids = () => product.server.children().filter((pid) => pid !== postgres_pid());

	async function stop() {
		const pids = { main: [main_pid()], worker: worker_pids() };
		await product.dispose();
		await own?.stop();
		if (profile_dir !== undefined) nameProfiles(profile_dir, pids);
	}
	// A measurement that is broken off leaves no product behind.
	for (const signal of ["SIGINT", "SIGTERM"] as const) {
		process.once(signal, () => void stop().finally(() => process.exit(1)));
	}
	return {
		product,
		api: product.as(product.admin_token),
		main_pid,
		worker_pids,
		postgres_pid,
		cpu: () => ({
			main: cpuOf(main_pid()),
			workers: worker_pids().reduce((sum, pid) => sum + cpuOfTree(pid), 0),
			postgres: cpuOfTree(postgres_pid()),
		}),
		async connectDatabase() {
			const client = new pg.Client({ connectionString: own?.url ?? clusterOf(product).url });
			await client.connect();
			return client;
		},
		stop,
	};
}

/** The embedded cluster of a running product. */
function clusterOf({ data_dir }: Product): { pid: number; url: string } {
	const postgres = findEmbeddedPostgres(data_dir);
	if (postgres.state !== "running") throw new Error("PostgreSQL does not run");
	return postgres;
}

async function startCountingPostgres() {
	const data_dir = mkdtempSync(join(tmpdir(), "netconductor-bench-"));
	const postgres = await startEmbeddedPostgres({
		data_dir,
		log: createLog({ level: "warn" }),
		settings: {
			shared_preload_libraries: "pg_stat_statements",
			"pg_stat_statements.track": "all",
			"pg_stat_statements.track_planning": "on",
		},
	});
	const client = new pg.Client({ connectionString: postgres.url });
	await client.connect();
	await client.query("create extension if not exists pg_stat_statements");
	await client.end();
	return {
		url: postgres.url,
		pid: postgres.pid,
		async stop() {
			await postgres.stop();
			rmSync(data_dir, { recursive: true, force: true });
		},
	};
}

function profiling(dir: string): Record<string, string> {
	mkdirSync(dir, { recursive: true });
	return { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${dir}` };
}

/** Node names a profile by process and thread; a reader wants to know whose it is. */
function nameProfiles(dir: string, pids: Record<string, number[]>): void {
	for (const file of readdirSync(dir)) {
		const [, pid, thread] = /^CPU\.\d+\.\d+\.(\d+)\.(\d+)\.\d+\.cpuprofile$/.exec(file) ?? [];
		const role = Object.entries(pids).find(([, of]) => of.includes(Number(pid)))?.[0];
		if (role === undefined) continue;
		const name = thread === "0" ? `${role}-${pid}` : `${role}-${pid}-thread-${thread}`;
		renameSync(join(dir, file), join(dir, `${name}.cpuprofile`));
	}
}

/** Puts a fleet whose devices share one login into the inventory; that login is the default credential. */
export async function importFleet(
	api: Clients,
	fleet: Pick<FleetProcess, "devices">,
	device_type?: string,
): Promise<void> {
	const [first] = fleet.devices;
	if (first === undefined) return;
	const { username, password, enable_password } = first;
	await api.devices.createCredential({
		body: { name: "fleet", username, password, enable_password, is_default: true },
	});
	const rows = fleet.devices.map(({ name, host, port, platform }) => ({
		name,
		host,
		port,
		device_type: device_type ?? platform,
	}));
	for (let from = 0; from < rows.length; from += 5_000) {
		const content = JSON.stringify(rows.slice(from, from + 5_000));
		await api.devices.importDevices({ body: { format: "json", content } });
	}
}
