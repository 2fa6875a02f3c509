import { createBatch } from "@netconductor/runtime/batch";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Database, Tx } from "@netconductor/runtime/db/database";
import { type InferSelectModel, type SQL, sql } from "drizzle-orm";
import type { ContentStore, KnownContent, NewContent } from "../contents/content-store.ts";
import { bigText } from "../search/search-texts.ts";
import type { backups } from "../tables.ts";
import type { PackedText } from "../text/tasks.ts";

type BackupRow = InferSelectModel<typeof backups>;

/** What there is before a backup is stored: its operation's own row, and the device with its newest good backup. */
export interface Before {
	recorded: Pick<BackupRow, "id" | "status" | "changed" | "size_bytes"> | undefined;
	/** False for a device that never had a backup nor a failed attempt. */
	is_known: boolean;
	backup_id: string | null;
	version_id: string | null;
	backed_up_at: string | null;
	content: KnownContent | undefined;
}

/** A backup with everything that is stored of it, made from what was before it. */
export interface NewBackup {
	before: Before;
	row: Omit<BackupRow, "status" | "error" | "content_id"> & { content_hash: string; version_id: string };
	content: { existing: string } | { create: NewContent };
	/** Set when the text is new for the device: who brought its lines. */
	blame: Uint8Array | undefined;
	/** Set when the content is not the device's so far: its text as search compares it. */
	search_text: { folded: string; size: number } | undefined;
	/** Of the call: those that are stored together were caused by many. */
	traceparent: string | undefined;
}

export interface PreviousText {
	text: PackedText | undefined;
	blame: Buffer | undefined;
}

/** The statements of recording backups. Calls that come at the same moment share them, and their commit. */
export interface RecordStore {
	look(asked: { operation_id: string; device_id: string }): Promise<Before>;
	findContent(content_key: string): Promise<KnownContent | undefined>;
	/** Masked text of a content, and the blame of a version that has it. */
	readPrevious(content: KnownContent, version_id: string | null): Promise<PreviousText>;
	/**
	 * Stores a backup and tells of it, in one transaction. False when it must be made anew from what is there by now: the device's newest backup
	 * is another one, or somebody else brought the content.
	 * @throws DatabaseQueryError of a foreign key when the content went with the last backup that had it
	 */
	store(backup: NewBackup): Promise<boolean>;
}

/** Texts above this are read and stored alone, so that what is in memory at a time does not grow with the number of calls. */
const largeBytes = 256 * 1024;
/** For how long calls gather under load. At 100 a second it makes of five transactions one, which is most of what a backup costs when nothing changed. */
const gather_ms = 50;

export function createRecordStore(needs: { db: Database; outbox: Outbox; contents: ContentStore }): RecordStore {
	const { db, contents } = needs;
	const readSmall = createBatch({ perform: (asked: readonly AskedText[]) => readPrevious(db, asked) });
	const storeSmall = createBatch({
		perform: (given: readonly NewBackup[]) => storeAll(needs, given),
		interval_ms: gather_ms,
		concurrency: 2,
	});
	return {
		look: createBatch({ perform: (asked) => look(db, asked), interval_ms: gather_ms }),
		findContent: createBatch({
			async perform(keys) {
				const found = new Map((await contents.findByKeys(keys)).map((content) => [content.content_key, content]));
				return keys.map((key) => found.get(key));
			},
		}),
		async readPrevious({ id: content_id, masked_size }, version_id) {
			const asked = { content_id, version_id };
			return masked_size > largeBytes ? ((await readPrevious(db, [asked]))[0] as PreviousText) : readSmall(asked);
		},
		async store(backup) {
			return sizeOf(backup) > largeBytes ? ((await storeAll(needs, [backup]))[0] as boolean) : storeSmall(backup);
		},
	};
}

function sizeOf({ row, content, blame, search_text }: NewBackup): number {
	const stored = "create" in content ? content.create.stored_bytes : 0;
	return stored + (row.raw_delta?.length ?? 0) + (blame?.length ?? 0) + (search_text?.size ?? 0);
}

/** By steps down indexes however full the tables are (`offset 0` keeps the planner from turning them round): the plan is made once, when they are empty. */
async function look(db: Database, asked: readonly { operation_id: string; device_id: string }[]): Promise<Before[]> {
	const { rows } = await db.orm.execute<FoundRow>(sql`
		select b.id as recorded_id, b.status, b.changed, b.size_bytes,
			d.device_id is not null as is_known, d.backup_id, d.version_id, d.backed_up_at,
			c.id as content_id, c.content_key, c.content_hash, c.raw_hash, c.masked_size
		from unnest(${list(asked.map(({ operation_id }) => operation_id))}::uuid[], ${list(asked.map(({ device_id }) => device_id))}::uuid[])
			with ordinality as asked (operation_id, device_id, n)
		left join lateral (
			select id, status, changed, size_bytes from backups where operation_id = asked.operation_id offset 0
		) b on true
		left join lateral (
			select device_id, backup_id, version_id, backed_up_at, content_id from devices where device_id = asked.device_id offset 0
		) d on true
		left join lateral (
			select id, content_key, content_hash, raw_hash, masked_size from contents where id = d.content_id offset 0
		) c on true
		order by asked.n`);
	return rows.map((row) => ({
		recorded:
			row.recorded_id === null
				? undefined
				: { id: row.recorded_id, status: row.status, changed: row.changed, size_bytes: row.size_bytes },
		is_known: row.is_known,
		backup_id: row.backup_id,
		version_id: row.version_id,
		backed_up_at: row.backed_up_at && new Date(row.backed_up_at).toISOString(),
		content:
			row.content_id === null
				? undefined
				: {
						id: row.content_id,
						content_key: row.content_key,
						content_hash: row.content_hash,
						raw_hash: row.raw_hash,
						masked_size: row.masked_size,
					},
	}));
}

