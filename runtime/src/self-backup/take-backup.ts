import { createHash } from "node:crypto";
import { createWriteStream, rmSync } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress } from "node:zlib";
import type pg from "pg";
import { failed } from "../errors.ts";
import { copyOut } from "./copy-stream.ts";
import { actFor, connectTo, databaseKey, type Place, quoted } from "./place.ts";
import { publishFile } from "./publish-file.ts";
import { type BackedUpSchema, type Contents, writeRecord } from "./records.ts";
import { beginSealedFile, type SealingSecret, sealFrames } from "./sealed-file.ts";

export interface Progress {
	schema: string;
	table: string;
	/** Of this table. */
	rows: number;
	bytes: number;
}

export interface TakeBackupOptions {
	places: readonly Place[];
	path: string;
	secret: SealingSecret;
	/** Of the product. */
	version: string;
	/** Called at the end of each table. */
	onTable?(progress: Progress): void;
}

/** What a backup holds. */
export interface BackupSummary {
	version: string;
	made_at: string;
	sealed_with: "master_key" | "passphrase";
	/** Without this master key the secrets in it cannot be opened. */
	master_key_id: string;
	schemas: string[];
	tables: number;
	rows: number;
	/** Of the rows as PostgreSQL sends them. */
	bytes: number;
	/** Of the file. */
	file_bytes: number;
}

/**
 * Writes every table of every schema to a new file, for its owner alone, while the product runs. All schemas of one database are as of the
 * same moment; several databases as of moments some milliseconds apart. The file appears under its name only whole and on disk. Unlogged
 * tables are left out.
 * @throws system.backup_file_exists
 * @throws service.unavailable — the database was lost on the way
 */
export async function takeBackup({
	places,
	path,
	secret,
	version,
	onTable,
}: TakeBackupOptions): Promise<BackupSummary> {
	if (await exists(path)) throw fileExists(path);
	const draft = `${path}.${process.pid}.partial`;
	const opened = await openSnapshots(places);
	// Asked to end, the process does not come back to what is below.
	const removeDraft = () => rmSync(draft, { force: true });
	process.once("exit", removeDraft);
	try {
		const made_at = new Date().toISOString();
		const contents: Contents = {
			version,
			made_at,
			server_version: opened[0]?.server_version ?? "",
			master_key_id: secret.master.current.id,
			schemas: opened.flatMap(({ schemas }) => schemas),
		};
		const totals = { tables: 0, rows: 0, bytes: 0 };
		const { beginning, key } = await beginSealedFile(secret, { version, made_at });
		async function* sealed(content: AsyncIterable<Buffer>) {
			yield beginning;
			yield* sealFrames(key, content);
		}
		await pipeline(
			Readable.from(backupRecords(opened, contents, totals, onTable), { objectMode: true, highWaterMark: 2 }),
			bytesOnly(),
			createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 } }),
			sealed,
			createWriteStream(draft, { flags: "wx", mode: 0o600, flush: true }),
		);
		await publishFile(draft, path).catch((error: NodeJS.ErrnoException) => {
			throw error.code === "EEXIST" ? fileExists(path) : error;
		});
		return {
			version,
			made_at,
			sealed_with: secret.passphrase === undefined ? "master_key" : "passphrase",
			master_key_id: contents.master_key_id,
			schemas: contents.schemas.map(({ schema }) => schema),
			...totals,
			file_bytes: (await stat(path)).size,
		};
	} finally {
		for (const { client } of opened) client.end().catch(() => {});
		process.off("exit", removeDraft);
		removeDraft();
	}
}

/** `createZstdCompress` counts bytes where records are counted before. */
function bytesOnly(): Transform {
	return new Transform({
		writableObjectMode: true,
		writableHighWaterMark: 2,
		transform: (piece, _, done) => done(null, piece),
	});
}

function fileExists(path: string): Error {
	return failed("system.backup_file_exists", { message: `There is a file ${path} already. Name another one.` });
}

async function exists(path: string): Promise<boolean> {
	return stat(path).then(
		() => true,
		() => false,
	);
}

interface Snapshot {
	place: Place;
	client: pg.Client;
	schemas: BackedUpSchema[];
	server_version: string;
}

