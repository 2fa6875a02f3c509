import { customType } from "drizzle-orm/pg-core";

/** An instant in UTC, a `timestamptz` to the millisecond that reads and writes as on the wire: `2026-03-02T09:14:07.120Z`. */
export const instant = customType<{ data: string; driverData: string }>({
	dataType: () => "timestamp (3) with time zone",
	fromDriver: (value) => new Date(value).toISOString(),
});
