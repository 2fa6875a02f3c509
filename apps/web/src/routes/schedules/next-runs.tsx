import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { NextRun, ScheduleRule } from "@netconductor/contracts/scheduling/model";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { z } from "zod";
import { useApi } from "../../api/context.tsx";
import { Icon } from "../../ui/icon.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { momentIn, ownTimeZone } from "../schedule/timing.ts";

const notes = {
	after_gap: "Its own time is left out by the clocks that day",
	first_of_two: "The clock shows this twice: the first time",
	second_of_two: "The clock shows this twice: the second time",
} as const;

/** The next ten runs that a rule would have, as it is typed. */
export function RunsPreview({ rule }: { rule: z.input<typeof ScheduleRule> }) {
	const api = useApi();
	const preview = useQuery({
		queryKey: ["schedules", "preview", rule],
		queryFn: ({ signal }) => api.scheduling.previewSchedule({ body: rule }, { signal }),
		placeholderData: keepPreviousData,
		retry: false,
		gcTime: 0,
	});
	return (
		<section aria-label="The next ten runs" aria-live="polite" aria-busy={preview.isFetching}>
			{preview.isError ? (
				<ProblemAlert error={preview.error} />
			) : preview.data === undefined ? (
				<RowsLoading rows={10} />
			) : (
				<RunTimes runs={preview.data.next_runs} time_zone={rule.time_zone ?? "UTC"} />
			)}
		</section>
	);
}

/** Times in the schedule's zone and in the reader's, with what a change of the clocks does to them. */
export function RunTimes({ runs, time_zone }: { runs: readonly NextRun[]; time_zone: string }) {
	const own = ownTimeZone();
	return (
		<table className="nc-table">
			<thead>
				<tr>
					<th scope="col">{visibleLine(time_zone)}</th>
					{time_zone !== own && <th scope="col">Yours, {own}</th>}
				</tr>
			</thead>
			<tbody>
				{runs.map(({ at, local, note }) => (
					<tr key={at}>
						<td>
							<time dateTime={at}>{momentIn(at, time_zone)}</time>{" "}
							<span className="nc-dim nc-small">{local.slice(16)}</span>
							{note !== null && (
								<div className="nc-state nc-small nc-warn" style={{ whiteSpace: "normal" }}>
									<Icon name="clock" size={13} />
									{notes[note]}
								</div>
							)}
						</td>
						{time_zone !== own && <td className="nc-dim">{momentIn(at, own)}</td>}
					</tr>
				))}
			</tbody>
		</table>
	);
}
