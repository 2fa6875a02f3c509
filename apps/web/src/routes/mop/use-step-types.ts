import type { MopStepType } from "@netconductor/contracts/config/mops";
import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";

const mostTypes = 500;
const none: MopStepType[] = [];

/** Every step type there is; none until they are known. */
export function useStepTypes(): readonly MopStepType[] {
	const api = useApi();
	return (
		useQuery({
			queryKey: ["step_types", "all"],
			queryFn: ({ signal }) => api.config.listStepTypes({ query: { page_size: mostTypes } }, { signal }),
		}).data?.items ?? none
	);
}
