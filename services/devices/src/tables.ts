import type { SessionTimeouts } from "@netconductor/contracts/devices/connection";
import type { Device, HealthEntry } from "@netconductor/contracts/devices/model";
import type { Facts, PlatformDefinition } from "@netconductor/contracts/devices/platform";
import { instant } from "@netconductor/runtime/db/columns";
import { type SQL, sql } from "drizzle-orm";
import {
	type AnyPgColumn,
	boolean,
	check,
	index,
	integer,
	jsonb,
	pgTable,
	primaryKey,
	text,
	uniqueIndex,
	uuid,
} from "drizzle-orm/pg-core";

const lower = (column: AnyPgColumn): SQL => sql`lower(${column})`;

/** As people count: `eos-2` before `eos-10`. The collation is made by the migrations. */
export function inNaturalOrder(name: AnyPgColumn | SQL): SQL {
	return sql`lower(${name}) collate natural_order`;
}

export const devices = pgTable(
	"devices",
	{
		id: uuid().primaryKey(),
		name: text().notNull(),
		host: text().notNull(),
		port: integer().notNull(),
		device_type: text().notNull(),
		/** A stored credential, or the device's own. */
		credential_id: uuid().references((): AnyPgColumn => credentials.id),
		jump_device_id: uuid().references((): AnyPgColumn => devices.id),
		legacy_algorithms: boolean().notNull(),
		enabled: boolean().notNull(),
		site: text(),
		worker_pool: text(),
		tags: text().array().notNull(),
		description: text().notNull(),
		source: text().$type<Device["source"]>().notNull(),
		facts: jsonb().$type<Facts>().notNull().default({}),
		facts_at: instant(),
		health: text().$type<Device["health"]>().notNull().default("unknown"),
		health_at: instant(),
		health_error: text(),
		created_at: instant().notNull(),
		updated_at: instant().notNull(),
		/** What a search looks through; indexed by trigrams. */
		search_text: text()
			.notNull()
			.generatedAlwaysAs(
				sql`lower(name || ' ' || host || ' ' || device_type || ' ' || coalesce(site, '') || ' ' || description || ' ' || coalesce(facts->>'hostname', '') || ' ' || coalesce(facts->>'model', '') || ' ' || coalesce(facts->>'serial', '') || ' ' || coalesce(facts->>'os_version', ''))`,
			),
	},
	(table) => [
		uniqueIndex("devices_name_key").on(lower(table.name)),
		// One per order in which the list can be asked for, and one more for the other direction where nulls come last in both: a page is read off an index.
		// That of names holds name and id besides (the migration says so), without which PostgreSQL reads each row on its way to a page.
		index("devices_by_name").on(inNaturalOrder(table.name)),
		index("devices_by_host").on(table.host, table.id),
		index("devices_by_type").on(table.device_type, table.id),
		index("devices_by_site").on(table.site, table.id),
		index("devices_by_site_downwards").on(table.site.desc().nullsLast(), table.id.desc().nullsFirst()),
		index("devices_by_health").on(table.health, table.id),
		index("devices_by_health_at").on(table.health_at, table.id),
		index("devices_by_health_at_downwards").on(table.health_at.desc().nullsLast(), table.id.desc().nullsFirst()),
		index("devices_by_created_at").on(table.created_at, table.id),
		index("devices_by_updated_at").on(table.updated_at, table.id),
		index("devices_by_search_text").using("gin", table.search_text.op("gin_trgm_ops")),
		index("devices_by_tag").using("gin", table.tags),
		index("devices_by_worker_pool").on(table.worker_pool).where(sql`worker_pool is not null`),
		index("devices_by_credential").on(table.credential_id),
		index("devices_by_jump_device").on(table.jump_device_id),
	],
);

