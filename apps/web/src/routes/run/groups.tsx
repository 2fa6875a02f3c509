import { Button } from "@mantine/core";
import { inNaturalOrder } from "@netconductor/contracts/kernel/natural-order";
import { visibleLine, visibleText } from "@netconductor/contracts/kernel/visible-text";
import type { OperationGroup, Run } from "@netconductor/contracts/tasks/model";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useApi, usePermitted } from "../../api/context.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Pager } from "../../ui/pager.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { useStartRuns } from "../../ui/start-runs.ts";
import { operationLooks, State } from "../../ui/state.tsx";
import { toastProblem } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";
import { decisions, outcomeWord, phaseWords, stepName } from "./operation-words.ts";
import style from "./run.module.css";
import { hasEnded } from "./use-live-run.ts";
import { useShow } from "./use-show.ts";

const groupsOnPage = 20;
const operationsAtOnce = 500;

/** What the operations came to, those of which the same can be said together: of ten thousand devices the few that differ stand out. */
export function Groups({ run }: { run: Run }) {
	const api = useApi();
	const { search, show } = useShow();
	const { status, page = 1 } = search;
	const query = { status: status === undefined ? undefined : [status], page, page_size: groupsOnPage };
	const list = useQuery({
		queryKey: ["groups", run.id, query],
		queryFn: ({ signal }) => api.tasks.listOperationGroups({ params: { id: run.id }, query }, { signal }),
		placeholderData: keepPreviousData,
	});
	if (list.data === undefined) {
		return (
			<section className="nc-panel" aria-label="Results">
				{list.isError ? <ProblemAlert error={list.error} onRetry={() => list.refetch()} /> : <RowsLoading />}
			</section>
		);
	}
	const { items, total } = list.data;
	return (
		<section className={style.groups} aria-label="Results" aria-busy={list.isFetching}>
			{list.isError && <ProblemAlert error={list.error} onRetry={() => list.refetch()} />}
			{items.map((group) => (
				<Result key={group.key} run={run} group={group} />
			))}
			{items.length === 0 && (
				<div className="nc-panel">
					<Empty
						title="No such result"
						actions={
							status !== undefined && (
								<Button variant="default" onClick={() => show({ status: undefined, page: undefined })}>
									Show all results
								</Button>
							)
						}
					/>
				</div>
			)}
			{total > groupsOnPage && (
				<Pager
					page={page}
					page_size={groupsOnPage}
					total={total}
					noun="result"
					onChange={({ page: to }) => show({ page: to })}
				/>
			)}
		</section>
	);
}

function titleOf({ status, outcome, error, decision, skip_reason }: OperationGroup): string {
	if (error !== null && error.phase !== undefined) return `Failed ${phaseWords[error.phase]}`;
	if (decision !== null) return `Somebody ${decisions[decision].was}`;
	if (outcome !== null) return outcomeWord(outcome);
	if (skip_reason !== null) return skip_reason;
	return operationLooks[status].word;
}

function Result({ run, group }: { run: Run; group: OperationGroup }) {
	const api = useApi();
	const { show } = useShow();
	const { key, status, error, device_names, sample_output, sample_output_truncated } = group;
	const title = visibleLine(titleOf(group));
	const more = group.count - device_names.length;
	const [example] = device_names;

	async function operations() {
		const found: { device_id: string; device_name: string }[] = [];
		for (let page = 1; ; page++) {
			const query = { group: key, page, page_size: operationsAtOnce };
			const { items, total } = await api.tasks.listOperations({ params: { id: run.id }, query });
			found.push(...items);
			if (items.length === 0 || page * operationsAtOnce >= total) return found;
		}
	}

	const step = run.steps.find(({ id }) => id === group.step_id);
	return (
		<section className={`nc-panel ${style.group}`} aria-label={`${title}: ${count(group.count, "device")}`}>
			<div>
				<div className="nc-state" style={{ gap: 12, flexWrap: "wrap" }}>
					<span className={style.many}>{count(group.count, "device")}</span>
					<State {...operationLooks[status]} />
				</div>
				<div>
					{title}
					{run.steps.length > 1 && step !== undefined && (
						<span className="nc-dim"> · {visibleLine(stepName(step))}</span>
					)}
				</div>
				{error !== null && (
					<p className="nc-break nc-small" style={{ margin: "6px 0 0" }}>
						{visibleLine(error.message)}
					</p>
				)}
				<p className="nc-dim nc-small nc-break" style={{ margin: "6px 0 0" }}>
					{visibleLine(device_names.toSorted(inNaturalOrder).join(", "))}
					{more > 0 && ` and ${count(more, "other")}`}
				</p>
				<div className={style.actions}>
					<Button
						variant="default"
						leftSection={<Icon name="list" size={14} />}
						onClick={() => show({ tab: "devices", group: key, status: undefined, q: undefined, operation: undefined })}
					>
						{group.count === 1 ? "Show this device" : `Show these ${group.count}`}
					</Button>
					<CopyButton
						label={group.count === 1 ? "Copy name" : "Copy names"}
						text={async () =>
							(more > 0 ? (await operations()).map(({ device_name }) => device_name) : device_names)
								.map(visibleLine)
								.join("\n")
						}
					/>
					<Again run={run} group={group} devices={async () => (await operations()).map(({ device_id }) => device_id)} />
				</div>
			</div>
			<div>
				{sample_output.trim() === "" || sample_output.trim() === error?.message ? (
					<span className="nc-dim nc-small">Nothing else was said.</span>
				) : (
					<>
						<div className="nc-dim nc-small" style={{ marginBottom: 4 }}>
							{group.count > 1 ? `What ${visibleLine(example ?? "")} said, as an example` : "What it said"}
							{sample_output_truncated && ", its beginning"}
						</div>
						{/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
						<section className={`nc-code ${style.said}`} tabIndex={0} aria-label={`Output: ${title}`}>
							{visibleText(sample_output)}
						</section>
					</>
				)}
			</div>
		</section>
	);
}

/** Does to the devices of a result, and to no others, what the run did. */
function Again({
	run,
	group: { status, count: amount },
	devices,
}: {
	run: Run;
	group: OperationGroup;
	devices: () => Promise<string[]>;
}) {
	const permitted = usePermitted();
	const { backUp, test } = useStartRuns();
	const [start, permission] =
		run.kind === "backup" ? [backUp, "backups:run" as const] : [test, "devices:test" as const];
	const again = useMutation({
		mutationFn: async () => {
			const device_ids = await devices().catch((error: unknown) => {
				toastProblem(error);
				throw error;
			});
			// A run that does not start says so itself.
			return start.mutateAsync({ device_ids });
		},
	});
	if (run.kind !== "backup" && run.kind !== "connectivity_test") return null;
	if (!hasEnded(run) || (status !== "failed" && status !== "cancelled") || !permitted(permission)) return null;
	const these = amount === 1 ? "it" : `these ${amount}`;
	return (
		<Button
			variant="default"
			leftSection={<Icon name="run" size={14} />}
			loading={again.isPending}
			onClick={() => again.mutate()}
		>
			{run.kind === "backup" ? `Back ${amount === 1 ? "it up" : `up ${these}`} again` : `Test ${these} again`}
		</Button>
	);
}
