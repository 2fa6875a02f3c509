import type { Mop, MopExecution } from "@netconductor/contracts/config/mops";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMemo } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Empty } from "../../ui/empty.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Bypassed } from "../../ui/run-standing.tsx";
import { tookOf } from "../../ui/run-words.ts";
import { State } from "../../ui/state.tsx";
import type { Column } from "../../ui/table/column.ts";
import { startedByColumn } from "../../ui/table/common-columns.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { useCursorList } from "../../ui/table/list-source.ts";
import { Ago } from "../../ui/time.tsx";
import { mopRunLook } from "../mops/columns.tsx";

function columnsOf(linked: boolean): Column<MopExecution>[] {
	return [
		{
			id: "started",
			label: "Started",
			text: ({ started_at }) => started_at,
			cell: ({ run_id, started_at, started_by }) => (
				<>
					{linked ? (
						<TextLink to="/runs/$id" params={{ id: run_id }} fw={550} size="sm">
							<Ago at={started_at} />
						</TextLink>
					) : (
						<Ago at={started_at} />
					)}
					<div className="nc-narrow nc-small nc-dim">by {visibleLine(started_by)}</div>
				</>
			),
		},
		{
			id: "status",
			label: "Status",
			width: 150,
			text: ({ status, bypassed_by }) =>
				bypassed_by === null ? mopRunLook(status).word : `${mopRunLook(status).word}, bypassed by ${bypassed_by}`,
			cell: ({ status, bypassed_by }) => (
				<>
					<State {...mopRunLook(status)} />
					{bypassed_by !== null && <Bypassed by={bypassed_by} />}
				</>
			),
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
		startedByColumn({ from: "medium", width: 150 }),
		{ id: "took", label: "Took", number: true, width: 110, from: "wide", text: tookOf, cell: tookOf },
	];
}

/** Every time that the procedure was carried out. */
export function Runs({ mop }: { mop: Mop }) {
	const api = useApi();
	const linked = usePermitted()("runs:read");
	const columns = useMemo(() => columnsOf(linked), [linked]);
	const list = useCursorList(
		"mops",
		{ id: mop.id },
		({ id, ...query }, signal) => api.config.listMopExecutions({ params: { id }, query }, { signal }),
		{ key: ["runs"] },
	);
	return (
		<DataTable
			name="runs of the procedure"
			noun="run"
			columns={columns}
			rowId={({ run_id }) => run_id}
			rowName={({ started_at }) => `Run of ${started_at}`}
			source={list}
			tone={({ status }) => (status === "needs_attention" ? "bad" : undefined)}
			empty={
				<Empty title="No runs yet">
					Every time that it is started stands here. A dry run shows beforehand what each step would do.
				</Empty>
			}
		/>
	);
}
