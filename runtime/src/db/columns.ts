import { customType } from "drizzle-orm/pg-core";

/** An instant in UTC, a `timestamptz` to the millisecond that reads and writes as on the wire: `2026-03-02T09:14:07.120Z`. */
export const instant = customType<{ data: string; driverData: string }>({
	dataType: () => "timestamp (3) with time zone",
	fromDriver: toIso,
});

/** `2026-03-02 09:14:07.12+00`, as PostgreSQL writes an instant in UTC: trailing zeros of the fraction are left out. */
const inUtc = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,3}))?\+00$/;

/** Most sessions are in UTC, where text is rearranged; a date is calculated with only for others. */
function toIso(value: string): string {
	const match = inUtc.exec(value);
	if (match === null) return new Date(value).toISOString();
	const [, day, time, fraction = ""] = match;
	return `${day}T${time}.${fraction.padEnd(3, "0")}Z`;
}
