import { z } from "zod";
import { Id, Timestamp } from "../kernel/ids.ts";
import { PageQuery, QueryList, sortBy } from "../kernel/page.ts";
import { Rollout } from "../tasks/model.ts";
import { ServiceName, StackKey, StackValidation } from "./stacks.ts";

/**
 * `deployed`: it stands on its device as its text says. `failed`: the last change of it did not come about, and what stood there before stands there
 * still. `unknown`: nobody knows what stands there; a person has to look.
 */
export const InstanceState = z.enum(["deployed", "failed", "unknown"]);
export type InstanceState = z.infer<typeof InstanceState>;

/** One service of a stack on one device, as it was last deployed. */
export const ServiceInstanceSummary = z
	.object({
		id: Id,
		stack_id: Id,
		stack_name: z.string(),
		service: ServiceName,
		device_id: Id,
		device_name: z.string(),
		template_id: Id,
		/** As it was called when it was deployed. */
		template_name: z.string(),
		template_version: z.int(),
		state: InstanceState,
		/** Why the last change of it did not come about. */
		error: z.string().nullable(),
		/** Version of the stack's definition that stands there; null: none ever did. */
		stack_version: z.int().nullable(),
		/** The stack or the template was changed since. */
		outdated: z.boolean(),
		deployed_at: Timestamp.nullable(),
		/** The last run that changed it, or tried to. */
		run_id: Id,
		updated_at: Timestamp,
	})
	.meta({ id: "ServiceInstanceSummary" });
export type ServiceInstanceSummary = z.infer<typeof ServiceInstanceSummary>;

export const ServiceInstance = ServiceInstanceSummary.extend({
	/** Lines that were sent and stand there; where none ever did, those that were tried. */
	text: z.string(),
}).meta({ id: "ServiceInstance" });
export type ServiceInstance = z.infer<typeof ServiceInstance>;

export const ListServiceInstances = PageQuery.extend({
	stack: StackKey.optional(),
	device_id: Id.optional(),
	state: QueryList(InstanceState).optional(),
	sort: sortBy(["device_name", "service", "state", "deployed_at", "updated_at"], "device_name"),
});

/** Instances of one stack. */
const chosen = { ids: z.array(Id).min(1).max(1_000) };

export const ChosenInstances = z.object(chosen);

/** A change of just these services on just their devices. */
export const ChangeInstances = z.object({
	...chosen,
	/** In place of the stack's own, for this run. */
	rollout: Rollout.optional(),
	/** For those who approve, and for those who read it later. */
	reason: z.string().trim().max(500).default(""),
});

export const ValidateInstances = z.object({
	...chosen,
	/** `backup`: the newest backup of each device. `live`: the devices themselves are asked, by a run that changes nothing. */
	source: z.enum(["backup", "live"]).default("backup"),
});

export const InstanceValidation = z
	.object({
		/** Of `backup`. */
		validation: StackValidation.nullable(),
		/** Of `live`: the run whose plan says what differs. */
		run_id: Id.nullable(),
	})
	.meta({ id: "InstanceValidation" });
