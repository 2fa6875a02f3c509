import { parseMapping } from "./parse-mapping.ts";

/** Names of the procedures that a procedure runs, as far as they are written and not templates. */
export function mopsRunBy(source: string): string[] {
	const names: string[] = [];
	let level: unknown[] = [parseMapping(source)];
	while (level.length > 0) {
		for (const one of level) {
			if (one === null || typeof one !== "object" || Array.isArray(one)) continue;
			const { type, with: given } = one as { type?: unknown; with?: { mop?: unknown } | null };
			if (type === "run_mop" && typeof given?.mop === "string") names.push(given.mop);
		}
		level = level.flatMap((one) => (one !== null && typeof one === "object" ? Object.values(one) : []));
	}
	return names;
}

/** The documents with each procedure after those that it runs; the rest, and what runs itself in a circle, in the order in which it was. */
export function inOrderOfUse<T extends { document: { kind: string; name: string; source?: string } }>(
	documents: readonly T[],
): T[] {
	const byName = new Map(
		documents.flatMap((one) => (one.document.kind === "Mop" ? [[one.document.name.toLowerCase(), one] as const] : [])),
	);
	const placed = new Set<T>();
	const place = (one: T, around: ReadonlySet<T>) => {
		if (placed.has(one) || around.has(one)) return;
		const inner = new Set([...around, one]);
		const { kind, source = "" } = one.document;
		for (const name of kind === "Mop" ? mopsRunBy(source) : []) {
			const used = byName.get(name.toLowerCase());
			if (used !== undefined) place(used, inner);
		}
		placed.add(one);
	};
	for (const one of documents) place(one, new Set());
	return [...placed];
}
