import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import pg from "pg";
import type { Database } from "./db/database.ts";
import { failed } from "./errors.ts";
import type { Log } from "./log.ts";
import { deriveKey, type MasterKey, type MasterKeys } from "./master-key.ts";

/**
 * Seals secrets at rest with AES-256-GCM under a data key of the service's own, which lies in its schema wrapped by the master key.
 * `context` says what a secret belongs to (`sealedContext`); sealed text that was moved elsewhere does not open.
 * Sealing may ask the database once in a while: do it before opening a transaction.
 */
export interface Vault {
	/** `v1:<key id>:<base64url of iv, ciphertext and tag>` */
	seal(plaintext: string | Uint8Array, context: string): Promise<string>;
	/** @throws vault.cannot_open — changed, cut, or sealed for another context; vault.unknown_key — its data key is gone */
	open(sealed: string, context: string): Promise<Buffer>;
	openText(sealed: string, context: string): Promise<string>;
	/** The same for large content: a header, then bytes. Gives way to other work every few megabytes. */
	sealBytes(plaintext: Uint8Array, context: string): Promise<Buffer>;
	openBytes(sealed: Uint8Array, context: string): Promise<Buffer>;
	/** The data key that seals now. */
	current_key_id(): string;
	/** Whether a rotation began that did not end; `rotate` goes on with it. */
	isRotationUnfinished(): Promise<boolean>;
	/**
	 * Makes a new data key and re-seals every row with it while others read and write. The old key is retired when no row needs it;
	 * after a crash the next call goes on where the last one stopped.
	 * @throws vault.rotation_running — another process is at it
	 */
	rotate(options: RotateOptions): Promise<Rotation>;
}

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

export interface VaultOptions {
	db: Pick<Database, "pool" | "query" | "schema">;
	master: MasterKeys;
	service: string;
	log: Log;
	/** How long a process may go on sealing with a data key that another process replaced. */
	key_ttl_ms?: number;
}

/** The usual context of a row's secret. */
export function sealedContext(table: string, column: string, id: string): string {
	return `${table}.${column}:${id}`;
}

const magic = Buffer.from("NCV1");
const lengths = { key_id: 8, iv: 12, tag: 16, header: 4 + 8 };
const slice_bytes = 4 * 1024 * 1024;

interface DataKey {
	id: string;
	bytes: Buffer;
	retired: boolean;
}

/**
 * Opens the service's vault: makes its first data key, moves data keys from the previous master key to the current one, and tests itself.
 * @throws startup.master_key_wrong — stored data keys do not open with the master key; nothing was changed
 */
