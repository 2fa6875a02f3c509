import { Autocomplete, type AutocompleteProps } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useApi, usePermitted } from "../../api/context.tsx";

/** Names a pool of workers; offers those that there are to whoever may see workers. */
export function WorkerPoolField(props: Omit<AutocompleteProps, "data" | "label">) {
	const api = useApi();
	const stats = useQuery({
		queryKey: ["workers", "stats"],
		queryFn: ({ signal }) => api.tasks.getWorkerStats({}, { signal }),
		enabled: usePermitted()("workers:read"),
	});
	return (
		<Autocomplete
			label="Worker pool"
			maxLength={40}
			data={(stats.data?.by_pool ?? []).map(({ pool }) => pool)}
			{...props}
		/>
	);
}
