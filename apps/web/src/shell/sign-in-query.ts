import { queryOptions } from "@tanstack/react-query";
import type { Api } from "../api/api.ts";

/** What strangers are told: the banner, and how long a password must be. */
export function signInQuery(api: Api) {
	return queryOptions({
		queryKey: ["sign-in"],
		queryFn: ({ signal }) => api.auth.getSignIn({}, { signal }),
		retry: false,
		staleTime: 60_000,
	});
}
