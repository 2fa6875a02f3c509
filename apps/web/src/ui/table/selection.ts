import { useMemo, useState } from "react";

/** Rows that were chosen, also on pages that are not shown now. */
export interface Selection {
	ids: ReadonlySet<string>;
	has(id: string): boolean;
	set(ids: readonly string[], chosen: boolean): void;
	clear(): void;
}

export function useSelection(): Selection {
	const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
	return useMemo(
		() => ({
			ids,
			has: (id) => ids.has(id),
			set: (changed, chosen) =>
				setIds((before) => {
					const next = new Set(before);
					for (const id of changed) {
						if (chosen) next.add(id);
						else next.delete(id);
					}
					return next;
				}),
			clear: () => setIds(new Set()),
		}),
		[ids],
	);
}
