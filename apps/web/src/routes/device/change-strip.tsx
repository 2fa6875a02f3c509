import type { Activity } from "@netconductor/contracts/backup/model";
import type { Device } from "@netconductor/contracts/devices/model";
import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";
import { type HeatDay, HeatStrip } from "../../ui/heat-strip.tsx";
import { count } from "../../ui/words.ts";

const days = 182;
const dayName = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });

/** On which days of the last half year the configuration changed, and how much. */
export function ChangeStrip({ device }: { device: Device }) {
	const api = useApi();
	const time_zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
	const activity = useQuery({
		queryKey: ["backups", device.id, "activity", time_zone],
		queryFn: ({ signal }) => api.backup.getActivity({ query: { device_id: device.id, days, time_zone } }, { signal }),
	});
	if (activity.data === undefined) return null;
	const label = summaryOf(activity.data.days);
	return (
		<div className="nc-panel-body">
			<HeatStrip days={activity.data.days.map(heatOf)} label={label} />
			<div className="nc-small nc-dim">{label} Darker: more lines. Outlined in red: a backup failed.</div>
		</div>
	);
}

type Day = Activity["days"][number];

/** A day of the strip: its colour by the lines that changed. */
export function heatOf({ day, backups, failed, changed, lines_added, lines_removed }: Day): HeatDay {
	const lines = lines_added + lines_removed;
	const level = changed === 0 ? 0 : lines < 10 ? 1 : lines < 50 ? 2 : lines < 200 ? 3 : 4;
	const parts = [
		backups === 0 ? "no backup" : count(backups, "backup"),
		...(changed > 0 ? [`changed: +${lines_added} −${lines_removed}`] : []),
		...(failed > 0 ? [`${failed} failed`] : []),
	];
	return { day, level, bad: failed > 0, title: `${dayName.format(new Date(`${day}T00:00:00Z`))}: ${parts.join(", ")}` };
}

/** The strip in a sentence. */
export function summaryOf(all: readonly Day[]): string {
	const changed = all.filter((day) => day.changed > 0);
	const last = changed.at(-1);
	if (last === undefined) return `No change in the last ${all.length} days.`;
	const added = changed.reduce((sum, { lines_added }) => sum + lines_added, 0);
	const removed = changed.reduce((sum, { lines_removed }) => sum + lines_removed, 0);
	const when = dayName.format(new Date(`${last.day}T00:00:00Z`));
	return `Changed on ${count(changed.length, "day")} of the last ${all.length} (+${added} −${removed} lines), latest on ${when}.`;
}
