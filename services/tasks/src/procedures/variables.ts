import type { StepOutput } from "../tables.ts";

/** Variables as a step sees them: its own, over those of what it stands in, over those of the procedure. */
export interface Variables {
	/** Of a step that is for no device: what was saved on devices is a mapping of device name to value. */
	forAll(): Record<string, unknown>;
	/** Of a step on a device: what was saved on devices is the device's own value. */
	forDevice(name: string): Record<string, unknown>;
	/**
	 * Saves a variable where steps of this list save theirs: in the procedure, or the sub-procedure, that they stand in. Of steps that save the same
	 * the one with the greatest `seq` counts, whichever ended last: branches may be walked again in another order.
	 */
	save(name: string, output: StepOutput, seq: number): void;
	/** Further variables that only what stands within sees. */
	within(own: Record<string, unknown>): Variables;
	/** The same, and what is saved within is seen only within. */
	procedure(own: Record<string, unknown>): Variables;
	/** What was saved here, not within nor outside. */
	saved(): Record<string, unknown>;
}

interface Saved {
	value: unknown;
	per_device: boolean;
	seq: number;
}

export function createVariables(initial: Record<string, unknown>): Variables {
	return layer(undefined, initial, undefined);
}

function layer(
	outer: Variables | undefined,
	own: Record<string, unknown>,
	saveOutside: Variables["save"] | undefined,
): Variables {
	const saved = new Map<string, Saved>();
	const save: Variables["save"] =
		saveOutside ??
		((name, { value, per_device = false }, seq) => {
			if (seq >= (saved.get(name)?.seq ?? 0)) saved.set(name, { value, per_device, seq });
		});
	const savedOn = (device: string | undefined) =>
		[...saved].flatMap(([name, { value, per_device }]): [string, unknown][] => {
			if (!per_device || device === undefined) return [[name, value]];
			const values = value as Record<string, unknown>;
			return Object.hasOwn(values, device) ? [[name, values[device]]] : [];
		});
	const seenBy = (device: string | undefined) => ({
		...(device === undefined ? outer?.forAll() : outer?.forDevice(device)),
		...own,
		...Object.fromEntries(savedOn(device)),
	});
	const self: Variables = {
		forAll: () => seenBy(undefined),
		forDevice: (name) => seenBy(name),
		save,
		within: (inner) => layer(self, inner, save),
		procedure: (inner) => layer(self, inner, undefined),
		saved: () => Object.fromEntries(savedOn(undefined)),
	};
	return self;
}
