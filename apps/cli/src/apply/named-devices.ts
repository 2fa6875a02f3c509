import type { Selection } from "@netconductor/contracts/devices/model";
import type { AnyDocument, NamedDevices } from "./documents.ts";
import type { Placed } from "./parse-documents.ts";
import { deviceNamed, type World } from "./world.ts";

/** Each value once, in one order: for lists whose order means nothing. */
export function asSet<T extends string>(values: readonly T[]): T[] {
	return [...new Set(values)].sort();
}

/** A stored selection in the words of a document. Devices that are no more are left out. */
export async function namedOf(world: World, selection: Selection): Promise<NamedDevices> {
	const { device_ids = [], names = [], groups, tags, all } = selection;
	const devices = device_ids.length + names.length > 0 ? await world.devices() : undefined;
	const called = [
		...device_ids.flatMap((id) => devices?.nameOf(id) ?? []),
		...names.map((name) => devices?.find(name)?.name ?? name),
	];
	return compact({ names: called, groups, tags, all });
}

/** The same with every device called as the inventory has it. */
export async function settledDevices(
	world: World,
	placed: Placed<AnyDocument>,
	path: readonly PropertyKey[],
	{ names = [], groups, tags, all }: NamedDevices,
): Promise<NamedDevices> {
	const called: string[] = [];
	for (const [at, name] of names.entries()) called.push(await deviceNamed(world, placed, [...path, "names", at], name));
	return compact({ names: called, groups, tags, all });
}

/** As the API takes it. A device that is renamed later is still meant. */
export async function selectionFrom(world: World, { names = [], ...rest }: NamedDevices): Promise<Selection> {
	if (names.length === 0) return rest;
	const devices = await world.devices();
	return { ...rest, device_ids: names.flatMap((name) => devices.find(name)?.id ?? []) };
}

function compact({ names, groups, tags, all }: NamedDevices): NamedDevices {
	return {
		...(names !== undefined && names.length > 0 && { names: asSet(names) }),
		...(groups !== undefined && groups.length > 0 && { groups: asSet(groups) }),
		...(tags !== undefined && tags.length > 0 && { tags: asSet(tags) }),
		...(all && { all }),
	};
}
