import { Selection } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Schedule } from "@netconductor/contracts/scheduling/model";
import { ScheduleDocument } from "../documents.ts";
import { changedMeanwhile, type Existing, inTermsOf, type Kind } from "../kind.ts";
import { namedOf, selectionFrom, settledDevices } from "../named-devices.ts";
import type { Placed } from "../parse-documents.ts";
import type { World } from "../world.ts";

type Params = ScheduleDocument["params"];

/** Parameters that select devices, in every kind of run that has them. */
const selecting = ["select", "exclude", "targets"];
/** Parameters that name something, in every kind of run that has them. */
const naming = [
	{
		key: "stack",
		kind: "Stack",
		noun: "stack",
		there: (world: World) => world.stacks(),
		idOf: async ({ clients }: World, id: string) => (await clients.config.getStack({ params: { id } })).id,
	},
	{
		key: "mop",
		kind: "Mop",
		noun: "procedure",
		there: (world: World) => world.mops(),
		idOf: async ({ clients }: World, id: string) => (await clients.config.getMop({ params: { id } })).id,
	},
] as const;

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
		const named = await settledNames(world, placed);
		const params = await mapSelections({ ...document.params, ...named }, async (selection, key) => {
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

/** What a run is of, by its name. */
async function settledNames(
	world: World,
	{ document: { params }, placeOf }: Placed<ScheduleDocument>,
): Promise<Params> {
	const names: Params = {};
	for (const { key, kind, noun, there } of naming) {
		const given = params[key];
		if (typeof given !== "string") continue;
		const found = world.declared(kind, given) ?? (await there(world)).find(given)?.name;
		if (found === undefined) {
			world.errors.push({ path: placeOf(["params", key]), message: `There is no ${noun} ${visibleLine(given)}` });
		}
		names[key] = found ?? given;
	}
	return names;
}

async function existingOf(world: World, schedule: Schedule): Promise<Existing<ScheduleDocument>> {
	const names: Params = {};
	for (const { key, there } of naming) {
		const given = schedule.params[key];
		if (typeof given !== "string") continue;
		const known = await there(world);
		names[key] = known.nameOf(given) ?? known.find(given)?.name ?? given;
	}
	const params = await mapSelections({ ...schedule.params, ...names }, (selection) => namedOf(world, selection));
	const document = {
		...(inTermsOf(ScheduleDocument, schedule) as ScheduleDocument),
		kind: "Schedule" as const,
		run: schedule.kind,
		params,
	};
	return { id: schedule.id, seen: schedule.updated_at, document: await inOneForm(world, document) };
}

async function inputOf(world: World, { kind: _, run, params, ...rest }: ScheduleDocument) {
	const ids: Params = {};
	for (const { key, idOf } of naming) {
		const given = params[key];
		// By its id it is still meant when it has another name; a moment ago it may not have been there.
		if (typeof given === "string") ids[key] = await idOf(world, given);
	}
	return {
		...rest,
		kind: run,
		params: await mapSelections({ ...params, ...ids }, (selection) => selectionFrom(world, selection)),
	};
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
