import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Database } from "./db/database.ts";
import { toDatabaseError } from "./db/query-error.ts";
import { failed } from "./errors.ts";
import type { Log } from "./log.ts";
import { lengths, magic } from "./sealed-form.ts";

/** A column, `text` or `bytea`, that holds what the vault sealed. */
export interface SealedColumn {
	table: string;
	column: string;
	/** Primary key; `id` unless told. */
	id_column?: string;
	/** Columns, besides the primary key, that `context` needs. */
	context_columns?: readonly string[];
	/** Context a row was sealed under, from its columns as text; `sealedContext(table, column, id)` unless told. */
	context?(row: Readonly<Record<string, string>>): string;
}

export interface RotateOptions {
	columns: readonly SealedColumn[];
	/** Rows looked up at a time. */
	batch?: number;
	on_progress?(progress: { table: string; column: string; resealed: number; remaining: number }): void;
	signal?: AbortSignal;
}

export interface Rotation {
	/** The data key that everything is sealed with now. */
	key_id: string;
	resealed: number;
	/** Went on with a rotation that had not ended. */
	resumed: boolean;
	retired_key_ids: string[];
	/** Rows that do not open. They are left as they are, and so is the key they name. */
	unreadable: { table: string; column: string; id: string; message: string }[];
}

type Options = Omit<RotateOptions, "columns"> & { columns: readonly Required<SealedColumn>[] };

type SealedDatabase = Pick<Database, "pool" | "query" | "schema">;

/** What a rotation needs of the vault whose key it rotates. */
interface Resealer {
	seal(plaintext: string | Uint8Array, context: string): Promise<string>;
	open(sealed: string, context: string): Promise<Buffer>;
	sealBytes(plaintext: Uint8Array, context: string): Promise<Buffer>;
	openBytes(sealed: Uint8Array, context: string): Promise<Buffer>;
	current_key_id(): string;
	isRotationUnfinished(): Promise<boolean>;
}

interface RotationNeeds {
	db: SealedDatabase;
	service: string;
	log: Log;
	key_ttl_ms: number;
	vault: Resealer;
	/** Reads the data keys anew. */
	load(): Promise<void>;
	/** Makes a data key, which is the current one from then on. */
	addKey(): Promise<string>;
	/** Data keys that are not retired, oldest first. */
	openKeyIds(): Promise<string[]>;
}

/** See `Vault.rotate`. */
export async function rotateVault(needs: RotationNeeds, options: Options): Promise<Rotation> {
	const { db } = needs;
	// The lock is the connection's: a process that dies gives it back.
	const client = await db.pool.connect().catch((error: unknown) => {
		throw toDatabaseError(error);
	});
	const lock = ["vault.rotate", db.schema];
	try {
		const { rows } = await client.query<{ mine: boolean }>(
			"select pg_try_advisory_lock(hashtext($1), hashtext($2)) as mine",
			lock,
		);
		if (rows[0]?.mine !== true) {
			throw failed("vault.rotation_running", { message: `Another process is rotating the keys of ${needs.service}.` });
		}
		try {
			return await rotateLocked(needs, options);
		} finally {
			await client.query("select pg_advisory_unlock(hashtext($1), hashtext($2))", lock).catch(() => {});
		}
	} finally {
		client.release();
	}
}

async function rotateLocked(needs: RotationNeeds, options: Options): Promise<Rotation> {
	const { db, log, vault, key_ttl_ms } = needs;
	const resumed = await vault.isRotationUnfinished();
	if (!resumed) await needs.addKey();
	await needs.load();
	const key_id = vault.current_key_id();
	log.info({ key_id, resumed }, "Rotating the data key");

	const columns = await Promise.all(options.columns.map((column) => describeColumn(db, column)));
	const unreadable: Rotation["unreadable"] = [];
	let resealed = 0;
	const pass = async () => {
		unreadable.length = 0;
		for (const column of columns) resealed += await resealColumn(db, vault, column, key_id, unreadable, options);
	};
	await pass();
	// Other processes may seal with the old key until they look again, and then need a moment to write what they sealed.
	await sleep(key_ttl_ms + 500, undefined, options.signal ? { signal: options.signal } : {});
	await pass();

	const retired_key_ids: string[] = [];
	for (const old of (await needs.openKeyIds()).filter((id) => id !== key_id)) {
		const used = await Promise.all(columns.map((column) => isKeyUsed(db, column, old)));
		if (used.includes(true)) continue;
		// Retired keys stay in the table: a row written at the last moment, or one from a backup, still opens.
		await db.query("update vault_keys set retired_at = now() where key_id = $1", [old]);
		retired_key_ids.push(old);
	}
	await needs.load();
	log.info({ key_id, resealed, unreadable: unreadable.length, retired_key_ids }, "Rotated the data key");
	return { key_id, resealed, resumed, retired_key_ids, unreadable };
}

