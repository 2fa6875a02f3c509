import { Button } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Empty } from "../../ui/empty.tsx";
import { State } from "../../ui/state.tsx";
import { Choice } from "../../ui/table/choice.tsx";
import type { Column } from "../../ui/table/column.ts";
import { DataTable } from "../../ui/table/data-table.tsx";
import type { ListSource } from "../../ui/table/list-source.ts";
import { Ago } from "../../ui/time.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";
import { type WorkerRow, workerLooks } from "./looks.ts";
import style from "./workers.module.css";

const columns: Column<WorkerRow>[] = [
	{
		id: "worker",
		label: "Worker",
		text: ({ hostname, pid }) => `${hostname} ${pid}`,
		cell: ({ hostname, pid, id, running, concurrency, status }) => (
			<span title={visibleLine(id)}>
				<strong>{visibleLine(hostname)}</strong> <span className="nc-dim">process {pid}</span>
				{!hasEnded(status) && (
					<div className="nc-narrow nc-small nc-dim">
						{running} of {concurrency} busy
					</div>
				)}
			</span>
		),
	},
	{
		id: "pool",
		label: "Pool",
		from: "medium",
		width: 110,
		text: ({ pool }) => pool,
		cell: ({ pool }) => visibleLine(pool),
	},
	{
		id: "status",
		label: "Status",
		width: 120,
		text: ({ status }) => workerLooks[status].word,
		cell: ({ status }) => <State {...workerLooks[status]} />,
	},
	{
		id: "load",
		label: "Load",
		from: "medium",
		width: 190,
		text: ({ running, concurrency }) => `${running} of ${concurrency}`,
		cell: (worker) => <Load worker={worker} />,
	},
	{
		id: "completed",
		label: "Completed",
		from: "medium",
		number: true,
		width: 110,
		text: ({ completed }) => String(completed),
		cell: ({ completed }) => completed.toLocaleString("en"),
	},
	{
		id: "version",
		label: "Version",
		from: "wide",
		width: 100,
		text: ({ version }) => version,
		cell: ({ version }) => <span className="nc-mono">{visibleLine(version)}</span>,
	},
	{
		id: "started",
		label: "Started",
		from: "medium",
		width: 120,
		text: ({ started_at }) => started_at,
		cell: ({ started_at }) => (
			<span className="nc-dim">
				<Ago at={started_at} />
			</span>
		),
	},
	{
		id: "heard",
		label: "Last heard of",
		from: "medium",
		width: 130,
		text: ({ last_heartbeat_at }) => last_heartbeat_at,
		cell: ({ last_heartbeat_at }) => (
			<span className="nc-dim">
				<Ago at={last_heartbeat_at} />
			</span>
		),
	},
	{
		id: "id",
		label: "Id",
		from: "asked",
		width: 300,
		text: ({ id }) => id,
		cell: ({ id }) => <span className="nc-mono">{visibleLine(id)}</span>,
	},
];

function hasEnded(status: WorkerRow["status"]): boolean {
	return status === "lost" || status === "stopped";
}

function Load({ worker: { running, concurrency, status } }: { worker: WorkerRow }) {
	if (hasEnded(status)) return null;
	const share = concurrency === 0 ? 0 : (running / concurrency) * 100;
	return (
		<div className={style.load}>
			<div className="nc-bar" aria-hidden="true">
				<span style={{ width: `${share}%`, background: "var(--mantine-primary-color-filled)" }} />
			</div>
			<span className="nc-small nc-dim">
				{running} of {concurrency}
			</span>
		</div>
	);
}

/** Worker processes, those that ended for a day. One may be told to finish: it is replaced where the server started it. */
export function WorkerList({
	source,
	pools,
	pool,
	onPool,
	onPage,
}: {
	source: ListSource<WorkerRow>;
	/** Those that there are. */
	pools: readonly string[];
	/** The one that is shown alone. */
	pool: string | undefined;
	onPool: (pool: string | undefined) => void;
	onPage: (to: { page: number; page_size: number }) => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	const mayDrain = usePermitted()("workers:write");
	const [draining, setDraining] = useState<WorkerRow>();
	const drain = useMutation({
		mutationFn: (id: string) => api.tasks.drainWorker({ params: { id } }),
		onSuccess: () => {
			toastDone("The worker finishes what it has");
			void queries.invalidateQueries({ queryKey: ["workers"] });
		},
		onError: toastProblem,
		onSettled: () => setDraining(undefined),
	});
	const all = useMemo<Column<WorkerRow>[]>(
		() =>
			mayDrain
				? [
						...columns,
						{
							id: "drain",
							label: "Drain",
							width: 100,
							cell: (worker) =>
								worker.status === "online" && (
									<Button size="compact-xs" variant="default" onClick={() => setDraining(worker)}>
										Drain
									</Button>
								),
						},
					]
				: columns,
		[mayDrain],
	);
	return (
		<>
			<DataTable
				name="workers"
				noun="worker"
				columns={all}
				rowId={({ id }) => id}
				rowName={({ hostname, pid }) => `${hostname} ${pid}`}
				source={source}
				onPage={onPage}
				filters={
					<>
						<h2 style={{ margin: 0, fontSize: "0.9375rem" }}>Workers</h2>
						{(pools.length > 1 || pool !== undefined) && (
							<Choice
								label="Pool"
								any="Any pool"
								options={[...new Set([...pools, ...(pool === undefined ? [] : [pool])])].map((value) => ({
									value,
									label: value,
								}))}
								value={pool}
								onChange={onPool}
								width={150}
							/>
						)}
					</>
				}
				tone={({ status }) => (status === "lost" ? "bad" : undefined)}
				empty={
					<Empty title="No worker is there">
						Nothing runs without one. The server starts one with itself;{" "}
						<code>netconductor serve --targets=worker</code> starts more.
					</Empty>
				}
			/>
			<Confirm
				opened={draining !== undefined}
				title={`Drain the worker ${visibleLine(draining?.hostname ?? "")}, process ${draining?.pid}?`}
				action="Drain worker"
				busy={drain.isPending}
				onConfirm={() => draining !== undefined && drain.mutate(draining.id)}
				onClose={() => setDraining(undefined)}
			>
				It takes nothing new, finishes{" "}
				{draining?.running === 0 ? "" : `the ${count(draining?.running ?? 0, "operation")} that it has, `}
				and ends. A worker that the server started is replaced by a new one; one that somebody else started is not.
			</Confirm>
		</>
	);
}
