import { csvCell } from "@netconductor/runtime/csv";
import type { Database } from "@netconductor/runtime/db/database";
import { and, eq, sql } from "drizzle-orm";
import { deviceColumns } from "../devices/device-store.ts";
import { deviceFilter } from "../devices/list-devices.ts";
import type { DeviceSearch } from "../devices/search.ts";
import type { DevicesOperation } from "../operation.ts";
import { inScope, type Scoped } from "../scope.ts";
import { credentials, devices } from "../tables.ts";
import { exportFields } from "./fields.ts";

const pageSize = 1_000;

interface Stores {
	db: Database;
	search: DeviceSearch;
}

/** Devices of a filter in order of name, without any login: a device's own one stays behind. Import takes the file back as it is. */
export function exportDevices({ db, search }: Stores): DevicesOperation<"exportDevices"> {
	return async ({ query: { format, ...filter }, actor, signal }) => {
		const parts: string[] = [];
		for await (const page of pages({ db, search }, filter, actor)) {
			signal.throwIfAborted();
			for (const device of page) parts.push(format === "csv" ? csvLine(device) : `\t${JSON.stringify(device)}`);
		}
		if (format === "json") return parts.length === 0 ? "[]\n" : `[\n${parts.join(",\n")}\n]\n`;
		return [exportFields.join(","), ...parts, ""].join("\r\n");
	};
}

type Exported = Record<(typeof exportFields)[number], string | number | boolean | string[] | null>;

async function* pages(
	{ db, search }: Stores,
	filter: Parameters<typeof deviceFilter>[1],
	actor: Scoped,
): AsyncGenerator<Exported[]> {
	const seen = inScope(actor, sql`jump.id`) ?? sql`true`;
	const lowerName = sql`lower(${devices.name})`;
	const wanted = await deviceFilter({ on: db.orm, search }, filter, actor);
	for (let last = ""; ; ) {
		const rows = await db.orm
			.select({
				...deviceColumns(actor),
				// Written out: inside a subquery drizzle would name the outer column without its table.
				jump_host: sql<
					string | null
				>`(select jump.name from devices as jump where jump.id = devices.jump_device_id and ${seen})`,
				credential: sql<string | null>`case when ${credentials.device_id} is null then ${credentials.name} end`,
				position: sql<string>`lower(${devices.name})`,
			})
			.from(devices)
			.leftJoin(credentials, eq(credentials.id, devices.credential_id))
			.where(and(wanted, sql`${lowerName} > ${last}`))
			.orderBy(lowerName)
			.limit(pageSize);
		yield rows.map((row) => Object.fromEntries(exportFields.map((field) => [field, row[field]])) as Exported);
		const end = rows.at(-1);
		if (end === undefined || rows.length < pageSize) return;
		last = end.position;
	}
}

function csvLine(device: Exported): string {
	return exportFields
		.map((field) => {
			const value = device[field];
			return csvCell(Array.isArray(value) ? value.join(";") : String(value ?? ""));
		})
		.join(",");
}
