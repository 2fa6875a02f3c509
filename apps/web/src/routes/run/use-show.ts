import { getRouteApi } from "@tanstack/react-router";

const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/runs/$id");

/** What the address asks for, and the way to ask for something else of it. */
export function useShow() {
	const search = useSearch();
	const navigate = useNavigate();
	return {
		search,
		show: (change: Partial<typeof search>) =>
			void navigate({ search: (before) => ({ ...before, ...change }), replace: true, resetScroll: false }),
	};
}
