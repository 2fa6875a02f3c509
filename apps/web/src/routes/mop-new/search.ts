import { z } from "zod";
import { pageSearch } from "../../ui/table/list-search.ts";
import { MopSearch } from "../mop/search.ts";

export const NewMopSearch = pageSearch({
	/** What it begins with: an example, a file that was chosen on the page before, or the procedure of this id. */
	from: z.union([z.enum(["file", "change", "look"]), z.uuid()]),
	view: MopSearch.shape.view.unwrap().unwrap(),
	at: MopSearch.shape.at.unwrap().unwrap(),
});
