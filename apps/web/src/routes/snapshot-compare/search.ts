import { z } from "zod";
import { pageSearch } from "../../ui/table/list-search.ts";

export const DeviceOutcome = z.enum(["changed", "unchanged", "only_in_from", "only_in_to"]);
export type DeviceOutcome = z.infer<typeof DeviceOutcome>;

export const SnapshotCompareSearch = pageSearch({
	from: z.uuid(),
	to: z.uuid(),
	status: DeviceOutcome,
	page: z.int().min(1).max(1_000_000),
	page_size: z.int().min(1).max(500),
	q: z.coerce.string().max(200),
});
