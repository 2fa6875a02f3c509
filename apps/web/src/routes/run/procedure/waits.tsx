import { Button } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Run, WaitingFor } from "@netconductor/contracts/tasks/model";
import type { RunStep } from "@netconductor/contracts/tasks/procedure";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useApi, usePermitted } from "../../../api/context.tsx";
import { ButtonLink } from "../../../ui/link.tsx";
import { Notice } from "../../../ui/notice.tsx";
import { Ago, Moment } from "../../../ui/time.tsx";
import { toastDone, toastProblem } from "../../../ui/toast.tsx";
import { duration } from "../../../ui/words.ts";
import type { StepAction } from "./decide-step.tsx";
import { undecidedStep } from "./step-tree.ts";
import { actionWords } from "./step-words.ts";
import { useStepName, useSteps } from "./use-steps.ts";

const tick_ms = 1_000;

type Waits<K extends WaitingFor["kind"]> = Extract<WaitingFor, { kind: K }>;

interface Decides {
	run: Run;
	onDecide: (step: RunStep, action: StepAction | "") => void;
}

/** What a procedure waits for, with what lets it go on. */
export function ProcedureWaits({ run, onDecide }: Decides) {
	const { waiting_for } = run;
	switch (waiting_for?.kind) {
		case "next_step":
			return <WaitsForNextStep run={run} {...waiting_for} />;
		case "decision":
			return <WaitsForDecision run={run} onDecide={onDecide} {...waiting_for} />;
		case "time":
			return <WaitsForTime run={run} onDecide={onDecide} {...waiting_for} />;
		case "run":
			return <WaitsForRun run={run} onDecide={onDecide} {...waiting_for} />;
		default:
			return null;
	}
}

function WaitsForNextStep({ run, step, since }: { run: Run } & Waits<"next_step">) {
	const api = useApi();
	const queries = useQueryClient();
	const permitted = usePermitted();
	const name = useStepName(run.id, step);
	const resume = useMutation({
		mutationFn: (until: "end" | "next_step") => api.tasks.resumeRun({ params: { id: run.id }, body: { until } }),
		onSuccess: (after, until) => {
			queries.setQueryData(["run", run.id], after);
			if (until === "end") toastDone("It carries out all the rest");
		},
		onError: toastProblem,
	});
	return (
		<Notice tone="warn" icon="clock" title={`Step by step: ${name} is next`}>
			<span>
				It waits for somebody's word since <Ago at={since} />.
			</span>
			{permitted("runs:cancel") && (
				<div className="nc-notice-foot">
					<Button
						loading={resume.isPending && resume.variables === "next_step"}
						disabled={resume.isPending}
						onClick={() => resume.mutate("next_step")}
					>
						Carry out next
					</Button>
					<Button
						variant="default"
						loading={resume.isPending && resume.variables === "end"}
						disabled={resume.isPending}
						onClick={() => resume.mutate("end")}
					>
						Run all the rest
					</Button>
				</div>
			)}
		</Notice>
	);
}

function WaitsForTime({ step, until, ...decides }: Decides & Waits<"time">) {
	const { run } = decides;
	const name = useStepName(run.id, step);
	return (
		<Notice tone="warn" icon="clock" title={`${name} waits for its time`}>
			<span>
				It goes on or looks again in <Countdown until={until} />: <Moment at={until} />.
			</span>
			<div className="nc-notice-foot">
				<Instead {...decides} />
			</div>
		</Notice>
	);
}

function WaitsForRun({ step, run_id, ...decides }: Decides & Waits<"run">) {
	const { run } = decides;
	const name = useStepName(run.id, step);
	return (
		<Notice tone="warn" icon="clock" title={`${name} waits for the end of another run`}>
			<div className="nc-notice-foot">
				<ButtonLink to="/runs/$id" params={{ id: run_id }} variant="default">
					See that run
				</ButtonLink>
				<Instead {...decides} />
			</div>
		</Notice>
	);
}

/** What somebody may decide in place of waiting. */
function Instead({ run, onDecide }: Decides) {
	const permitted = usePermitted();
	const steps = useSteps(run.id);
	const waiting = undecidedStep(run, steps.data ?? []);
	if (waiting === undefined || !permitted("mops:override")) return null;
	return (["succeed", "stop"] as const).map((action) => (
		<Button key={action} variant="default" onClick={() => onDecide(waiting, action)}>
			{actionWords[action].label}
		</Button>
	));
}

const offered = ["retry", "succeed", "rollback", "stop"] as const;

function WaitsForDecision({ run, step, message, since, onDecide }: Decides & Waits<"decision">) {
	const permitted = usePermitted();
	const steps = useSteps(run.id);
	const name = useStepName(run.id, step);
	const waiting = undecidedStep(run, steps.data ?? []);
	return (
		<Notice tone="bad" icon="question" title={`${name} waits for a decision`}>
			<span>{visibleLine(message)}</span>
			<span className="nc-dim">
				Since <Ago at={since} />.
			</span>
			{permitted("mops:override") && waiting !== undefined && (
				<div className="nc-notice-foot">
					{offered.map((action) => (
						<Button
							key={action}
							{...(action === "retry" ? {} : { variant: "default" })}
							onClick={() => onDecide(waiting, action)}
						>
							{actionWords[action].label}
						</Button>
					))}
					<Button variant="default" onClick={() => onDecide(waiting, "goto")}>
						Go to…
					</Button>
				</div>
			)}
		</Notice>
	);
}

function Countdown({ until }: { until: string }) {
	const [now, setNow] = useState(Date.now);
	useEffect(() => {
		const timer = setInterval(() => setNow(Date.now()), tick_ms);
		return () => clearInterval(timer);
	}, []);
	const left = Math.ceil((new Date(until).getTime() - now) / 1000);
	return <>{left <= 0 ? "a moment" : duration(left * 1000)}</>;
}
