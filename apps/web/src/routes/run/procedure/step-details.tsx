import { Button } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Run } from "@netconductor/contracts/tasks/model";
import type { ProgramStep, RunStep } from "@netconductor/contracts/tasks/procedure";
import { Fact } from "../../../ui/fact.tsx";
import { ButtonLink, TextLink } from "../../../ui/link.tsx";
import { Notice } from "../../../ui/notice.tsx";
import { Moment } from "../../../ui/time.tsx";
import { duration } from "../../../ui/words.ts";
import { hasEnded } from "../use-live-run.ts";
import style from "./procedure.module.css";
import { afterFailure, afterSuccess, decidedWords, deviceWords, retryWords } from "./step-words.ts";
import { Value } from "./value.tsx";

/** What may be done about a step, as far as the role may. */
export interface StepDeeds {
	onDecide?: (step: RunStep) => void;
	onRestart?: (step: RunStep, what: "from_step" | "after_step") => void;
}

/** All that is known of a step, and what may be done about it. */
export function StepDetails({
	run,
	step,
	done,
	waits,
	deeds: { onDecide, onRestart },
}: {
	run: Run;
	step: ProgramStep | undefined;
	done: RunStep | undefined;
	/** For a person's decision. */
	waits: boolean;
	deeds: StepDeeds;
}) {
	return (
		<div className={style.details}>
			{done?.error != null && done.status !== "succeeded" && (
				<Notice tone="bad" icon="cross" title="It failed">
					<span>{visibleLine(done.error.message)}</span>
					<span className="nc-small nc-dim nc-mono">{visibleLine(done.error.code)}</span>
				</Notice>
			)}
			<dl className="nc-facts">
				<Fact name="Step">
					<span className="nc-mono">{visibleLine(done?.key ?? step?.path ?? "")}</span>{" "}
					<span className="nc-dim">{visibleLine(done?.type ?? step?.type ?? "")}</span>
				</Fact>
				{done !== undefined && <Came run={run} done={done} />}
				{step !== undefined && <AsWritten step={step} />}
			</dl>
			{done?.result != null && <Value label="Result" value={done.result} />}
			{step !== undefined && Object.keys(step.with).length > 0 && <Value label="Parameters" value={step.with} />}
			{done !== undefined && (
				<div className="nc-actions">
					{done.devices !== null && (
						<>
							<ButtonLink
								to="/runs/$id"
								params={{ id: run.id }}
								search={{ tab: "devices", of_step: done.path }}
								variant="default"
							>
								Devices of this step
							</ButtonLink>
							<ButtonLink to="/runs/$id" params={{ id: run.id }} search={{ tab: "output" }} variant="default">
								Output
							</ButtonLink>
						</>
					)}
					{onDecide !== undefined && waits && <Button onClick={() => onDecide(done)}>Decide on this step</Button>}
					{onRestart !== undefined && hasEnded(run) && done.phase === "main" && (
						<>
							<Button variant="default" onClick={() => onRestart(done, "from_step")}>
								Restart from this step
							</Button>
							<Button variant="default" onClick={() => onRestart(done, "after_step")}>
								Restart after this step
							</Button>
						</>
					)}
				</div>
			)}
		</div>
	);
}

function Came({ run, done }: { run: Run; done: RunStep }) {
	const { skip_reason, started_at, duration_ms, attempts, saved_variable, decision, carried_from } = done;
	const devices = deviceWords(done);
	return (
		<>
			{skip_reason !== null && <Fact name="Why">{visibleLine(skip_reason)}</Fact>}
			{devices !== undefined && <Fact name="On">{devices}</Fact>}
			{started_at !== null && (
				<Fact name="Began">
					<Moment at={started_at} />
					{duration_ms !== null && `, took ${duration(duration_ms)}`}
				</Fact>
			)}
			{attempts > 1 && <Fact name="Attempts">{attempts}</Fact>}
			{saved_variable !== null && (
				<Fact name="Saved as">
					<span className="nc-mono">{visibleLine(saved_variable)}</span>
				</Fact>
			)}
			{decision !== null && (
				<Fact name="Decision">
					{visibleLine(decision.by)} {decidedWords(decision)}, <Moment at={decision.at} />
					<div className="nc-dim">{visibleLine(decision.reason)}</div>
				</Fact>
			)}
			{carried_from !== null && carried_from !== run.id && (
				<Fact name="Carried out in">
					<TextLink to="/runs/$id" params={{ id: carried_from }} search={{ tab: "steps", step: done.key }}>
						an earlier run
					</TextLink>
				</Fact>
			)}
		</>
	);
}

/** What the procedure says of it. */
function AsWritten({ step }: { step: ProgramStep }) {
	const again = retryWords(step);
	const then = afterSuccess(step.on_success);
	return (
		<>
			{step.when !== null && (
				<Fact name="When">
					<span className="nc-mono">{visibleLine(step.when)}</span>
				</Fact>
			)}
			{again !== undefined && <Fact name="Tried">{again}</Fact>}
			{step.timeout_s !== null && <Fact name="At most">{duration(step.timeout_s * 1000)}</Fact>}
			{then !== undefined && <Fact name="When done">{then}</Fact>}
			{step.blocks.length === 0 && <Fact name="If it fails">{afterFailure(step.on_failure)}</Fact>}
		</>
	);
}
