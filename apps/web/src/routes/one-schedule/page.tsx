import { Button, Menu } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { Permission } from "@netconductor/contracts/auth/permissions";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Schedule } from "@netconductor/contracts/scheduling/model";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useApi, useCoversAll, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Empty } from "../../ui/empty.tsx";
import { useDrawer } from "../../ui/form/use-drawer.ts";
import { Icon } from "../../ui/icon.tsx";
import { ButtonLink } from "../../ui/link.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { MoreActions } from "../../ui/more-actions.tsx";
import { isNone, NotLoaded } from "../../ui/not-loaded.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { PageTabs } from "../../ui/page-tabs.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { Conflicts } from "../schedules/conflicts.tsx";
import { History } from "../schedules/history.tsx";
import { ScheduleStateMark } from "../schedules/looks.tsx";
import { RunTimes } from "../schedules/next-runs.tsx";
import { ScheduleForm } from "../schedules/schedule-form.tsx";
import { useKinds } from "../schedules/use-kinds.ts";
import { Facts } from "./facts.tsx";

export const route = createLazyRoute("/signed-in/framed/schedules/$id")({ component: OneSchedulePage });
const { useParams, useSearch, useNavigate } = getRouteApi("/signed-in/framed/schedules/$id");

function OneSchedulePage() {
	const { id } = useParams();
	const api = useApi();
	const navigate = useNavigate();
	const search = useSearch();
	const permitted = usePermitted();
	const coversAll = useCoversAll();
	const queries = useQueryClient();
	const form = useDrawer();
	const [deleting, askDelete] = useDisclosure();
	const kinds = useKinds().data;
	const query = useQuery({
		queryKey: ["schedules", id],
		queryFn: ({ signal }) => api.scheduling.getSchedule({ params: { id } }, { signal }),
	});
	const refresh = () => queries.invalidateQueries({ queryKey: ["schedules"] });
	const toggle = useMutation({
		mutationFn: ({ paused }: Schedule) =>
			paused ? api.scheduling.resumeSchedule({ params: { id } }) : api.scheduling.pauseSchedule({ params: { id } }),
		onSuccess: ({ paused }) => {
			toastDone(paused ? "Paused: nothing comes due" : "Resumed");
			void refresh();
		},
		onError: toastProblem,
	});
	const runNow = useMutation({
		mutationFn: () => api.scheduling.runScheduleNow({ params: { id } }),
		onSuccess: () => {
			toastDone("It is about to start; the history shows what comes of it");
			void refresh();
			void navigate({ search: { tab: "history" }, replace: true });
		},
		onError: toastProblem,
	});
	const remove = useMutation({
		mutationFn: () => api.scheduling.deleteSchedule({ params: { id } }),
		onSuccess: () => {
			toastDone(`The schedule ${query.data?.name ?? ""} is deleted`);
			void navigate({ to: "/schedules" });
		},
		onError: (error) => {
			askDelete.close();
			toastProblem(error);
		},
	});
	const schedule = query.data;
	if (schedule === undefined || (isNone(query.error) && !remove.isSuccess)) {
		return (
			<NotLoaded
				title="Schedule"
				query={query}
				wayOut={
					<ButtonLink to="/schedules" variant="default">
						All schedules
					</ButtonLink>
				}
			/>
		);
	}
	const kind = kinds?.find((one) => one.kind === schedule.kind);
	// Nobody is offered to have run for them what they may not run themselves.
	const mayStart = kind !== undefined && permitted(kind.permission as Permission);
	const mayWrite = permitted("schedules:write");
	return (
		<Page
			title={schedule.name}
			beside={<ScheduleStateMark state={schedule.state} />}
			actions={
				<>
					{mayWrite && mayStart && (
						<Button variant="default" leftSection={<Icon name="edit" size={14} />} onClick={form.open}>
							Edit
						</Button>
					)}
					{mayWrite && (mayStart || !schedule.paused) && (
						<Button variant="default" loading={toggle.isPending} onClick={() => toggle.mutate(schedule)}>
							{schedule.paused ? "Resume" : "Pause"}
						</Button>
					)}
					{permitted("schedules:run") && mayStart && (
						<Button loading={runNow.isPending} onClick={() => runNow.mutate()}>
							Run now
						</Button>
					)}
					{mayWrite && (
						<MoreActions>
							<Menu.Item color="red" leftSection={<Icon name="trash" size={14} />} onClick={askDelete.open}>
								Delete the schedule
							</Menu.Item>
						</MoreActions>
					)}
				</>
			}
		>
			{schedule.problem !== null && (
				<Notice tone="bad" icon="lock" title={`Its last run was refused: ${schedule.problem}`}>
					<span className="nc-small">Whoever edits and saves it is the one with whose permissions it runs.</span>
				</Notice>
			)}
			<Facts schedule={schedule} kind={kind} />
			<PageTabs
				label="Schedule"
				tab={search.tab}
				onTab={(tab) => void navigate({ search: { tab: tab === "next" ? undefined : tab }, replace: true })}
				tabs={[
					{ value: "next", label: "Next runs", content: () => <Next schedule={schedule} /> },
					{
						value: "history",
						label: "History",
						content: () => (
							<History
								schedule_id={id}
								status={search.status}
								onStatus={(status) => void navigate({ search: (before) => ({ ...before, status }), replace: true })}
							/>
						),
					},
					...(coversAll
						? [
								{
									value: "conflicts" as const,
									label: "Conflicts",
									content: () => <Conflicts schedule_id={id} />,
								},
							]
						: []),
				]}
			/>
			{mayWrite && <ScheduleForm key={form.key} schedule={schedule} opened={form.opened} onClose={form.close} />}
			<Confirm
				opened={deleting}
				title={`Delete ${visibleLine(schedule.name)}?`}
				action="Delete the schedule"
				busy={remove.isPending}
				onConfirm={() => remove.mutate()}
				onClose={askDelete.close}
			>
				It comes due no more, and its history goes with it. A run that goes on is not stopped.
			</Confirm>
		</Page>
	);
}

function Next({ schedule: { id, time_zone, state, next_due_at } }: { schedule: Schedule }) {
	const api = useApi();
	const next = useQuery({
		queryKey: ["schedules", id, "next", next_due_at],
		queryFn: ({ signal }) => api.scheduling.getNextRuns({ params: { id }, query: {} }, { signal }),
	});
	return (
		<section className="nc-panel" aria-label="Next runs">
			<Loaded query={next} rows={10}>
				{({ next_runs }) =>
					next_runs.length === 0 ? (
						<Empty title={state === "paused" ? "Paused" : "Ended"}>
							{state === "paused" ? "It comes due again once it is resumed." : "It does not come due any more."}
						</Empty>
					) : (
						<RunTimes runs={next_runs} time_zone={time_zone} />
					)
				}
			</Loaded>
		</section>
	);
}
