import { EventEmitter } from "node:events";
import { type ExtractTablesWithRelations, sql } from "drizzle-orm";
import {
	NodePgDatabase,
	type NodePgPreparedQuery,
	type NodePgQueryResultHKT,
	NodePgSession,
	NodePgTransaction,
} from "drizzle-orm/node-postgres";
import { type PgDatabase, PgDialect, type PgTransaction } from "drizzle-orm/pg-core";
import type { PgTransactionConfig, PreparedQueryConfig } from "drizzle-orm/pg-core/session";
import pg from "pg";
import { flatRowMapper } from "./map-rows.ts";
import { namedStatements } from "./named-statements.ts";
import { toDatabaseError } from "./query-error.ts";
import { watchConnections } from "./watch-connections.ts";

// Services declare tables and pass them to each statement; Drizzle's relational queries are not used.
type NoSchema = Record<string, never>;
type NoTables = ExtractTablesWithRelations<NoSchema>;

/** What statements run on: the database itself, or a transaction of it. */
export type Orm = PgDatabase<NodePgQueryResultHKT, NoSchema>;

/** An open transaction. Nested `tx.transaction` makes a savepoint. */
export type Tx = PgTransaction<NodePgQueryResultHKT, NoSchema, NoTables>;

const connections = new WeakMap<object, pg.PoolClient>();

/** The connection of an open transaction, for a library that adds its own statements to it. Not for a nested one. */
export function connectionOf(tx: Tx): pg.PoolClient {
	const client = connections.get(tx);
	if (client === undefined) throw new TypeError("not an open transaction of this database");
	return client;
}

/** A service's own corner of PostgreSQL: one pool, one schema. */
export interface Database {
	readonly orm: Orm;
	readonly pool: pg.Pool;
	readonly schema: string;
	/**
	 * Runs `work` in one transaction, committed when it resolves and rolled back when it throws. No I/O besides the database belongs inside.
	 * @throws service.unavailable when the connection is lost; whether a lost commit took effect is then unknown
	 */
	transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
	/** Carries word of what was committed to whoever works on it in this process (`outbox`). Lost when nobody listens: listeners look for themselves, too. */
	readonly signals: EventEmitter;
	/** Rows of a handwritten statement with `$1` parameters. */
	query<R extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<R[]>;
	/** @throws service.unavailable when PostgreSQL does not answer within `timeout_ms` (2 s unless told). */
	ping(timeout_ms?: number): Promise<void>;
	/** Waits for the statements under way, then closes the pool. */
	close(): Promise<void>;
}

export interface DatabaseOptions {
	/** `postgres://user:password@host:port/database` */
	url: string;
	/** First in the search path; `public` follows for extensions. */
	schema: string;
	/** Shown in `pg_stat_activity`. */
	application_name: string;
	/** Most connections at a time. */
	max?: number;
	/** How often connections that wait for an answer are looked at; 5,000. */
	watch_ms?: number;
}

/** What PostgreSQL does when nothing is heard of us any more, as when our machine is gone: it lets go of what a transaction holds. */
const whenWeAreGone =
	"-c idle_in_transaction_session_timeout=60s -c tcp_keepalives_idle=20 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3";

/** Opens a pool. Connects on first use, and again by itself after PostgreSQL was away. */
export function openDatabase({ url, schema, application_name, max = 10, watch_ms }: DatabaseOptions): Database {
	const pool = new pg.Pool({
		Client: namedStatements(),
		connectionString: url,
		application_name,
		max,
		connectionTimeoutMillis: 10_000,
		idleTimeoutMillis: 30_000,
		keepAlive: true,
		keepAliveInitialDelayMillis: 10_000,
		options: `-c search_path=${searchPath(schema)} ${whenWeAreGone}`,
	});
	watchConnections(pool, url, watch_ms);
	// Without a listener a connection that dies, idle or between two statements of a transaction, would end the process. The next statement on it reports the loss.
	pool.on("error", () => {});
	pool.on("connect", (client) => client.on("error", () => {}));

	const dialect = new PgDialect();
	const orm: Orm = new NodePgDatabase(dialect, new GuardedSession(pool, dialect, undefined), undefined);

	async function query<R extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<R[]> {
		try {
			return (await pool.query<R>(text, values)).rows;
		} catch (error) {
			throw toDatabaseError(error, text);
		}
	}

	let closed: Promise<void> | undefined;
	return {
		orm,
		pool,
		schema,
		signals: new EventEmitter().setMaxListeners(0),
		transaction: (work) => orm.transaction(work),
		query,
		async ping(timeout_ms = 2_000) {
			const late = Promise.withResolvers<never>();
			const timer = setTimeout(
				() => late.reject(toDatabaseError(Object.assign(new Error("ping"), { code: "ETIMEDOUT" }))),
				timeout_ms,
			);
			try {
				await Promise.race([query("select 1"), late.promise]);
			} finally {
				clearTimeout(timer);
			}
		},
		close() {
			closed ??= pool.end();
			return closed;
		},
	};
}

