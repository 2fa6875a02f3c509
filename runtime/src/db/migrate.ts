import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { sql } from "drizzle-orm";
import type pg from "pg";
import { z } from "zod";
import { failed } from "../errors.ts";
import { type Database, plainIdentifier, type Tx } from "./database.ts";

/** One step of a schema's history. Applied once, in order, never changed afterwards. */
export interface Migration {
	/** `0003_index_names` */
	tag: string;
	statements: string[];
}

const Journal = z.object({ entries: z.array(z.object({ idx: z.int(), tag: z.string().regex(/^[\w-]+$/) })) });

/**
 * Brings the service's schema up to date with the migrations that drizzle-kit wrote to `folder`. All pending ones succeed together or none does;
 * processes that start at the same time wait for each other.
 *
 * @throws startup.schema_too_new when the database holds a migration that the code does not know: an older release was started
 * @throws startup.migration_changed when a migration was edited after it had been applied
 */
export async function migrate(db: Database, folder: URL): Promise<{ applied: string[] }> {
	return applyMigrations(db, "service", await readMigrations(folder));
}

/** How a schema stands to the migrations of this version. */
export interface MigrationState {
	/** Of this version, not applied yet: the next start does. */
	pending: string[];
	/** Applied by a newer version. */
	unknown: string[];
	/** Applied in another wording than this version has. */
	changed: string[];
	/** When the last one was applied; null where none was. */
	newest_applied_at: Date | null;
}

/** Compares the schema with the migrations in `folder`, as `migrate` would, and changes nothing. */
export async function migrationState(
	on: Pick<pg.ClientBase, "query">,
	schema: string,
	folder: URL,
): Promise<MigrationState> {
	const migrations = await readMigrations(folder);
	const table = `${plainIdentifier(schema)}.schema_migrations`;
	const { rows: found } = await on.query<{ found: string | null }>("select to_regclass($1)::text as found", [table]);
	const { rows } =
		found[0]?.found == null
			? { rows: [] }
			: await on.query<{ tag: string; hash: string; applied_at: Date }>(
					`select tag, hash, applied_at from ${table} where history = 'service' order by applied_at`,
				);
	const done = new Map(rows.map(({ tag, hash }) => [tag, hash]));
	return {
		pending: migrations.flatMap(({ tag }) => (done.has(tag) ? [] : [tag])),
		unknown: unknownTags([...done.keys()], migrations),
		changed: migrations.flatMap((migration) =>
			[undefined, hashOf(migration)].includes(done.get(migration.tag)) ? [] : [migration.tag],
		),
		newest_applied_at: rows.at(-1)?.applied_at ?? null,
	};
}

function hashOf({ statements }: Migration): string {
	return createHash("sha256").update(statements.join("\n")).digest("hex");
}

/** The migrations that drizzle-kit wrote to `folder`, in their order. */
export async function readMigrations(folder: URL): Promise<Migration[]> {
	const base = folder.href.endsWith("/") ? folder : new URL(`${folder.href}/`);
	const journal = Journal.parse(JSON.parse(await readFile(new URL("meta/_journal.json", base), "utf8")));
	const entries = journal.entries.toSorted((a, b) => a.idx - b.idx);
	return Promise.all(
		entries.map(async ({ tag }) => {
			const text = (await readFile(new URL(`${tag}.sql`, base), "utf8")).replaceAll("\r\n", "\n");
			return { tag, statements: text.split("--> statement-breakpoint") };
		}),
	);
}

/** Applies what is pending of one named history of the schema. Drizzle's own migrator needs rights on the database and skips what it finds out of order. */
export async function applyMigrations(
	db: Database,
	history: string,
	migrations: Migration[],
): Promise<{ applied: string[] }> {
	return db.transaction(async (tx) => {
		await holdSchema(tx, db.schema);
		const table = sql`${sql.identifier(db.schema)}.schema_migrations`;
		await refuseHalfRestored(tx, db.schema);
		await tx.execute(sql`create table if not exists ${table} ${sql.raw(migrationsColumns)}`);
		const { rows } = await tx.execute<{ tag: string; hash: string }>(
			sql`select tag, hash from ${table} where history = ${history}`,
		);
		const done = new Map(rows.map(({ tag, hash }) => [tag, hash]));
		refuseUnknown(db.schema, [...done.keys()], migrations);

		const applied: string[] = [];
		for (const migration of migrations) {
			const hash = hashOf(migration);
			const known = done.get(migration.tag);
			if (known === undefined) {
				for (const statement of migration.statements) if (statement.trim() !== "") await tx.execute(sql.raw(statement));
				await tx.execute(sql`insert into ${table} (history, tag, hash) values (${history}, ${migration.tag}, ${hash})`);
				applied.push(migration.tag);
			} else if (known !== hash) {
				throw migrationChanged(db.schema, migration.tag);
			}
		}
		return { applied };
	});
}

