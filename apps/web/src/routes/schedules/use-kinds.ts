import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";

/** What can be scheduled. It changes with the server's version alone. */
export function useKinds() {
	const api = useApi();
	return useQuery({
		queryKey: ["schedules", "kinds"],
		queryFn: ({ signal }) => api.scheduling.listScheduleKinds({}, { signal }),
		staleTime: Number.POSITIVE_INFINITY,
		select: ({ items }) => items,
	});
}
