import { useLocalStorage, useMediaQuery } from "@mantine/hooks";
import { useMemo } from "react";
import type { Column } from "./column.ts";

/** Which columns a list shows: those that fit the page, and what this browser's user chose instead. */
export function useChosenColumns<Row>(list: string, columns: readonly Column<Row>[]) {
	const [chosen, setChosen] = useLocalStorage<Record<string, boolean>>({
		key: `netconductor.columns.${list}`,
		defaultValue: {},
		getInitialValueInEffect: false,
	});
	const medium = useMediaQuery("(min-width: 48em)", true, { getInitialValueInEffect: false });
	const wide = useMediaQuery("(min-width: 75em)", true, { getInitialValueInEffect: false });
	const shown = useMemo(() => {
		const fits = { narrow: true, medium, wide, asked: false };
		// On a telephone a choice made at a desk would leave no room for any column.
		return columns.filter(({ id, from = "narrow" }) => (medium ? (chosen[id] ?? fits[from]) : fits[from]));
	}, [columns, chosen, medium, wide]);
	return {
		shown,
		narrow: !medium,
		choose: (id: string, wanted: boolean) => setChosen((before) => ({ ...before, [id]: wanted })),
		reset: () => setChosen({}),
		changed: Object.keys(chosen).length > 0,
	};
}
