/** An audit record keeps some 64 KiB of what was there before and after; the rest of it must fit beside the names. */
const longest = 30_000;

/** Names for an audit record: as many as a record holds, and how many there are besides. */
export function recordedNames(names: readonly string[]): string[] {
	let length = 0;
	const kept = names.findIndex((name) => {
		length += name.length + 3;
		return length > longest;
	});
	return kept === -1 ? [...names] : [...names.slice(0, kept), `and ${names.length - kept} more`];
}
