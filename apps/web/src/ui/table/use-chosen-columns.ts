import { useLocalStorage, useMediaQuery } from "@mantine/hooks";
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
	const fits = { narrow: true, medium, wide, asked: false };
	const visibility = Object.fromEntries(
		// On a telephone a choice made at a desk would leave no room for any column.
		columns.map(({ id, from = "narrow" }) => [id, medium ? (chosen[id] ?? fits[from]) : fits[from]]),
	);
	return {
		visibility,
		choose: (id: string, shown: boolean) => setChosen((before) => ({ ...before, [id]: shown })),
		reset: () => setChosen({}),
		changed: Object.keys(chosen).length > 0,
	};
}
