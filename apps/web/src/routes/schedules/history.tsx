import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Occurrence } from "@netconductor/contracts/scheduling/model";
import { OccurrenceStatus } from "@netconductor/contracts/scheduling/model";
import { useApi } from "../../api/context.tsx";
import { Empty } from "../../ui/empty.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Bypassed, bypassedWord } from "../../ui/run-standing.tsx";
import { State } from "../../ui/state.tsx";
import { Choices } from "../../ui/table/choice.tsx";
import type { Column } from "../../ui/table/column.ts";
import { DataTable } from "../../ui/table/data-table.tsx";
import { valuesOf } from "../../ui/table/list-search.ts";
import { useCursorList } from "../../ui/table/list-source.ts";
import { Moment } from "../../ui/time.tsx";
import { Outcome, outcomeLooks } from "./looks.tsx";

/** Each time that a schedule came due, newest first; of all schedules unless one is given. */
export function History({
	schedule_id,
	status,
	onStatus,
}: {
	schedule_id?: string;
	status: string | undefined;
	onStatus: (status: string | undefined) => void;
}) {
	const api = useApi();
	const list = useCursorList(
		"schedules",
		{ status },
		(query, signal) =>
			schedule_id === undefined
				? api.scheduling.listOccurrences({ query }, { signal })
				: api.scheduling.getScheduleHistory({ params: { id: schedule_id }, query }, { signal }),
		{ key: [schedule_id ?? "all"] },
	);
	return (
		<DataTable
			name="schedule history"
			noun="occurrence"
			columns={schedule_id === undefined ? columns : columns.filter(({ id }) => id !== "schedule")}
			rowId={({ id }) => id}
			rowName={({ schedule_name, due_at }) => `${schedule_name} ${due_at}`}
			source={list}
			tone={({ status: now }) => (now === "refused" || now === "failed" ? "bad" : undefined)}
			filters={
				<Choices
					label="Outcome"
					any="Any outcome"
					options={OccurrenceStatus.options.map((value) => ({ value, label: outcomeLooks[value].word }))}
					value={valuesOf<OccurrenceStatus>(status)}
					onChange={(values) => onStatus(values?.join(","))}
				/>
			}
			empty={
				status === undefined ? (
					<Empty title="Nothing has come due yet">
						Every time that a schedule comes due is noted here, also when it is skipped.
					</Empty>
				) : (
					<Empty title="Nothing with this outcome" />
				)
			}
		/>
	);
}

const columns: Column<Occurrence>[] = [
	{
		id: "due",
		label: "Due",
		width: 195,
		text: ({ due_at }) => due_at,
		cell: ({ due_at, reason }) => (
			<>
				<Moment at={due_at} />
				{reason !== null && <div className="nc-narrow nc-small nc-dim">{visibleLine(reason)}</div>}
			</>
		),
	},
	{
		id: "schedule",
		label: "Schedule",
		from: "medium",
		text: ({ schedule_name }) => schedule_name,
		cell: ({ schedule_id, schedule_name }) => (
			<TextLink to="/schedules/$id" params={{ id: schedule_id }} size="sm">
				{visibleLine(schedule_name)}
			</TextLink>
		),
	},
	{
		id: "status",
		label: "Outcome",
		width: 190,
		text: ({ status, held_by, bypassed_by }) =>
			[
				outcomeLooks[status].word,
				...(held_by === null ? [] : [`held by ${held_by}`]),
				...(bypassed_by === null ? [] : [bypassedWord(bypassed_by)]),
			].join(", "),
		cell: ({ status, run_id, held_by, bypassed_by }) => (
			<>
				{run_id === null ? (
					<Outcome status={status} />
				) : (
					<TextLink to="/runs/$id" params={{ id: run_id }} size="sm">
						<Outcome status={status} />
					</TextLink>
				)}
				{held_by !== null && (
					<div>
						<State tone="warn" icon="clock" word={`Held by ${visibleLine(held_by)}`} />
					</div>
				)}
				{bypassed_by !== null && <Bypassed by={bypassed_by} />}
			</>
		),
	},
	{
		id: "started",
		label: "Started",
		from: "wide",
		width: 195,
		text: ({ started_at }) => started_at ?? "",
		cell: ({ started_at }) => started_at !== null && <Moment at={started_at} />,
	},
	{
		id: "by",
		label: "Runs as",
		from: "medium",
		width: 150,
		text: ({ run_as, trigger }) => (trigger === "by_hand" ? `${run_as}, by hand` : run_as),
		cell: ({ run_as, trigger }) => visibleLine(trigger === "by_hand" ? `${run_as}, by hand` : run_as),
	},
	{
		id: "reason",
		label: "Why",
		from: "medium",
		text: ({ reason }) => reason ?? "",
		cell: ({ reason }) =>
			reason !== null && (
				<span className="nc-dim" title={visibleLine(reason)}>
					{visibleLine(reason)}
				</span>
			),
	},
];
