/** Local time to the second, as people compare it: `2026-03-02 14:05:11`. */
export function localTime(iso: string | null): string {
	if (iso === null) return "-";
	const at = new Date(iso);
	const two = (value: number) => String(value).padStart(2, "0");
	return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** How long ago, roughly: `3 min ago`. */
export function ago(iso: string | null, now: Date): string {
	if (iso === null) return "never";
	const seconds = (now.getTime() - new Date(iso).getTime()) / 1000;
	if (seconds < 1) return "now";
	const [amount, unit] =
		seconds < 90
			? [seconds, "s"]
			: seconds < 90 * 60
				? [seconds / 60, "min"]
				: seconds < 36 * 3600
					? [seconds / 3600, "h"]
					: [seconds / 86_400, "d"];
	return `${Math.round(amount)} ${unit} ago`;
}

/** `14.2 MiB`. */
export function byteCount(bytes: number | null | undefined): string {
	if (bytes === null || bytes === undefined) return "-";
	const units = ["B", "KiB", "MiB", "GiB", "TiB"];
	let amount = bytes;
	let at = 0;
	for (; amount >= 1024 && at < units.length - 1; at++) amount /= 1024;
	return `${at === 0 ? amount : amount.toFixed(1)} ${units[at]}`;
}

/** `1 device`, `3 devices`. */
export function count(amount: number, one: string, many = `${one}s`): string {
	return `${amount} ${amount === 1 ? one : many}`;
}

/** `412 ms`, `3.2 s`, `2 min 5 s`. */
export function duration(ms: number | null): string {
	if (ms === null) return "-";
	if (ms < 1000) return `${Math.round(ms)} ms`;
	if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
	return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}
