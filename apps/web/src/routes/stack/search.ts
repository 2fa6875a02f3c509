import { z } from "zod";
import { pageSearch } from "../../ui/table/list-search.ts";
import { instanceWishes } from "../service-instances/search.ts";

export const StackSearch = pageSearch({
	tab: z.enum(["overview", "edit", "rendered", "instances", "drift", "runs"]),
	/** Of what is rendered: page, part of a device's name, what for. */
	page: z.int().min(1).max(1_000_000),
	q: z.coerce.string().max(200),
	action: z.enum(["deploy", "delete", "validation"]),
	/** Of its services on devices: order, state, the one that is open. */
	...instanceWishes,
});
