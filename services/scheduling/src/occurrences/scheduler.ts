import { and, asc, eq, gt, isNotNull, or, sql } from "drizzle-orm";
import { ruleOf } from "../schedules/schedule.ts";
import { occurrences, schedules } from "../tables.ts";
import { nextDue } from "../timing/due-times.ts";
import { claimDue } from "./claim-due.ts";
import { createNoteStarted } from "./note-started.ts";
import { askAfter, type StartNeeds, startOccurrences, takeToTry } from "./start-occurrence.ts";

export interface SchedulerNeeds extends Omit<StartNeeds, "noteStarted"> {
	keep_history_days: number;
}

export interface Scheduler {
	start(): void;
	/** Something may be due sooner than it was. */
	wake(): void;
	/** Resolves when what is under way has ended. */
	stop(): Promise<void>;
}

/** Before it is tried again what another process has, or what went wrong. */
const again_ms = 1_000;
/** What becomes due sooner wakes the scheduler of its process; this finds what a process left that died, and a clock that was set. */
const rest_ms = 5_000;
const mostAtOnce = 32;
const housekeeping_ms = 60_000;
const asking_ms = 5_000;
/** The clock moved against time itself by more than this: it was set. */
const jump_ms = 30_000;

/**
 * Starts what is due. All it knows lies in the database and is claimed there, so that any number of processes do it together: each occurrence is made once
 * (its row is unique) and starts one run (its id is the run's key), whoever dies in between.
 */
export function createScheduler(needs: SchedulerNeeds): Scheduler {
	const { clock, log } = needs;
	const starting = { ...needs, noteStarted: createNoteStarted(needs.db) };
	const stopping = new AbortController();
	const underWay = new Set<Promise<void>>();
	let woken = Promise.withResolvers<void>();
	let running: Promise<void> | undefined;
	let kept_at = Number.NEGATIVE_INFINITY;
	let asked_at = Number.NEGATIVE_INFINITY;
	let skew: number | undefined;

	/** @returns whether there was anything to do */
	async function pump(): Promise<boolean> {
		const moved = await claimDue(needs);
		for (const id of moved) needs.onChange(id);
		const room = mostAtOnce - underWay.size;
		const taken = room > 0 ? await takeToTry(needs, room) : [];
		for (const start of startOccurrences(starting, taken)) {
			const work = start.finally(() => underWay.delete(work));
			underWay.add(work);
		}
		return moved.length > 0 || taken.length > 0;
	}

	/** At the start, and whenever the clock was set back. */
	async function watchClock(): Promise<void> {
		const now = clock.now().getTime() - clock.elapsed_ms();
		if (skew === undefined || now < skew - jump_ms) await realign(needs);
		skew = now;
	}

	/** @returns for how long there is nothing to do, in ms; 0 where there was something */
	async function round(): Promise<number> {
		await watchClock();
		const in_ms = await timeToNext(needs);
		const busy = in_ms <= 0 && (await pump());
		if (clock.elapsed_ms() - asked_at >= asking_ms) {
			asked_at = clock.elapsed_ms();
			await askAfterRuns(needs);
		}
		if (clock.elapsed_ms() - kept_at >= housekeeping_ms) {
			kept_at = clock.elapsed_ms();
			await forgetOld(needs);
		}
		if (busy) return 0;
		// What is due and was not to be had is another process's, or waits for its claim to end.
		return in_ms <= 0 ? again_ms : Math.min(rest_ms, in_ms);
	}

	async function run(): Promise<void> {
		while (!stopping.signal.aborted) {
			woken = Promise.withResolvers();
			let pause = again_ms;
			try {
				pause = await round();
				if (pause === 0 && underWay.size >= mostAtOnce) await Promise.race(underWay);
			} catch (err) {
				log.error({ err }, "schedules could not be looked after; trying again");
			}
			if (pause > 0) await rest(pause);
		}
	}

	async function rest(pause: number): Promise<void> {
		const awake = new AbortController();
		const asleep = clock.sleep(pause, AbortSignal.any([stopping.signal, awake.signal])).catch(() => {});
		await Promise.race([asleep, woken.promise]);
		awake.abort();
	}

	return {
		start() {
			running ??= run();
		},
		wake: () => woken.resolve(),
		async stop() {
			stopping.abort();
			await running;
			await Promise.all(underWay);
		},
	};
}

/** One small question every few seconds, answered from two indexes: all that is asked while nothing is due. */
async function timeToNext({ db, clock }: SchedulerNeeds): Promise<number> {
	const [found] = await db.query<{ in_ms: number | null }>(
		// The least of each stands first in its index. `exists … <= $1` would look at every row when nothing is due: the planner expects to meet one soon.
		`select extract(epoch from least((select min(next_due_at) from schedules), (select min(try_at) from occurrences))
			- $1::timestamptz)::float8 * 1000 as in_ms`,
		[clock.now().toISOString()],
	);
	return found?.in_ms ?? Number.POSITIVE_INFINITY;
}

/**
 * Puts the next time of every schedule right that lies later than its rule says: the clock was set back, or the rules of a time zone have changed. What has
 * an occurrence already does not get another.
 */
async function realign({ db, clock }: SchedulerNeeds): Promise<void> {
	const now = clock.now().getTime();
	for (let after = "00000000-0000-0000-0000-000000000000"; ; ) {
		const rows = await db.orm
			.select()
			.from(schedules)
			.where(and(isNotNull(schedules.next_due_at), gt(schedules.id, after)))
			.orderBy(asc(schedules.id))
			.limit(500);
		for (const row of rows) {
			if (row.next_due_at === null) continue;
			const [next] = nextDue(ruleOf(row), now, 1);
			if (next === undefined || next >= Date.parse(row.next_due_at)) continue;
			await db.orm
				.update(schedules)
				.set({ next_due_at: new Date(next).toISOString() })
				.where(and(eq(schedules.id, row.id), eq(schedules.next_due_at, row.next_due_at)));
		}
		const last = rows.at(-1);
		if (last === undefined || rows.length < 500) return;
		after = last.id;
	}
}

/**
 * Asks after runs once some seconds after they were started, since their end may have been told before anybody here knew them; and now and then after
 * those that go on for long, since the word may be lost for good where the broker's data was.
 */
async function askAfterRuns(needs: SchedulerNeeds): Promise<void> {
	const now = needs.clock.now().getTime();
	const at = (ms: number) => new Date(now + ms).toISOString();
	const rows = await needs.db.orm
		.select({ id: occurrences.id, run_id: occurrences.run_id, schedule_id: occurrences.schedule_id })
		.from(occurrences)
		.where(
			and(
				eq(occurrences.status, "running"),
				or(
					sql`${occurrences.looked_at} < ${at(-300_000)}::timestamptz`,
					sql`${occurrences.looked_at} > ${at(60_000)}::timestamptz`,
					sql`(${occurrences.looked_at} = ${occurrences.started_at} and ${occurrences.looked_at} < ${at(-3_000)}::timestamptz)`,
				),
			),
		)
		.orderBy(occurrences.looked_at)
		.limit(100);
	for (const { run_id, schedule_id, id } of rows) {
		if (run_id !== null && (await askAfter(needs, { id, run_id, schedule_id }))) needs.onChange(schedule_id);
	}
}

async function forgetOld({ db, clock, keep_history_days }: SchedulerNeeds): Promise<void> {
	const before = new Date(clock.now().getTime() - keep_history_days * 86_400_000).toISOString();
	await db.query(
		`delete from occurrences where id in (select id from occurrences where due_at < $1 and status not in ('due', 'waiting', 'running')
		 order by due_at limit 5000)`,
		[before],
	);
}