export const credentials = pgTable(
	"credentials",
	{
		id: uuid().primaryKey(),
		name: text().notNull(),
		username: text().notNull(),
		// Sealed by the vault, each under a context of its own column and row.
		password: text(),
		private_key: text(),
		passphrase: text(),
		enable_password: text(),
		is_default: boolean().notNull(),
		/** Set when it is the own login of one device: it goes with the device and can be named by nothing else. */
		device_id: uuid().references((): AnyPgColumn => devices.id, { onDelete: "cascade" }),
		created_at: instant().notNull(),
		updated_at: instant().notNull(),
	},
	(table) => [
		uniqueIndex("credentials_name_key").on(lower(table.name)).where(sql`${table.device_id} is null`),
		uniqueIndex("credentials_one_default").on(table.is_default).where(sql`${table.is_default}`),
		uniqueIndex("credentials_one_own").on(table.device_id).where(sql`${table.device_id} is not null`),
		index("credentials_by_name").on(lower(table.name), table.id),
		index("credentials_by_username").on(table.username, table.id),
		index("credentials_by_created_at").on(table.created_at, table.id),
		check("credentials_own_is_not_default", sql`not (${table.is_default} and ${table.device_id} is not null)`),
		check("credentials_complete", sql`${table.password} is not null or ${table.private_key} is not null`),
	],
);

export const deviceOverrides = pgTable(
	"device_overrides",
	{
		device_id: uuid()
			.primaryKey()
			.references(() => devices.id, { onDelete: "cascade" }),
		disabled: boolean().notNull(),
		disabled_reason: text().notNull(),
		host: text(),
		port: integer(),
		credential_id: uuid().references(() => credentials.id),
		timeouts: jsonb().$type<Partial<SessionTimeouts>>().notNull(),
		updated_at: instant().notNull(),
	},
	(table) => [
		index("device_overrides_by_credential").on(table.credential_id),
		index("device_overrides_by_updated_at").on(table.updated_at, table.device_id),
	],
);

export const deviceGroups = pgTable(
	"device_groups",
	{
		id: uuid().primaryKey(),
		name: text().notNull(),
		description: text().notNull(),
		credential_id: uuid().references(() => credentials.id),
		worker_pool: text(),
		created_at: instant().notNull(),
		updated_at: instant().notNull(),
	},
	(table) => [
		uniqueIndex("device_groups_name_key").on(lower(table.name)),
		index("device_groups_by_created_at").on(table.created_at, table.id),
		index("device_groups_by_credential").on(table.credential_id),
	],
);

export const deviceGroupMembers = pgTable(
	"device_group_members",
	{
		group_id: uuid()
			.notNull()
			.references(() => deviceGroups.id, { onDelete: "cascade" }),
		device_id: uuid()
			.notNull()
			.references(() => devices.id, { onDelete: "cascade" }),
	},
	(table) => [
		primaryKey({ columns: [table.group_id, table.device_id] }),
		index("device_group_members_by_device").on(table.device_id),
	],
);

/** Custom device types; the built-in ones are code. */
export const deviceTypes = pgTable("device_types", {
	id: text().primaryKey(),
	definition: jsonb().$type<PlatformDefinition>().notNull(),
	updated_at: instant().notNull(),
});

export const hostKeys = pgTable(
	"host_keys",
	{
		device_id: uuid()
			.primaryKey()
			.references(() => devices.id, { onDelete: "cascade" }),
		fingerprint: text().notNull(),
		algorithm: text().notNull(),
		accepted_by: text().notNull(),
		accepted_at: instant().notNull(),
		/** Set while the device presents another key than the accepted one. */
		presented_fingerprint: text(),
		presented_algorithm: text(),
		presented_at: instant(),
	},
	(table) => [
		index("host_keys_changed").on(table.presented_at).where(sql`${table.presented_fingerprint} is not null`),
		index("host_keys_by_accepted_at").on(table.accepted_at, table.device_id),
	],
);

export const healthHistory = pgTable(
	"health_history",
	{
		id: uuid().primaryKey(),
		device_id: uuid()
			.notNull()
			.references(() => devices.id, { onDelete: "cascade" }),
		at: instant().notNull(),
		health: text().$type<HealthEntry["health"]>().notNull(),
		error: text(),
		run_id: uuid(),
		phases: jsonb().$type<HealthEntry["phases"]>().notNull(),
	},
	(table) => [index("health_history_by_device").on(table.device_id, table.at, table.id)],
);
