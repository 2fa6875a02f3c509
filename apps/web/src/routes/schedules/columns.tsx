import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Schedule } from "@netconductor/contracts/scheduling/model";
import { timingWords } from "@netconductor/contracts/scheduling/words";
import { TextLink } from "../../ui/link.tsx";
import type { Column } from "../../ui/table/column.ts";
import { Until } from "../../ui/time.tsx";
import { momentIn, ownTimeZone } from "../schedule/timing.ts";
import { kindWord, Outcome, outcomeLooks, ScheduleStateMark, stateLooks } from "./looks.tsx";

export const columns: Column<Schedule>[] = [
	{
		id: "name",
		label: "Name",
		sort: "name",
		text: ({ name }) => name,
		cell: ({ id, name, description, state, next_due_at }) => (
			<span title={description === "" ? undefined : visibleLine(description)}>
				<TextLink to="/schedules/$id" params={{ id }} fw={550} size="sm">
					{visibleLine(name)}
				</TextLink>
				<div className="nc-narrow nc-small nc-dim">
					{next_due_at === null ? stateLooks[state].word : momentIn(next_due_at, ownTimeZone())}
				</div>
			</span>
		),
	},
	{
		id: "state",
		label: "State",
		width: 110,
		text: ({ state }) => stateLooks[state].word,
		cell: ({ state, problem }) => (
			<span title={problem === null ? undefined : visibleLine(problem)}>
				<ScheduleStateMark state={state} />
			</span>
		),
	},
	{
		id: "kind",
		label: "Kind",
		sort: "kind",
		from: "medium",
		width: 140,
		text: ({ kind }) => kind,
		cell: ({ kind }) => kindWord(kind),
	},
	{
		id: "when",
		label: "When",
		from: "medium",
		text: ({ timing, time_zone }) => `${timingWords(timing)} (${time_zone})`,
		cell: ({ timing, time_zone }) => (
			<span title={visibleLine(`${timingWords(timing)} (${time_zone})`)}>{visibleLine(timingWords(timing))}</span>
		),
	},
	{
		id: "next",
		label: "Next run",
		sort: "next_due_at",
		from: "medium",
		width: 250,
		text: ({ next_due_at }) => next_due_at ?? "",
		cell: ({ next_due_at, time_zone }) => next_due_at !== null && <NextTime at={next_due_at} time_zone={time_zone} />,
	},
	{
		id: "last",
		label: "Last",
		sort: "last_due_at",
		from: "medium",
		width: 150,
		text: ({ last }) => (last === null ? "" : outcomeLooks[last.status].word),
		cell: ({ last }) =>
			last !== null && (
				<span title={last.reason === null ? undefined : visibleLine(last.reason)}>
					{last.run_id === null ? (
						<Outcome status={last.status} />
					) : (
						<TextLink to="/runs/$id" params={{ id: last.run_id }} size="sm">
							<Outcome status={last.status} />
						</TextLink>
					)}
				</span>
			),
	},
	{
		id: "owner",
		label: "Runs as",
		from: "wide",
		width: 130,
		text: ({ owner }) => owner,
		cell: ({ owner }) => visibleLine(owner),
	},
	{
		id: "runs",
		label: "Runs",
		number: true,
		from: "wide",
		width: 80,
		text: ({ runs }) => String(runs),
		cell: ({ runs, max_runs }) => (max_runs === null ? runs : `${runs} / ${max_runs}`),
	},
];

/** In the schedule's zone, and where that is another one, in the reader's. */
function NextTime({ at, time_zone }: { at: string; time_zone: string }) {
	const own = ownTimeZone();
	return (
		<span>
			{momentIn(at, time_zone)}
			<div className="nc-small nc-dim">
				{time_zone === own ? <Until at={at} /> : `${visibleLine(time_zone)} · yours ${momentIn(at, own).slice(-5)}`}
			</div>
		</span>
	);
}
