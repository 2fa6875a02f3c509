import { count } from "../../ui/words.ts";

/** What is there, by which the steps tick themselves. */
export interface Facts {
	devices: number;
	/** Good backups. */
	backups: number;
	/** The simulated network runs. */
	simulated: boolean;
	/** Times that somebody was made to type a change there. */
	simulated_changes: number;
	/** Backups that found a change. */
	changed_backups: number;
}

export interface Step {
	id: "devices" | "first_backup" | "change" | "second_backup" | "difference";
	title: string;
	done: boolean;
	/** It can be taken now. */
	open: boolean;
	/** What became of it. */
	told?: string;
}

/** The way from nothing to the difference of a changed device. What was done in another order counts all the same. */
export function stepsOf({ devices, backups, simulated, simulated_changes, changed_backups }: Facts): Step[] {
	const hasDevices = devices > 0;
	const backedUp = hasDevices && backups > 0;
	const found = backedUp && changed_backups > 0;
	// What happens on a real device nobody sees before the next backup, so that one may be made any time.
	const changed = found || (backedUp && simulated && simulated_changes > 0);
	return [
		{
			id: "devices",
			title: "Have a device",
			done: hasDevices,
			open: true,
			told: `${count(devices, "device")} in the inventory`,
		},
		{
			id: "first_backup",
			title: "Back it up",
			done: backedUp,
			open: hasDevices,
			told: `${count(backups, "backup")} kept`,
		},
		{ id: "change", title: "Something changes", done: changed, open: backedUp },
		{ id: "second_backup", title: "Back up again", done: found, open: backedUp && (changed || !simulated) },
		{ id: "difference", title: "See what changed", done: false, open: found },
	];
}