type FoundRow = Record<string, unknown> &
	Omit<KnownContent, "id"> &
	Omit<Before, "recorded" | "content"> &
	Pick<BackupRow, "status" | "changed" | "size_bytes"> & { recorded_id: string | null; content_id: string | null };

interface AskedText {
	content_id: string;
	version_id: string | null;
}

async function readPrevious(db: Database, asked: readonly AskedText[]): Promise<PreviousText[]> {
	const { rows } = await db.orm.execute<{ masked: Buffer | null; size: number; origins: Buffer | null }>(sql`
		select c.masked, c.masked_size as size, v.origins
		from unnest(${list(asked.map(({ content_id }) => content_id))}::uuid[], ${list(asked.map(({ version_id }) => version_id))}::uuid[])
			with ordinality as asked (content_id, version_id, n)
		left join lateral (select masked, masked_size from contents where id = asked.content_id offset 0) c on true
		left join lateral (select origins from blames where version_id = asked.version_id offset 0) v on true
		order by asked.n`);
	return rows.map(({ masked, size, origins }) => ({
		text: masked === null ? undefined : { packed: masked, size },
		blame: origins ?? undefined,
	}));
}

async function storeAll({ db, outbox }: { db: Database; outbox: Outbox }, given: readonly NewBackup[]) {
	const stored = await db.transaction(async (tx) => {
		// Two backups of a device follow each other: the second looks again. One order of locking, so that two transactions cannot wait for each other.
		const first = [...new Map(given.toReversed().map((backup) => [backup.row.device_id, backup])).values()];
		first.sort((a, b) => compare(a.row.device_id, b.row.device_id));
		const current = await lockDevices(tx, first);
		const ready = await insertContents(tx, current);
		const kept = await upsertBackups(tx, ready);
		// Written before the search texts: the sweep of those keeps off from then on.
		await pointDevices(tx, kept);
		await insertBlames(tx, kept);
		await insertSearchTexts(tx, kept);
		await outbox.publishAll(
			tx,
			"backup.completed.v1",
			kept.map(({ row: { id, device_id, device_name, run_id, changed, lines_added, lines_removed } }) => ({
				backup_id: id,
				device_id,
				device_name,
				run_id,
				changed,
				lines_added,
				lines_removed,
			})),
			kept.map(({ traceparent }) => traceparent),
		);
		return new Set<unknown>(kept);
	});
	return given.map((backup) => stored.has(backup));
}

/** Those whose device still has the newest backup that they were made from. */
async function lockDevices(tx: Tx, given: readonly NewBackup[]): Promise<NewBackup[]> {
	const unknown = given.filter(({ before }) => !before.is_known).map(({ row }) => row);
	if (unknown.length > 0) {
		await tx.execute(sql`
			insert into devices (device_id, device_name, device_type)
			select * from ${rowsOf(unknown, { device_id: "uuid", device_name: "text", device_type: "text" })}
			on conflict do nothing`);
	}
	const { rows } = await tx.execute<{ device_id: string; backup_id: string | null }>(
		sql`select device_id, backup_id from devices where device_id = any(${list(given.map(({ row }) => row.device_id))}::uuid[]) order by device_id for update`,
	);
	const newest = new Map(rows.map(({ device_id, backup_id }) => [device_id, backup_id]));
	return given.filter(({ row, before }) => newest.get(row.device_id) === before.backup_id);
}

/**
 * Those whose content is there now. Another device may have brought the same text meanwhile with other raw bytes: those are the content's then, and
 * ours a difference still to be made.
 */
async function insertContents(tx: Tx, given: readonly NewBackup[]): Promise<NewBackup[]> {
	const created = new Map(
		given.flatMap(({ content }) => ("create" in content ? [[content.create.content_key, content.create]] : [])),
	);
	if (created.size === 0) return [...given];
	const wanted = [...created.values()].sort((a, b) => compare(a.content_key, b.content_key));
	const { rows } = await tx.execute<{ id: string }>(sql`
		insert into contents (${namesOf(contentColumns)})
		select * from ${rowsOf(
			wanted.map((content) => ({ ...content, masking: JSON.stringify(content.masking) })),
			contentColumns,
		)}
		on conflict (content_key) do nothing returning id`);
	const inserted = new Set(rows.map(({ id }) => id));
	return given.filter(({ content }) => "existing" in content || inserted.has(content.create.id));
}

