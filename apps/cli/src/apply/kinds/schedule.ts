import { Selection } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Schedule } from "@netconductor/contracts/scheduling/model";
import type { ScheduleDocument } from "../documents.ts";
import { changedMeanwhile, type Existing, type Kind } from "../kind.ts";
import { namedOf, selectionFrom, settledDevices } from "../named-devices.ts";
import type { World } from "../world.ts";

type Params = ScheduleDocument["params"];

/** Parameters that select devices, in every kind of run that has them. */
const selecting = ["select", "exclude"];

export const scheduleKind: Kind<ScheduleDocument> = {
	async all(world) {
		return Promise.all((await world.schedules()).map((schedule) => existingOf(world, schedule)));
	},
	async find(world, name) {
		const found = (await world.schedules()).find((schedule) => schedule.name.toLowerCase() === name.toLowerCase());
		return found === undefined ? undefined : existingOf(world, found);
	},
	async settled(world, placed) {
		const { document, placeOf } = placed;
		const kinds = await world.scheduleKinds();
		if (!kinds.some(({ kind }) => kind === document.run)) {
			world.errors.push({
				path: placeOf(["run"]),
				message: `Nothing of the kind ${visibleLine(document.run)} can be scheduled; there are ${kinds.map(({ kind }) => kind).join(", ")}`,
			});
		}
		const params = await mapSelections(document.params, async (selection, key) => {
			if (selection.device_ids !== undefined) {
				world.errors.push({ path: placeOf(["params", key, "device_ids"]), message: "Call devices by their names" });
			}
			return settledDevices(world, placed, ["params", key], selection);
		});
		return inOneForm(world, { ...document, params });
	},
	async create(world, document) {
		await world.clients.scheduling.createSchedule({ body: await inputOf(world, document) });
	},
	async change(world, { id, seen }, document) {
		const { updated_at } = await world.clients.scheduling.getSchedule({ params: { id } });
		if (updated_at !== seen) throw changedMeanwhile(document.name);
		await world.clients.scheduling.updateSchedule({ params: { id }, body: await inputOf(world, document) });
	},
};

async function existingOf(world: World, schedule: Schedule): Promise<Existing<ScheduleDocument>> {
	const { name, description, timing, time_zone, skipped_hour, repeated_hour, start_at, end_at } = schedule;
	const { max_runs, jitter_s, overlap, missed, missed_limit, held, paused } = schedule;
	const params = await mapSelections(schedule.params, (selection) => namedOf(world, selection));
	const rule = { timing, time_zone, skipped_hour, repeated_hour, start_at, end_at, max_runs };
	const document: ScheduleDocument = {
		kind: "Schedule",
		run: schedule.kind,
		name,
		description,
		params,
		...rule,
		jitter_s,
		overlap,
		missed,
		missed_limit,
		held,
		paused,
	};
	return { id: schedule.id, seen: schedule.updated_at, document: await inOneForm(world, document) };
}

async function inputOf(world: World, { kind: _, run, params, ...rest }: ScheduleDocument) {
	return { ...rest, kind: run, params: await mapSelections(params, (selection) => selectionFrom(world, selection)) };
}

async function mapSelections(
	params: Params,
	to: (selection: Selection, key: string) => Promise<Record<string, unknown>>,
): Promise<Params> {
	const mapped = { ...params };
	for (const key of selecting) {
		const selection = Selection.safeParse(params[key]);
		if (selection.success) mapped[key] = await to(selection.data, key);
	}
	return mapped;
}

/** Times in UTC; parameters with what the kind of run puts in for those left out, and without those that say nothing. */
async function inOneForm(world: World, document: ScheduleDocument): Promise<ScheduleDocument> {
	const kind = (await world.scheduleKinds()).find((one) => one.kind === document.run);
	const properties = (kind?.params_schema.properties ?? {}) as Record<string, { default?: unknown }>;
	const defaults = Object.entries(properties).map(([key, property]) => [key, property.default]);
	const params = Object.entries({ ...Object.fromEntries(defaults), ...document.params }).filter(
		([, value]) => value !== undefined && value !== null,
	);
	const inUtc = (at: string | null) => (at === null ? null : new Date(at).toISOString());
	return {
		...document,
		params: Object.fromEntries(params),
		start_at: inUtc(document.start_at),
		end_at: inUtc(document.end_at),
	};
}
