import { WorkerPool } from "@netconductor/contracts/kernel/worker-pool";
import { z } from "zod";
import { pageSearch } from "../../ui/table/list-search.ts";

const page = z.int().min(1).max(1_000_000);
const page_size = z.int().min(1).max(500);

/** Where in the queue and among the workers one is. */
export const WorkersSearch = pageSearch({
	page,
	page_size,
	queue_page: page,
	queue_page_size: page_size,
	pool: WorkerPool,
});
