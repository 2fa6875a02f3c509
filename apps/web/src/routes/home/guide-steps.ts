import { count } from "../../ui/words.ts";

/** What is there, by which the steps tick themselves. */
export interface Facts {
	devices: number;
	/** Devices with a good backup. */
	backed_up: number;
	/** A backup runs now. */
	backing_up: boolean;
	/** The simulated network runs. */
	simulated: boolean;
	/** Times that somebody was made to type a change there. */
	simulated_changes: number;
	/** Backups of these devices that found a change. */
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
export function stepsOf(facts: Facts): Step[] {
	const { devices, backed_up, backing_up, simulated, simulated_changes, changed_backups } = facts;
	const hasDevices = devices > 0;
	const found = hasDevices && changed_backups > 0;
	// What changes while the first backup runs may be part of it, and then never shows as a change.
	const backedUp = hasDevices && backed_up > 0 && (!backing_up || simulated_changes > 0 || found);
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
			told: `${count(backed_up, "configuration")} kept`,
		},
		{ id: "change", title: "Something changes", done: changed, open: backedUp },
		{ id: "second_backup", title: "Back up again", done: found, open: backedUp && (changed || !simulated) },
		{ id: "difference", title: "See what changed", done: false, open: found },
	];
}
