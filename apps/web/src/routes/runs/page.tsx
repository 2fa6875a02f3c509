import { Button, Group, Select } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { type Run, RunKind, RunStatus } from "@netconductor/contracts/tasks/model";
import { useInfiniteQuery } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useApi } from "../../api/context.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Page } from "../../ui/page.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { RunProgress } from "../../ui/run-progress.tsx";
import { RunState, runLooks } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";
import { duration } from "../../ui/words.ts";

export const route = createLazyRoute("/signed-in/framed/runs")({ component: RunsPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/runs");

const kinds: Record<RunKind, string> = { backup: "Backup", connectivity_test: "Connectivity test" };

function RunsPage() {
	const api = useApi();
	const navigate = useNavigate();
	const { status, kind } = useSearch();
	const list = useInfiniteQuery({
		queryKey: ["runs", { status, kind }],
		initialPageParam: undefined as string | undefined,
		queryFn: ({ signal, pageParam }) =>
			api.tasks.listRuns({ query: { cursor: pageParam, limit: 50, status, kind } }, { signal }),
		getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
	});
	const runs = list.data?.pages.flatMap(({ items }) => items) ?? [];
	const show = (change: Partial<ReturnType<typeof useSearch>>) =>
		void navigate({ search: (before) => ({ ...before, ...change }), replace: true });

	return (
		<Page title="Runs">
			<section className="nc-panel" aria-label="List of runs">
				<div className="nc-panel-head">
					<Group gap="xs">
						<Select
							aria-label="Kind"
							placeholder="Any kind"
							size="xs"
							w={160}
							clearable
							value={kind ?? null}
							data={RunKind.options.map((value) => ({ value, label: kinds[value] }))}
							onChange={(value) => show({ kind: RunKind.safeParse(value).data })}
						/>
						<Select
							aria-label="Status"
							placeholder="Any status"
							size="xs"
							w={160}
							clearable
							value={status ?? null}
							data={RunStatus.options.map((value) => ({ value, label: runLooks[value].word }))}
							onChange={(value) => show({ status: RunStatus.safeParse(value).data })}
						/>
					</Group>
				</div>
				{list.isError && <ProblemAlert error={list.error} onRetry={() => list.refetch()} />}
				{list.isPending && <RowsLoading />}
				{list.isSuccess && runs.length === 0 && (
					<p className="nc-panel-body nc-dim">
						{status === undefined && kind === undefined
							? "Nothing has run yet. A backup or a test of devices appears here."
							: "No run matches."}
					</p>
				)}
				{runs.length > 0 && <RunTable runs={runs} />}
				{list.hasNextPage && (
					<Group justify="center" p="sm">
						<Button variant="default" loading={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
							Show older runs
						</Button>
					</Group>
				)}
			</section>
		</Page>
	);
}

function RunTable({ runs }: { runs: Run[] }) {
	return (
		<div className="nc-scroll">
			<table className="nc-table">
				<thead>
					<tr>
						<th scope="col">Run</th>
						<th scope="col">Status</th>
						<th scope="col" className="nc-medium" style={{ width: 200 }}>
							Progress
						</th>
						<th scope="col" className="nc-number nc-medium">
							Failed
						</th>
						<th scope="col" className="nc-medium">
							Started by
						</th>
						<th scope="col" className="nc-medium">
							Took
						</th>
						<th scope="col">Started</th>
					</tr>
				</thead>
				<tbody>
					{runs.map((run) => (
						<tr key={run.id}>
							<td className="nc-break">
								<TextLink to="/runs/$id" params={{ id: run.id }} fw={550} size="sm">
									{visibleLine(run.title)}
								</TextLink>
							</td>
							<td>
								<RunState status={run.status} />
							</td>
							<td className="nc-medium">
								<RunProgress run={run} />
							</td>
							<td className="nc-number nc-medium">{run.counts.failed + run.counts.unknown || ""}</td>
							<td className="nc-medium">{visibleLine(run.started_by.name)}</td>
							<td className="nc-medium">{tookOf(run)}</td>
							<td className="nc-tight nc-dim">
								<Ago at={run.created_at} />
							</td>
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

function tookOf({ started_at, finished_at }: Run): string {
	if (started_at === null || finished_at === null) return "";
	return duration(new Date(finished_at).getTime() - new Date(started_at).getTime());
}
