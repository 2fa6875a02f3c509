import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { QueuedRun } from "@netconductor/contracts/tasks/model";
import { Empty } from "../../ui/empty.tsx";
import { TextLink } from "../../ui/link.tsx";
import { kindWords, schedules } from "../../ui/run-words.ts";
import { RunState, runLooks } from "../../ui/state.tsx";
import type { Column } from "../../ui/table/column.ts";
import { DataTable } from "../../ui/table/data-table.tsx";
import type { ListSource } from "../../ui/table/list-source.ts";
import { Ago } from "../../ui/time.tsx";

const columns: Column<QueuedRun>[] = [
	{
		id: "run",
		label: "Run",
		text: ({ title }) => title,
		cell: ({ run_id, title, pending, running }) => (
			<>
				<TextLink to="/runs/$id" params={{ id: run_id }} fw={550} size="sm">
					{visibleLine(title)}
				</TextLink>
				<div className="nc-narrow nc-small nc-dim">
					{pending} waiting, {running} running
				</div>
			</>
		),
	},
	{
		id: "status",
		label: "Status",
		width: 130,
		text: ({ status }) => runLooks[status].word,
		cell: ({ status }) => <RunState status={status} />,
	},
	{ id: "kind", label: "Kind", from: "wide", width: 150, text: kindOf, cell: kindOf },
	{
		id: "waiting",
		label: "Waiting",
		from: "medium",
		number: true,
		width: 90,
		text: ({ pending }) => String(pending),
		cell: ({ pending }) => pending,
	},
	{
		id: "running",
		label: "Running",
		from: "medium",
		number: true,
		width: 90,
		text: ({ running }) => String(running),
		cell: ({ running }) => running,
	},
	{
		id: "since",
		label: "Waits since",
		from: "medium",
		width: 130,
		text: ({ oldest_pending_at }) => oldest_pending_at ?? "",
		cell: ({ oldest_pending_at }) => oldest_pending_at !== null && <Ago at={oldest_pending_at} />,
	},
	{ id: "by", label: "Started by", from: "medium", width: 140, text: starterOf, cell: starterOf },
];

function kindOf({ kind }: QueuedRun): string {
	return kindWords[kind];
}

function starterOf({ started_by }: QueuedRun): string {
	return schedules[started_by] ?? visibleLine(started_by);
}

/** Runs of which something waits for a worker or is on one, what has waited longest first. */
export function Queue({
	source,
	onPage,
}: {
	source: ListSource<QueuedRun>;
	onPage: (to: { page: number; page_size: number }) => void;
}) {
	return (
		<DataTable
			name="queue"
			noun="run"
			columns={columns}
			rowId={({ run_id }) => run_id}
			rowName={({ title }) => title}
			source={source}
			{...(source.paging?.total !== 0 && { onPage })}
			filters={<h2 style={{ margin: 0, fontSize: "0.9375rem" }}>Queue</h2>}
			empty={
				<Empty title="Nothing waits">
					Backups and tests that are started stand here until workers have taken all of them.
				</Empty>
			}
		/>
	);
}
