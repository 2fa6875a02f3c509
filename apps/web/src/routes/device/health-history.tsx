import type { Device, HealthEntry } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { z } from "zod";
import { useApi } from "../../api/context.tsx";
import { Empty } from "../../ui/empty.tsx";
import { TextLink } from "../../ui/link.tsx";
import { PhaseLine } from "../../ui/phases.tsx";
import { HealthState, healthLooks } from "../../ui/state.tsx";
import type { Column } from "../../ui/table/column.ts";
import { DataTable } from "../../ui/table/data-table.tsx";
import { useCursorList } from "../../ui/table/list-source.ts";
import { Moment } from "../../ui/time.tsx";
import { duration } from "../../ui/words.ts";

type Entry = z.infer<typeof HealthEntry>;

const columns: Column<Entry>[] = [
	{
		id: "at",
		label: "When",
		width: 195,
		text: ({ at }) => at,
		cell: ({ at, run_id }) =>
			run_id === null ? (
				<Moment at={at} />
			) : (
				<TextLink to="/runs/$id" params={{ id: run_id }} size="sm">
					<Moment at={at} />
				</TextLink>
			),
	},
	{
		id: "health",
		label: "Health",
		width: 160,
		text: ({ health }) => healthLooks[health].word,
		cell: ({ health }) => <HealthState health={health} />,
	},
	{
		id: "phases",
		label: "Phases or error",
		from: "medium",
		text: ({ phases, error }) =>
			error ?? phases.map(({ phase, ms, ok }) => `${phase} ${ok ? duration(ms) : "failed"}`).join("; "),
		cell: ({ phases, error }) =>
			error === null ? (
				<PhaseLine phases={phases} />
			) : (
				<span className="nc-bad" title={visibleLine(error)}>
					{visibleLine(error)}
				</span>
			),
	},
];

/** How contacts with the device went, newest first, each phase with its time. */
export function HealthHistory({ device }: { device: Device }) {
	const api = useApi();
	const list = useCursorList(
		"devices",
		{},
		(query, signal) => api.devices.listDeviceHealth({ params: { id: device.id }, query }, { signal }),
		{ key: [device.id, "health"] },
	);
	return (
		<DataTable
			name="device-health"
			noun="contact"
			columns={columns}
			rowId={({ at, run_id }) => `${at} ${run_id}`}
			rowName={({ at }) => at}
			source={list}
			tone={({ health }) => (health === "reachable" || health === "unknown" ? undefined : "bad")}
			empty={<Empty title="Nobody has contacted this device yet">A test or a backup does.</Empty>}
		/>
	);
}
