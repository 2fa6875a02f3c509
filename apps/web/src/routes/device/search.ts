import { z } from "zod";
import { listOf, pageSearch } from "../../ui/table/list-search.ts";
import { instanceWishes } from "../service-instances/search.ts";

export const DeviceSearch = pageSearch({
	tab: z.enum([
		"overview",
		"config",
		"versions",
		"blame",
		"runs",
		"services",
		"health",
		"override",
		"host-key",
		"audit",
	]),
	/** Run of the latest test that was started here. */
	test: z.uuid(),
	/** Version to show in place of the newest. */
	backup: z.uuid(),
	/** Line to lead to. */
	line: z.int().min(1),
	form: z.enum(["raw", "normalised"]),
	/** What to look for in the configuration. */
	find: z.coerce.string().min(1).max(200),
	/** Versions that are chosen to be compared, at most two. */
	versions: listOf(z.uuid()),
	/** Of services of stacks on it. */
	page: z.int().min(1).max(1_000_000),
	q: z.coerce.string().max(200),
	...instanceWishes,
});
