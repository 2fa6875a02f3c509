import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import type { Api } from "../../api/api.ts";
import type { CompareSearch } from "./search.ts";

export const usualContext = 3;

/** What an address asks to be compared. One side alone is the later one: the server finds the good backup before it. */
export function comparisonQuery(api: Api, search: z.infer<typeof CompareSearch>, reveal = false) {
	const { from, to, mode = "text", form = "normalised", context = usualContext } = search;
	const query = {
		from,
		to: to ?? "",
		mode,
		form,
		context: context === "all" ? usualContext : context,
		reveal: reveal ? "true" : "false",
	} as const;
	return queryOptions({
		queryKey: ["comparison", query],
		queryFn: ({ signal }) => api.backup.compareBackups({ query }, { signal }),
		enabled: to !== undefined,
		placeholderData: keepPreviousData,
		// Backups do not change.
		staleTime: Number.POSITIVE_INFINITY,
		retry: false,
		// Secrets that were shown do not stay in memory after the page is left.
		...(reveal && { gcTime: 0 }),
	});
}
