import { ActionIcon, Button, Group } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Run, RunOperation } from "@netconductor/contracts/tasks/model";
import { useEffect, useRef } from "react";
import { usePermitted } from "../../api/context.tsx";
import { DriftLines } from "../../ui/diff/drift-lines.tsx";
import { UnifiedDiff } from "../../ui/diff/unified-diff.tsx";
import { Fact } from "../../ui/fact.tsx";
import { Icon } from "../../ui/icon.tsx";
import { ButtonLink, TextLink } from "../../ui/link.tsx";
import { Notice } from "../../ui/notice.tsx";
import { type Phase, Phases } from "../../ui/phases.tsx";
import { operationLooks, State } from "../../ui/state.tsx";
import { Moment } from "../../ui/time.tsx";
import { duration } from "../../ui/words.ts";
import { Decide } from "./decide.tsx";
import {
	changeOutcome,
	decisions,
	isRecord,
	makesChange,
	phaseWords,
	resultLine,
	stepName,
	verificationOf,
} from "./operation-words.ts";
import { OutputLog } from "./output/output-log.tsx";
import { useOutputOf } from "./output/output-tab.tsx";
import { Value } from "./procedure/value.tsx";
import { ResultLinks } from "./result-links.tsx";
import style from "./run.module.css";
import type { RunFeed } from "./run-feed.ts";
import { hasEnded } from "./use-live-run.ts";

/** One step on one device: what it came to, why, and what it said. */
export function OperationPanel({
	run,
	operation,
	feed,
	onClose,
}: {
	run: Run;
	operation: RunOperation;
	feed: RunFeed;
	onClose: () => void;
}) {
	const output = useOutputOf(feed, operation.id);
	const panel = useRef<HTMLElement>(null);
	useEffect(() => {
		// On a narrow page it takes the place of the list, and with it the focus.
		const list = panel.current?.previousElementSibling;
		if (list instanceof HTMLElement && list.offsetParent === null) panel.current?.focus();
	}, []);
	const { device_id, device_name, status, step_id, step_type, started_at, duration_ms, attempts, worker_id } =
		operation;
	const name = visibleLine(device_name);
	return (
		<section
			ref={panel}
			tabIndex={-1}
			className={`nc-panel ${style.panel}`}
			aria-label={`Operation on ${name}`}
			onKeyDown={({ key, target, currentTarget }) => {
				// Not what a form above it was left with.
				if (key === "Escape" && currentTarget.contains(target as Node)) onClose();
			}}
		>
			<div className="nc-panel-head">
				<Button className={style.back} variant="default" leftSection={<Icon name="list" size={14} />} onClick={onClose}>
					All devices
				</Button>
				<h2 className="nc-break" style={{ margin: 0, fontSize: "0.9375rem" }}>
					<TextLink to="/devices/$id" params={{ id: device_id }} inherit>
						{name}
					</TextLink>
				</h2>
				<Group gap="sm">
					<State {...operationLooks[status]} />
					<ActionIcon variant="subtle" color="gray" aria-label="Close" title="Close" onClick={onClose}>
						<Icon name="cross" size={14} />
					</ActionIcon>
				</Group>
			</div>
			<div className={style.body}>
				<Unknown run={run} operation={operation} />
				<Failure operation={operation} />
				<dl className="nc-facts">
					<Fact name="Step">{visibleLine(stepName({ id: step_id, type: step_type }))}</Fact>
					{operation.error === null && resultLine(operation) !== "" && (
						<Fact name={operation.skip_reason === null ? "Result" : "Why"}>{resultLine(operation)}</Fact>
					)}
					{started_at !== null && (
						<Fact name="Began">
							<Moment at={started_at} />
						</Fact>
					)}
					{duration_ms !== null && <Fact name="Took">{duration(duration_ms)}</Fact>}
					{attempts > 0 && <Fact name="Attempts">{attempts}</Fact>}
					{worker_id !== null && (
						<Fact name="Worker">
							<span className="nc-mono">{visibleLine(worker_id)}</span>
						</Fact>
					)}
					<Decided operation={operation} />
				</dl>
				<Group gap="sm">
					<ResultLinks operation={operation} />
				</Group>
				<Tested operation={operation} />
				<Changed operation={operation} />
				<Compared operation={operation} />
				{run.kind === "mop" && operation.result !== null && (
					<Value label="Result" value={shownResult(operation.result)} />
				)}
				<div>
					<Group justify="space-between" mb={4}>
						<h3>Output</h3>
						<TextLink
							to="/runs/$id"
							params={{ id: run.id }}
							search={{ tab: "output", of: operation.id }}
							size="xs"
							resetScroll={false}
						>
							Show it alone
						</TextLink>
					</Group>
					<div className="nc-panel">
						<OutputLog output={output} label={`Output of ${name}`} ended={hasEnded(run)} small />
					</div>
				</div>
			</div>
		</section>
	);
}