/** One connection a place, each in a transaction that sees one moment; those of the same database see the same one. */
async function openSnapshots(places: readonly Place[]): Promise<Snapshot[]> {
	const opened: { place: Place; client: pg.Client }[] = [];
	const exported = new Map<string, string>();
	try {
		for (const place of places) {
			const client = await connectTo(place);
			opened.push({ place, client });
			await client.query("begin isolation level repeatable read read only");
			const shared = exported.get(databaseKey(place));
			if (shared !== undefined) await client.query(`set transaction snapshot '${shared}'`);
			else {
				const { rows } = await client.query<{ id: string }>("select pg_export_snapshot() as id");
				exported.set(databaseKey(place), rows[0]?.id ?? "");
			}
		}
		const snapshots: Snapshot[] = [];
		for (const { place, client } of opened) {
			const { rows } = await client.query<{ version: string }>("select current_setting('server_version') as version");
			const schemas: BackedUpSchema[] = [];
			for (const schema of place.schemas) {
				await actFor(client, place, schema);
				schemas.push(await describeSchema(client, schema));
			}
			snapshots.push({ place, client, schemas, server_version: rows[0]?.version ?? "" });
		}
		return snapshots;
	} catch (error) {
		for (const { client } of opened) client.end().catch(() => {});
		throw error;
	}
}

async function describeSchema(client: pg.ClientBase, schema: string): Promise<BackedUpSchema> {
	const tables = await describeTables(client, schema);
	if (!tables.some(({ table }) => table === "schema_migrations")) {
		throw failed("system.nothing_to_back_up", {
			message: `There is no schema ${schema} in its database: no server of this version has been started on it.`,
		});
	}
	// A server of another version that is started now must not change the tables under us.
	await client.query(
		`lock table ${tables.map(({ table }) => `${quoted(schema)}.${quoted(table)}`).join(", ")} in access share mode`,
	);
	const { rows: migrations } = await client.query<BackedUpSchema["migrations"][number]>(
		`select history, tag, hash from ${quoted(schema)}.schema_migrations order by applied_at, history, tag`,
	);
	const { rows: names } = await client.query<{ name: string }>(
		"select sequencename as name from pg_sequences where schemaname = $1 order by 1",
		[schema],
	);
	const sequences: BackedUpSchema["sequences"] = [];
	for (const { name } of names) {
		const { rows } = await client.query<{ last_value: string; is_called: boolean }>(
			`select last_value::text, is_called from ${quoted(schema)}.${quoted(name)}`,
		);
		if (rows[0] !== undefined) sequences.push({ sequence: name, ...rows[0] });
	}
	return { schema, migrations, tables, sequences };
}

/** Generated columns are worked out again. */
async function describeTables(client: pg.ClientBase, schema: string): Promise<BackedUpSchema["tables"]> {
	const { rows } = await client.query<{ table: string; columns: string[] }>(
		`select c.relname as table, array_agg(a.attname::text order by a.attnum) as columns
		from pg_class c join pg_attribute a on a.attrelid = c.oid
		where c.relnamespace = to_regnamespace($1) and c.relkind = 'r' and c.relpersistence = 'p'
			and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
		group by c.relname order by c.relname`,
		[quoted(schema)],
	);
	return rows;
}

async function* backupRecords(
	snapshots: readonly Snapshot[],
	contents: Contents,
	totals: { tables: number; rows: number; bytes: number },
	onTable: TakeBackupOptions["onTable"],
): AsyncGenerator<Buffer> {
	yield writeRecord({ type: "contents", value: contents });
	for (const { place, client, schemas } of snapshots) {
		for (const { schema, tables } of schemas) {
			await actFor(client, place, schema);
			for (const { table, columns } of tables) {
				yield writeRecord({ type: "table", value: { schema, table } });
				const hash = createHash("sha256");
				let bytes = 0;
				const pieces = copyOut(
					client,
					`copy ${quoted(schema)}.${quoted(table)} (${columns.map(quoted).join(", ")}) to stdout (format binary)`,
				);
				let next = await pieces.next();
				for (; !next.done; next = await pieces.next()) {
					hash.update(next.value);
					bytes += next.value.length;
					yield writeRecord({ type: "rows", value: next.value });
				}
				const rows = next.value;
				yield writeRecord({ type: "table_end", value: { rows, bytes, sha256: hash.digest("hex") } });
				totals.tables += 1;
				totals.rows += rows;
				totals.bytes += bytes;
				onTable?.({ schema, table, rows, bytes });
			}
		}
	}
	yield writeRecord({ type: "end", value: totals });
}
