import type { Database } from "../db/database.ts";
import { applyMigrations, type Migration } from "../db/migrate.ts";

/** Of the tables of events, in every service's schema. */
export const busMigrations: Migration[] = [
	{
		tag: "0000_outbox_and_inbox",
		statements: [
			`create table outbox (
				position bigint generated always as identity primary key,
				id uuid not null,
				name text not null,
				payload jsonb not null,
				traceparent text,
				occurred_at timestamptz not null
			)`,
			`create table inbox (
				arrival bigint generated always as identity,
				id uuid primary key,
				name text not null,
				payload jsonb not null,
				traceparent text,
				occurred_at timestamptz not null,
				attempts integer not null default 0,
				next_attempt_at timestamptz not null default '-infinity',
				last_error text,
				handled_at timestamptz,
				dead_at timestamptz
			)`,
			"create index inbox_waiting on inbox (arrival) where handled_at is null and dead_at is null",
			"create index inbox_handled on inbox (handled_at) where handled_at is not null",
			"create index inbox_dead on inbox (dead_at, id) where dead_at is not null",
		],
	},
];

/** Makes the tables of events in a service's own schema. */
export async function ensureBusTables(db: Database): Promise<void> {
	await applyMigrations(db, "bus", busMigrations);
}
