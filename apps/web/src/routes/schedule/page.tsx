import { Button } from "@mantine/core";
import type { BackupSchedule } from "@netconductor/contracts/backup/model";
import { useQuery } from "@tanstack/react-query";
import { createLazyRoute } from "@tanstack/react-router";
import { useState } from "react";
import type { z } from "zod";
import { useApi } from "../../api/context.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { State } from "../../ui/state.tsx";
import { Moment } from "../../ui/time.tsx";
import { ScheduleForm } from "./schedule-form.tsx";

export const route = createLazyRoute("/signed-in/framed/schedule")({ component: SchedulePage });

type Schedule = z.infer<typeof BackupSchedule>;

/** When backups run by themselves, and what is kept. */
function SchedulePage() {
	const api = useApi();
	const current = useQuery({
		queryKey: ["backup_schedule"],
		queryFn: ({ signal }) => api.backup.getBackupSchedule({}, { signal }),
	});
	// What is being filled in stays when somebody else saves meanwhile.
	const [shown, setShown] = useState<Schedule>();
	const schedule = shown ?? current.data;
	if (schedule === undefined) {
		return (
			<Page title="Backup schedule">
				{current.isError ? <ProblemAlert error={current.error} onRetry={() => current.refetch()} /> : <RowsLoading />}
			</Page>
		);
	}
	const latest = current.data ?? schedule;
	const overtaken = latest.updated_at !== schedule.updated_at;
	return (
		<Page
			title="Backup schedule"
			beside={latest.enabled ? <State tone="good" icon="ok" word="On" /> : <State tone="calm" icon="stop" word="Off" />}
		>
			{latest.last_error !== null && (
				<Notice tone="bad" icon="warning" title={`The last time no run was started: ${latest.last_error}`} />
			)}
			{overtaken && (
				<Notice tone="warn" icon="warning" title="Somebody else has changed the schedule since this page was opened.">
					<div>
						<Button variant="default" onClick={() => setShown(latest)}>
							Show theirs
						</Button>
					</div>
				</Notice>
			)}
			<p className="nc-small nc-dim" style={{ margin: 0 }}>
				{latest.last_run_at === null ? (
					"It has not started a run yet."
				) : (
					<>
						Last run started <Moment at={latest.last_run_at} />
						{latest.last_run_id !== null && (
							<>
								{" · "}
								<TextLink to="/runs/$id" params={{ id: latest.last_run_id }} size="xs">
									Run
								</TextLink>
							</>
						)}
					</>
				)}
			</p>
			<ScheduleForm
				key={schedule.updated_at}
				schedule={schedule}
				onBegin={() => setShown(schedule)}
				onSaved={(saved) => setShown(saved)}
			/>
		</Page>
	);
}
