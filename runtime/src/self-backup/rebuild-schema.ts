import type pg from "pg";
import { busMigrations } from "../bus/tables.ts";
import { knownMigrations, type Migration, readMigrations, replayMigrations } from "../db/migrate.ts";
import { failed } from "../errors.ts";
import { auditTable } from "../host/audit-trail.ts";
import { rotationTable } from "../host/key-rotation.ts";
import type { AfterRestore } from "../host/service.ts";
import { vaultTable } from "../vault.ts";
import { quoted } from "./place.ts";
import type { BackedUpSchema } from "./records.ts";

/** A service of this version: its schema, and how it is made. */
export interface RestorableSchema {
	schema: string;
	migrations: URL | undefined;
	after_restore: readonly AfterRestore[];
}

type Histories = Record<string, readonly Migration[]>;

async function historiesOf({ migrations }: RestorableSchema): Promise<Histories> {
	return { bus: busMigrations, service: migrations === undefined ? [] : await readMigrations(migrations) };
}

/**
 * Whether this version knows what the backup holds. An older backup is restored as it was; the next start brings it up to date.
 * @throws system.backup_too_new, startup.schema_too_new, startup.migration_changed
 */
export async function assertRestorable(
	schemas: readonly BackedUpSchema[],
	known: ReadonlyMap<string, RestorableSchema>,
): Promise<void> {
	for (const { schema, migrations } of schemas) {
		const here = known.get(schema);
		if (here === undefined) throw tooNew(`has the service ${schema}, which`);
		knownMigrations(schema, await historiesOf(here), migrations);
	}
}

function tooNew(has: string): Error {
	return failed("system.backup_too_new", {
		message: `The backup ${has} this version does not know. Restore it with the version that made it.`,
	});
}

/**
 * Makes the schema's tables as they were, without a row, foreign keys taken away, triggers off and every right of the owner given; answers
 * the statements with which `finishSchema` puts that back. Whatever was in the schema before is gone. On a connection whose role and search
 * path are the schema's.
 */
export async function rebuildSchema(
	client: pg.ClientBase,
	here: RestorableSchema,
	was: BackedUpSchema,
): Promise<string[]> {
	const { schema } = here;
	await emptySchema(client, schema);
	for (const statement of [...auditTable, ...rotationTable, vaultTable]) await client.query(statement);
	await replayMigrations(client, schema, await historiesOf(here), was.migrations);
	await assertColumns(client, was);

	const { rows: keys } = await client.query<{ table: string; name: string; definition: string }>(
		`select r.relname as table, c.conname as name, pg_get_constraintdef(c.oid) as definition
		from pg_constraint c join pg_class r on r.oid = c.conrelid
		where c.connamespace = to_regnamespace($1) and c.contype = 'f' order by 1, 2`,
		[quoted(schema)],
	);
	for (const { table, name } of keys) {
		await client.query(`alter table ${quoted(schema)}.${quoted(table)} drop constraint ${quoted(name)}`);
	}
	const names = was.tables.map(({ table }) => `${quoted(schema)}.${quoted(table)}`);
	for (const name of names) await client.query(`alter table ${name} disable trigger user`);
	const forsworn = await forswornRights(client, schema);
	for (const { table, rights } of forsworn) {
		await client.query(`grant ${rights} on ${quoted(schema)}.${quoted(table)} to current_user`);
	}
	// Migrations write rows, too.
	await client.query(`truncate ${names.join(", ")}`);
	return [
		...keys.map(
			({ table, name, definition }) =>
				`alter table ${quoted(schema)}.${quoted(table)} add constraint ${quoted(name)} ${definition}`,
		),
		...forsworn.map(({ table, rights }) => `revoke ${rights} on ${quoted(schema)}.${quoted(table)} from current_user`),
	];
}

/** What the owner of a table has taken from itself, as of tables that only grow. */
async function forswornRights(client: pg.ClientBase, schema: string): Promise<{ table: string; rights: string }[]> {
	const { rows } = await client.query<{ table: string; rights: string }>(
		`select c.relname as table, string_agg(p.name, ', ') as rights
		from pg_class c cross join unnest(array['insert', 'update', 'delete', 'truncate']) as p (name)
		where c.relnamespace = to_regnamespace($1) and c.relkind = 'r' and c.relacl is not null
			and not exists (
				select from aclexplode(c.relacl) e where e.grantee = c.relowner and lower(e.privilege_type) = p.name
			)
		group by c.relname`,
		[quoted(schema)],
	);
	return rows;
}

/**
 * Puts back what `rebuildSchema` changed, foreign keys checked against every row, sets the sequences, and has the service hold what must not
 * go on as if no time had passed. Answers what to tell of that.
 */
export async function finishSchema(
	client: pg.ClientBase,
	here: RestorableSchema,
	was: BackedUpSchema,
	put_back: readonly string[],
): Promise<string[]> {
	for (const statement of put_back) await client.query(statement);
	for (const { table } of was.tables) {
		await client.query(`alter table ${quoted(was.schema)}.${quoted(table)} enable trigger user`);
	}
	for (const { sequence, last_value, is_called } of was.sequences) {
		await client.query("select setval($1::regclass, $2::bigint, $3)", [
			`${quoted(was.schema)}.${quoted(sequence)}`,
			last_value,
			is_called,
		]);
	}
	const told: string[] = [];
	for (const { statement, tell } of here.after_restore) {
		const { rowCount } = await client.query(statement);
		if (rowCount !== null && rowCount > 0 && tell !== undefined) told.push(tell(rowCount));
	}
	return told;
}

/** The schema itself stays: its owner may not be allowed to make it. */
async function emptySchema(client: pg.ClientBase, schema: string): Promise<void> {
	const { rows } = await client.query<{ statement: string }>(
		`select format('drop table %I.%I cascade', $1::text, relname) as statement
			from pg_class where relnamespace = to_regnamespace(quote_ident($1)) and relkind in ('r', 'p')
		union all select format('drop routine %s', p.oid::regprocedure)
			from pg_proc p where pronamespace = to_regnamespace(quote_ident($1))
		union all select format('drop sequence if exists %I.%I cascade', $1::text, relname)
			from pg_class where relnamespace = to_regnamespace(quote_ident($1)) and relkind = 'S'
		union all select format('drop type %I.%I cascade', $1::text, typname)
			from pg_type where typnamespace = to_regnamespace(quote_ident($1)) and typtype = 'e'`,
		[schema],
	);
	for (const { statement } of rows) await client.query(statement);
}

async function assertColumns(client: pg.ClientBase, { schema, tables, sequences }: BackedUpSchema): Promise<void> {
	const { rows } = await client.query<{ name: string }>(
		`select c.relname || coalesce('.' || a.attname, '') as name
		from pg_class c left join pg_attribute a on a.attrelid = c.oid and c.relkind = 'r' and a.attnum > 0 and a.attgenerated = ''
		where c.relnamespace = to_regnamespace($1) and c.relkind in ('r', 'S')`,
		[quoted(schema)],
	);
	const there = new Set(rows.map(({ name }) => name));
	const named = [
		...tables.flatMap(({ table, columns }) => columns.map((column) => `${table}.${column}`)),
		...sequences.map(({ sequence }) => sequence),
	];
	const missing = named.find((name) => !there.has(name));
	if (missing !== undefined) throw tooNew(`holds ${schema}.${missing}, which`);
}
