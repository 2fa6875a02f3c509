import { useMemo, useRef } from "react";
import type { ListSource } from "./list-source.ts";

/** A list that remembers what its rows are called, also those of pages left since, so that a question about those chosen can name them. */
export function useRowNames<Row extends { id: string; name: string }>(
	list: ListSource<Row>,
): { source: ListSource<Row>; names: ReadonlyMap<string, string> } {
	const names = useRef(new Map<string, string>()).current;
	const note = (rows: readonly Row[]) => {
		for (const { id, name } of rows) names.set(id, name);
	};
	// biome-ignore lint/correctness/useExhaustiveDependencies: what is noted stays
	useMemo(() => note(list.rows ?? []), [list.rows]);
	return {
		names,
		source: {
			...list,
			async *everything(signal) {
				for await (const rows of list.everything(signal)) {
					note(rows);
					yield rows;
				}
			},
		},
	};
}