interface DescribedColumn extends Required<SealedColumn> {
	id_type: string;
	bytes: boolean;
	/** SQL: the key id that a row's content names, as text. */
	key_of_row: string;
	sql: { table: string; column: string; id: string };
}

async function describeColumn(db: SealedDatabase, sealed: Required<SealedColumn>): Promise<DescribedColumn> {
	const id = sealed.id_column;
	const types = await db.query<{ name: string; type: string }>(
		`select attname as name, format_type(atttypid, atttypmod) as type
		 from pg_attribute where attrelid = to_regclass($1) and attname in ($2, $3)`,
		[pg.escapeIdentifier(sealed.table), id, sealed.column],
	);
	const typeOf = (name: string) => {
		const found = types.find((column) => column.name === name);
		if (found === undefined) throw new TypeError(`${db.schema}.${sealed.table} has no column ${name}`);
		return found.type;
	};
	const bytes = typeOf(sealed.column) === "bytea";
	const column = pg.escapeIdentifier(sealed.column);
	return {
		...sealed,
		bytes,
		id_type: typeOf(id),
		key_of_row: bytes
			? `encode(substring(${column} from ${magic.length + 1} for ${lengths.key_id}), 'hex')`
			: `split_part(${column}, ':', 2)`,
		sql: { table: pg.escapeIdentifier(sealed.table), column, id: pg.escapeIdentifier(id) },
	};
}

async function isKeyUsed(db: SealedDatabase, { sql, key_of_row }: DescribedColumn, key_id: string): Promise<boolean> {
	const rows = await db.query(
		`select 1 from ${sql.table} where ${sql.column} is not null and ${key_of_row} = $1 limit 1`,
		[key_id],
	);
	return rows.length > 0;
}

/** Goes through the table once, by primary key, and re-seals what is sealed with another key. Answers how many rows it changed. */
async function resealColumn(
	db: SealedDatabase,
	vault: Resealer,
	column: DescribedColumn,
	key_id: string,
	unreadable: Rotation["unreadable"],
	{ batch = 500, on_progress, signal }: Options,
): Promise<number> {
	const { table, sql, key_of_row } = column;
	const stale = `${sql.column} is not null and ${key_of_row} <> $1`;
	const counted = await db.query<{ count: number }>(`select count(*)::int as count from ${sql.table} where ${stale}`, [
		key_id,
	]);
	let remaining = counted[0]?.count ?? 0;
	let resealed = 0;
	let last: string | null = null;
	while (remaining > 0) {
		const rows: { id: string }[] = await db.query<{ id: string }>(
			`select ${sql.id}::text as id from ${sql.table}
			 where ${stale} and ($2::${column.id_type} is null or ${sql.id} > $2::${column.id_type}) order by ${sql.id} limit $3`,
			[key_id, last, batch],
		);
		for (const { id } of rows) {
			signal?.throwIfAborted();
			const outcome = await resealRow(db, vault, column, id);
			if (outcome === "resealed") resealed++;
			else if (outcome !== "changed meanwhile")
				unreadable.push({ table, column: column.column, id, message: outcome.message });
		}
		remaining = Math.max(0, remaining - rows.length);
		on_progress?.({ table, column: column.column, resealed, remaining });
		if (rows.length < batch) break;
		last = rows.at(-1)?.id ?? null;
	}
	return resealed;
}

async function resealRow(
	db: SealedDatabase,
	vault: Resealer,
	column: DescribedColumn,
	id: string,
): Promise<"resealed" | "changed meanwhile" | Error> {
	const { sql, id_type, bytes } = column;
	const extra = column.context_columns.map((name) => `, ${pg.escapeIdentifier(name)}::text`).join("");
	const [row] = await db.query<Record<string, unknown>>(
		`select ${sql.column} as "sealed value"${extra} from ${sql.table} where ${sql.id} = $1::${id_type}`,
		[id],
	);
	const sealed = row?.["sealed value"];
	if (row === undefined || sealed === null) return "changed meanwhile";
	const texts = { ...(row as Record<string, string>), [column.id_column]: id };
	const context = column.context(texts);
	let renewed: string | Buffer;
	try {
		renewed = bytes
			? await vault.sealBytes(await vault.openBytes(sealed as Buffer, context), context)
			: await vault.seal(await vault.open(sealed as string, context), context);
	} catch (error) {
		return error as Error;
	}
	// Written only over what was read. The beginning of a blob, up to its random iv, tells one sealing from any other.
	const unchanged = bytes
		? `substring(${sql.column} from 1 for ${lengths.header + lengths.iv}) = $3`
		: `${sql.column} = $3`;
	const before = bytes ? (sealed as Buffer).subarray(0, lengths.header + lengths.iv) : sealed;
	const written = await db.query(
		`update ${sql.table} set ${sql.column} = $2 where ${sql.id} = $1::${id_type} and ${unchanged} returning 1`,
		[id, renewed, before],
	);
	return written.length > 0 ? "resealed" : "changed meanwhile";
}
