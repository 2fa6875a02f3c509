import { Button, Group, Text } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Run } from "@netconductor/contracts/tasks/model";
import { useQuery } from "@tanstack/react-query";
import { useApi, usePermitted } from "../../api/context.tsx";
import type { LiveState } from "../../api/live.ts";
import { CopyIcon } from "../../ui/copy-button.tsx";
import { TextLink } from "../../ui/link.tsx";
import { RunProgress } from "../../ui/run-progress.tsx";
import { starterOf } from "../../ui/run-words.ts";
import { operationLooks, State } from "../../ui/state.tsx";
import { Ago, Moment } from "../../ui/time.tsx";
import { count } from "../../ui/words.ts";
import { countSteps, treeOf } from "./procedure/step-tree.ts";
import { restartWords } from "./procedure/step-words.ts";
import { useProcedure, useSteps } from "./procedure/use-steps.ts";
import style from "./run.module.css";
import { Took } from "./took.tsx";
import { hasEnded } from "./use-live-run.ts";
import { useShow } from "./use-show.ts";

const order: (keyof Run["counts"])[] = ["succeeded", "failed", "unknown", "running", "pending", "skipped", "cancelled"];

/** How far a run is, who started it and when, and its counts: choosing one shows those alone. */
export function Summary({ run, live }: { run: Run; live: LiveState }) {
	const { search, show } = useShow();
	const { counts, total } = run;
	const isProcedure = run.kind === "mop";
	const done = total - counts.pending - counts.running;
	const choose = (status: keyof Run["counts"]) =>
		show({
			status: search.status === status ? undefined : status,
			page: undefined,
			...((search.tab === "output" || isProcedure) && { tab: "devices" }),
		});
	return (
		<section className="nc-panel nc-panel-body" aria-label="Progress">
			<Group justify="space-between" mb={6} gap="4px 16px">
				<Text size="sm" fw={550} aria-live="polite">
					{isProcedure && <StepsDone run={run} />}
					{(!isProcedure || total > 0) && `${done} of ${count(total, "operation")} done`}
					{!isProcedure && <Batches run={run} />}
				</Text>
				<Facts run={run} />
			</Group>
			<RunProgress run={run} />
			<Group gap={6} mt={10}>
				{order
					.filter((status) => counts[status] > 0)
					.map((status) => (
						<Button
							key={status}
							size="compact-xs"
							variant="default"
							className={style.count}
							aria-pressed={search.status === status}
							onClick={() => choose(status)}
						>
							<State {...operationLooks[status]} />
							<span style={{ marginLeft: 6 }}>{counts[status]}</span>
						</Button>
					))}
				{!hasEnded(run) && (
					<span className="nc-small">
						<LiveSign state={live} />
					</span>
				)}
			</Group>
		</section>
	);
}

/** How far a procedure is. */
function StepsDone({ run }: { run: Run }) {
	const procedure = useProcedure(run.id);
	const steps = useSteps(run.id);
	if (procedure.data === undefined || steps.data === undefined) return null;
	const { done, total } = countSteps(treeOf(procedure.data, steps.data));
	return (
		<span>
			{done} of {count(total, "step")} done{run.total > 0 && " · "}
		</span>
	);
}

/** How far its batches are. */
function Batches({ run: { progress } }: { run: Run }) {
	if (progress === null || progress.batch === 0) return null;
	return (
		<span>
			{" "}
			· batch {progress.batch}, {progress.devices_begun} of {count(progress.devices_total, "device")}
		</span>
	);
}

function LiveSign({ state }: { state: LiveState }) {
	if (state === "live") return <State tone="busy" icon="running" word="Live" />;
	if (state === "lost") return <State tone="warn" icon="unplugged" word="Connection lost, trying again" />;
	return null;
}

function Facts({ run }: { run: Run }) {
	const api = useApi();
	const permitted = usePermitted();
	const repeats = useQuery({
		queryKey: ["runs", "of", run.id],
		queryFn: ({ signal }) => api.tasks.listRuns({ query: { retry_of: run.id, limit: 5 } }, { signal }),
		enabled: hasEnded(run),
	});
	const procedure = useProcedure(run.id, run.kind === "mop").data;
	const parts: { key: string; text: React.ReactNode }[] = [
		{ key: "who", text: <>Started by {starterOf(run)}</> },
		{ key: "when", text: <Moment at={run.created_at} /> },
	];
	if (run.started_at !== null) parts.push({ key: "took", text: <Took run={run} /> });
	if (run.cancel_requested_by !== null) {
		parts.push({ key: "cancelled", text: <>Cancelled by {visibleLine(run.cancel_requested_by)}</> });
	}
	const { progress } = run;
	if (progress !== null && progress.approved_by.length > 0) {
		parts.push({ key: "approved", text: <>Approved by {visibleLine(progress.approved_by.join(", "))}</> });
	}
	if (progress?.plan_sha256) {
		parts.push({
			key: "plan",
			text: (
				<>
					Plan{" "}
					<span className="nc-mono" title={progress.plan_sha256}>
						{progress.plan_sha256.slice(0, 12)}
					</span>{" "}
					<CopyIcon text={progress.plan_sha256} label="Copy the plan's SHA-256" />
				</>
			),
		});
	}
	if (procedure !== undefined) {
		const { mop, restarted, mode, devices, reason } = procedure;
		const named = `${visibleLine(mop.name)}, version ${mop.version}`;
		parts.push({
			key: "procedure",
			text: permitted("mops:read") ? (
				<TextLink to="/mops/$id" params={{ id: mop.id }} inherit>
					{named}
				</TextLink>
			) : (
				named
			),
		});
		parts.push({ key: "devices", text: count(devices, "device") });
		if (mode === "step_by_step") parts.push({ key: "mode", text: "Step by step" });
		if (restarted !== null) {
			parts.push({
				key: "restarted",
				text: (
					<TextLink to="/runs/$id" params={{ id: restarted.run_id }} inherit>
						{restartWords(restarted)}
					</TextLink>
				),
			});
		}
		if (reason !== "") parts.push({ key: "reason", text: visibleLine(reason) });
	}
	if (run.subject?.type === "stack" && permitted("stacks:read")) {
		parts.push({
			key: "stack",
			text: (
				<TextLink to="/stacks/$id" params={{ id: run.subject.id }} inherit>
					Service stack
				</TextLink>
			),
		});
	}
	if (run.subject?.type === "snapshot" && permitted("backups:read")) {
		parts.push({
			key: "snapshot",
			text: (
				<TextLink to="/snapshots/$id" params={{ id: run.subject.id }} inherit>
					Snapshot
				</TextLink>
			),
		});
	}
	if (run.retry_of !== null) {
		parts.push({
			key: "retry",
			text: (
				<TextLink to="/runs/$id" params={{ id: run.retry_of }} inherit>
					Repeats part of an earlier run
				</TextLink>
			),
		});
	}
	const again = repeats.data?.items ?? [];
	for (const { id, created_at } of again) {
		parts.push({
			key: id,
			text: (
				<TextLink to="/runs/$id" params={{ id }} inherit>
					Retried <Ago at={created_at} />
				</TextLink>
			),
		});
	}
	return (
		<Text size="xs" c="dimmed" component="div" style={{ display: "flex", flexWrap: "wrap", gap: "2px 14px" }}>
			{parts.map(({ key, text }) => (
				<span key={key}>{text}</span>
			))}
		</Text>
	);
}
