import { Filter } from "ldapts";

/** A filter in which each placeholder is replaced by its value, escaped as RFC 4515 says: no value can add to the filter. */
export function fillFilter(filter: string, values: Readonly<Record<string, string | Buffer>>): string {
	return filter.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
		const value = values[name];
		return value === undefined ? whole : Filter.escape(value);
	});
}

/** A value as it stands in a distinguished name (RFC 4514, 2.4). */
export function escapeDnValue(value: string): string {
	return value
		.replaceAll(/[\\"+,;<=>]/g, (character) => `\\${character}`)
		.replace(/^[ #]/, (character) => `\\${character}`)
		.replace(/ $/, "\\ ")
		.replaceAll("\0", "\\00");
}