export async function createVault({ db, master, service, log, key_ttl_ms = 5_000 }: VaultOptions): Promise<Vault> {
	let keys = new Map<string, DataKey>();
	let current: DataKey | undefined;
	let loaded_at = 0;
	let loading: Promise<void> | undefined;

	/** Callers that need keys at the same time share one query. */
	function load(): Promise<void> {
		loading ??= readKeys({ db, master, service })
			.then((list) => {
				keys = new Map(list.map((key) => [key.id, key]));
				current = list.findLast((key) => !key.retired);
				loaded_at = performance.now();
			})
			.finally(() => {
				loading = undefined;
			});
		return loading;
	}

	async function sealingKey(): Promise<DataKey> {
		if (performance.now() - loaded_at > key_ttl_ms) {
			// A slow or absent database must not keep a secret from being sealed: the known key stays good for reading in any case.
			const slow = new AbortController();
			const known = load().catch((error: unknown) =>
				log.warn({ err: error }, "The vault could not look for a newer data key"),
			);
			await Promise.race([known, sleep(2_000, undefined, { signal: slow.signal }).catch(() => {})]);
			slow.abort();
		}
		if (current === undefined) throw new TypeError("the vault has no data key");
		return current;
	}

	async function keyOf(id: string, context: string): Promise<DataKey> {
		if (!keys.has(id)) await load();
		const key = keys.get(id);
		if (key !== undefined) return key;
		throw failed("vault.unknown_key", {
			message: `What is sealed for ${context} names the data key ${id}, which ${db.schema}.vault_keys does not have. Was the table restored from another backup than the rest?`,
			details: { service, key_id: id },
		});
	}

	const aad = (context: string) => Buffer.from(`${service}\0${context}`);

	async function openWith(key_id: string, sealed: Buffer, context: string): Promise<Buffer> {
		const key = await keyOf(key_id, context);
		try {
			return await decrypt(key.bytes, sealed, aad(context));
		} catch (cause) {
			throw cannotOpen(service, context, cause);
		}
	}

	const vault: Vault = {
		async seal(plaintext, context) {
			const key = await sealingKey();
			const sealed = await encrypt(key.bytes, bytesOf(plaintext), aad(context));
			return `v1:${key.id}:${Buffer.concat(sealed).toString("base64url")}`;
		},
		async open(sealed, context) {
			const match = /^v1:([0-9a-f]{16}):([\w-]+)$/.exec(sealed);
			if (match?.[1] === undefined || match[2] === undefined) throw cannotOpen(service, context);
			return openWith(match[1], Buffer.from(match[2], "base64url"), context);
		},
		async openText(sealed, context) {
			return (await vault.open(sealed, context)).toString("utf8");
		},
		async sealBytes(plaintext, context) {
			const key = await sealingKey();
			const sealed = await encrypt(key.bytes, bytesOf(plaintext), aad(context));
			return Buffer.concat([magic, Buffer.from(key.id, "hex"), ...sealed]);
		},
		async openBytes(sealed, context) {
			const bytes = bytesOf(sealed);
			if (bytes.length < lengths.header || !bytes.subarray(0, magic.length).equals(magic))
				throw cannotOpen(service, context);
			const key_id = bytes.subarray(magic.length, lengths.header).toString("hex");
			return openWith(key_id, bytes.subarray(lengths.header), context);
		},
		current_key_id() {
			return current?.id ?? "";
		},
		async isRotationUnfinished() {
			return (await openKeyIds(db)).length > 1;
		},
		rotate: (options) => rotate({ db, master: master.current, service, log, key_ttl_ms, vault, load }, options),
	};

	await prepare({ db, master, service, log });
	await load();
	await selfTest(vault, service);
	return vault;
}

/** Makes the table and the first data key, and wraps anew what the previous master key wrapped. One process at a time. */
async function prepare({
	db,
	master,
	service,
	log,
}: Pick<VaultOptions, "db" | "master" | "service" | "log">): Promise<void> {
	const client = await db.pool.connect();
	try {
		await client.query("begin");
		await client.query("select pg_advisory_xact_lock(hashtext($1), hashtext($2))", ["vault.prepare", db.schema]);
		const { rows } = await client.query<{ found: string | null }>("select to_regclass('vault_keys')::text as found");
		if (rows[0]?.found === null) {
			await client.query(`create table vault_keys (
				n bigint generated always as identity,
				key_id text primary key,
				wrapped bytea not null,
				master_key_id text not null,
				created_at timestamptz not null default now(),
				retired_at timestamptz
			)`);
		}
		const stored = await client.query<StoredKey>(selectKeys);
		for (const row of stored.rows) {
			const bytes = await unwrap(row, master, service, db.schema);
			if (row.master_key_id === master.current.id) continue;
			const wrapped = await wrap({ id: row.key_id, bytes }, master.current, service);
			await client.query("update vault_keys set wrapped = $2, master_key_id = $3 where key_id = $1", [
				row.key_id,
				wrapped,
				master.current.id,
			]);
			log.info({ key_id: row.key_id }, "Wrapped a data key with the new master key");
		}
		if (!stored.rows.some((row) => row.retired_at === null)) await insertKey(client, master.current, service);
		await client.query("commit");
	} catch (error) {
		await client.query("rollback").catch(() => {});
		throw error;
	} finally {
		client.release();
	}
}

