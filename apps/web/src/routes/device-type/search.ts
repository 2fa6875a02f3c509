import { z } from "zod";
import { pageSearch } from "../../ui/table/list-search.ts";

export const DeviceTypeSearch = pageSearch({ tab: z.enum(["definition", "json", "try"]) });
