import { ActionIcon, Button, Title } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Agenda } from "@netconductor/contracts/scheduling/model";
import { Empty } from "../../ui/empty.tsx";
import { Icon } from "../../ui/icon.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { count } from "../../ui/words.ts";
import { addDays, dayName, startOfDay, useAgenda } from "./agenda-query.ts";
import { outcomeLooks } from "./looks.tsx";
import { PeriodMark, Truncated } from "./month-view.tsx";
import styles from "./schedules.module.css";

type Item = Agenda["items"][number];

const dayTitle = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

/** One day of the reader's clock, from midnight to midnight: a row for each schedule, a mark for each of its runs, shaded while changes are frozen. */
export function DayView({ day: given, onDay }: { day: string | undefined; onDay: (day: string | undefined) => void }) {
	const day = given ?? dayName(new Date());
	const from = startOfDay(day);
	const to = addDays(from, 1);
	const agenda = useAgenda(from, to);
	/** Also on a day with 23 or 25 hours. */
	const place = (at: string) => ((new Date(at).getTime() - from.getTime()) / (to.getTime() - from.getTime())) * 100;
	const hours = Array.from(
		{ length: Math.round((to.getTime() - from.getTime()) / 3_600_000) },
		(_, hour) => new Date(from.getTime() + hour * 3_600_000),
	);
	return (
		<section className="nc-panel" aria-label="Timeline" aria-busy={agenda.isFetching}>
			<div className="nc-panel-head">
				<Title order={2}>{dayTitle.format(from)}</Title>
				<div className="nc-actions">
					<ActionIcon
						variant="default"
						aria-label="Day before"
						title="Day before"
						onClick={() => onDay(dayName(addDays(from, -1)))}
					>
						<span className={styles.left}>
							<Icon name="right" />
						</span>
					</ActionIcon>
					<Button variant="default" onClick={() => onDay(undefined)}>
						Today
					</Button>
					<ActionIcon variant="default" aria-label="Day after" title="Day after" onClick={() => onDay(dayName(to))}>
						<Icon name="right" />
					</ActionIcon>
				</div>
			</div>
			<Loaded query={agenda} rows={6}>
				{({ items, periods, truncated }) =>
					items.length === 0 && periods.length === 0 ? (
						<Empty title="Nothing on this day">No schedule comes due, and no freeze or window lasts.</Empty>
					) : (
						<>
							{truncated && <Truncated />}
							{/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
							<section className={`nc-spread ${styles.scroller}`} aria-label="Timeline of the day" tabIndex={0}>
								<div className={styles.timeline}>
									<div className={styles.row} aria-hidden="true">
										<span className={styles.rowName} />
										<span className={styles.track}>
											{hours.map((hour, index) => (
												<span
													key={hour.getTime()}
													className={styles.hour}
													style={{ left: `${(index / hours.length) * 100}%` }}
												>
													{time.format(hour).slice(0, 2)}
												</span>
											))}
										</span>
									</div>
									{periods.map((period) => (
										<div key={`${period.calendar_id} ${period.from}`} className={styles.row}>
											<span className={styles.rowName}>
												<PeriodMark period={period} />
											</span>
											<span className={styles.track}>
												<span
													className={styles.band}
													data-kind={period.kind}
													style={{
														left: `${Math.max(0, place(period.from))}%`,
														right: `${100 - Math.min(100, place(period.to))}%`,
													}}
												/>
											</span>
										</div>
									))}
									{items.map((item) => (
										<Row key={item.schedule_id} item={item} place={place} />
									))}
								</div>
							</section>
						</>
					)
				}
			</Loaded>
		</section>
	);
}

function Row({ item, place }: { item: Item; place: (at: string) => number }) {
	const { schedule_id, schedule_name, count: times, runs } = item;
	return (
		<div className={styles.row}>
			<span className={styles.rowName}>
				<TextLink to="/schedules/$id" params={{ id: schedule_id }} size="xs" title={visibleLine(schedule_name)}>
					{visibleLine(schedule_name)}
				</TextLink>
				<span className="nc-dim nc-small"> {count(times, "run")}</span>
			</span>
			<span className={styles.track}>
				{runs.map(({ at, status, run_id }) => {
					const look = outcomeLooks[status];
					const told = `${time.format(new Date(at))}: ${look.word}`;
					const mark = (
						<>
							<Icon name={look.icon} size={12} />
							<span className="nc-visually-hidden">{told}</span>
						</>
					);
					const shown = { className: `${styles.mark} nc-${look.tone}`, style: { left: `${place(at)}%` }, title: told };
					return run_id === null ? (
						<span key={at} {...shown}>
							{mark}
						</span>
					) : (
						<TextLink key={at} to="/runs/$id" params={{ id: run_id }} size="xs" {...shown}>
							{mark}
						</TextLink>
					);
				})}
				{times > runs.length && <span className={styles.more}>and {times - runs.length} more</span>}
			</span>
		</div>
	);
}
