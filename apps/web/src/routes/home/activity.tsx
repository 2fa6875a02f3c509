import type { Activity as Answer } from "@netconductor/contracts/backup/model";
import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/page.tsx";
import { count } from "../../ui/words.ts";
import { barsOf } from "./activity-bars.ts";
import styles from "./home.module.css";
import { homeQueries } from "./queries.ts";

type Day = Answer["days"][number];

const kinds = [
	{ id: "unchanged", word: "Unchanged", fill: "var(--nc-good-bar)" },
	{ id: "changed", word: "Changed", fill: "var(--nc-busy)" },
	{ id: "failed", word: "Failed", fill: "var(--nc-bad-bar)" },
] as const;

const dayName = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

/** Backups day by day: what they found, and what failed. */
export function Activity() {
	const activity = useQuery(homeQueries(useApi()).activity);
	return (
		<Panel title="Backups per day">
			<Loaded query={activity} rows={6}>
				{({ days }) =>
					days.every(({ backups }) => backups === 0) ? (
						<p className={styles.calm}>No backup in the last {days.length} days.</p>
					) : (
						<div className="nc-panel-body">
							<Chart days={days} />
							<div className={styles.legend} aria-hidden="true">
								{kinds.map(({ id, word, fill }) => (
									<span key={id}>
										<i style={{ background: fill }} />
										{word}
									</span>
								))}
							</div>
							<div className="nc-visually-hidden">
								<DayTable days={days} />
							</div>
						</div>
					)
				}
			</Loaded>
		</Panel>
	);
}

/**
 * Drawn here: thirty stacked bars are not worth a chart library, which would be several times the script of the whole page. The table
 * below says the same to who does not see them.
 */
function Chart({ days }: { days: Day[] }) {
	const { most, bars } = barsOf(days);
	const labels = [days[0], days[Math.floor(days.length / 2)], days.at(-1)];
	return (
		<div className={styles.chart} aria-hidden="true">
			<div className={styles.scale}>
				{[most, most / 2, 0].map((line) => (
					<span key={line}>{line}</span>
				))}
			</div>
			<div className={styles.bars}>
				{bars.map(({ day, total, parts }) => (
					<div
						key={day}
						className={styles.day}
						title={`${dayName.format(new Date(day))}: ${count(total, "backup")}, ${parts.changed} changed, ${parts.failed} failed`}
					>
						{kinds.map(({ id, fill }) => (
							<span
								key={id}
								// What is few beside many still shows.
								style={{
									height: `${(parts[id] / most) * 100}%`,
									minHeight: parts[id] > 0 ? 2 : 0,
									background: fill,
								}}
							/>
						))}
					</div>
				))}
			</div>
			<div className={styles.days}>
				{labels.map(
					(label) => label !== undefined && <span key={label.day}>{dayName.format(new Date(label.day))}</span>,
				)}
			</div>
		</div>
	);
}

function DayTable({ days }: { days: Day[] }) {
	return (
		<table>
			<caption>Backups per day, days without a backup left out</caption>
			<thead>
				<tr>
					<th scope="col">Day</th>
					<th scope="col">Backups</th>
					<th scope="col">Changed</th>
					<th scope="col">Failed</th>
				</tr>
			</thead>
			<tbody>
				{days
					.filter(({ backups }) => backups > 0)
					.map(({ day, backups, changed, failed }) => (
						<tr key={day}>
							<th scope="row">{dayName.format(new Date(day))}</th>
							<td>{backups}</td>
							<td>{changed}</td>
							<td>{failed}</td>
						</tr>
					))}
			</tbody>
		</table>
	);
}
