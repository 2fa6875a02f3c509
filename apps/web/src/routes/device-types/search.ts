import { z } from "zod";
import { listSearch, truth } from "../../ui/table/list-search.ts";

const orders = ["id", "label", "vendor", "devices"] as const;

export const DeviceTypesSearch = listSearch(
	z.enum([...orders, ...orders.map((order) => `-${order}` as const)]).default("label"),
	{ built_in: truth },
);
