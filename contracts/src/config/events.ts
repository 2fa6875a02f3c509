import { z } from "zod";
import { defineEvents } from "../kernel/events.ts";
import { Id } from "../kernel/ids.ts";

const templateRef = z.object({ template_id: Id, name: z.string(), version: z.int(), by: z.string() });

export const configEvents = defineEvents({
	"template.created.v1": templateRef,
	"template.updated.v1": templateRef,
	"template.deleted.v1": templateRef,
});
