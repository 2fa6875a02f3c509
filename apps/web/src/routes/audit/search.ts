import { AuditFilter } from "@netconductor/contracts/audit/api";
import { Id, Timestamp } from "@netconductor/contracts/kernel/ids";
import { z } from "zod";
import { pageSearch } from "../../ui/table/list-search.ts";

const word = z.coerce.string().min(1).max(200);

/** The filters of the trail, and the record that is open beside it. */
export const AuditSearch = pageSearch({
	q: word,
	actor: word,
	operation: word,
	outcome: AuditFilter.shape.outcome.unwrap(),
	resource_type: word,
	resource_id: word,
	from: Timestamp,
	to: Timestamp,
	record: Id,
});
