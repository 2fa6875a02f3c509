import type pg from "pg";
import { halfRestored, restoreMark } from "../db/migrate.ts";
import { provisionSchema } from "../db/provision.ts";
import { toDatabaseError } from "../db/query-error.ts";
import { failed } from "../errors.ts";
import { rolePassword } from "../worker-keys.ts";
import { copyIn } from "./copy-stream.ts";
import { actFor, connectTo, type Place, quoted } from "./place.ts";
import { readBackup, verifyBackup } from "./read-backup.ts";
import { assertRestorable, finishSchema, type RestorableSchema, rebuildSchema } from "./rebuild-schema.ts";
import type { BackedUpSchema, Contents } from "./records.ts";
import type { SealingSecret } from "./sealed-file.ts";
import type { BackupSummary, Progress } from "./take-backup.ts";

export interface RestoreOptions {
	/** Verified before with `inspectBackup`; every part is verified again on its way in. */
	path: string;
	secret: SealingSecret;
	places: readonly Place[];
	/** Every service of this version. */
	known: readonly RestorableSchema[];
	/** Whether what is there may be replaced. */
	force: boolean;
	onTable?(progress: Progress): void;
}

/**
 * Verifies a whole backup without writing anything, and that this version can restore it and this master key opens its secrets.
 * @throws system.backup_damaged
 * @throws system.backup_key_wrong
 * @throws system.backup_too_new, startup.schema_too_new, startup.migration_changed
 */
export async function inspectBackup({
	path,
	secret,
	known,
}: Pick<RestoreOptions, "path" | "secret" | "known">): Promise<BackupSummary> {
	const { contents, summary } = await verifyBackup(path, secret);
	await assertRestorable(contents.schemas, bySchema(known));
	const { current, previous } = secret.master;
	if (![current.id, previous?.id].includes(contents.master_key_id)) {
		throw failed("system.backup_key_wrong", {
			message: `The secrets in this backup are sealed with the master key ${contents.master_key_id}; the one here is ${current.id}. Put that one in place first, as master.key in the data directory or as NETCONDUCTOR_MASTER_KEY: without it no stored secret could be opened.`,
			details: { needed: contents.master_key_id, found: current.id },
		});
	}
	return summary;
}

export interface RestoreSummary extends BackupSummary {
	/** What was held, and what a person now has to look at. */
	held: string[];
}

/**
 * Puts a backup into databases that are empty, or replaces what is there. Each database takes it in one transaction; until all of them have
 * it, no server starts on any of them, also when this process dies. Then restoring again does it.
 * @throws system.restore_not_empty — and `force` is not set
 * @throws system.restore_in_use
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoreSummary> {
	const { places, secret, force } = options;
	const opened: Opened[] = [];
	try {
		for (const place of places) opened.push({ place, client: await connectTo(place), marked: [] });
		for (const { client, place } of opened) await refuseInUse(client, place);
		if (!force) await refuseNotEmpty(opened);
		let summary: RestoreSummary;
		try {
			for (const each of opened) await mark(each, secret);
			// The mark refuses who comes now: who came before it is connected by now.
			for (const { client, place } of opened) await refuseInUse(client, place);
			summary = await load(opened, options);
		} catch (error) {
			await takeBack(opened);
			throw error;
		}
		for (const { client } of opened) await client.query("commit");
		// From here on every database has all of it.
		for (const { client, place } of opened) await unmark(client, place, place.schemas);
		for (const { client } of opened) await client.query("analyze");
		return summary;
	} catch (error) {
		throw toDatabaseError(error);
	} finally {
		await Promise.all(opened.map(({ client }) => client.end().catch(() => {})));
	}
}

interface Opened {
	place: Place;
	client: pg.Client;
	/** Schemas that had no mark before this restore: in the others an earlier one did not end. */
	marked: string[];
}

async function refuseInUse(client: pg.ClientBase, { schemas }: Place): Promise<void> {
	const { rows } = await client.query<{ name: string }>(
		`select distinct application_name as name from pg_stat_activity
		where datname = current_database() and pid <> pg_backend_pid() and application_name = any($1)`,
		[schemas.map((schema) => `netconductor ${schema}`)],
	);
	if (rows.length === 0) return;
	throw failed("system.restore_in_use", {
		message: "A NetConductor server is connected to this database. Stop it, and its workers, first.",
		details: { connected: rows.map(({ name }) => name) },
	});
}

