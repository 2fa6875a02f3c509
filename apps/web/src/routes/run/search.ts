import { Id } from "@netconductor/contracts/kernel/ids";
import { ListOperations, OperationStatus } from "@netconductor/contracts/tasks/model";
import { z } from "zod";
import { pageSearch } from "../../ui/table/list-search.ts";

export const RunSearch = pageSearch({
	tab: z.enum(["steps", "devices", "plan", "results", "output"]),
	/** Key of a procedure's step that is opened. */
	step: z.coerce.string().max(1_000),
	/** Devices of this step of a procedure alone: its path. */
	of_step: z.coerce.string().max(250),
	/** Of the devices and the results. */
	status: OperationStatus,
	/** Part of a device's name. */
	q: z.coerce.string().max(200),
	/** Devices of one result. */
	group: ListOperations.shape.group.unwrap(),
	/** Shown beside the devices. */
	operation: Id,
	/** Page of the results. */
	page: z.int().min(1).max(1_000_000),
	/** Output of this operation alone. */
	of: Id,
	find: z.coerce.string().max(200),
	times: z.boolean(),
	wrap: z.boolean(),
});
