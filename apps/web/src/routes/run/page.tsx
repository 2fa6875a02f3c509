import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { Run } from "@netconductor/contracts/tasks/model";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { ButtonLink } from "../../ui/link.tsx";
import { NotLoaded } from "../../ui/not-loaded.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { PageTabs } from "../../ui/page-tabs.tsx";
import { RunState } from "../../ui/state.tsx";
import { toastDone, toastProblem, toastRun } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";
import { Decide } from "./decide.tsx";
import { Groups } from "./groups.tsx";
import { Matrix } from "./matrix.tsx";
import { OutputTab } from "./output/output-tab.tsx";
import { planStepOf } from "./plan-groups.ts";
import { PlanTab } from "./plan-tab.tsx";
import { Summary } from "./summary.tsx";
import { hasEnded, useLiveRun } from "./use-live-run.ts";
import { useShow } from "./use-show.ts";
import { Pause, Standstill } from "./waiting.tsx";

export const route = createLazyRoute("/signed-in/framed/runs/$id")({ component: RunPage });
const { useParams } = getRouteApi("/signed-in/framed/runs/$id");

function RunPage() {
	const { id } = useParams();
	// One page per run: what was shown of another one is not carried over.
	return <RunById key={id} id={id} />;
}

function RunById({ id }: { id: string }) {
	const api = useApi();
	const run = useQuery({
		queryKey: ["run", id],
		queryFn: ({ signal }) => api.tasks.getRun({ params: { id } }, { signal }),
	});
	if (run.data !== undefined) return <RunView run={run.data} />;
	return (
		<NotLoaded
			title="Run"
			query={run}
			wayOut={
				<ButtonLink to="/runs" variant="default">
					All runs
				</ButtonLink>
			}
		/>
	);
}

function RunView({ run }: { run: Run }) {
	const { search, show } = useShow();
	const { state, feed } = useLiveRun(run);
	return (
		<Page title={run.title} beside={<RunState status={run.status} />} actions={<RunActions run={run} />}>
			<Standstill run={run} />
			<Summary run={run} live={state} />
			<Undecided run={run} />
			<PageTabs
				label="Parts of the run"
				tab={search.tab}
				onTab={(tab) => show({ tab, page: undefined })}
				tabs={[
					{ value: "devices", label: "Devices", content: () => <Matrix run={run} feed={feed} /> },
					{
						value: "plan",
						label: "Plan",
						shown: planStepOf(run) !== undefined,
						content: () => <PlanTab run={run} />,
					},
					{ value: "results", label: "Results", content: () => <Groups run={run} /> },
					{ value: "output", label: "Output", content: () => <OutputTab run={run} feed={feed} /> },
				]}
			/>
		</Page>
	);
}

/** Operations that wait for somebody's word. */
function Undecided({ run }: { run: Run }) {
	const permitted = usePermitted();
	const { show } = useShow();
	const [deciding, decide] = useDisclosure();
	const { unknown } = run.counts;
	if (unknown === 0) return null;
	return (
		<Notice
			tone="bad"
			icon="question"
			title={`Of ${count(unknown, "operation")} nobody knows whether it changed the device`}
		>
			<span>
				A worker was lost while it wrote to the device. NetConductor never repeats a change by itself: look at each
				device, then decide.
			</span>
			<div className="nc-notice-foot">
				<Button
					variant="default"
					onClick={() => show({ tab: "devices", status: "unknown", q: undefined, group: undefined })}
				>
					Show them
				</Button>
				{permitted("runs:decide") && (
					<Button onClick={decide.open}>{unknown === 1 ? "Decide" : `Decide on all ${unknown}`}</Button>
				)}
			</div>
			<Decide run={run} opened={deciding} onClose={decide.close} />
		</Notice>
	);
}

function RunActions({ run }: { run: Run }) {
	const api = useApi();
	const queries = useQueryClient();
	const permitted = usePermitted();
	const [asking, ask] = useDisclosure();
	const [retrying, askRetry] = useDisclosure();
	const cancel = useMutation({
		mutationFn: () => api.tasks.cancelRun({ params: { id: run.id } }),
		onSuccess: (after) => {
			queries.setQueryData(["run", run.id], after);
			toastDone("The run is being cancelled");
		},
		onError: toastProblem,
		onSettled: ask.close,
	});
	const retry = useMutation({
		mutationFn: () => api.tasks.retryRun({ params: { id: run.id } }),
		onSuccess: ({ run_id }) => toastRun("What failed runs again", run_id),
		onError: toastProblem,
		onSettled: askRetry.close,
	});
	const { counts } = run;
	const repeatable = counts.failed + counts.cancelled + counts.unknown;
	const open = counts.pending + counts.running;
	return (
		<>
			<Pause run={run} />
			{!hasEnded(run) && permitted("runs:cancel") && (
				<Button color="red" variant="light" disabled={run.cancel_requested_by !== null} onClick={ask.open}>
					{run.cancel_requested_by === null ? "Cancel run" : "Being cancelled"}
				</Button>
			)}
			{hasEnded(run) && repeatable > 0 && permitted("runs:start") && (
				<Button
					loading={retry.isPending}
					variant={counts.unknown > 0 ? "default" : "filled"}
					onClick={() => (counts.unknown > 0 ? askRetry.open() : retry.mutate())}
				>
					{counts.unknown > 0 ? "Retry in a new run" : counts.failed > 0 ? "Retry failed" : "Run what was cancelled"}
				</Button>
			)}
			<Confirm
				opened={asking}
				title="Cancel this run?"
				action="Cancel run"
				busy={cancel.isPending}
				onConfirm={() => cancel.mutate()}
				onClose={ask.close}
			>
				{count(open, "operation")} {open === 1 ? "has" : "have"} not ended. What has not started will not start, and
				open sessions with devices are closed. What is done stays done.
			</Confirm>
			<Confirm
				opened={retrying}
				title="Run again also where nobody knows what happened?"
				action="Run again"
				busy={retry.isPending}
				onConfirm={() => retry.mutate()}
				onClose={askRetry.close}
			>
				A new run does everything again on the {count(repeatable, "device")} where something failed, was cancelled or is
				unknown. Where the change was made after all, it is made twice. Decide on what is unknown first to leave it out.
			</Confirm>
		</>
	);
}