interface StoredKey {
	key_id: string;
	wrapped: Buffer;
	master_key_id: string;
	retired_at: Date | null;
}

const selectKeys = "select key_id, wrapped, master_key_id, retired_at from vault_keys order by n";

async function readKeys({ db, master, service }: Pick<VaultOptions, "db" | "master" | "service">): Promise<DataKey[]> {
	const rows = await db.query<StoredKey & Record<string, unknown>>(selectKeys);
	return Promise.all(
		rows.map(async (row) => ({
			id: row.key_id,
			bytes: await unwrap(row, master, service, db.schema),
			retired: row.retired_at !== null,
		})),
	);
}

async function openKeyIds(db: Pick<Database, "query">): Promise<string[]> {
	const rows = await db.query<{ key_id: string }>("select key_id from vault_keys where retired_at is null order by n");
	return rows.map((row) => row.key_id);
}

async function insertKey(on: Pick<pg.ClientBase, "query">, master: MasterKey, service: string): Promise<string> {
	const key = { id: randomBytes(lengths.key_id).toString("hex"), bytes: randomBytes(32) };
	await on.query("insert into vault_keys (key_id, wrapped, master_key_id) values ($1, $2, $3)", [
		key.id,
		await wrap(key, master, service),
		master.id,
	]);
	return key.id;
}

function wrappingAad(service: string, key_id: string): Buffer {
	return Buffer.from(`data key\0${service}\0${key_id}`);
}

async function wrap(key: { id: string; bytes: Buffer }, master: MasterKey, service: string): Promise<Buffer> {
	return Buffer.concat(await encrypt(deriveKey(master, `vault/${service}`), key.bytes, wrappingAad(service, key.id)));
}

async function unwrap(row: StoredKey, master: MasterKeys, service: string, schema: string): Promise<Buffer> {
	const used = [master.current, master.previous].find((key) => key?.id === row.master_key_id);
	if (used === undefined) {
		throw failed("startup.master_key_wrong", {
			message: `The data key ${row.key_id} of ${service} (${schema}.vault_keys) was wrapped with the master key ${row.master_key_id}; this start has ${master.current.id} from ${master.current.source}. Nothing was changed. Put the right key back (NETCONDUCTOR_MASTER_KEY or master.key in the data directory), or, if the master key was changed on purpose, give the old one as NETCONDUCTOR_MASTER_KEY_PREVIOUS.`,
			details: { service, expected_master_key_id: row.master_key_id, master_key_id: master.current.id },
		});
	}
	try {
		return await decrypt(deriveKey(used, `vault/${service}`), row.wrapped, wrappingAad(service, row.key_id));
	} catch (cause) {
		throw failed("startup.master_key_wrong", {
			message: `The data key ${row.key_id} of ${service} names the right master key (${used.id}) and does not open with it: the row in ${schema}.vault_keys was damaged or changed. Nothing was changed. Restore that table from a backup.`,
			details: { service, key_id: row.key_id },
			cause,
		});
	}
}

async function selfTest(vault: Vault, service: string): Promise<void> {
	const probe = randomBytes(32);
	const opened = await vault.open(await vault.seal(probe, "self-test"), "self-test");
	if (!opened.equals(probe)) throw cannotOpen(service, "self-test");
}

function bytesOf(content: string | Uint8Array): Buffer {
	return typeof content === "string"
		? Buffer.from(content, "utf8")
		: Buffer.from(content.buffer, content.byteOffset, content.byteLength);
}

/** AES-256-GCM (NIST SP 800-38D): iv, ciphertext, tag. Random ivs stay safe up to 2^32 messages under one key. */
async function encrypt(key: Buffer, plaintext: Buffer, aad: Buffer): Promise<Buffer[]> {
	const iv = randomBytes(lengths.iv);
	const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(aad);
	const parts = [iv];
	for (let from = 0; from < plaintext.length; from += slice_bytes) {
		if (from > 0) await turn();
		parts.push(cipher.update(plaintext.subarray(from, from + slice_bytes)));
	}
	parts.push(cipher.final(), cipher.getAuthTag());
	return parts;
}

