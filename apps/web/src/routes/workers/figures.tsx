import type { WorkerStats } from "@netconductor/contracts/tasks/model";
import type { ReactNode } from "react";
import type { z } from "zod";
import { kindWords } from "../../ui/run-words.ts";
import { Ago } from "../../ui/time.tsx";
import { count } from "../../ui/words.ts";
import style from "./workers.module.css";

/** How busy the workers are, and what waits for them. */
export function Figures({ stats }: { stats: z.output<typeof WorkerStats> }) {
	const { workers_online, concurrency, running, pending, waiting_runs, oldest_pending_at, by_kind } = stats;
	return (
		<dl className={style.figures} aria-label="Load">
			<Figure label="Workers online">{workers_online}</Figure>
			<Figure label="Running now">
				{running} <small>of {concurrency} at a time</small>
			</Figure>
			<Figure label="Waiting">
				{pending} <small>{waiting_runs > 0 && `in ${count(waiting_runs, "run")}`}</small>
			</Figure>
			<Figure label="Waiting longest">
				{oldest_pending_at === null ? <small>Nothing waits</small> : <Ago at={oldest_pending_at} />}
			</Figure>
			<Figure label="Ended in the last hour">{stats.completed_last_hour}</Figure>
			<Figure label="Failed in the last hour">
				<span className={stats.failed_last_hour > 0 ? "nc-bad" : undefined}>{stats.failed_last_hour}</span>
			</Figure>
			{by_kind.map(({ kind, pending: waits, running: runs }) => (
				<Figure key={kind} label={kindWords[kind]}>
					{runs} <small>running, {waits} waiting</small>
				</Figure>
			))}
		</dl>
	);
}

function Figure({ label, children }: { label: string; children: ReactNode }) {
	return (
		<div>
			<dt>{label}</dt>
			<dd>{children}</dd>
		</div>
	);
}
