import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { OperationError, Plan } from "@netconductor/contracts/tasks/model";
import { instant } from "@netconductor/runtime/db/columns";
import { sql } from "drizzle-orm";
import { bigint, boolean, customType, index, integer, jsonb, pgSchema, text, uuid } from "drizzle-orm/pg-core";
import type { MaskingRules } from "./text/prepare.ts";

/** What is needed to start a snapshot's run again: the very plan, on behalf of the same actor. */
export interface PendingStart {
	plan: Plan;
	actor: Actor;
}

/** A firing that was claimed: the snapshot's id is fixed with it, so that going on after a crash starts nothing twice. */
export interface Firing {
	snapshot_id: string;
	/** When it was due. */
	due_at: string;
	/** Until when the one who claimed it may work on it. */
	claimed_until: string;
}

const schema = pgSchema("backup");

const bytea = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => "bytea" });

/** A configuration text, stored once however many backups found it. */
export const contents = schema.table("contents", {
	id: uuid().primaryKey(),
	/** Keyed hash of normalised and masked text: the same text masked by other rules is another content. */
	content_key: text().notNull().unique(),
	/** Keyed hash of the normalised text. */
	content_hash: text().notNull(),
	/** zstd. It holds no secrets, so it is not sealed. */
	masked: bytea().notNull(),
	/** Sealed zstd with the masked text as dictionary. */
	normalised: bytea().notNull(),
	/** Raw bytes of the first backup that found this text: sealed zstd with the normalised text as dictionary. */
	raw: bytea().notNull(),
	/** The dictionary of `raw` has CRLF line ends. */
	raw_crlf: boolean().notNull(),
	raw_hash: text().notNull(),
	/** What it was masked by: that stays in force for it, whatever becomes of the device type. */
	masking: jsonb().$type<MaskingRules>().notNull(),
	masked_size: integer().notNull(),
	normalised_size: integer().notNull(),
	raw_size: integer().notNull(),
	/** Bytes that this row takes, for reports. */
	stored_bytes: integer().notNull(),
	created_at: instant().notNull(),
});

export const backups = schema.table(
	"backups",
	{
		id: uuid().primaryKey(),
		operation_id: uuid().notNull().unique(),
		device_id: uuid().notNull(),
		device_name: text().notNull(),
		device_type: text().notNull(),
		snapshot_id: uuid(),
		run_id: uuid().notNull(),
		status: text({ enum: ["succeeded", "failed"] }).notNull(),
		changed: boolean(),
		lines_added: integer(),
		lines_removed: integer(),
		/** Bytes that the device sent. */
		size_bytes: integer(),
		content_id: uuid().references(() => contents.id),
		content_hash: text(),
		/** First backup of the unbroken series with this text; names the row of `blames`. */
		version_id: uuid(),
		/** Raw bytes where they are not those of the content: sealed zstd with a dictionary. */
		raw_delta: bytea(),
		/** What that dictionary is: the content's normalised text with these line ends, or, when null, the content's raw bytes. */
		raw_delta_against: text({ enum: ["normalised_lf", "normalised_crlf"] }),
		error: jsonb().$type<OperationError>(),
		started_by: text().notNull(),
		created_at: instant().notNull(),
	},
	(table) => [
		index("backups_by_time").on(table.created_at, table.id),
		index("backups_by_device").on(table.device_id, table.created_at, table.id),
		index("backups_by_name").on(table.device_name, table.id),
		index("backups_by_size").on(table.size_bytes.desc().nullsLast(), table.id.desc().nullsFirst()),
		index("backups_failed_by_device")
			.on(table.device_id, table.created_at, table.id)
			.where(sql`${table.status} = 'failed'`),
		index("backups_failed").on(table.created_at, table.id).where(sql`${table.status} = 'failed'`),
		index("backups_changed").on(table.created_at, table.id).where(sql`${table.changed}`),
		index("backups_by_snapshot").on(table.snapshot_id, table.device_id),
		index("backups_by_run").on(table.run_id, table.device_name, table.id),
		index("backups_by_content").on(table.content_id),
		index("backups_by_version").on(table.version_id),
	],
);

/** For each line of a version, the backup that brought it. */
export const blames = schema.table(
	"blames",
	{
		version_id: uuid().primaryKey(),
		device_id: uuid().notNull(),
		/** zstd of JSON. */
		origins: bytea().notNull(),
	},
	(table) => [index("blames_by_device").on(table.device_id)],
);

/** What is known here of each device, with its newest good backup. */
export const devices = schema.table(
	"devices",
	{
		device_id: uuid().primaryKey(),
		device_name: text().notNull(),
		device_type: text().notNull(),
		deleted_at: instant(),
		backup_id: uuid(),
		content_id: uuid(),
		content_hash: text(),
		version_id: uuid(),
		backed_up_at: instant(),
	},
	(table) => [
		index("devices_by_name").on(table.device_name, table.device_id),
		index("devices_by_content").on(table.content_id),
	],
);

/** Masked text in the form that search compares, of contents that are some device's current one. */
export const searchTexts = schema.table("search_texts", {
	content_id: uuid()
		.primaryKey()
		.references(() => contents.id, { onDelete: "cascade" }),
	folded: text().notNull(),
	/** Too large for the trigram index; looked through one by one. */
	big: boolean().notNull(),
});

export const snapshots = schema.table(
	"snapshots",
	{
		id: uuid().primaryKey(),
		name: text().notNull(),
		description: text().notNull().default(""),
		status: text({ enum: ["running", "complete", "partial", "failed"] }).notNull(),
		run_id: uuid(),
		devices: integer().notNull(),
		succeeded: integer().notNull().default(0),
		failed: integer().notNull().default(0),
		skipped: integer().notNull(),
		changed: integer().notNull().default(0),
		size_bytes: bigint({ mode: "number" }).notNull().default(0),
		pinned: boolean().notNull().default(false),
		/** Why the run could not be started. */
		error: text(),
		started_by: text().notNull(),
		created_at: instant().notNull(),
		finished_at: instant(),
		/** What is needed to start the run again after a crash; gone once it is started. */
		pending: jsonb().$type<PendingStart>(),
	},
	(table) => [
		index("snapshots_by_time").on(table.created_at, table.id),
		index("snapshots_by_name").on(table.name, table.id),
		index("snapshots_pending").on(table.created_at).where(sql`${table.pending} is not null`),
	],
);

/** Backup runs, for what later events do not say. */
export const runs = schema.table(
	"runs",
	{
		run_id: uuid().primaryKey(),
		started_by: text().notNull(),
		created_at: instant().notNull(),
	},
	(table) => [index("runs_by_time").on(table.created_at)],
);

/** One row: when backups run by themselves, and what is kept. */
export const schedule = schema.table("schedule", {
	id: integer().primaryKey(),
	enabled: boolean().notNull(),
	cron: text(),
	interval_minutes: integer(),
	time_zone: text().notNull(),
	include: jsonb().notNull(),
	exclude: jsonb(),
	keep_days: integer(),
	keep_versions: integer(),
	/** When it fires next; claimed by moving it on. */
	due_at: instant(),
	/** A firing that was claimed and has not started its run yet. */
	firing: jsonb().$type<Firing>(),
	last_run_at: instant(),
	last_run_id: uuid(),
	last_snapshot_id: uuid(),
	last_error: text(),
	maintenance_due_at: instant().notNull(),
	updated_at: instant(),
});

/** Key of the hashes by which texts are told apart, sealed. */
export const hashKeys = schema.table("hash_keys", {
	id: uuid().primaryKey(),
	sealed: text().notNull(),
	created_at: instant().notNull(),
});
