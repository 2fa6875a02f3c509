import { setTimeout as sleep } from "node:timers/promises";
import { DBOS, DBOSClient, type DLogger } from "@dbos-inc/dbos-sdk";
import { ensureSystemDatabase } from "@dbos-inc/dbos-sdk/internal/system_database";
import { connectionOf, type Database, type Tx } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import type { Log } from "@netconductor/runtime/log";
import pg from "pg";

/** What a piece of work came to. `parked`: this process is done with it, but it is not done; another takes it up, or this one after a restart. */
export type Outcome = "done" | "parked";

/** Does one piece of work by its id. Must be re-entrant: after a crash it is called again with the same id. */
export type Handler = (id: string) => Promise<Outcome>;

export interface LaunchOptions {
	/** Under which work is claimed: the same at every start for the one that recovers its own, else unique. */
	executor_id: string;
	/** Exactly one of them: runs are driven by the main process, operations are executed by workers. */
	runs?: Handler;
	operations?: Handler;
}

/** Durable queues and workflows in PostgreSQL. Everything that is known of DBOS Transact is in this file. */
export interface Engine {
	/** Creates or upgrades the library's own tables. Safe when several processes do it at once. */
	migrate(): Promise<void>;
	/** Has the run driven by whoever drives runs, once the transaction commits. The same id again changes nothing. */
	enqueueRun(tx: Tx, run_id: string): Promise<void>;
	/** Has operations executed by workers, one at a time per device, once the transaction commits. The same id again changes nothing. */
	enqueueOperations(tx: Tx, operations: readonly { id: string; device_id: string }[]): Promise<void>;
	/** Begins to take work. @throws startup.database_failed when the tables are not there after `wait_ms` */
	launch(options: LaunchOptions, wait_ms?: number): Promise<void>;
	/** Takes nothing new and waits up to `drain_ms` for what runs; then lets go of it, so that it can be handed over. */
	shutdown(drain_ms: number): Promise<void>;
	/** Puts what these executors had claimed and not finished back into the queue. Only when they are known to be gone for good. */
	handOver(executor_ids: readonly string[]): Promise<number>;
	/** Deletes the library's rows about finished work. */
	forget(ids: readonly string[]): Promise<void>;
	close(): Promise<void>;
}

export interface EngineNeeds {
	db: Database;
	log: Log;
	/** Operations that one worker executes at a time. */
	worker_concurrency: number;
}

const application = "netconductor";
// Work is only taken up by code that says the same version. Raise it when what a workflow does can no longer resume an older one's.
const appVersion = "1";
const runQueue = "runs";
const operationQueue = "operations";

// The library is one per process: its workflows are registered once, and reach whoever launched it through this.
let launched: LaunchOptions | undefined;

/**
 * Workflows have no checkpointed steps: their state is in our own tables, where every change is guarded, so a repeated one
 * goes on where the last one stopped. What the library adds is that each is taken up by exactly one living process until it is done.
 */
function registerWorkflow(kind: "runs" | "operations") {
	DBOS.registerWorkflow(
		async (id: string) => {
			const outcome = await (launched?.[kind]?.(id) ?? "parked");
			// A workflow that returned would count as finished. The promise goes away with the process, or with the next launch.
			if (outcome === "parked") await new Promise<never>(() => {});
		},
		// Every restart of the process counts as a recovery, and none of them may give a run up.
		{ name: kind, maxRecoveryAttempts: 1_000_000 },
	);
}
registerWorkflow("runs");
registerWorkflow("operations");

