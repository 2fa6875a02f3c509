const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const two = (value: number) => String(value).padStart(2, "0");

/** The pieces from which every vendor builds its own time stamp, in UTC. */
export function timeParts(date: Date) {
	return {
		day: days[date.getUTCDay()] ?? "",
		month: months[date.getUTCMonth()] ?? "",
		month_number: two(date.getUTCMonth() + 1),
		date: String(date.getUTCDate()),
		date_padded: two(date.getUTCDate()),
		year: String(date.getUTCFullYear()),
		time: `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`,
		milliseconds: String(date.getUTCMilliseconds()).padStart(3, "0"),
	};
}

/** `10:22:33 UTC Tue Nov 3 2026`, as IOS writes it. */
export function iosTime(date: Date): string {
	const { time, day, month, date: dayOfMonth, year } = timeParts(date);
	return `${time} UTC ${day} ${month} ${dayOfMonth} ${year}`;
}

/** `Tue Nov  3 10:22:33 2026`, as ctime(3) and NX-OS write it. */
export function ctime(date: Date): string {
	const { time, day, month, date: dayOfMonth, year } = timeParts(date);
	return `${day} ${month} ${dayOfMonth.padStart(2)} ${time} ${year}`;
}

/** `3 days, 4 hours, 5 minutes` */
export function uptimeText(since: Date): string {
	const minutes = Math.floor((Date.now() - since.getTime()) / 60_000);
	const parts = [
		[Math.floor(minutes / 1440), "day"],
		[Math.floor(minutes / 60) % 24, "hour"],
		[minutes % 60, "minute"],
	] as const;
	return parts
		.filter(([amount], i) => amount > 0 || i === 2)
		.map(([amount, unit]) => `${amount} ${unit}${amount === 1 ? "" : "s"}`)
		.join(", ");
}
