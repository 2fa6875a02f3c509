import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { type Database, plainIdentifier } from "./db/database.ts";
import { toDatabaseError } from "./db/query-error.ts";
import { failed } from "./errors.ts";
import type { Log } from "./log.ts";
import { deriveKey, type MasterKey, type MasterKeys } from "./master-key.ts";
import { bytesOf, decrypt, encrypt, lengths, magic } from "./sealed-form.ts";
import { type RotateOptions, type Rotation, rotateVault, type SealedColumn } from "./vault-rotation.ts";

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
	/**
	 * 32 bytes for one purpose of this service, such as a keyed hash: the same in every process, another where the master key is another. For what may
	 * be lost when that is changed.
	 */
	keyFor(purpose: string): Buffer;
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

	async function openKeyIds(): Promise<string[]> {
		const rows = await db.query<{ key_id: string }>(
			"select key_id from vault_keys where retired_at is null order by n",
		);
		return rows.map((row) => row.key_id);
	}

	const addKey = () => insertKey(db.pool, master.current, service);

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
		keyFor: (purpose) => deriveKey(master.current, `key/${service}/${purpose}`),
		current_key_id() {
			return current?.id ?? "";
		},
		async isRotationUnfinished() {
			return (await openKeyIds()).length > 1;
		},
		rotate: (options) =>
			rotateVault(
				{ db, service, log, key_ttl_ms, vault, load, addKey, openKeyIds },
				{ ...options, columns: options.columns.map(withDefaults) },
			),
	};

	await prepare({ db, master, service, log });
	await load();
	await selfTest(vault, service);
	return vault;
}

function withDefaults(column: SealedColumn): Required<SealedColumn> {
	const { table, id_column = "id" } = column;
	return {
		id_column,
		context_columns: [],
		context: (row) => sealedContext(table, column.column, row[id_column] ?? ""),
		...column,
	};
}

export const vaultTable = `create table vault_keys (
	n bigint generated always as identity,
	key_id text primary key,
	wrapped bytea not null,
	master_key_id text not null,
	created_at timestamptz not null default now(),
	retired_at timestamptz
)`;

/** Makes the table and the first data key, and wraps anew what the previous master key wrapped. One process at a time. */
async function prepare({
	db,
	master,
	service,
	log,
}: Pick<VaultOptions, "db" | "master" | "service" | "log">): Promise<void> {
	const client = await db.pool.connect().catch((error: unknown) => {
		throw toDatabaseError(error);
	});
	try {
		await client.query("begin");
		await client.query("select pg_advisory_xact_lock(hashtext($1), hashtext($2))", ["vault.prepare", db.schema]);
		const { rows } = await client.query<{ found: string | null }>("select to_regclass('vault_keys')::text as found");
		if (rows[0]?.found === null) {
			await client.query(vaultTable);
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
		throw toDatabaseError(error);
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
	const used = wrappingKey(row, master, service, schema);
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

function wrappingKey(
	row: Pick<StoredKey, "key_id" | "master_key_id">,
	master: MasterKeys,
	service: string,
	schema: string,
): MasterKey {
	const used = [master.current, master.previous].find((key) => key?.id === row.master_key_id);
	if (used !== undefined) return used;
	throw failed("startup.master_key_wrong", {
		message: `The data key ${row.key_id} of ${service} (${schema}.vault_keys) was wrapped with the master key ${row.master_key_id}; this start has ${master.current.id} from ${master.current.source}. Nothing was changed. Put the right key back (NETCONDUCTOR_MASTER_KEY or master.key in the data directory), or, if the master key was changed on purpose, give the old one as NETCONDUCTOR_MASTER_KEY_PREVIOUS.`,
		details: { service, expected_master_key_id: row.master_key_id, master_key_id: master.current.id },
	});
}

/**
 * Refuses a master key that a service's stored data keys do not name. Asked before anything else is touched: the passwords of the
 * database roles follow from the master key, too, and a process with a wrong one must not lock out those that run.
 * @throws startup.master_key_wrong
 */
export async function checkMasterKey(
	on: Pick<pg.ClientBase, "query">,
	schema: string,
	master: MasterKeys,
): Promise<void> {
	const table = `${schema}.vault_keys`;
	const { rows } = await on.query<{ found: string | null }>("select to_regclass($1)::text as found", [table]);
	if (rows[0]?.found == null) return;
	const stored = await on.query<StoredKey>(`select key_id, master_key_id from ${table} order by n`);
	for (const row of stored.rows) wrappingKey(row, master, schema, schema);
}

/**
 * Opens every stored data key of a service, as its start would, and changes nothing. Answers how many there are and how many of them
 * only the previous master key opens.
 * @throws startup.master_key_wrong
 */
export async function tryStoredKeys(
	on: Pick<pg.ClientBase, "query">,
	service: string,
	master: MasterKeys,
): Promise<{ keys: number; by_previous: number }> {
	const table = `${plainIdentifier(service)}.vault_keys`;
	const { rows } = await on.query<{ found: string | null }>("select to_regclass($1)::text as found", [table]);
	if (rows[0]?.found == null) return { keys: 0, by_previous: 0 };
	const stored = await on.query<StoredKey>(
		`select key_id, wrapped, master_key_id, retired_at from ${table} order by n`,
	);
	for (const row of stored.rows) await unwrap(row, master, service, service);
	const by_previous = stored.rows.filter((row) => row.master_key_id !== master.current.id).length;
	return { keys: stored.rows.length, by_previous };
}

async function selfTest(vault: Vault, service: string): Promise<void> {
	const probe = randomBytes(32);
	const opened = await vault.open(await vault.seal(probe, "self-test"), "self-test");
	if (!opened.equals(probe)) throw cannotOpen(service, "self-test");
}

function cannotOpen(service: string, context: string, cause?: unknown): Error {
	return failed("vault.cannot_open", {
		message: `What is sealed for ${context} in ${service} does not open: it was changed, cut, or sealed for something else. Enter the secret again or restore it from a backup.`,
		details: { service, context },
		cause,
	});
}
