import { Health } from "@netconductor/contracts/devices/model";
import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/page.tsx";
import { healthLooks } from "../../ui/state.tsx";
import { count } from "../../ui/words.ts";
import styles from "./home.module.css";
import { homeQueries } from "./queries.ts";
import { Shares } from "./shares.tsx";
import { Tile } from "./tile.tsx";

/** How the devices are, by the latest contact with each. */
export function Fleet() {
	const api = useApi();
	const summary = useQuery(homeQueries(api).summary);
	return (
		<Panel
			title="Fleet"
			actions={
				summary.data !== undefined && (
					<TextLink to="/devices" size="xs">
						{count(summary.data.total, "device")}
					</TextLink>
				)
			}
		>
			<Loaded query={summary} rows={2}>
				{({ total, enabled, by_health }) => (
					<div className="nc-panel-body">
						<Shares
							label="Devices by health"
							parts={Health.options.map((health) => ({ ...healthLooks[health], amount: by_health[health] }))}
						/>
						<ul className={styles.tiles}>
							{Health.options
								// Nothing to see where nothing is, save that nothing is reachable.
								.filter((health) => by_health[health] > 0 || health === "reachable")
								.map((health) => (
									<li key={health}>
										<Tile {...healthLooks[health]} amount={by_health[health]} to="/devices" search={{ health }} />
									</li>
								))}
							{enabled < total && (
								<li>
									<Tile
										tone="calm"
										icon="stop"
										word="Disabled"
										amount={total - enabled}
										to="/devices"
										search={{ enabled: "false" }}
									/>
								</li>
							)}
						</ul>
					</div>
				)}
			</Loaded>
		</Panel>
	);
}
