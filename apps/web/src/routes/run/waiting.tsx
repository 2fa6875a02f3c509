import { Button } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Run } from "@netconductor/contracts/tasks/model";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useApi, usePermitted } from "../../api/context.tsx";
import { ButtonLink } from "../../ui/link.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Ago, Moment, Until } from "../../ui/time.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { UnservedNotice } from "../../ui/unserved-notice.tsx";
import { Held } from "./held.tsx";
import { planStepOf } from "./plan-groups.ts";
import { hasEnded } from "./use-live-run.ts";

/** What somebody has to know of a run with batches before anything else: what it waits for, and why it ended before its time. */
export function Standstill({ run }: { run: Run }) {
	const { waiting_for, progress, end_reason } = run;
	return (
		<>
			{progress?.hold_broken != null && <HoldBroken {...progress.hold_broken} />}
			{progress?.bypassed && progress.hold_broken === null && <Bypassed approval_id={progress.approval_id} />}
			{end_reason !== null && (
				<Notice
					tone={run.status === "cancelled" || run.status === "succeeded" ? "warn" : "bad"}
					icon={run.status === "succeeded" ? "ok" : "stop"}
					title={endWords(run)}
				>
					<span>{visibleLine(end_reason)}</span>
				</Notice>
			)}
			{run.unserved.map(({ worker_pool, waiting }) => (
				<UnservedNotice key={worker_pool} pool={worker_pool} waiting={waiting} procedure={run.kind === "mop"} />
			))}
			{waiting_for?.kind === "approval" && <WaitsForApproval run={run} approval_id={waiting_for.approval_id} />}
			{waiting_for?.kind === "window" && (
				<Notice tone="warn" icon="clock" title="Approved for later: it waits for its time">
					<span>
						It begins <Until at={waiting_for.not_before} />: <Moment at={waiting_for.not_before} />.
					</span>
				</Notice>
			)}
			{waiting_for?.kind === "calendar" && <Held run={run} {...waiting_for} />}
			{waiting_for?.kind === "resume" && <Paused run={run} {...waiting_for} />}
		</>
	);
}

function endWords({ status, kind }: Run): string {
	if (status === "succeeded") return "It has ended";
	if (status === "cancelled") return kind === "mop" ? "It was cancelled" : "It was not carried out";
	return "It stopped before its end";
}

function Bypassed({ approval_id }: { approval_id: string | null }) {
	const permitted = usePermitted();
	return (
		<Notice tone="bad" icon="unplugged" title="Nobody approved this: somebody broke the glass">
			<span>An approval is wanted for what was carried out, and nobody gave it.</span>
			{approval_id !== null && permitted("approvals:read") && (
				<div>
					<ButtonLink to="/approvals/$id" params={{ id: approval_id }} variant="default">
						See who, and why
					</ButtonLink>
				</div>
			)}
		</Notice>
	);
}

function HoldBroken({ by, reason, why, at }: NonNullable<NonNullable<Run["progress"]>["hold_broken"]>) {
	return (
		<Notice tone="bad" icon="unplugged" title={`${by} broke the glass: it was begun although a calendar held it back`}>
			<span>
				{visibleLine(why)}. <Moment at={at} />: {visibleLine(reason)}
			</span>
		</Notice>
	);
}

function WaitsForApproval({ run, approval_id }: { run: Run; approval_id: string | null }) {
	const api = useApi();
	const mayRead = usePermitted()("approvals:read");
	const { data: approval, isError } = useQuery({
		queryKey: ["approvals", "one", approval_id],
		queryFn: ({ signal }) => api.alerts.getApproval({ params: { id: approval_id ?? "" } }, { signal }),
		enabled: approval_id !== null && mayRead,
	});
	return (
		<Notice
			tone="warn"
			icon="shield"
			title={approval_id === null ? "An approval is being asked for" : "It waits for somebody to approve it"}
		>
			<span>
				{approval === undefined ? (
					run.kind === "mop" ? (
						"It goes on when somebody else approves it."
					) : (
						"Everything is planned; nothing was changed yet."
					)
				) : (
					<>
						{visibleLine(approval.requested_by.name)} asked <Ago at={approval.created_at} />; {approval.approved} of{" "}
						{approval.needed} approved it. {run.kind !== "mop" && "Nothing was changed yet. "}It lapses{" "}
						<Until at={approval.expires_at} /> unless somebody decides.
					</>
				)}
			</span>
			{approval_id !== null && mayRead && !isError && (
				<div className="nc-notice-foot">
					<ButtonLink to="/approvals/$id" params={{ id: approval_id }}>
						{approval?.mine.can_decide ? "Decide" : "See the approval"}
					</ButtonLink>
					{planStepOf(run) !== undefined && (
						<ButtonLink to="/runs/$id" params={{ id: run.id }} search={{ tab: "plan" }} variant="default">
							See the plan
						</ButtonLink>
					)}
				</div>
			)}
		</Notice>
	);
}

