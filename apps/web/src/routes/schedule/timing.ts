interface Preset {
	value: string;
	label: string;
}

export const cronPresets: readonly Preset[] = [
	{ value: "0 2 * * *", label: "Every day at 02:00" },
	{ value: "0 */6 * * *", label: "Every six hours" },
	{ value: "0 22 * * 1-5", label: "Monday to Friday at 22:00" },
	{ value: "0 3 * * 0", label: "Sundays at 03:00" },
	{ value: "0 4 1 * *", label: "The first of each month at 04:00" },
];

export const intervalPresets: readonly Preset[] = [
	{ value: "15", label: "15 minutes" },
	{ value: "60", label: "Hour" },
	{ value: "240", label: "4 hours" },
	{ value: "720", label: "12 hours" },
	{ value: "1440", label: "Day" },
	{ value: "10080", label: "Week" },
];

/** Names of time zones that this browser knows, with UTC and one that is in use already. */
export function timeZones(used: string): string[] {
	return [...new Set(["UTC", used, ...Intl.supportedValuesOf("timeZone")])];
}

/** The reader's own. */
export function ownTimeZone(): string {
	return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** "Tue, 24 Nov 2026, 02:00" there; what is no time zone here is shown in UTC. */
export function momentIn(iso: string, time_zone: string): string {
	const style = {
		weekday: "short",
		day: "numeric",
		month: "short",
		year: "numeric",
		hour: "2-digit",
		minute: "2-digit",
	} as const;
	const at = new Date(iso);
	try {
		return new Intl.DateTimeFormat("en-GB", { ...style, timeZone: time_zone }).format(at);
	} catch {
		return `${new Intl.DateTimeFormat("en-GB", { ...style, timeZone: "UTC" }).format(at)} UTC`;
	}
}
