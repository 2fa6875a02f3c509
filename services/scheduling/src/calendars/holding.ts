import { type CalendarTimes, type Period, periodsOf } from "./periods.ts";

/** A calendar that concerns all of the devices in question, or some. */
export interface Concerned extends CalendarTimes {
	id: string;
	name: string;
	kind: "freeze" | "window";
	/** Which; null: all of them. */
	devices: ReadonlySet<string> | null;
}

export interface Hold {
	calendar: { id: string; name: string; kind: "freeze" | "window" };
	/** For people, without a full stop. */
	why: string;
	/** When they may be changed, an instant in milliseconds; undefined where that is not in sight. */
	until: number | undefined;
}

/** How far it is looked ahead. */
const horizon_ms = 400 * 86_400_000;
const mostSteps = 500;

/**
 * Whether devices may not be changed at an instant, and until when. They may not during a freeze of any of them, nor where one of them has windows
 * and none is open.
 */
export function findHold(devices: readonly string[], calendars: readonly Concerned[], at: number): Hold | undefined {
	const look = createLook(calendars, at, at + horizon_ms);
	const first = heldAt(devices, calendars, look, at);
	if (first === undefined) return undefined;
	let hold: Omit<Hold, "until"> & { next: number | undefined } = first;
	let until: number | undefined;
	for (let step = 0; step < mostSteps; step++) {
		if (hold.next === undefined) break;
		const after = heldAt(devices, calendars, look, hold.next);
		if (after === undefined) {
			until = hold.next;
			break;
		}
		hold = after;
	}
	return { calendar: first.calendar, why: first.why, until };
}

/** When devices that may be changed at an instant are held back next, in milliseconds; undefined where that is not in sight. */
export function nextHoldOf(
	devices: readonly string[],
	calendars: readonly Concerned[],
	at: number,
): number | undefined {
	const own = calendars.filter((calendar) => concerns(calendar, devices));
	const look = createLook(own, at, at + horizon_ms);
	const turns = own.flatMap((calendar) =>
		look(calendar).map(({ from, to }) => (calendar.kind === "freeze" ? from : to)),
	);
	const later = [...new Set(turns)].filter((turn) => turn > at).sort((one, other) => one - other);
	return later.slice(0, mostSteps).find((turn) => heldAt(devices, own, look, turn) !== undefined);
}

type Look = (calendar: Concerned) => Period[];

function createLook(calendars: readonly Concerned[], from: number, to: number): Look {
	const periods = new Map(calendars.map((calendar) => [calendar.id, periodsOf(calendar, from, to)]));
	return ({ id }) => periods.get(id) ?? [];
}

/** What holds them at that instant, and when that may end. */
function heldAt(devices: readonly string[], calendars: readonly Concerned[], look: Look, at: number) {
	const during = (calendar: Concerned) => look(calendar).find(({ from, to }) => from <= at && at < to);
	for (const calendar of calendars) {
		const freeze = calendar.kind === "freeze" ? during(calendar) : undefined;
		if (freeze === undefined || !concerns(calendar, devices)) continue;
		return { calendar: pick(calendar), why: `Changes are frozen (${calendar.name})`, next: freeze.to };
	}
	const windows = calendars.filter(({ kind }) => kind === "window");
	// Devices with the same windows are one question.
	const asked = new Set<string>();
	for (const device of devices) {
		const own = windows.filter((calendar) => calendar.devices === null || calendar.devices.has(device));
		const question = own.map(({ id }) => id).join();
		if (own.length === 0 || asked.has(question)) continue;
		asked.add(question);
		if (own.some((calendar) => during(calendar) !== undefined)) continue;
		const opens = own.flatMap((calendar) =>
			look(calendar)
				.filter(({ from }) => from > at)
				.slice(0, 1),
		);
		const next = opens.length === 0 ? undefined : Math.min(...opens.map(({ from }) => from));
		const [calendar] = own;
		if (calendar === undefined) continue;
		return {
			calendar: pick(calendar),
			why: `Outside its maintenance window (${own.map(({ name }) => name).join(", ")})`,
			next,
		};
	}
	return undefined;
}

function concerns({ devices: own }: Concerned, devices: readonly string[]): boolean {
	return own === null || devices.some((device) => own.has(device));
}

function pick({ id, name, kind }: Concerned) {
	return { id, name, kind };
}
