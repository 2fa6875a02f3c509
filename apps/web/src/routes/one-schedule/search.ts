import { OccurrenceStatus } from "@netconductor/contracts/scheduling/model";
import { z } from "zod";
import { listOf, pageSearch } from "../../ui/table/list-search.ts";

export const OneScheduleSearch = pageSearch({
	tab: z.enum(["next", "history", "conflicts"]),
	status: listOf(OccurrenceStatus),
});
