import type { Selection } from "@netconductor/contracts/devices/model";

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const absolute = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const number = new Intl.NumberFormat("en");

const steps: [unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
	["day", 86_400],
	["hour", 3_600],
	["minute", 60],
];

/** "3 min. ago". */
export function ago(iso: string, now: number): string {
	const seconds = (new Date(iso).getTime() - now) / 1000;
	if (Math.abs(seconds) < 10) return "just now";
	for (const [unit, size] of steps) {
		if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
	}
	return relative.format(Math.round(seconds), "second");
}

/** In the reader's time zone. */
export function moment(iso: string): string {
	return absolute.format(new Date(iso));
}

export function count(amount: number, one: string, many = `${one}s`): string {
	return `${number.format(amount)} ${amount === 1 ? one : many}`;
}

export function bytes(amount: number): string {
	if (amount < 1000) return `${amount} B`;
	if (amount < 1_000_000) return `${(amount / 1000).toFixed(1)} kB`;
	return `${(amount / 1_000_000).toFixed(1)} MB`;
}

export function duration(ms: number): string {
	if (ms < 1000) return `${Math.round(ms)} ms`;
	if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
	return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** What went wrong, without the device that stands beside it already: "Refused the connection." */
export function withoutDevice(message: string, device_name: string): string {
	if (!message.startsWith(`${device_name} `)) return message;
	const said = message.slice(device_name.length + 1).replace(/^\([^)]*\) /, "");
	return said.charAt(0).toUpperCase() + said.slice(1);
}

/** Which devices were chosen: "core-1", "3 devices", "the group Backbone". */
export function selected({ device_ids = [], names = [], groups = [], tags = [], all }: Selection): string {
	if (all) return "all devices";
	const devices = device_ids.length + names.length;
	return [
		...(devices === 1 && names[0] !== undefined ? [names[0]] : devices > 0 ? [count(devices, "device")] : []),
		...groups.map((group) => `the group ${group}`),
		...tags.map((tag) => `the devices tagged ${tag}`),
	].join(" and ");
}
