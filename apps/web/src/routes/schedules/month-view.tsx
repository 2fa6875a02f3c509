import { ActionIcon, Button, Title } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Agenda } from "@netconductor/contracts/scheduling/model";
import { Empty } from "../../ui/empty.tsx";
import { Icon } from "../../ui/icon.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { count } from "../../ui/words.ts";
import { addDays, addMonths, dayName, startOfDay, useAgenda, weeksOf } from "./agenda-query.ts";
import { outcomeLooks } from "./looks.tsx";
import styles from "./schedules.module.css";

type Item = Agenda["items"][number];
type Period = Agenda["periods"][number];

const mostShown = 4;
const monthName = new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric" });
const dayTitle = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });
const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat("en-GB", { weekday: "short" });

/** A month of what came due and what will, by the reader's clock; on a telephone a list of the days on which something is. */
export function MonthView({
	month: given,
	onMonth,
}: {
	month: string | undefined;
	onMonth: (month: string | undefined) => void;
}) {
	const today = dayName(new Date());
	const month = given ?? today.slice(0, 7);
	const { first, days } = weeksOf(month);
	const agenda = useAgenda(first, addDays(days.at(-1) ?? first, 1));
	return (
		<section className="nc-panel" aria-label="Calendar" aria-busy={agenda.isFetching}>
			<div className="nc-panel-head">
				<Title order={2}>{monthName.format(startOfDay(`${month}-01`))}</Title>
				<div className="nc-actions">
					<ActionIcon
						variant="default"
						aria-label="Month before"
						title="Month before"
						onClick={() => onMonth(addMonths(month, -1))}
					>
						<span className={styles.left}>
							<Icon name="right" />
						</span>
					</ActionIcon>
					<Button variant="default" onClick={() => onMonth(undefined)}>
						This month
					</Button>
					<ActionIcon
						variant="default"
						aria-label="Month after"
						title="Month after"
						onClick={() => onMonth(addMonths(month, 1))}
					>
						<Icon name="right" />
					</ActionIcon>
				</div>
			</div>
			<Loaded query={agenda} rows={12}>
				{({ items, periods, truncated }) => (
					<>
						{truncated && <Truncated />}
						<div className={styles.weekdays} aria-hidden="true">
							{days.slice(0, 7).map((day) => (
								<span key={day.getTime()}>{weekday.format(day)}</span>
							))}
						</div>
						<ol className={styles.month}>
							{days.map((day) => (
								<Day
									key={day.getTime()}
									day={day}
									inMonth={dayName(day).startsWith(month)}
									isToday={dayName(day) === today}
									items={items.filter((item) => item.day === dayName(day))}
									periods={periods.filter((period) => lasts(period, day))}
								/>
							))}
						</ol>
						{!days.some((day) => dayName(day).startsWith(month) && hasSomething(day, items, periods)) && (
							<div className={styles.narrowOnly}>
								<Empty title="Nothing in this month">No schedule comes due, and no freeze or window lasts.</Empty>
							</div>
						)}
					</>
				)}
			</Loaded>
		</section>
	);
}

function lasts({ from, to }: Period, day: Date): boolean {
	return new Date(from) < addDays(day, 1) && new Date(to) > day;
}

function hasSomething(day: Date, items: readonly Item[], periods: readonly Period[]): boolean {
	return items.some((item) => item.day === dayName(day)) || periods.some((period) => lasts(period, day));
}

function Day({
	day,
	inMonth,
	isToday,
	items,
	periods,
}: {
	day: Date;
	inMonth: boolean;
	isToday: boolean;
	items: readonly Item[];
	periods: readonly Period[];
}) {
	const empty = items.length === 0 && periods.length === 0;
	return (
		<li
			className={styles.day}
			data-other={!inMonth || undefined}
			data-empty={empty || undefined}
			data-today={isToday || undefined}
		>
			<TextLink
				to="/schedules"
				search={{ tab: "day", day: dayName(day) }}
				size="xs"
				className={styles.dayNumber}
				aria-label={`${dayTitle.format(day)}: ${count(items.length, "schedule")}`}
			>
				<span className={styles.wideOnly}>{day.getDate()}</span>
				<span className={styles.narrowOnly}>{dayTitle.format(day)}</span>
			</TextLink>
			{[...new Map(periods.map((period) => [period.calendar_id, period])).values()].map((period) => (
				<PeriodMark key={period.calendar_id} period={period} />
			))}
			{items.slice(0, mostShown).map((item) => (
				<ItemLine key={item.schedule_id} item={item} />
			))}
			{items.length > mostShown && <span className="nc-small nc-dim">and {items.length - mostShown} more</span>}
		</li>
	);
}

function ItemLine({ item: { schedule_id, schedule_name, count: times, runs } }: { item: Item }) {
	const [first] = runs;
	// What went wrong is what one looks for.
	const worst =
		runs.find(({ status }) => ["failed", "refused", "needs_attention", "partial"].includes(status)) ?? runs.at(-1);
	const look = outcomeLooks[worst?.status ?? "planned"];
	return (
		<TextLink
			to="/schedules/$id"
			params={{ id: schedule_id }}
			size="xs"
			className={styles.item}
			title={`${visibleLine(schedule_name)}, ${count(times, "run")}: ${look.word}`}
		>
			<span className={`nc-state nc-${look.tone}`}>
				<Icon name={look.icon} size={12} />
				<span className="nc-visually-hidden">{look.word}</span>
			</span>
			<span className="nc-dim">{first !== undefined && time.format(new Date(first.at))}</span>{" "}
			<span className={styles.name}>{visibleLine(schedule_name)}</span>
			{times > 1 && <span className="nc-dim"> ×{times}</span>}
		</TextLink>
	);
}

/** A freeze or a window, as icon and words. */
export function PeriodMark({ period: { kind, calendar_name, from, to } }: { period: Period }) {
	return (
		<span
			className={`nc-state nc-small ${kind === "freeze" ? "nc-warn" : "nc-calm"} ${styles.period}`}
			title={`${kind === "freeze" ? "Changes are frozen" : "Maintenance window"}: ${visibleLine(calendar_name)}, ${new Date(from).toLocaleString("en-GB")} to ${new Date(to).toLocaleString("en-GB")}`}
		>
			<Icon name={kind === "freeze" ? "lock" : "settings"} size={12} />
			<span className={styles.name}>{visibleLine(calendar_name)}</span>
		</span>
	);
}

export function Truncated() {
	return (
		<p className="nc-panel-body nc-small nc-dim" role="status">
			There is more than is shown here: the list of schedules and the history have all of it.
		</p>
	);
}