/** Opens connections for the engine beside the service's own. */
export async function createEngine({ db, log, worker_concurrency }: EngineNeeds): Promise<Engine> {
	const { connectionString } = db.pool.options;
	if (connectionString === undefined) throw new TypeError("the engine needs the database's connection string");
	const pool = new pg.Pool({
		connectionString,
		application_name: `netconductor ${db.schema} engine`,
		max: 6,
		keepAlive: true,
		connectionTimeoutMillis: 10_000,
		idleTimeoutMillis: 30_000,
		idle_in_transaction_session_timeout: 60_000,
		// A statement that never returns would keep a worker that lost its lease from coming back.
		query_timeout: 60_000,
	});
	pool.on("error", (err) => log.warn({ err }, "the engine lost an idle database connection"));
	const logger = adaptLog(log);
	const client = await DBOSClient.create({
		systemDatabaseUrl: connectionString,
		systemDatabasePool: pool,
		systemDatabaseSchemaName: db.schema,
		applicationName: application,
		logger,
	});

	async function registerQueues(): Promise<void> {
		const policy = { onConflict: "always_update" } as const;
		await client.registerQueue(runQueue, { minPollingIntervalMs: 100, ...policy });
		await client.registerQueue(operationQueue, {
			partitionConcurrency: 1,
			workerConcurrency: worker_concurrency,
			minPollingIntervalMs: 50,
			...policy,
		});
	}

	return {
		async migrate() {
			const connection = await pool.connect();
			try {
				// Polled: one that waits for the lock inside a statement would hold up the library's `create index concurrently`.
				for (;;) {
					const { rows } = await connection.query<{ locked: boolean }>(
						"select pg_try_advisory_lock(hashtextextended($1, 0)) as locked",
						[`netconductor.engine.${db.schema}`],
					);
					if (rows[0]?.locked) break;
					await sleep(100);
				}
				// The library's first two migrations make the schema, which our role may not, and this table.
				await connection.query(
					`create table if not exists ${db.schema}.dbos_migrations (version bigint not null, constraint dbos_migrations_pkey primary key (version))`,
				);
				await connection.query(
					`insert into ${db.schema}.dbos_migrations select 2 where not exists (select from ${db.schema}.dbos_migrations)`,
				);
				const libraryLog = logger as unknown as Parameters<typeof ensureSystemDatabase>[1];
				await ensureSystemDatabase(connectionString, libraryLog, pool, db.schema, false);
				await registerQueues();
			} finally {
				// Ends the session and with it the lock.
				connection.release(true);
			}
		},

		async enqueueRun(tx, run_id) {
			await client.enqueueInTransaction(
				connectionOf(tx),
				{ queueName: runQueue, workflowName: "runs", workflowID: run_id, appVersion },
				run_id,
			);
		},

		async enqueueOperations(tx, operations) {
			const connection = connectionOf(tx);
			for (const { id, device_id } of operations) {
				await client.enqueueInTransaction(
					connection,
					{
						queueName: operationQueue,
						workflowName: "operations",
						workflowID: id,
						queuePartitionKey: device_id,
						appVersion,
					},
					id,
				);
			}
		},

		async launch(options, wait_ms = 60_000) {
			if (launched !== undefined) throw new TypeError("tasks and worker need a process each");
			launched = options;
			DBOS.setConfig({
				name: application,
				applicationVersion: appVersion,
				executorID: options.executor_id,
				systemDatabaseUrl: connectionString,
				systemDatabasePool: pool,
				systemDatabaseSchemaName: db.schema,
				// The owner of the schema migrates; a worker that starts earlier waits for it below.
				runMigrations: false,
				useListenNotify: false,
				listenQueues: [options.runs ? runQueue : operationQueue],
				logger,
			});
			const started = performance.now();
			for (;;) {
				try {
					await DBOS.launch();
					return;
				} catch (cause) {
					await DBOS.shutdown().catch(() => {});
					if (performance.now() - started < wait_ms) {
						await sleep(500);
						continue;
					}
					launched = undefined;
					throw failed("startup.database_failed", {
						message: "The tasks engine's tables are not there or not up to date. Is the tasks service running?",
						cause,
					});
				}
			}
		},

		async shutdown(drain_ms) {
			try {
				await DBOS.shutdown(drain_ms > 0 ? { workflowCompletionTimeoutMS: drain_ms } : {});
			} finally {
				launched = undefined;
			}
		},

		async handOver(executor_ids) {
			const left = await client.listWorkflows({
				status: "PENDING",
				executorId: [...executor_ids],
				workflowName: "operations",
				loadInput: false,
				loadOutput: false,
			});
			const ids = left.map(({ workflowID }) => workflowID);
			if (ids.length > 0) await client.resumeWorkflows(ids, { queueName: operationQueue });
			return ids.length;
		},

		forget: (ids) => client.deleteWorkflows([...ids]),

		async close() {
			await client.destroy();
			await pool.end();
		},
	};
}

/** The library tells at `info` what interests only its developers. */
function adaptLog(log: Log): DLogger {
	const mine = log.child({ part: "engine" });
	const write = (level: "debug" | "warn" | "error") => (entry: unknown) => {
		if (entry instanceof Error) mine[level]({ err: entry }, entry.message);
		else mine[level](String(entry));
	};
	return { info: write("debug"), debug: () => {}, warn: write("warn"), error: write("error") };
}
