import type { Activity } from "@netconductor/contracts/backup/model";

/** Bars of the days, each in parts that add up to it, and a round number that none of them is above. */
export function barsOf(days: Activity["days"]) {
	const highest = Math.max(1, ...days.map(({ backups }) => backups));
	return {
		most: roundUp(highest),
		bars: days.map(({ day, backups, changed, failed }) => ({
			day,
			total: backups,
			parts: { unchanged: Math.max(0, backups - changed - failed), changed, failed },
		})),
	};
}

/** The next of 2, 4, 10, 20, 40, 100 …: its half is a whole number too. */
function roundUp(amount: number): number {
	for (let power = 1; ; power *= 10) {
		for (const step of [2, 4, 10]) if (step * power >= amount) return step * power;
	}
}