/**
 * Runs statements that make what is not there yet. `create table if not exists` by itself fails where another process makes the same table at the
 * same time: processes that start together wait for each other.
 */
export async function makeTables(db: Database, statements: readonly string[]): Promise<void> {
	await db.transaction(async (tx) => {
		await holdSchema(tx, db.schema);
		for (const statement of statements) await tx.execute(sql.raw(statement));
	});
}

/** Until the transaction ends nobody else changes the schema's tables. */
async function holdSchema(tx: Tx, schema: string): Promise<void> {
	await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`netconductor.migrate.${schema}`}, 0))`);
}

const migrationsColumns =
	"(history text not null, tag text not null, hash text not null, applied_at timestamptz not null default now(), primary key (history, tag))";

/** An applied migration, as a schema or a backup of it tells. */
export interface AppliedMigration {
	history: string;
	tag: string;
	hash: string;
}

/**
 * Applies exactly these migrations, in their order, to an empty schema, on a connection whose role and search path are the schema's. The
 * table of migrations is made and stays empty: its rows are the backup's.
 * @throws startup.schema_too_new, startup.migration_changed — before anything is done
 */
export async function replayMigrations(
	on: Pick<pg.ClientBase, "query">,
	schema: string,
	known: Readonly<Record<string, readonly Migration[]>>,
	applied: readonly AppliedMigration[],
): Promise<void> {
	const replayed = knownMigrations(schema, known, applied);
	await on.query(`create table ${plainIdentifier(schema)}.schema_migrations ${migrationsColumns}`);
	for (const { statements } of replayed) {
		for (const statement of statements) if (statement.trim() !== "") await on.query(statement);
	}
}

/** The migrations that these were, each as it was. @throws startup.schema_too_new, startup.migration_changed */
export function knownMigrations(
	schema: string,
	known: Readonly<Record<string, readonly Migration[]>>,
	applied: readonly AppliedMigration[],
): Migration[] {
	return applied.map(({ history, tag, hash }) => {
		const migration = known[history]?.find((each) => each.tag === tag);
		if (migration === undefined) throw madeByNewer(schema, [tag]);
		if (hashOf(migration) !== hash) throw migrationChanged(schema, tag);
		return migration;
	});
}

/** Name of the table that stands in a schema while it is restored, and after a restore that did not end. */
export const restoreMark = "restore_unfinished";

/** Of these schemas, those into which a restore goes on or did not end: what is in them is not whole. */
export async function halfRestored(on: Pick<pg.ClientBase, "query">, schemas: readonly string[]): Promise<string[]> {
	const { rows } = await on.query<{ schema: string }>(
		"select schema from unnest($1::text[]) schema where to_regclass(quote_ident(schema) || '.' || $2) is not null order by 1",
		[schemas, restoreMark],
	);
	return rows.map(({ schema }) => schema);
}

async function refuseHalfRestored(tx: Tx, schema: string): Promise<void> {
	const { rows } = await tx.execute<{ found: string | null }>(
		sql`select to_regclass(${`${schema}.${restoreMark}`})::text as found`,
	);
	if (rows[0]?.found == null) return;
	throw failed("startup.restore_unfinished", {
		message:
			"A restore into this database began and did not end, so what is in it is not whole. Run `netconductor system restore` with the same file again.",
		details: { schema },
	});
}

function refuseUnknown(schema: string, applied: string[], migrations: Migration[]): void {
	const unknown = unknownTags(applied, migrations);
	if (unknown.length === 0) return;
	throw madeByNewer(schema, unknown);
}

function madeByNewer(schema: string, unknown: string[]): Error {
	return failed("startup.schema_too_new", {
		message: `Schema ${schema} was made by a newer NetConductor (it has ${unknown.join(", ")}). Start that version, or restore a backup from before the upgrade.`,
		details: { schema, migrations: unknown },
	});
}

function migrationChanged(schema: string, tag: string): Error {
	return failed("startup.migration_changed", {
		message: `Migration ${tag} of schema ${schema} was changed after it had been applied. Restore it and write a new one.`,
		details: { schema, migration: tag },
	});
}

function unknownTags(applied: string[], migrations: Migration[]): string[] {
	const known = new Set(migrations.map(({ tag }) => tag));
	return applied.filter((tag) => !known.has(tag));
}
