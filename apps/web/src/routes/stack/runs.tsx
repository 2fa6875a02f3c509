import type { Stack, StackRun } from "@netconductor/contracts/config/stacks";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMemo } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Empty } from "../../ui/empty.tsx";
import { TextLink } from "../../ui/link.tsx";
import { kindWords, tookOf } from "../../ui/run-words.ts";
import type { Column } from "../../ui/table/column.ts";
import { DataTable } from "../../ui/table/data-table.tsx";
import { useCursorList } from "../../ui/table/list-source.ts";
import { Ago } from "../../ui/time.tsx";
import { StackRunState, stackRunWord } from "./stack-run-state.tsx";

function columnsOf(linked: boolean): Column<StackRun>[] {
	return [
		{
			id: "kind",
			label: "Run",
			text: ({ kind }) => kindWords[kind],
			cell: ({ run_id, kind, started_by, started_at }) => (
				<>
					{linked ? (
						<TextLink to="/runs/$id" params={{ id: run_id }} fw={550} size="sm">
							{kindWords[kind]}
						</TextLink>
					) : (
						kindWords[kind]
					)}
					<div className="nc-narrow nc-small nc-dim">
						<Ago at={started_at} /> by {visibleLine(started_by)}
					</div>
				</>
			),
		},
		{
			id: "status",
			label: "Status",
			width: 190,
			text: stackRunWord,
			cell: (run) => <StackRunState run={run} />,
		},
		{
			id: "version",
			label: "Version",
			number: true,
			width: 90,
			from: "medium",
			text: ({ version }) => String(version),
			cell: ({ version }) => version,
		},
		{
			id: "reason",
			label: "Reason",
			from: "medium",
			text: ({ reason }) => reason,
			cell: ({ reason }) => <span title={visibleLine(reason)}>{visibleLine(reason)}</span>,
		},
		{
			id: "by",
			label: "Started by",
			width: 150,
			from: "medium",
			text: ({ started_by }) => started_by,
			cell: ({ started_by }) => visibleLine(started_by),
		},
		{
			id: "started",
			label: "Started",
			width: 130,
			from: "medium",
			text: ({ started_at }) => started_at,
			cell: ({ started_at }) => (
				<span className="nc-dim">
					<Ago at={started_at} />
				</span>
			),
		},
		{
			id: "took",
			label: "Took",
			number: true,
			width: 110,
			from: "wide",
			text: tookOf,
			cell: tookOf,
		},
	];
}

/** Everything that was planned, deployed and removed of a stack. */
export function Runs({ stack }: { stack: Stack }) {
	const api = useApi();
	const linked = usePermitted()("runs:read");
	const columns = useMemo(() => columnsOf(linked), [linked]);
	const list = useCursorList(
		"stacks",
		{ id: stack.id },
		({ id, ...query }, signal) => api.config.listStackRuns({ params: { id }, query }, { signal }),
		{ key: ["runs"] },
	);
	return (
		<DataTable
			name="runs of the stack"
			noun="run"
			columns={columns}
			rowId={({ run_id }) => run_id}
			rowName={({ kind, started_at }) => `${kindWords[kind]} of ${started_at}`}
			source={list}
			tone={({ status }) => (status === "needs_attention" ? "bad" : undefined)}
			empty={
				<Empty title="No runs yet">
					What is planned, deployed and removed of this stack stands here. A plan changes nothing: begin with one.
				</Empty>
			}
		/>
	);
}