/** Nothing of the plaintext is handed out before the tag is verified. */
async function decrypt(key: Buffer, sealed: Buffer, aad: Buffer): Promise<Buffer> {
	if (sealed.length < lengths.iv + lengths.tag) throw new RangeError("too short to be sealed content");
	const end = sealed.length - lengths.tag;
	const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, lengths.iv), { authTagLength: lengths.tag });
	decipher.setAAD(aad).setAuthTag(sealed.subarray(end));
	const parts: Buffer[] = [];
	for (let from = lengths.iv; from < end; from += slice_bytes) {
		if (from > lengths.iv) await turn();
		parts.push(decipher.update(sealed.subarray(from, Math.min(end, from + slice_bytes))));
	}
	parts.push(decipher.final());
	return Buffer.concat(parts);
}

function cannotOpen(service: string, context: string, cause?: unknown): Error {
	return failed("vault.cannot_open", {
		message: `What is sealed for ${context} in ${service} does not open: it was changed, cut, or sealed for something else. Enter the secret again or restore it from a backup.`,
		details: { service, context },
		cause,
	});
}

interface RotationNeeds {
	db: VaultOptions["db"];
	master: MasterKey;
	service: string;
	log: Log;
	key_ttl_ms: number;
	vault: Vault;
	load(): Promise<void>;
}

async function rotate(needs: RotationNeeds, options: RotateOptions): Promise<Rotation> {
	const { db } = needs;
	// The lock is the connection's: a process that dies gives it back.
	const client = await db.pool.connect();
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

async function rotateLocked(needs: RotationNeeds, options: RotateOptions): Promise<Rotation> {
	const { db, master, service, log, vault, key_ttl_ms } = needs;
	const resumed = await vault.isRotationUnfinished();
	if (!resumed) await insertKey(db.pool, master, service);
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
	for (const old of (await openKeyIds(db)).filter((id) => id !== key_id)) {
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

interface DescribedColumn extends SealedColumn {
	id_type: string;
	bytes: boolean;
	/** SQL: the key id that a row's content names, as text. */
	key_of_row: string;
	sql: { table: string; column: string; id: string };
}

async function describeColumn(db: VaultOptions["db"], sealed: SealedColumn): Promise<DescribedColumn> {
	const id = sealed.id_column ?? "id";
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

async function isKeyUsed(
	db: VaultOptions["db"],
	{ sql, key_of_row }: DescribedColumn,
	key_id: string,
): Promise<boolean> {
	const rows = await db.query(
		`select 1 from ${sql.table} where ${sql.column} is not null and ${key_of_row} = $1 limit 1`,
		[key_id],
	);
	return rows.length > 0;
}

/** Goes through the table once, by primary key, and re-seals what is sealed with another key. Answers how many rows it changed. */
async function resealColumn(
	db: VaultOptions["db"],
	vault: Vault,
	column: DescribedColumn,
	key_id: string,
	unreadable: Rotation["unreadable"],
	{ batch = 500, on_progress, signal }: RotateOptions,
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
	db: VaultOptions["db"],
	vault: Vault,
	column: DescribedColumn,
	id: string,
): Promise<"resealed" | "changed meanwhile" | Error> {
	const { sql, id_type, bytes } = column;
	const extra = (column.context_columns ?? []).map((name) => `, ${pg.escapeIdentifier(name)}::text`).join("");
	const [row] = await db.query<Record<string, unknown>>(
		`select ${sql.column} as "sealed value"${extra} from ${sql.table} where ${sql.id} = $1::${id_type}`,
		[id],
	);
	const sealed = row?.["sealed value"];
	if (row === undefined || sealed === null) return "changed meanwhile";
	const texts = { ...(row as Record<string, string>), [column.id_column ?? "id"]: id };
	const context = column.context?.(texts) ?? sealedContext(column.table, column.column, id);
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
