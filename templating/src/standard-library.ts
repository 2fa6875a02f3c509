import { addressTests } from "./address-tests.ts";
import { addressFilters } from "./filters/addresses.ts";
import { dataFilters } from "./filters/data.ts";
import { numberFilters } from "./filters/numbers.ts";
import { patternFilters } from "./filters/patterns.ts";
import { sequenceFilters } from "./filters/sequences.ts";
import { textFilters } from "./filters/text.ts";
import { vlanFilters } from "./filters/vlans.ts";
import { globals } from "./globals.ts";
import type { Library } from "./rendering.ts";
import { tests } from "./tests.ts";

/** What every template may use. Maps, so that no name of JavaScript's objects is a filter. */
export const library: Library = {
	filters: new Map(
		Object.entries({
			...textFilters,
			...numberFilters,
			...sequenceFilters,
			...dataFilters,
			...patternFilters,
			...addressFilters,
			...vlanFilters,
		}),
	),
	tests: new Map(Object.entries({ ...tests, ...addressTests })),
	globals: new Map(Object.entries(globals)),
};
