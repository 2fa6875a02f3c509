import { useLayoutEffect, useRef } from "react";
import style from "./heat-strip.module.css";

export interface HeatDay {
	/** ISO date. */
	day: string;
	/** Nothing happened, or how much did: 1 little to 4 much. */
	level: 0 | 1 | 2 | 3 | 4;
	/** Something went wrong on that day. */
	bad?: boolean;
	/** What happened, in words. */
	title: string;
}

const monthName = new Intl.DateTimeFormat("en", { month: "short", timeZone: "UTC" });

/** Days as small squares, a week above the other, darker where more happened. Its label tells the same in words. */
export function HeatStrip({ days, label }: { days: readonly HeatDay[]; label: string }) {
	const box = useRef<HTMLDivElement>(null);
	// Where there is not room for all, the newest days are the ones to see.
	useLayoutEffect(() => {
		if (box.current !== null) box.current.scrollLeft = box.current.scrollWidth;
	}, []);
	const [first] = days;
	if (first === undefined) return null;
	// Weeks begin on Monday.
	const lead = (new Date(`${first.day}T00:00:00Z`).getUTCDay() + 6) % 7;
	return (
		// biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
		<div ref={box} className={style.scroll} tabIndex={0}>
			<div className={style.strip} role="img" aria-label={label}>
				{days.map(({ day, level, bad, title }, index) => {
					const month =
						day.slice(8) === "01" || index === 0 ? monthName.format(new Date(`${day}T00:00:00Z`)) : undefined;
					const column = Math.floor((index + lead) / 7) + 1;
					return (
						<div key={day} style={{ display: "contents" }}>
							{month !== undefined && (day.slice(8) === "01" || nextMonthIsFar(day)) && (
								<span className={style.month} style={{ gridColumn: column }}>
									{month}
								</span>
							)}
							<span
								className={style.day}
								data-level={level}
								data-bad={bad || undefined}
								title={title}
								style={{ gridColumn: column, gridRow: ((index + lead) % 7) + 2 }}
							/>
						</div>
					);
				})}
			</div>
		</div>
	);
}

/** Whether the name of the month at the left end leaves the next one room. */
function nextMonthIsFar(day: string): boolean {
	return Number(day.slice(8)) < 15;
}
