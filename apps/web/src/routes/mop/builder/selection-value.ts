import type { Selection } from "@netconductor/contracts/devices/model";

/** A selection as a document has it: nothing where nothing is selected. */
export function selectionValue(selection: Selection): Selection | undefined {
	const entries = Object.entries(selection).filter(([, value]) =>
		Array.isArray(value) ? value.length > 0 : value === true,
	);
	return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