/** Of a change the difference stands above. */
function shownResult(result: Record<string, unknown>): Record<string, unknown> {
	const { diff, ...rest } = result;
	return typeof diff === "string" ? rest : result;
}

/** Why it failed. The message says what to do; where a page is the place to do it, it leads there. */
function Failure({ operation: { status, error, device_id } }: { operation: RunOperation }) {
	const permitted = usePermitted();
	if (error === null || status === "unknown") return null;
	const { phase, message, code } = error;
	return (
		<Notice tone="bad" icon="cross" title={phase === undefined ? "It failed" : `It failed ${phaseWords[phase]}`}>
			<span>{visibleLine(message)}</span>
			<span className="nc-small nc-dim nc-mono">{code}</span>
			{code === "device.host_key_changed" && permitted("devices:read") && (
				<Group>
					<ButtonLink variant="default" to="/devices/$id" params={{ id: device_id }} search={{ tab: "host-key" }}>
						Look at the host key
					</ButtonLink>
				</Group>
			)}
		</Notice>
	);
}

/** Nobody knows whether it changed the device: only somebody who looks at the device can say. */
function Unknown({ run, operation }: { run: Run; operation: RunOperation }) {
	const permitted = usePermitted();
	const [deciding, decide] = useDisclosure();
	if (operation.status !== "unknown") return null;
	return (
		<Notice tone="bad" icon="question" title="Nobody knows whether this changed the device">
			<span>
				{operation.error === null
					? `The worker was lost after it had begun to write to the device. It is not repeated by itself: look at the device, then ${run.kind === "mop" ? "begin the procedure anew from a step, or take back what it changed" : "decide"}.`
					: visibleLine(operation.error.message)}
			</span>
			{permitted("runs:decide") && run.kind !== "mop" && (
				<Group>
					<Button onClick={decide.open}>Decide</Button>
				</Group>
			)}
			<Decide run={run} operation={operation} opened={deciding} onClose={decide.close} />
		</Notice>
	);
}

function Decided({ operation: { decision, decided_by, decided_at, decision_reason } }: { operation: RunOperation }) {
	if (decision === null || decided_at === null) return null;
	return (
		<Fact name="Decision">
			{visibleLine(decided_by ?? "")} {decisions[decision].was}, <Moment at={decided_at} />
			{decision_reason !== null && <div className="nc-dim">{visibleLine(decision_reason)}</div>}
		</Fact>
	);
}

/** How far a test of a connection came. */
function Tested({ operation: { result, device_name } }: { operation: RunOperation }) {
	const phases = Array.isArray(result?.phases) ? result.phases.filter(isPhase) : [];
	if (phases.length === 0) return null;
	return <Phases phases={phases} label={`Phases on ${visibleLine(device_name)}`} />;
}

/** What became of a change: words for it, and what differs now or would. */
function Changed({ operation }: { operation: RunOperation }) {
	const { step_type, result, device_name } = operation;
	const outcome = changeOutcome(operation);
	const diff = makesChange(step_type) || step_type === "plan_change" ? result?.diff : undefined;
	if (outcome === undefined && typeof diff !== "string") return null;
	return (
		<>
			{outcome !== undefined && (
				<div>
					<State {...outcome.look} />
					<div className="nc-small nc-dim">
						{outcome.means}
						{result?.outcome === "confirmed" &&
							verificationOf(operation) !== null &&
							" Its running configuration has every line that the validation templates ask for."}
					</div>
				</div>
			)}
			{typeof diff === "string" && diff !== "" && (
				<div>
					<h3>{step_type === "plan_change" ? "What would change" : "What changed"}</h3>
					<div className="nc-panel">
						<UnifiedDiff text={diff} label={`Difference on ${visibleLine(device_name)}`} />
					</div>
				</div>
			)}
		</>
	);
}

const afterChange = {
	missing: "To stand there after the change",
	unwanted: "Not to stand there after the change",
};

/** What stands differently on a device than a stack says: when it was compared, or after a change that was therefore taken back. */
function Compared({ operation: { step_type, result, device_name } }: { operation: RunOperation }) {
	const compared = step_type === "compare_config" ? result : verificationOf({ step_type, result });
	if (compared === null) return null;
	const [missing, unwanted] = [linesOf(compared.missing), linesOf(compared.unwanted)];
	if (missing.length + unwanted.length === 0) return null;
	return (
		<div className="nc-panel">
			<DriftLines
				missing={missing}
				unwanted={unwanted}
				device_name={device_name}
				{...(step_type !== "compare_config" && { notes: afterChange })}
			/>
			{compared.cut === true && (
				<p className="nc-panel-body nc-small nc-dim">There are more; these are the first of each.</p>
			)}
		</div>
	);
}

function linesOf(value: unknown): string[] {
	return Array.isArray(value) ? value.filter((line) => typeof line === "string") : [];
}

function isPhase(value: unknown): value is Phase {
	return (
		isRecord(value) && typeof value.phase === "string" && typeof value.ms === "number" && typeof value.ok === "boolean"
	);
}
