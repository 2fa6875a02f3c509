/**
 * A time in which a zone's offset stays the same: from one change of its clocks to the next. Instants and offsets in milliseconds; without a change
 * before or after, `start` or `end` is infinite.
 */
export interface Stretch {
	start: number;
	/** The first instant that no longer belongs to it. */
	end: number;
	/** What the clock on the wall is ahead of UTC. */
	offset: number;
	/** The offset just before `start`. */
	offset_before: number;
}

const known = new Map<string, Stretch[]>();
const mostKnown = 64;

/** The stretch of a zone around an instant, by the rules of the time zone database that Node.js brings. */
export function stretchAt(time_zone: string, at: number): Stretch {
	const ofZone = known.get(time_zone) ?? [];
	const found = ofZone.find(({ start, end }) => start <= at && at < end);
	if (found !== undefined) return found;
	const stretch = readStretch(time_zone, at);
	if (ofZone.length >= mostKnown) ofZone.length = 0;
	ofZone.push(stretch);
	known.set(time_zone, ofZone);
	return stretch;
}

function readStretch(time_zone: string, at: number): Stretch {
	const here = zoned(time_zone, at);
	const end = here.getTimeZoneTransition("next")?.epochMilliseconds ?? Number.POSITIVE_INFINITY;
	// The transition before is asked for from the next instant: one exactly here begins this stretch.
	const start =
		zoned(time_zone, at + 1).getTimeZoneTransition("previous")?.epochMilliseconds ?? Number.NEGATIVE_INFINITY;
	const offset = offsetOf(here);
	return { start, end, offset, offset_before: Number.isFinite(start) ? offsetOf(zoned(time_zone, start - 1)) : offset };
}

function zoned(time_zone: string, at: number): Temporal.ZonedDateTime {
	return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(time_zone);
}

function offsetOf(at: Temporal.ZonedDateTime): number {
	return at.offsetNanoseconds / 1_000_000;
}

/** `2026-03-29T03:00+02:00`: an instant on the clock of a zone. */
export function wallText(time_zone: string, at: number): string {
	const here = zoned(time_zone, at);
	return `${here.toPlainDateTime().toString({ smallestUnit: "minute" })}${here.offset}`;
}

/** The day of an instant on the calendar of a zone: `2026-03-29`. */
export function dayOf(time_zone: string, at: number): string {
	return zoned(time_zone, at).toPlainDate().toString();
}
