import type { ScheduleCalendar } from "@netconductor/contracts/scheduling/model";
import { CalendarDocument } from "../documents.ts";
import { changedMeanwhile, type Existing, inTermsOf, type Kind } from "../kind.ts";
import { asSet } from "../named-devices.ts";

export const calendarKind: Kind<CalendarDocument> = {
	async all(world) {
		return (await world.calendars()).map(existingOf);
	},
	async find(world, name) {
		const found = (await world.calendars()).find((calendar) => calendar.name.toLowerCase() === name.toLowerCase());
		return found === undefined ? undefined : existingOf(found);
	},
	async settled(_, { document }) {
		return inOneForm(document);
	},
	async create({ clients }, document) {
		await clients.scheduling.createCalendar({ body: inputOf(document) });
	},
	async change({ clients }, { id, seen }, document) {
		const { updated_at } = await clients.scheduling.getCalendar({ params: { id } });
		if (updated_at !== seen) throw changedMeanwhile(document.name);
		await clients.scheduling.updateCalendar({ params: { id }, body: inputOf(document) });
	},
};

function existingOf(calendar: ScheduleCalendar): Existing<CalendarDocument> {
	const stored = inTermsOf(CalendarDocument, calendar) as CalendarDocument;
	const document = inOneForm({ ...stored, kind: "Calendar", type: calendar.kind });
	return { id: calendar.id, seen: calendar.updated_at, document };
}

function inputOf({ kind: _, type, ...rest }: CalendarDocument) {
	return { ...rest, kind: type };
}

function inOneForm(document: CalendarDocument): CalendarDocument {
	return { ...document, groups: document.groups === null ? null : asSet(document.groups) };
}
