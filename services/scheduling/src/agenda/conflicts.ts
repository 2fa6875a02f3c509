import type { Conflict } from "@netconductor/contracts/scheduling/model";
import type { Clock } from "@netconductor/runtime/clock";
import { and, asc, isNotNull, lt } from "drizzle-orm";
import { type HoldNeeds, loadCalendars } from "../calendars/hold.ts";
import { findHold } from "../calendars/holding.ts";
import { isHeldBack } from "../kind.ts";
import type { Kinds } from "../load-kinds.ts";
import type { Operation } from "../operation.ts";
import { ruleOf, type ScheduleRow } from "../schedules/schedule.ts";
import { schedules } from "../tables.ts";
import { dueTimes } from "../timing/due-times.ts";

interface Needs extends HoldNeeds {
	clock: Clock;
	kinds: Kinds;
}

const mostSchedules = 500;
const mostRuns = 50;
const mostListed = 200;
const minute_ms = 60_000;

interface Planned {
	row: ScheduleRow;
	at: number;
}

/** The next runs of up to 500 schedules, looked through in order of time; each pair of schedules is told once, the first time that they meet. */
export function listConflicts(needs: Needs): Operation<"listConflicts"> {
	return async ({ query }) => {
		const { db, clock } = needs;
		const now = clock.now().getTime();
		const to = now + query.days * 86_400_000;
		const rows = await db.orm
			.select()
			.from(schedules)
			.where(and(isNotNull(schedules.next_due_at), lt(schedules.next_due_at, new Date(to).toISOString())))
			.orderBy(asc(schedules.next_due_at), asc(schedules.id))
			.limit(mostSchedules + 1);
		const planned = rows
			.slice(0, mostSchedules)
			.flatMap((row) => plannedOf(row, now, to))
			.sort((a, b) => a.at - b.at);
		const devicesOf = createDevicesOf(needs);
		const concerns = ({ row }: Planned) => query.schedule_id === undefined || row.id === query.schedule_id;

		const items: Conflict[] = [];
		const told = new Set<string>();
		for (const [index, run] of planned.entries()) {
			for (let next = index + 1; items.length < mostListed; next++) {
				const other = planned[next];
				if (other === undefined || other.at - run.at > query.within_minutes * minute_ms) break;
				const pair = [run.row.id, other.row.id].sort().join();
				if (run.row.id === other.row.id || told.has(pair) || !(concerns(run) || concerns(other))) continue;
				told.add(pair);
				const [own, others] = await Promise.all([devicesOf(run.row), devicesOf(other.row)]);
				const shared = [...own].filter(([id]) => others.has(id));
				if (shared.length === 0) continue;
				items.push({
					type: "same_devices",
					schedule: refOf(run),
					other: refOf(other),
					devices: shared.length,
					device_names: shared.slice(0, 5).map(([, name]) => name),
				});
			}
		}

		const concerned = await loadCalendars(needs);
		const held = new Set<string>();
		const heeds = createHeeds(needs);
		for (const run of concerned.length === 0 ? [] : planned) {
			if (!concerns(run) || held.has(run.row.id) || items.length >= mostListed) continue;
			if (!(await heeds(run.row))) continue;
			const hold = findHold([...(await devicesOf(run.row)).keys()], concerned, run.at);
			if (hold === undefined) continue;
			held.add(run.row.id);
			items.push({
				type: "held",
				schedule: refOf(run),
				calendar: hold.calendar,
				until: hold.until === undefined ? null : new Date(hold.until).toISOString(),
			});
		}
		return {
			items: items.sort((a, b) => (a.schedule.at < b.schedule.at ? -1 : 1)),
			truncated: rows.length > mostSchedules || items.length >= mostListed,
		};
	};
}

function plannedOf(row: ScheduleRow, now: number, to: number): Planned[] {
	const from = Math.max(now, Date.parse(row.next_due_at ?? "")) - 1;
	const left = row.max_runs === null ? mostRuns : Math.min(mostRuns, row.max_runs - row.runs);
	const found: Planned[] = [];
	for (const { at } of dueTimes(ruleOf(row), from)) {
		if (at >= to || found.length >= left) break;
		found.push({ row, at });
	}
	return found;
}

/** Names of a schedule's devices by id, asked for once each. One whose devices cannot be told has none. */
function createDevicesOf({ devices, kinds, clients, ownAccount }: Needs) {
	const known = new Map<string, Promise<ReadonlyMap<string, string>>>();
	async function read(row: ScheduleRow): Promise<ReadonlyMap<string, string>> {
		const kind = kinds.get(row.kind);
		const params = kind?.params.safeParse(row.params);
		if (kind === undefined || params?.success !== true) return new Map();
		try {
			const select = (await kind.select?.(params.data, clients, ownAccount())) ?? { all: true };
			const { targets } = await devices.listTargets({ body: { select } }, ownAccount());
			return new Map(targets.map(({ device_id, name }) => [device_id, name]));
		} catch {
			// Its devices or their group were deleted: its next run says so.
			return new Map();
		}
	}
	return (row: ScheduleRow) => {
		const asked = known.get(row.id) ?? read(row);
		known.set(row.id, asked);
		return asked;
	};
}

/** Whether calendars hold a schedule's runs back, asked for once each; they do where that cannot be told. */
function createHeeds({ kinds, clients, ownAccount }: Needs) {
	const known = new Map<string, Promise<boolean>>();
	async function ask(row: ScheduleRow): Promise<boolean> {
		const kind = kinds.get(row.kind);
		const params = kind?.params.safeParse(row.params);
		if (kind === undefined || params?.success !== true) return true;
		return isHeldBack(kind, params.data, clients, ownAccount()).catch(() => true);
	}
	return (row: ScheduleRow) => {
		const asked = known.get(row.id) ?? ask(row);
		known.set(row.id, asked);
		return asked;
	};
}

function refOf({ row: { id, name, kind }, at }: Planned) {
	return { id, name, kind, at: new Date(at).toISOString() };
}
