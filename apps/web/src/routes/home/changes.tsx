import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";
import { DiffSize } from "../../ui/diff-size.tsx";
import { Icon } from "../../ui/icon.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/page.tsx";
import { Ago } from "../../ui/time.tsx";
import styles from "./home.module.css";
import { homeQueries } from "./queries.ts";

/** Configurations that differ from the backup before, newest first. */
export function Changes() {
	const changes = useQuery(homeQueries(useApi()).changes);
	return (
		<Panel
			title="Recent changes"
			actions={
				<TextLink to="/backups" search={{ changed: "true" }} size="xs">
					All changes
				</TextLink>
			}
		>
			<Loaded query={changes} rows={6}>
				{({ items }) =>
					items.length === 0 ? (
						<p className={styles.calm}>
							No configuration has changed from one backup to the next yet. Changes appear here with their size.
						</p>
					) : (
						<table className={`nc-table ${styles.changes}`}>
							<thead>
								<tr>
									<th scope="col">Device</th>
									<th scope="col" style={{ width: 120 }}>
										Difference
									</th>
									<th scope="col" className="nc-medium" style={{ width: 140 }}>
										Found by
									</th>
									<th scope="col" style={{ width: 104 }}>
										When
									</th>
								</tr>
							</thead>
							<tbody>
								{items.map(({ id, device_id, device_name, lines_added, lines_removed, started_by, created_at }) => (
									<tr key={id}>
										<td>
											<TextLink to="/devices/$id" params={{ id: device_id }} size="sm" fw={550}>
												{visibleLine(device_name)}
											</TextLink>
										</td>
										<td>
											<TextLink to="/backups/compare" search={{ to: id }} size="sm" className="nc-state">
												<span className="nc-visually-hidden">What changed on {visibleLine(device_name)}: </span>
												<DiffSize added={lines_added} removed={lines_removed} />
												<Icon name="right" size={12} />
											</TextLink>
										</td>
										<td className="nc-medium">{visibleLine(started_by)}</td>
										<td className="nc-dim">
											<Ago at={created_at} />
										</td>
									</tr>
								))}
							</tbody>
						</table>
					)
				}
			</Loaded>
		</Panel>
	);
}
