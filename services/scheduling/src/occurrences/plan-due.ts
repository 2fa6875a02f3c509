import { ruleOf, type ScheduleRow } from "../schedules/schedule.ts";
import { dueTimes, nextDue } from "../timing/due-times.ts";

/** An occurrence this late was missed while nobody ran; up to here it is only late. */
export const grace_ms = 120_000;

/** What becomes of a schedule that has come due. Instants in milliseconds. */
export interface DuePlan {
	/** `made_up`: it was missed, and starts after those before it have ended. */
	run: { due_at: number; made_up: boolean; note: string | null }[];
	/** Stand in the history for what is left out. */
	skipped: { due_at: number; reason: string }[];
	/** When it comes due next; undefined when it has ended. */
	next: number | undefined;
}

/** What is due of a schedule at `now`, by its policy for what was missed and the runs that it has left. */
export function planDue(row: ScheduleRow, now: number): DuePlan {
	const rule = ruleOf(row);
	const first = row.next_due_at === null ? Number.POSITIVE_INFINITY : Date.parse(row.next_due_at);
	const wanted = row.missed === "run_all" ? row.missed_limit : 1;
	// The newest come from the end: after a year of downtime nobody walks through a year of minutes.
	const timely: number[] = [];
	const missed: number[] = [];
	for (const due of newestDue(rule, first, now, wanted + 1)) (now - due > grace_ms ? missed : timely).push(due);
	const left = row.max_runs === null ? Number.POSITIVE_INFINITY : Math.max(0, row.max_runs - row.runs);
	const plan: DuePlan = { run: [], skipped: [], next: undefined };

	const made = chooseMissed(row, missed, timely.length > 0, wanted);
	plan.skipped.push(...made.skipped);
	plan.run.push(...made.run, ...timely.map((due_at) => ({ due_at, made_up: false, note: null })));
	plan.run.splice(left);
	plan.next = left - plan.run.length > 0 ? nextDue(rule, Math.max(now, first), 1)[0] : undefined;
	return plan;
}

function chooseMissed(
	{ missed: policy }: ScheduleRow,
	missed: readonly number[],
	hasTimely: boolean,
	wanted: number,
): Pick<DuePlan, "run" | "skipped"> {
	const newest = missed.at(-1);
	if (newest === undefined) return { run: [], skipped: [] };
	const away = "NetConductor was not running at that time";
	if (policy === "skip")
		return { run: [], skipped: [{ due_at: newest, reason: `${away}, and missed runs are left out.` }] };
	if (policy === "run_once" && hasTimely) {
		return { run: [], skipped: [{ due_at: newest, reason: `${away}; the next run stands for all that were missed.` }] };
	}
	const chosen = missed.slice(-wanted);
	const rest = missed.slice(0, -wanted).at(-1);
	const note =
		policy === "run_once" ? "Made up for: stands for all runs that were missed." : "Made up for: it was missed.";
	return {
		run: chosen.map((due_at) => ({ due_at, made_up: true, note })),
		skipped:
			rest === undefined || policy === "run_once"
				? []
				: [{ due_at: rest, reason: `${away}; it and those before it are more than are made up for.` }],
	};
}

/** The newest due times of `[first, now]`, at least `count` of them where there are as many, in order. */
function newestDue(rule: ReturnType<typeof ruleOf>, first: number, now: number, count: number): number[] {
	for (let span = 3_600_000; ; span *= 4) {
		const from = Math.max(first, now - span);
		const found: number[] = [];
		for (const { at } of dueTimes(rule, from - 1)) {
			if (at > now) break;
			found.push(at);
		}
		if (found.length >= count || from === first) return found;
	}
}