function Paused({ run, paused_by, since }: { run: Run; paused_by: string | null; since: string }) {
	const api = useApi();
	const queries = useQueryClient();
	const permitted = usePermitted();
	const resume = useMutation({
		mutationFn: (until: "end" | "next_step") => api.tasks.resumeRun({ params: { id: run.id }, body: { until } }),
		onSuccess: (after) => {
			queries.setQueryData(["run", run.id], after);
			toastDone("The run goes on");
		},
		onError: toastProblem,
	});
	const left = run.progress === null ? undefined : run.progress.devices_total - run.progress.devices_begun;
	return (
		<Notice
			tone="warn"
			icon="clock"
			title={paused_by === null ? `${whatIsDone(run)}: it waits for somebody's word` : `${paused_by} paused it`}
		>
			<span>
				Since <Moment at={since} />.{" "}
				{left !== undefined && left > 0 && `${left} ${left === 1 ? "device was" : "devices were"} not begun.`}{" "}
				{paused_by === null &&
					run.kind !== "mop" &&
					"Look at what it did on the first devices, then let it go on or cancel it."}
			</span>
			{permitted("runs:cancel") && (
				<div className="nc-notice-foot">
					<Button loading={resume.isPending} onClick={() => resume.mutate("end")}>
						Resume
					</Button>
					{run.kind === "mop" && (
						<Button variant="default" disabled={resume.isPending} onClick={() => resume.mutate("next_step")}>
							Carry out next step only
						</Button>
					)}
				</div>
			)}
		</Notice>
	);
}

/** What goes on without anybody's word, once it has begun. */
const byItself: ReadonlySet<NonNullable<Run["waiting_for"]>["kind"] | undefined> = new Set([undefined, "time", "run"]);

function whatIsDone({ kind }: Run): string {
	return kind === "mop" ? "It is paused" : "The first batch is done";
}

/** Lets the batch or step that is under way end and no other begin; not there where none is, or none is left. */
export function Pause({ run }: { run: Run }) {
	const permitted = usePermitted();
	const { progress, waiting_for } = run;
	if (hasEnded(run) || !permitted("runs:cancel")) return null;
	// What waits for a person stands still already.
	if (run.kind === "mop") return byItself.has(waiting_for?.kind) ? <PauseButton run={run} /> : null;
	if (progress === null || waiting_for !== null) return null;
	if (progress.batch === 0 || progress.devices_begun >= progress.devices_total) return null;
	return <PauseButton run={run} />;
}

function PauseButton({ run }: { run: Run }) {
	const api = useApi();
	const queries = useQueryClient();
	const part = run.kind === "mop" ? "step" : "batch";
	const pause = useMutation({
		mutationFn: () => api.tasks.pauseRun({ params: { id: run.id } }),
		onSuccess: (after) => {
			queries.setQueryData(["run", run.id], after);
			toastDone(`It begins no further ${part}`);
		},
		onError: toastProblem,
	});
	return (
		<Button
			variant="default"
			title={`The ${part} that is under way ends; no other begins until somebody resumes the run`}
			loading={pause.isPending}
			disabled={pause.isSuccess || run.cancel_requested_by !== null}
			onClick={() => pause.mutate()}
		>
			{pause.isSuccess ? "Pausing" : "Pause"}
		</Button>
	);
}
