import type { BackupTiming } from "@netconductor/contracts/backup/model";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { z } from "zod";
import { useApi } from "../../api/context.tsx";
import { Panel } from "../../ui/page.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import styles from "./schedule.module.css";
import { momentIn, ownTimeZone } from "./timing.ts";

type Timing = z.input<typeof BackupTiming>;

/** The next ten runs that times would have, in their time zone and in the reader's. */
export function NextRuns({ timing, enabled }: { timing: Timing; enabled: boolean }) {
	const api = useApi();
	const empty = timing.cron === "" || timing.interval_minutes === 0;
	const preview = useQuery({
		queryKey: ["backup_schedule", "preview", timing],
		queryFn: ({ signal }) => api.backup.previewBackupSchedule({ body: timing }, { signal }),
		enabled: !empty,
		placeholderData: keepPreviousData,
		retry: false,
		gcTime: 0,
	});
	const own = ownTimeZone();
	const zone = timing.time_zone ?? "UTC";
	return (
		<div className={styles.preview}>
			<Panel title={enabled ? "The next ten runs" : "The next ten runs, once it is on"}>
				<div aria-live="polite" aria-busy={preview.isFetching}>
					{empty && <p className="nc-panel-body nc-dim">Say when, and the times appear here.</p>}
					{!empty && preview.isError && <ProblemAlert error={preview.error} />}
					{!empty && preview.isPending && <RowsLoading rows={10} />}
					{!empty && !preview.isError && preview.data !== undefined && (
						<table className="nc-table">
							<thead>
								<tr>
									<th scope="col">{zone}</th>
									{zone !== own && <th scope="col">Yours, {own}</th>}
								</tr>
							</thead>
							<tbody>
								{preview.data.next_runs.map((at) => (
									<tr key={at}>
										<td>
											<time dateTime={at}>{momentIn(at, zone)}</time>
										</td>
										{zone !== own && <td className="nc-dim">{momentIn(at, own)}</td>}
									</tr>
								))}
							</tbody>
						</table>
					)}
				</div>
			</Panel>
		</div>
	);
}
