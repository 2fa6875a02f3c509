/**
 * The instant that is meant: the one that is given, or the next time that clocks in the zone show that time of day, now included. One that a change
 * of the clocks leaves out comes as much later as the clocks were put forward; of one that comes twice the first counts.
 * @param time `02:00`, or an instant in RFC 3339
 * @param zone IANA name
 */
export function nextTime(time: string, zone: string, now: Date): Date {
	if (!/^\d\d:\d\d$/.test(time)) return new Date(time);
	const here = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(zone);
	for (let days = 0; ; days++) {
		const at = here.toPlainDate().add({ days }).toPlainDateTime(Temporal.PlainTime.from(time));
		const { epochMilliseconds } = at.toZonedDateTime(zone, { disambiguation: "compatible" });
		if (epochMilliseconds >= now.getTime()) return new Date(epochMilliseconds);
	}
}
