import { z } from "zod";
import { defineEvents } from "../kernel/events.ts";
import { Id } from "../kernel/ids.ts";
import { StackState } from "./stacks.ts";

const templateRef = z.object({ template_id: Id, name: z.string(), version: z.int(), by: z.string() });

const stackRef = z.object({ stack_id: Id, name: z.string(), version: z.int(), by: z.string() });

const mopRef = z.object({ mop_id: Id, name: z.string(), version: z.int(), by: z.string() });

const stepTypeRef = z.object({ step_type_id: Id, type: z.string(), by: z.string() });

export const configEvents = defineEvents({
	"template.created.v1": templateRef,
	"template.updated.v1": templateRef,
	"template.deleted.v1": templateRef,
	"stack.created.v1": stackRef,
	"stack.updated.v1": stackRef,
	"stack.deleted.v1": stackRef,
	/** A run on it began or ended. */
	"stack.state_changed.v1": z.object({ stack_id: Id, name: z.string(), state: StackState, run_id: Id }),
	"mop.created.v1": mopRef,
	/** Its document, or whether it may be started. */
	"mop.updated.v1": mopRef,
	"mop.deleted.v1": mopRef,
	"step_type.created.v1": stepTypeRef,
	"step_type.updated.v1": stepTypeRef,
	"step_type.deleted.v1": stepTypeRef,
});
