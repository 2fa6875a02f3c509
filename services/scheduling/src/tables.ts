import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { CalendarInput, Timing } from "@netconductor/contracts/scheduling/model";
import { instant } from "@netconductor/runtime/db/columns";
import { sql } from "drizzle-orm";
import { boolean, index, integer, jsonb, pgSchema, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import type { z } from "zod";

const schema = pgSchema("scheduling");

/** Whose permissions a run has, as they were known when the schedule was saved; what they may do is asked for when it is due. */
export interface Owner {
	kind: Actor["kind"];
	/** Of the user, also where it was a token; of the service account. */
	id: string;
	name: string;
	/** Of the API token. */
	session_id?: string;
}

/** What an occurrence will do, as it was when it came due: a later edit of the schedule does not change it. */
export interface Work {
	kind: string;
	params: Record<string, unknown>;
	owner: Owner;
	title: string;
}

export const schedules = schema.table(
	"schedules",
	{
		id: uuid().primaryKey(),
		name: text().notNull(),
		description: text().notNull(),
		kind: text().notNull(),
		params: jsonb().$type<Record<string, unknown>>().notNull(),
		timing: jsonb().$type<Timing>().notNull(),
		time_zone: text().notNull(),
		skipped_hour: text({ enum: ["run_after", "skip"] }).notNull(),
		repeated_hour: text({ enum: ["first", "both"] }).notNull(),
		start_at: instant(),
		end_at: instant(),
		max_runs: integer(),
		jitter_s: integer().notNull(),
		overlap: text({ enum: ["skip", "queue", "run_anyway"] }).notNull(),
		missed: text({ enum: ["run_once", "run_all", "skip"] }).notNull(),
		missed_limit: integer().notNull(),
		held: text({ enum: ["wait", "skip"] }).notNull(),
		paused: boolean().notNull(),
		owner: jsonb().$type<Owner>().notNull(),
		owner_name: text().notNull(),
		/** Devices that it names, each of which a limited role has to cover for it to exist for them. Null: it exists for no such role. */
		cover_device_ids: uuid().array(),
		/** Ids of the groups that whoever saved it was limited to. */
		cover_groups: text().array(),
		problem: text(),
		runs: integer().notNull().default(0),
		/** Where an interval is counted from. */
		anchor: instant().notNull(),
		/** When it comes due next by its rule; null while it is paused and when it has ended. */
		next_due_at: instant(),
		last_due_at: instant(),
		last_occurrence_id: uuid(),
		created_at: instant().notNull(),
		updated_at: instant().notNull(),
	},
	(table) => [
		uniqueIndex("schedules_name_key").on(sql`lower(${table.name})`),
		index("schedules_by_due").on(table.next_due_at, table.id),
		index("schedules_by_kind").on(table.kind, table.id),
		index("schedules_by_last").on(table.last_due_at, table.id),
		index("schedules_by_time").on(table.created_at, table.id),
		index("schedules_by_owner").on(sql`lower(${table.owner_name})`),
	],
);

export const occurrences = schema.table(
	"occurrences",
	{
		/** Also the key under which its run is started: that makes it start once, however often it is tried. */
		id: uuid().primaryKey(),
		schedule_id: uuid()
			.notNull()
			.references(() => schedules.id, { onDelete: "cascade" }),
		trigger: text({ enum: ["time", "by_hand"] }).notNull(),
		kind: text().notNull(),
		run_as: text().notNull(),
		/** Ids of the groups that who it runs as was limited to when it was tried last, or when it was made; null: to none. */
		run_as_groups: text().array(),
		due_at: instant().notNull(),
		status: text({
			enum: [
				"due",
				"waiting",
				"running",
				"succeeded",
				"partial",
				"failed",
				"cancelled",
				"needs_attention",
				"skipped",
				"refused",
			],
		}).notNull(),
		reason: text(),
		/** Name of the calendar that held it back. */
		held_by: text(),
		/** Who broke the glass of its run. */
		bypassed_by: text(),
		/** There until the run is started. */
		work: jsonb().$type<Work>(),
		/** When it is tried next, while `due` or `waiting`. */
		try_at: instant(),
		/** Whoever tries it has it until then. */
		claimed_until: instant(),
		first_tried_at: instant(),
		/** When its run was last asked after, while it is running. */
		looked_at: instant(),
		run_id: uuid(),
		started_at: instant(),
		finished_at: instant(),
		created_at: instant().notNull(),
	},
	(table) => [
		// What makes an occurrence happen once, whoever comes upon it and however often.
		uniqueIndex("occurrences_once").on(table.schedule_id, table.due_at, table.trigger),
		index("occurrences_to_try").on(table.try_at).where(sql`${table.try_at} is not null`),
		index("occurrences_open").on(table.schedule_id).where(sql`${table.status} in ('due', 'waiting', 'running')`),
		index("occurrences_running").on(table.looked_at).where(sql`${table.status} = 'running'`),
		index("occurrences_by_run").on(table.run_id).where(sql`${table.run_id} is not null`),
		index("occurrences_by_time").on(table.due_at, table.id),
		index("occurrences_by_schedule").on(table.schedule_id, table.due_at, table.id),
	],
);

type Calendar = z.output<typeof CalendarInput>;

export const calendars = schema.table(
	"calendars",
	{
		id: uuid().primaryKey(),
		name: text().notNull(),
		description: text().notNull(),
		kind: text({ enum: ["freeze", "window"] }).notNull(),
		enabled: boolean().notNull(),
		time_zone: text().notNull(),
		ranges: jsonb().$type<Calendar["ranges"]>().notNull(),
		recurring: jsonb().$type<Calendar["recurring"]>().notNull(),
		/** Names of device groups; null: all devices. */
		groups: jsonb().$type<string[]>(),
		created_at: instant().notNull(),
		updated_at: instant().notNull(),
	},
	(table) => [
		uniqueIndex("calendars_name_key").on(sql`lower(${table.name})`),
		index("calendars_by_time").on(table.created_at, table.id),
	],
);
