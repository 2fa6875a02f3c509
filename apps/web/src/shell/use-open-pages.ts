import type { StaticDataRouteOption } from "@tanstack/react-router";
import { useCoversAll, usePermitted } from "../api/context.tsx";

/** Whether a page is open to who is signed in, by the facts that stand beside its address. */
export function useOpenPages(): (facts: StaticDataRouteOption) => boolean {
	const permitted = usePermitted();
	const coversAll = useCoversAll();
	return ({ needs, of_all = false }) => (needs === undefined || permitted(needs)) && (coversAll || !of_all);
}
