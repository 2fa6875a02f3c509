import { useQuery } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useApi } from "../../api/context.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { UnservedNotice } from "../../ui/unserved-notice.tsx";
import { Figures } from "./figures.tsx";
import { Queue } from "./queue.tsx";
import { WorkerList } from "./worker-list.tsx";

export const route = createLazyRoute("/signed-in/framed/workers")({ component: WorkersPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/workers");

/** That a worker was heard of is no news that every open page is sent: each tells of itself every few seconds. */
const heardEvery_ms = 10_000;

function WorkersPage() {
	const api = useApi();
	const navigate = useNavigate();
	const { page, page_size, queue_page, queue_page_size, pool } = useSearch();
	const stats = useQuery({
		queryKey: ["workers", "stats"],
		queryFn: ({ signal }) => api.tasks.getWorkerStats({}, { signal }),
		meta: { shows: ["runs"] },
	});
	const queue = usePagedList(
		"runs",
		{ page: queue_page, page_size: queue_page_size },
		(query, signal) => api.tasks.listQueue({ query }, { signal }),
		{ key: ["queue"] },
	);
	const workers = usePagedList(
		"workers",
		{ page, page_size, pool },
		(query, signal) => api.tasks.listWorkers({ query }, { signal }),
		{ shows: ["runs"], every_ms: heardEvery_ms },
	);
	return (
		<Page title="Workers">
			{stats.isError && stats.data === undefined && (
				<ProblemAlert error={stats.error} onRetry={() => void stats.refetch()} />
			)}
			{stats.data !== undefined && (
				<>
					{stats.data.workers_online === 0 && (
						<Notice tone="bad" icon="unplugged" title="No worker is online" role="alert">
							<span>Runs wait until one is. The server starts one with itself: look at its log.</span>
						</Notice>
					)}
					{stats.data.workers_online > 0 &&
						stats.data.by_pool
							.filter(({ workers_online, waiting }) => workers_online === 0 && waiting > 0)
							.map(({ pool: unserved, waiting }) => (
								<UnservedNotice key={unserved} pool={unserved} waiting={waiting} />
							))}
					<Figures stats={stats.data} />
				</>
			)}
			<Queue
				source={queue}
				onPage={(to) =>
					void navigate({
						search: (before) => ({ ...before, queue_page: to.page, queue_page_size: to.page_size }),
						replace: true,
					})
				}
			/>
			<WorkerList
				source={workers}
				pools={stats.data?.by_pool.map((one) => one.pool) ?? []}
				pool={pool}
				onPool={(chosen) =>
					void navigate({ search: (before) => ({ ...before, pool: chosen, page: undefined }), replace: true })
				}
				onPage={(to) => void navigate({ search: (before) => ({ ...before, ...to }), replace: true })}
			/>
		</Page>
	);
}
