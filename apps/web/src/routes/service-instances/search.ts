import { InstanceState } from "@netconductor/contracts/config/instances";
import { z } from "zod";
import { listOf, listSearch } from "../../ui/table/list-search.ts";

const orders = ["device_name", "service", "state", "deployed_at", "updated_at"] as const;

const sort = z.enum([...orders, ...orders.map((order) => `-${order}` as const)]);
const filters = {
	state: listOf(InstanceState),
	/** The instance that is open beside the list. */
	open: z.uuid(),
};

/** What a page that shows the list among other things carries for it, besides page and search text. */
export const instanceWishes = { ...filters, sort, page_size: z.int().min(1).max(500) };

export const ServiceInstancesSearch = listSearch(sort.default("device_name"), {
	...filters,
	/** Of one stack, of one device. */
	stack: z.uuid(),
	device_id: z.uuid(),
});
export type ServiceInstancesSearch = z.output<typeof ServiceInstancesSearch>;
