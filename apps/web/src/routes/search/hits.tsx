import { Group, Text } from "@mantine/core";
import type { SearchResult } from "@netconductor/contracts/backup/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { TextLink } from "../../ui/link.tsx";
import { count } from "../../ui/words.ts";
import { excerpts } from "./excerpts.ts";
import styles from "./search.module.css";

/** What was found in the configuration of one device. */
export function Hits({ item }: { item: SearchResult["items"][number] }) {
	const { device_id, device_name, device_type, backup_id, hits, hits_total } = item;
	return (
		<article aria-label={visibleLine(device_name)} className={styles.device}>
			<Group px="sm" pt="sm" gap="xs">
				<TextLink to="/devices/$id" params={{ id: device_id }} fw={600} size="sm">
					{visibleLine(device_name)}
				</TextLink>
				<Text size="xs" c="dimmed">
					{visibleLine(device_type)} · {count(hits_total, "line")}
					{hits_total > hits.length && `, the first ${hits.length} shown`}
				</Text>
			</Group>
			<div className={`nc-code ${styles.excerpts}`}>
				{excerpts(hits).map((lines) => (
					<table key={lines.at(-1)?.number} className={styles.excerpt}>
						<tbody>
							{lines.map(({ number, text, hit }) => (
								<tr key={number} className={hit === undefined ? "nc-dim" : undefined}>
									<td className={styles.number}>
										{hit === undefined ? (
											number || ""
										) : (
											<TextLink
												data-hit
												to="/devices/$id"
												params={{ id: device_id }}
												search={{ tab: "config", backup: backup_id, line: number }}
												inherit
												aria-label={`Line ${number} in the configuration of ${visibleLine(device_name)}`}
											>
												{number}
											</TextLink>
										)}
									</td>
									<td className={styles.text}>
										{hit === undefined ? (
											visibleLine(text)
										) : (
											<>
												{visibleLine(text.slice(0, hit.start))}
												<mark className="nc-hit">{visibleLine(text.slice(hit.start, hit.end))}</mark>
												{visibleLine(text.slice(hit.end))}
											</>
										)}
									</td>
								</tr>
							))}
						</tbody>
					</table>
				))}
			</div>
		</article>
	);
}
