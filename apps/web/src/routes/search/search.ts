import { Id, Timestamp } from "@netconductor/contracts/kernel/ids";
import { z } from "zod";
import { pageSearch } from "../../ui/table/list-search.ts";

export const ConfigSearchParams = pageSearch({
	q: z.coerce.string().max(500),
	regex: z.boolean(),
	/** Upper and lower case are told apart. */
	case: z.boolean(),
	/** As things stood then. */
	at: Timestamp,
	device_id: Id,
	device_type: z.coerce.string().min(1).max(63),
	/** Lines around each hit. */
	context: z.int().min(0).max(10),
	page: z.int().min(1).max(10_000),
});
