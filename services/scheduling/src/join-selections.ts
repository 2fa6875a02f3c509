import type { Selection } from "@netconductor/contracts/devices/model";

/** What several selections select together. */
export function joinSelections(selections: readonly Selection[]): Selection {
	if (selections.some(({ all }) => all === true)) return { all: true };
	return {
		device_ids: selections.flatMap(({ device_ids = [] }) => device_ids),
		names: selections.flatMap(({ names = [] }) => names),
		groups: selections.flatMap(({ groups = [] }) => groups),
		tags: selections.flatMap(({ tags = [] }) => tags),
	};
}

/** What is joined of nothing, as of a procedure that is for no device: the inventory is not asked for it. */
export function selectsNothing({ all, ...lists }: Selection): boolean {
	return all !== true && Object.values(lists).every((list) => list.length === 0);
}