/** What a restore that did not end left may be replaced. */
async function refuseNotEmpty(opened: readonly Opened[]): Promise<void> {
	const found: { schema: string; tables: number; rows: number }[] = [];
	for (const { client, place } of opened) {
		const { rows } = await client.query<{ schema: string; tables: number; rows: number }>(
			`select n.nspname as schema, count(*)::int as tables, sum(greatest(c.reltuples, s.n_live_tup, 0))::float8 as rows
			from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_stat_all_tables s on s.relid = c.oid
			where c.relkind = 'r' and n.nspname = any($1)
				and not exists (select from pg_class m where m.relnamespace = n.oid and m.relname = $2)
			group by 1 order by 1`,
			[place.schemas, restoreMark],
		);
		found.push(...rows);
	}
	if (found.length === 0) return;
	const lost = found.map(({ schema, tables, rows }) => `${schema} (${tables} tables, some ${rows} rows)`).join(", ");
	throw failed("system.restore_not_empty", {
		message: `There is data already, which a restore would replace: ${lost}. All of it would be lost. Restore into an empty database, or say --force.`,
		details: { schemas: found },
	});
}

/** Makes role and schema where that is ours to do, and says in the schema that what is in it is not whole. */
async function mark({ client, place, marked }: Opened, { master }: SealingSecret): Promise<void> {
	for (const schema of place.schemas) {
		if (place.provisions) {
			await provisionSchema({ admin_url: place.url, service: schema, password: rolePassword(schema, master) });
		}
	}
	await client.query("begin");
	const before = await halfRestored(client, place.schemas);
	for (const schema of place.schemas) {
		await actFor(client, place, schema);
		await client.query(markStatement(schema));
	}
	await client.query("commit");
	marked.push(...place.schemas.filter((schema) => !before.includes(schema)));
}

function markStatement(schema: string): string {
	return `create table if not exists ${quoted(schema)}.${restoreMark} (began_at timestamptz not null default now())`;
}

async function unmark(client: pg.Client, place: Place, schemas: readonly string[]): Promise<void> {
	await client.query("begin");
	for (const schema of schemas) {
		await actFor(client, place, schema);
		await client.query(`drop table ${quoted(schema)}.${restoreMark}`);
	}
	await client.query("commit");
}

/** Where nothing was committed, what was there is as it was. A mark that cannot be taken away stays, and says so at the next start. */
async function takeBack(opened: readonly Opened[]): Promise<void> {
	for (const { client, place, marked } of opened) {
		await client
			.query("rollback")
			.then(() => unmark(client, place, marked))
			.catch(() => {});
	}
}

function bySchema(known: readonly RestorableSchema[]): Map<string, RestorableSchema> {
	return new Map(known.map((each) => [each.schema, each]));
}

async function load(
	opened: readonly Opened[],
	{ path, secret, known, onTable }: RestoreOptions,
): Promise<RestoreSummary> {
	const services = bySchema(known);
	const waiting = new Map<string, { was: BackedUpSchema; put_back: string[] }>();
	const targetOf = (schema: string) => {
		const target = opened.find(({ place }) => place.schemas.includes(schema));
		const here = services.get(schema);
		if (target === undefined || here === undefined) throw new TypeError(`nobody said where ${schema} goes`);
		return { ...target, here };
	};
	const summary = await readBackup(path, secret, {
		async contents({ schemas }: Contents) {
			await assertRestorable(schemas, services);
			for (const { client } of opened) await client.query("begin");
			for (const was of schemas) {
				const { client, place, here } = targetOf(was.schema);
				await actFor(client, place, was.schema);
				const put_back = await rebuildSchema(client, here, was);
				await client.query(markStatement(was.schema));
				waiting.set(was.schema, { was, put_back });
			}
		},
		async table(schema, table, columns, rows) {
			const { client, place } = targetOf(schema);
			await actFor(client, place, schema);
			let bytes = 0;
			async function* counted() {
				for await (const piece of rows) {
					bytes += piece.length;
					yield piece;
				}
			}
			const names = columns.map(quoted).join(", ");
			const taken = await copyIn(
				client,
				`copy ${quoted(schema)}.${quoted(table)} (${names}) from stdin (format binary)`,
				counted(),
			);
			onTable?.({ schema, table, rows: taken, bytes });
			return taken;
		},
	});
	const held: string[] = [];
	for (const [schema, { was, put_back }] of waiting) {
		const { client, place, here } = targetOf(schema);
		await actFor(client, place, schema);
		held.push(...(await finishSchema(client, here, was, put_back)));
	}
	return { ...summary, held };
}
