import { z } from "zod";
import { pageSearch } from "../../ui/table/list-search.ts";

/** `guide`: the first steps are shown, also where they were taken before. */
export const HomeSearch = pageSearch({ guide: z.boolean() });