/** Calls `tell` once the transaction is committed, and never when it is rolled back. A savepoint's belong to the whole transaction. */
export function afterCommit(tx: Tx, tell: () => void): void {
	const { session } = tx._;
	if (!(session instanceof GuardedSession)) throw new TypeError("not a transaction of openDatabase");
	session.committed.push(tell);
}

const plainName = /^[a-z][a-z0-9_]{0,40}$/;

/** Guards names that go into DDL and start-up options, where there are no parameters. */
export function plainIdentifier(name: string): string {
	if (!plainName.test(name)) throw new TypeError(`"${name}" is not a plain lower-case SQL name`);
	return name;
}

export function searchPath(schema: string): string {
	return `${plainIdentifier(schema)},public`;
}

/** Drizzle's session with errors made safe: its own carry every parameter in the message. */
class GuardedSession extends NodePgSession<NoSchema, NoTables> {
	readonly #client: pg.Pool | pg.PoolClient;
	readonly #dialect: PgDialect;
	readonly committed: (() => void)[] = [];

	constructor(client: pg.Pool | pg.PoolClient, dialect: PgDialect, schema: undefined) {
		super(client, dialect, schema);
		this.#client = client;
		this.#dialect = dialect;
	}

	override prepareQuery<T extends PreparedQueryConfig>(
		...given: Parameters<NodePgSession<NoSchema, NoTables>["prepareQuery"]>
	) {
		const [, fields, , , mapper] = given;
		if (fields !== undefined && mapper === undefined) given[4] = flatRowMapper(fields);
		const prepared = super.prepareQuery<T>(...given) as NodePgPreparedQuery<T>;
		const execute = prepared.execute.bind(prepared);
		const all = prepared.all.bind(prepared);
		prepared.execute = (values) => execute(values).catch(rethrow);
		prepared.all = (values) => all(values).catch(rethrow);
		return prepared;
	}

	override async transaction<T>(
		work: (tx: NodePgTransaction<NoSchema, NoTables>) => Promise<T>,
		config?: PgTransactionConfig,
	): Promise<T> {
		if (!(this.#client instanceof pg.Pool)) return super.transaction(work, config);
		const client = await this.#client.connect().catch(rethrow);
		const session = new GuardedSession(client, this.#dialect, undefined);
		const tx = new NodePgTransaction<NoSchema, NoTables>(this.#dialect, session, undefined);
		let broken = false;
		connections.set(tx, client);
		try {
			await tx.execute(sql.raw(beginning(config)));
			const result = await work(tx);
			await tx.execute(sql`commit`);
			for (const tell of session.committed) tell();
			return result;
		} catch (error) {
			// The first error is the one to tell; a connection that cannot roll back is not returned to the pool.
			await client.query("rollback").catch(() => {
				broken = true;
			});
			throw error;
		} finally {
			client.release(broken);
		}
	}
}

function beginning({ isolationLevel, accessMode, deferrable }: PgTransactionConfig = {}): string {
	const modes = [
		isolationLevel && `isolation level ${isolationLevel}`,
		accessMode,
		deferrable !== undefined && (deferrable ? "deferrable" : "not deferrable"),
	];
	return ["begin", ...modes.filter(Boolean)].join(" ");
}

function rethrow(error: unknown): never {
	throw toDatabaseError(error);
}
