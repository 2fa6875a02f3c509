import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/page.tsx";
import { State } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";
import { count } from "../../ui/words.ts";
import { homeQueries } from "./queries.ts";

/** Who does the work, and how much of it waits. */
export function Workers() {
	const stats = useQuery(homeQueries(useApi()).workers);
	return (
		<Panel
			title="Workers"
			actions={
				<TextLink to="/workers" size="xs">
					All workers
				</TextLink>
			}
		>
			<Loaded query={stats} rows={4}>
				{({ workers_online, concurrency, running, pending, oldest_pending_at, ...hour }) => (
					<dl className="nc-facts nc-panel-body">
						<dt>Online</dt>
						<dd>
							{workers_online === 0 ? (
								<State tone="bad" icon="unplugged" word="None, so nothing runs" />
							) : (
								<State tone="good" icon="ok" word={count(workers_online, "worker")} />
							)}
						</dd>
						<dt>Busy</dt>
						<dd>
							{running} of {count(concurrency, "session")}
						</dd>
						<dt>Waiting</dt>
						<dd>
							{pending === 0 ? "Nothing" : count(pending, "operation")}
							{oldest_pending_at !== null && (
								<span className="nc-dim">
									, the oldest started <Ago at={oldest_pending_at} />
								</span>
							)}
						</dd>
						<dt>Last hour</dt>
						<dd>
							{hour.completed_last_hour} done, {hour.failed_last_hour} failed
						</dd>
					</dl>
				)}
			</Loaded>
		</Panel>
	);
}
