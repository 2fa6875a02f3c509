import { queryOptions } from "@tanstack/react-query";
import type { Api } from "../../api/api.ts";

/** One's own second factors. */
export function ownFactorsQuery(api: Api) {
	return queryOptions({
		queryKey: ["me", "second-factors"],
		queryFn: ({ signal }) => api.auth.listMySecondFactors({}, { signal }),
	});
}
