import { Button } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import { useApi, usePermitted } from "../../api/context.tsx";
import { coverageLooks } from "../../ui/coverage-looks.ts";
import { TextLink } from "../../ui/link.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/page.tsx";
import { useStartRuns } from "../../ui/start-runs.ts";
import { State } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";
import styles from "./home.module.css";
import { homeQueries } from "./queries.ts";
import { Shares } from "./shares.tsx";
import { Tile } from "./tile.tsx";

const statuses = ["good", "stale", "never"] as const;

/** Which devices have a fresh backup, and those that lack one the most. */
export function Coverage() {
	const api = useApi();
	const coverage = useQuery(homeQueries(api).coverage);
	const mayRun = usePermitted()("backups:run");
	const { backUp } = useStartRuns();
	return (
		<Panel
			title="Backups"
			actions={
				<TextLink to="/backups/coverage" size="xs">
					Device by device
				</TextLink>
			}
		>
			<Loaded query={coverage} rows={2}>
				{({ counts, items }) => (
					<>
						<div className="nc-panel-body">
							<Shares
								label="Enabled devices by their newest backup"
								parts={statuses.map((status) => ({ ...coverageLooks[status], amount: counts[status] }))}
							/>
							<ul className={styles.tiles}>
								{statuses.map((status) => (
									<li key={status}>
										<Tile
											{...coverageLooks[status]}
											amount={counts[status]}
											to="/backups/coverage"
											search={{ status }}
										/>
									</li>
								))}
							</ul>
						</div>
						{items.length > 0 && (
							<ul className={styles.list} aria-label="Devices that lack a fresh backup the most">
								{items.map(({ device_id, device_name, status, last_good_at }) => (
									<li key={device_id}>
										<div className={styles.what}>
											<TextLink to="/devices/$id" params={{ id: device_id }} size="sm" fw={550}>
												{visibleLine(device_name)}
											</TextLink>{" "}
											<span className="nc-small">
												<State {...coverageLooks[status]} word={status === "never" ? "No backup yet" : "Last backup"} />{" "}
												{last_good_at !== null && (
													<span className="nc-warn">
														<Ago at={last_good_at} />
													</span>
												)}
											</span>
										</div>
										{mayRun && (
											<Button variant="default" onClick={() => backUp.mutate({ names: [device_name] })}>
												Back up<span className="nc-visually-hidden"> {visibleLine(device_name)}</span>
											</Button>
										)}
									</li>
								))}
							</ul>
						)}
					</>
				)}
			</Loaded>
		</Panel>
	);
}
