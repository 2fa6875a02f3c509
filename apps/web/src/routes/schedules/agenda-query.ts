import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";
import { ownTimeZone } from "../schedule/timing.ts";

/** What came due and what will between two moments, by the reader's days. */
export function useAgenda(from: Date, to: Date) {
	const api = useApi();
	const query = { from: from.toISOString(), to: to.toISOString(), time_zone: ownTimeZone() };
	return useQuery({
		queryKey: ["schedules", "agenda", query],
		queryFn: ({ signal }) => api.scheduling.getAgenda({ query }, { signal }),
		placeholderData: keepPreviousData,
	});
}

/** "2026-03-02" of the reader's calendar. */
export function dayName(at: Date): string {
	const two = (value: number) => String(value).padStart(2, "0");
	return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** Midnight at which a day of the reader's calendar begins. */
export function startOfDay(day: string): Date {
	return new Date(`${day}T00:00`);
}

export function addDays(at: Date, days: number): Date {
	const moved = new Date(at);
	moved.setDate(moved.getDate() + days);
	return moved;
}

/** The Mondays-first weeks that a month of the reader's calendar touches: where they begin, and how many days they have. */
export function weeksOf(month: string): { first: Date; days: Date[] } {
	const begins = startOfDay(`${month}-01`);
	const first = addDays(begins, -((begins.getDay() + 6) % 7));
	const next = new Date(begins.getFullYear(), begins.getMonth() + 1, 1);
	const days: Date[] = [];
	for (let day = first; day < next || days.length % 7 !== 0; day = addDays(day, 1)) days.push(day);
	return { first, days };
}

/** The month so many later: "2026-12" and 1 make "2027-01". */
export function addMonths(month: string, months: number): string {
	const [year = 0, number = 1] = month.split("-").map(Number);
	return dayName(new Date(year, number - 1 + months, 1)).slice(0, 7);
}
