import { Tag } from "@netconductor/contracts/devices/model";
import { z } from "zod";
import { listSearch, truth } from "../../ui/table/list-search.ts";

const orders = ["name", "updated_at", "last_run_at"] as const;

export const MopsSearch = listSearch(
	z.enum([...orders, ...orders.map((order) => `-${order}` as const)]).default("name"),
	{ enabled: truth, tag: z.coerce.string().pipe(Tag) },
);
