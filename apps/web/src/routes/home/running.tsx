import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Run } from "@netconductor/contracts/tasks/model";
import { useQuery } from "@tanstack/react-query";
import { useApi, useCoversAll, usePermitted } from "../../api/context.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/page.tsx";
import { RunProgress } from "../../ui/run-progress.tsx";
import { RunStanding } from "../../ui/run-standing.tsx";
import { Moment } from "../../ui/time.tsx";
import styles from "./home.module.css";
import { homeQueries } from "./queries.ts";

/** What is under way, and what comes next by schedule. */
export function Running() {
	const open = useQuery(homeQueries(useApi()).open);
	return (
		<Panel
			title="Running now"
			actions={
				<TextLink to="/runs" size="xs">
					All runs
				</TextLink>
			}
		>
			<Loaded query={open} rows={1}>
				{({ items }) =>
					items.length === 0 ? (
						<p className={styles.calm}>
							<span>
								Nothing runs. <NextBackup />
							</span>
						</p>
					) : (
						<ul className={styles.list}>
							{items.map((run) => (
								<li key={run.id}>
									<OpenRun run={run} />
								</li>
							))}
						</ul>
					)
				}
			</Loaded>
		</Panel>
	);
}

function OpenRun({ run }: { run: Run }) {
	const { pending, running } = run.counts;
	return (
		<>
			<TextLink to="/runs/$id" params={{ id: run.id }} size="sm" fw={550} className={styles.what}>
				{visibleLine(run.title)}
			</TextLink>
			<RunStanding run={run} />
			<RunProgress run={run} />
			<span className="nc-small nc-dim">
				{run.total - pending - running} of {run.total}
			</span>
		</>
	);
}

function NextBackup() {
	const mayRead = usePermitted()("backups:read");
	const coversAll = useCoversAll();
	const { data } = useQuery({ ...homeQueries(useApi()).schedule, enabled: mayRead && coversAll });
	const next = data?.next_runs[0];
	if (data === undefined) return null;
	if (!data.enabled || next === undefined) {
		return (
			<>
				Backups do not run by themselves: no <TextLink to="/schedule">schedule</TextLink> is on.
			</>
		);
	}
	return (
		<>
			Next backup by <TextLink to="/schedule">schedule</TextLink>: <Moment at={next} />.
		</>
	);
}