/** A failed row is overwritten: the run gave the device up before its config arrived after all. One that came since we looked is looked at again. */
async function upsertBackups(tx: Tx, given: readonly NewBackup[]): Promise<NewBackup[]> {
	if (given.length === 0) return [];
	const set = sql.join(
		Object.keys(backupColumns)
			.filter((column) => column !== "id" && column !== "operation_id")
			.map((column) => sql`${sql.identifier(column)} = excluded.${sql.identifier(column)}`),
		sql`, `,
	);
	const { rows } = await tx.execute<{ id: string }>(sql`
		insert into backups (${namesOf(backupColumns)}, status)
		select given.*, 'succeeded' from ${rowsOf(
			given.map((backup) => ({ ...backup.row, content_id: contentIdOf(backup) })),
			backupColumns,
		)}
		on conflict (operation_id) do update set ${set}, status = excluded.status, error = null
			where backups.id = excluded.id and backups.status = 'failed'
		returning id`);
	const kept = new Set(rows.map(({ id }) => id));
	return given.filter(({ row }) => kept.has(row.id));
}

async function pointDevices(tx: Tx, given: readonly NewBackup[]): Promise<void> {
	if (given.length === 0) return;
	const rows = given.map((backup) => ({ ...backup.row, content_id: contentIdOf(backup) }));
	const columns = {
		device_id: "uuid",
		device_name: "text",
		device_type: "text",
		id: "uuid",
		content_id: "uuid",
		content_hash: "text",
		version_id: "uuid",
		created_at: "timestamptz",
	};
	await tx.execute(sql`
		update devices d set device_name = given.device_name, device_type = given.device_type, backup_id = given.id,
			content_id = given.content_id, content_hash = given.content_hash, version_id = given.version_id, backed_up_at = given.created_at
		from ${rowsOf(rows, columns)} where d.device_id = given.device_id`);
}

async function insertBlames(tx: Tx, given: readonly NewBackup[]): Promise<void> {
	const rows = given.flatMap(({ row, blame }) =>
		blame === undefined
			? []
			: [
					{
						version_id: row.version_id,
						device_id: row.device_id,
						origins: Buffer.from(blame.buffer, blame.byteOffset, blame.byteLength),
					},
				],
	);
	if (rows.length === 0) return;
	await tx.execute(sql`
		insert into blames (version_id, device_id, origins)
		select * from ${rowsOf(rows, { version_id: "uuid", device_id: "uuid", origins: "bytea" })} on conflict do nothing`);
}

async function insertSearchTexts(tx: Tx, given: readonly NewBackup[]): Promise<void> {
	const rows = new Map(
		given.flatMap((backup) => {
			const { search_text } = backup;
			if (search_text === undefined) return [];
			const content_id = contentIdOf(backup);
			return [[content_id, { content_id, folded: search_text.folded, big: search_text.size > bigText }]];
		}),
	);
	if (rows.size === 0) return;
	const wanted = [...rows.values()].sort((a, b) => compare(a.content_id, b.content_id));
	await tx.execute(sql`
		insert into search_texts (content_id, folded, big)
		select * from ${rowsOf(wanted, { content_id: "uuid", folded: "text", big: "boolean" })} on conflict do nothing`);
}

function contentIdOf({ content }: NewBackup): string {
	return "existing" in content ? content.existing : content.create.id;
}

const contentColumns = {
	id: "uuid",
	content_key: "text",
	content_hash: "text",
	masked: "bytea",
	normalised: "bytea",
	raw: "bytea",
	raw_crlf: "boolean",
	raw_hash: "text",
	masking: "jsonb",
	masked_size: "integer",
	normalised_size: "integer",
	raw_size: "integer",
	stored_bytes: "integer",
	created_at: "timestamptz",
} satisfies Record<keyof NewContent, string>;

const backupColumns = {
	id: "uuid",
	operation_id: "uuid",
	device_id: "uuid",
	device_name: "text",
	device_type: "text",
	snapshot_id: "uuid",
	run_id: "uuid",
	changed: "boolean",
	lines_added: "integer",
	lines_removed: "integer",
	size_bytes: "integer",
	content_id: "uuid",
	content_hash: "text",
	version_id: "uuid",
	raw_delta: "bytea",
	raw_delta_against: "text",
	started_by: "text",
	created_at: "timestamptz",
} satisfies Partial<Record<keyof BackupRow, string>>;

/** Rows as `given`: an array for each column, so that a statement's text is the same for any number of rows and PostgreSQL keeps its plan. */
function rowsOf<C extends string>(rows: readonly { [K in NoInfer<C>]: unknown }[], columns: { [K in C]: string }): SQL {
	const arrays = Object.entries<string>(columns).map(
		([column, type]) => sql`${list(rows.map((row) => row[column as C]))}::${sql.raw(type)}[]`,
	);
	return sql`unnest(${sql.join(arrays, sql`, `)}) as given (${namesOf(columns)})`;
}

function namesOf(columns: Record<string, string>): SQL {
	return sql.join(
		Object.keys(columns).map((column) => sql.identifier(column)),
		sql`, `,
	);
}

const list = (values: readonly unknown[]) => sql.param(values);

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
