import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";

/** The inventory in numbers: what filters and forms offer. */
export function useDeviceSummary() {
	const api = useApi();
	return useQuery({
		queryKey: ["devices", "summary"],
		queryFn: ({ signal }) => api.devices.getDeviceSummary({}, { signal }),
		meta: { shows: ["device_groups", "host_keys"] },
	});
}
