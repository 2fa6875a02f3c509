import type { InstanceState } from "@netconductor/contracts/config/instances";
import { instant } from "@netconductor/runtime/db/columns";
import { sql } from "drizzle-orm";
import { index, integer, jsonb, primaryKey, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { configSchema } from "../schema.ts";
import { stacks } from "../stacks/tables.ts";
import { inNaturalOrder } from "../tables.ts";

/** One service as a run sends it to a device. */
export interface SentService {
	name: string;
	template_id: string;
	template_name: string;
	template_version: number;
	text: string;
	/** It was taken away or forgotten since. */
	gone?: true;
}

/** What a run sends to each device, noted before it starts: until it is known what became of it. */
export const sentServices = configSchema.table(
	"sent_services",
	{
		/** What the run's start was asked for with. */
		start_key: text().notNull(),
		device_id: uuid().notNull(),
		stack_id: uuid()
			.notNull()
			.references(() => stacks.id, { onDelete: "cascade" }),
		device_name: text().notNull(),
		services: jsonb().$type<SentService[]>().notNull(),
	},
	(table) => [
		primaryKey({ columns: [table.start_key, table.device_id] }),
		index("sent_services_by_stack").on(table.stack_id),
	],
);

/** Services of stacks on devices, as they were last deployed. */
export const serviceInstances = configSchema.table(
	"service_instances",
	{
		id: uuid().primaryKey(),
		stack_id: uuid()
			.notNull()
			.references(() => stacks.id, { onDelete: "cascade" }),
		service: text().notNull(),
		device_id: uuid().notNull(),
		device_name: text().notNull(),
		template_id: uuid().notNull(),
		template_name: text().notNull(),
		template_version: integer().notNull(),
		state: text().$type<InstanceState>().notNull(),
		error: text(),
		text: text().notNull(),
		stack_version: integer(),
		deployed_at: instant(),
		run_id: uuid().notNull(),
		/** When that run was started: one that was started before it has nothing to say any more. */
		run_started_at: instant().notNull(),
		updated_at: instant().notNull(),
		search_text: text().notNull().generatedAlwaysAs(sql`lower(device_name || ' ' || service || ' ' || template_name)`),
	},
	(table) => [
		uniqueIndex("service_instances_key").on(table.stack_id, table.device_id, table.service),
		index("service_instances_by_device").on(table.device_id, table.id),
		index("service_instances_by_device_name").on(inNaturalOrder(table.device_name), table.id),
		index("service_instances_by_service").on(table.service, table.id),
		index("service_instances_by_state").on(table.state, table.id),
		index("service_instances_by_deployed_at").on(table.deployed_at, table.id),
		index("service_instances_by_updated_at").on(table.updated_at, table.id),
		index("service_instances_by_search_text").using("gin", table.search_text.op("gin_trgm_ops")),
	],
);
