import { z } from "zod";
import { listSearch, truth } from "../../ui/table/list-search.ts";

const orders = ["type", "label", "category"] as const;

export const StepTypesSearch = listSearch(
	z.enum([...orders, ...orders.map((order) => `-${order}` as const)]).default("type"),
	{
		built_in: truth,
		/** Shown beside the list. */
		type: z.coerce.string().max(63),
	},
);
