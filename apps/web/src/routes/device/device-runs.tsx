import type { Device } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Run } from "@netconductor/contracts/tasks/model";
import { useApi } from "../../api/context.tsx";
import { Empty } from "../../ui/empty.tsx";
import { TextLink } from "../../ui/link.tsx";
import { RunStanding, runStandingWord } from "../../ui/run-standing.tsx";
import type { Column } from "../../ui/table/column.ts";
import { DataTable } from "../../ui/table/data-table.tsx";
import { useCursorList } from "../../ui/table/list-source.ts";
import { Ago } from "../../ui/time.tsx";
import { duration } from "../../ui/words.ts";

const columns: Column<Run>[] = [
	{
		id: "run",
		label: "Run",
		text: ({ title }) => title,
		cell: ({ id, title }) => (
			<TextLink to="/runs/$id" params={{ id }} fw={550} size="sm">
				{visibleLine(title)}
			</TextLink>
		),
	},
	{
		id: "status",
		label: "Status",
		width: 190,
		text: runStandingWord,
		cell: (run) => <RunStanding run={run} />,
	},
	{
		id: "by",
		label: "Started by",
		from: "medium",
		text: ({ started_by }) => started_by.name,
		cell: ({ started_by }) => visibleLine(started_by.name),
	},
	{ id: "took", label: "Took", from: "medium", width: 110, text: tookOf, cell: tookOf },
	{
		id: "started",
		label: "Started",
		width: 130,
		text: ({ created_at }) => created_at,
		cell: ({ created_at }) => (
			<span className="nc-dim">
				<Ago at={created_at} />
			</span>
		),
	},
];

function tookOf({ started_at, finished_at }: Run): string {
	if (started_at === null || finished_at === null) return "";
	return duration(new Date(finished_at).getTime() - new Date(started_at).getTime());
}

/** Runs that this device was a target of, newest first. */
export function DeviceRuns({ device }: { device: Device }) {
	const api = useApi();
	const list = useCursorList("runs", { device_id: device.id }, (query, signal) =>
		api.tasks.listRuns({ query }, { signal }),
	);
	return (
		<DataTable
			name="device-runs"
			noun="run"
			columns={columns}
			rowId={({ id }) => id}
			rowName={({ title }) => title}
			source={list}
			empty={<Empty title="Nothing has run on this device yet">Test it or back it up above.</Empty>}
		/>
	);
}
