import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { Run } from "@netconductor/contracts/tasks/model";
import type { RunStep } from "@netconductor/contracts/tasks/procedure";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { ButtonLink } from "../../ui/link.tsx";
import { NotLoaded } from "../../ui/not-loaded.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { PageTabs } from "../../ui/page-tabs.tsx";
import { RunStanding } from "../../ui/run-standing.tsx";
import { toastDone, toastProblem, toastRun } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";
import { Decide } from "./decide.tsx";
import { Groups } from "./groups.tsx";
import { Matrix } from "./matrix.tsx";
import { OutputTab } from "./output/output-tab.tsx";
import { planStepOf } from "./plan-groups.ts";
import { PlanTab } from "./plan-tab.tsx";
import { DecideStep, type StepAction } from "./procedure/decide-step.tsx";
import { Restart, type RestartWish } from "./procedure/restart.tsx";
import { StepsTab } from "./procedure/steps-tab.tsx";
import { ProcedureWaits } from "./procedure/waits.tsx";
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
	const permitted = usePermitted();
	const mayOverride = permitted("mops:override");
	const isProcedure = run.kind === "mop";
	const [deciding, setDeciding] = useState<{ step: RunStep; action: StepAction | "" }>();
	const [wish, setWish] = useState<RestartWish>();
	return (
		<Page
			title={run.title}
			beside={<RunStanding run={run} />}
			actions={<RunActions run={run} onRestart={isProcedure && mayOverride ? setWish : undefined} />}
		>
			<Standstill run={run} />
			{isProcedure && <ProcedureWaits run={run} onDecide={(step, action) => setDeciding({ step, action })} />}
			<Summary run={run} live={state} />
			<Undecided run={run} />
			<PageTabs
				label="Parts of the run"
				tab={search.tab}
				onTab={(tab) => show({ tab, page: undefined })}
				tabs={[
					{
						value: "steps",
						label: "Steps",
						shown: isProcedure,
						content: () => (
							<StepsTab
								run={run}
								{...(mayOverride && {
									onDecide: (step: RunStep) => setDeciding({ step, action: "" }),
									onRestart: (step: RunStep, what: "from_step" | "after_step") => setWish({ what, step: step.key }),
								})}
							/>
						),
					},
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
			{deciding !== undefined && (
				<DecideStep
					key={`${deciding.step.id} ${deciding.action}`}
					run={run}
					step={deciding.step}
					chosen={deciding.action}
					onClose={() => setDeciding(undefined)}
				/>
			)}
			{wish !== undefined && <Restart run={run} wish={wish} onClose={() => setWish(undefined)} />}
		</Page>
	);
}

/** Operations that wait for somebody's word. */
function Undecided({ run }: { run: Run }) {
	const permitted = usePermitted();
	const { show } = useShow();
	const [deciding, decide] = useDisclosure();
	const { unknown } = run.counts;
	const isProcedure = run.kind === "mop";
	if (unknown === 0) return null;
	return (
		<Notice
			tone="bad"
			icon="question"
			title={`Of ${count(unknown, "operation")} nobody knows whether it changed the device`}
		>
			<span>
				A worker was lost while it wrote to the device. NetConductor never repeats a change by itself: look at each
				device, then {isProcedure ? "begin the procedure anew from a step, or take back what it changed" : "decide"}.
			</span>
			<div className="nc-notice-foot">
				<Button
					variant="default"
					onClick={() => show({ tab: "devices", status: "unknown", q: undefined, group: undefined })}
				>
					Show them
				</Button>
				{permitted("runs:decide") && !isProcedure && (
					<Button onClick={decide.open}>{unknown === 1 ? "Decide" : `Decide on all ${unknown}`}</Button>
				)}
			</div>
			<Decide run={run} opened={deciding} onClose={decide.close} />
		</Notice>
	);
}

function RunActions({ run, onRestart }: { run: Run; onRestart: ((wish: RestartWish) => void) | undefined }) {
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
			{hasEnded(run) && onRestart !== undefined && (
				<>
					<Button variant="default" onClick={() => onRestart({ what: "rollback" })}>
						Take back what it changed
					</Button>
					<Button onClick={() => onRestart({ what: "from_step" })}>Begin anew</Button>
				</>
			)}
			{hasEnded(run) && repeatable > 0 && run.kind !== "mop" && permitted("runs:start") && (
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
				{run.kind === "mop"
					? "No further step begins."
					: `${count(open, "operation")} ${open === 1 ? "has" : "have"} not ended. What has not started will not start.`}{" "}
				Open sessions with devices are closed. What is done stays done.
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
