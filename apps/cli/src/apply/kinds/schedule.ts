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
		const stack = await stackNamed(world, placed);
		const params = await mapSelections({ ...document.params, ...stack }, async (selection, key) => {
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

/** The stack that a run is of, by its name. */
async function stackNamed(world: World, { document: { params }, placeOf }: Placed<ScheduleDocument>): Promise<Params> {
	const { stack } = params;
	if (typeof stack !== "string") return {};
	const found = world.declared("Stack", stack) ?? (await world.stacks()).find(stack)?.name;
	if (found === undefined) {
		world.errors.push({ path: placeOf(["params", "stack"]), message: `There is no stack ${visibleLine(stack)}` });
	}
	return { stack: found ?? stack };
}

async function existingOf(world: World, schedule: Schedule): Promise<Existing<ScheduleDocument>> {
	const { stack } = schedule.params;
	const called = typeof stack === "string" ? ((await stackBy(world, stack))?.name ?? stack) : undefined;
	const params = await mapSelections(
		{ ...schedule.params, ...(called !== undefined && { stack: called }) },
		(selection) => namedOf(world, selection),
	);
	const document = {
		...(inTermsOf(ScheduleDocument, schedule) as ScheduleDocument),
		kind: "Schedule" as const,
		run: schedule.kind,
		params,
	};
	return { id: schedule.id, seen: schedule.updated_at, document: await inOneForm(world, document) };
}

async function inputOf(world: World, { kind: _, run, params, ...rest }: ScheduleDocument) {
	const { stack } = params;
	// By its id it is still meant when it has another name; a moment ago it may not have been there.
	const id =
		typeof stack === "string" ? (await world.clients.config.getStack({ params: { id: stack } })).id : undefined;
	return {
		...rest,
		kind: run,
		params: await mapSelections({ ...params, ...(id !== undefined && { stack: id }) }, (selection) =>
			selectionFrom(world, selection),
		),
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

/** By id or name. */
async function stackBy(world: World, key: string): Promise<{ name: string } | undefined> {
	const stacks = await world.stacks();
	const name = stacks.nameOf(key);
	return name === undefined ? stacks.find(key) : { name };
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
