import { StackState } from "@netconductor/contracts/config/stacks";
import { z } from "zod";
import { listOf, listSearch } from "../../ui/table/list-search.ts";

const orders = ["name", "state", "updated_at", "deployed_at"] as const;

export const StacksSearch = listSearch(
	z.enum([...orders, ...orders.map((order) => `-${order}` as const)]).default("name"),
	{ state: listOf(StackState) },
);
