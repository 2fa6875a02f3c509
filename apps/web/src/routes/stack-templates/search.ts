import { z } from "zod";
import { listSearch } from "../../ui/table/list-search.ts";

const orders = ["name", "updated_at"] as const;

export const StackTemplatesSearch = listSearch(
	z.enum([...orders, ...orders.map((order) => `-${order}` as const)]).default("name"),
	{},
);
