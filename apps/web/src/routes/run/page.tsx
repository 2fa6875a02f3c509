import { Button, Group, Select, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { type OperationCounts, OperationStatus, type Run } from "@netconductor/contracts/tasks/model";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import type { z } from "zod";
import { useApi, usePermitted } from "../../api/context.tsx";
import type { LiveState } from "../../api/live.ts";
import { Confirm } from "../../ui/confirm.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Page, Panel } from "../../ui/page.tsx";
import { Pager } from "../../ui/pager.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { RunProgress } from "../../ui/run-progress.tsx";
import { operationLooks, RunState, State } from "../../ui/state.tsx";
import { Moment } from "../../ui/time.tsx";
import { toastDone, toastProblem, toastRun } from "../../ui/toast.tsx";
import { count, duration } from "../../ui/words.ts";
import { LiveOutput } from "./live-output.tsx";
import { OperationTable } from "./operation-table.tsx";
import { useLiveRun } from "./use-live-run.ts";

export const route = createLazyRoute("/signed-in/framed/runs/$id")({ component: RunPage });
const { useParams, useSearch, useNavigate } = getRouteApi("/signed-in/framed/runs/$id");

const order: (keyof z.infer<typeof OperationCounts>)[] = [
	"succeeded",
	"failed",
	"unknown",
	"running",
	"pending",
	"skipped",
	"cancelled",
];

function RunPage() {
	const { id } = useParams();
	// One page per run: what was shown of another one is not carried over.
	return <RunView key={id} id={id} />;
}

function RunView({ id }: { id: string }) {
	const api = useApi();
	const live = useLiveRun(id);
	const run = useQuery({
		queryKey: ["run", id],
		queryFn: ({ signal }) => api.tasks.getRun({ params: { id } }, { signal }),
		// Live news comes by itself; without it the page asks.
		refetchInterval: ({ state: { data } }) => (data?.finished_at === null && live.state === "lost" ? 3_000 : false),
	});
	if (run.isError && run.data === undefined) {
		return (
			<Page title="Run">
				<ProblemAlert error={run.error} onRetry={() => run.refetch()} />
			</Page>
		);
	}
	if (run.data === undefined) {
		return (
			<Page title="Run">
				<RowsLoading />
			</Page>
		);
	}
	return (
		<Page title={run.data.title} beside={<RunState status={run.data.status} />} actions={<RunActions run={run.data} />}>
			<Summary run={run.data} live={live.state} />
			<div className="nc-live">
				<Operations run={run.data} />
				<LiveOutput live={live} />
			</div>
		</Page>
	);
}

function Summary({ run, live }: { run: Run; live: LiveState }) {
	const navigate = useNavigate();
	const { status } = useSearch();
	const { counts, total, started_at, finished_at } = run;
	const done = total - counts.pending - counts.running;
	return (
		<section className="nc-panel nc-panel-body" aria-label="Progress">
			<Group justify="space-between" mb={6} gap="xs">
				<Text size="sm" fw={550} aria-live="polite">
					{done} of {count(total, "operation")} done
				</Text>
				<Text size="xs" c="dimmed">
					{visibleLine(run.started_by.name)}, <Moment at={run.created_at} />
					{started_at !== null && finished_at !== null && (
						<> · took {duration(new Date(finished_at).getTime() - new Date(started_at).getTime())}</>
					)}
					{run.retry_of !== null && (
						<>
							{" · repeats part of "}
							<TextLink to="/runs/$id" params={{ id: run.retry_of }} size="xs">
								an earlier run
							</TextLink>
						</>
					)}
					{run.cancel_requested_by !== null && ` · cancelled by ${visibleLine(run.cancel_requested_by)}`}
				</Text>
			</Group>
			<RunProgress run={run} />
			<Group gap={6} mt={10}>
				{order
					.filter((word) => counts[word] > 0)
					.map((word) => (
						<Button
							key={word}
							size="compact-xs"
							variant={status === word ? "light" : "default"}
							aria-pressed={status === word}
							onClick={() =>
								void navigate({
									search: (before) => ({ ...before, page: undefined, status: status === word ? undefined : word }),
									replace: true,
								})
							}
						>
							<State {...operationLooks[word]} />
							<span style={{ marginLeft: 6 }}>{counts[word]}</span>
						</Button>
					))}
				{finished_at === null && (
					<span className="nc-small">
						<LiveSign state={live} />
					</span>
				)}
			</Group>
		</section>
	);
}

function LiveSign({ state }: { state: LiveState }) {
	if (state === "live") return <State tone="busy" icon="running" word="Live" />;
	if (state === "lost") return <State tone="warn" icon="unplugged" word="Connection lost, trying again" />;
	return null;
}

function RunActions({ run }: { run: Run }) {
	const api = useApi();
	const queries = useQueryClient();
	const permitted = usePermitted();
	const navigate = useNavigate();
	const [asking, ask] = useDisclosure();
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
		onSuccess: ({ run_id }) => {
			toastRun("What failed runs again", run_id);
			void navigate({ to: "/runs/$id", params: { id: run_id }, search: {} });
		},
		onError: toastProblem,
	});
	const { counts } = run;
	const repeatable = counts.failed + counts.cancelled;
	return (
		<>
			{run.finished_at === null && permitted("runs:cancel") && (
				<Button color="red" variant="light" disabled={run.cancel_requested_by !== null} onClick={ask.open}>
					{run.cancel_requested_by === null ? "Cancel run" : "Being cancelled"}
				</Button>
			)}
			{run.finished_at !== null && repeatable > 0 && permitted("runs:start") && (
				<Button loading={retry.isPending} onClick={() => retry.mutate()}>
					{counts.failed > 0 ? "Retry failed" : "Run what was cancelled"}
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
				What has not started will not start, and open sessions are closed. What is done stays.
			</Confirm>
		</>
	);
}

function Operations({ run }: { run: Run }) {
	const api = useApi();
	const navigate = useNavigate();
	const { status, page = 1, page_size = 50, sort = "device_name" } = useSearch();
	const query = { page, page_size, sort: sort as "device_name", status };
	const list = useQuery({
		queryKey: ["operations", run.id, query],
		queryFn: ({ signal }) => api.tasks.listOperations({ params: { id: run.id }, query }, { signal }),
		placeholderData: keepPreviousData,
	});
	const show = (change: Partial<ReturnType<typeof useSearch>>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	return (
		<Panel
			title="Devices"
			actions={
				<Select
					aria-label="Status of operations"
					placeholder="Any status"
					size="xs"
					w={140}
					clearable
					value={status ?? null}
					data={OperationStatus.options.map((value) => ({ value, label: operationLooks[value].word }))}
					onChange={(value) => show({ status: OperationStatus.safeParse(value).data })}
				/>
			}
		>
			{list.isError && <ProblemAlert error={list.error} onRetry={() => list.refetch()} />}
			{list.isPending && <RowsLoading />}
			{list.data !== undefined && (
				<>
					<OperationTable run={run} operations={list.data.items} sort={sort} onSort={(by) => show({ sort: by })} />
					{list.data.total === 0 && <p className="nc-panel-body nc-dim">No operation matches.</p>}
					<Pager page={page} page_size={page_size} total={list.data.total} noun="operation" onChange={show} />
				</>
			)}
		</Panel>
	);
}
