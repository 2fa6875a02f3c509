import { z } from "zod";
import { DeviceCheck } from "../devices/checks.ts";
import { Selection } from "../devices/model.ts";
import { doesMoreThanRead, readingCommand } from "../devices/reading-commands.ts";
import { Id, Timestamp } from "../kernel/ids.ts";
import { CursorQuery, PageQuery, QueryList, sortBy } from "../kernel/page.ts";
import { Rollout, RunKind, RunStatus } from "../tasks/model.ts";
import { TemplateVariables } from "./templates.ts";

/** Text that PostgreSQL can hold: neither NUL nor half of a surrogate pair. */
const Text = z.string().regex(/^[^\0\p{Surrogate}]*$/u, "Must not contain NUL or broken characters");

const looksLikeAnId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Unique name of a stack, whatever its case. */
export const StackName = z
	.string()
	.min(1)
	.max(100)
	.regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u, "Letters, digits, spaces and . _ - only, beginning with a letter or digit")
	.refine((name) => !looksLikeAnId.test(name), "Must not look like an id");

/** A stack's id, or its name whatever its case. */
export const StackKey = z.string().min(1).max(100);

/**
 * `pending`: nothing of it was deployed. `deployed`: all of it stands on its devices. `partial`: on some of them it does. `failed`: on none.
 * `deploying` and `deleting`: a run is at it.
 */
export const StackState = z.enum(["pending", "deploying", "deployed", "partial", "failed", "deleting"]);
export type StackState = z.infer<typeof StackState>;

export const ServiceName = z
	.string()
	.min(1)
	.max(63)
	.regex(/^[a-z0-9][a-z0-9_-]*$/, "Lower-case letters, digits, - and _ only");

/** One template on some devices. */
export const StackService = z.object({
	name: ServiceName,
	/** A deploy template. Its own links say what deletes and what validates it. */
	template_id: Id,
	/** Devices that it stands on. */
	targets: Selection,
	/** Over those of the stack, under those of a device. */
	variables: TemplateVariables.default({}),
	/** Services of the stack that stand before this one: earlier in a device's configuration, and on other devices before this one's are changed. */
	depends_on: z.array(ServiceName).max(50).default([]),
});
export type StackService = z.infer<typeof StackService>;

/** A command that is asked until it answers as it should. It reads only. */
export const StackCheck = z.object({
	name: z.string().min(1).max(100),
	/** Read-only: a command that begins with `show`, `display`, `get`, `ping`, `traceroute` or the like. */
	command: z
		.string()
		.min(1)
		.max(500)
		.regex(/^[^\p{Cc}]*$/u, "One line")
		.regex(readingCommand, "A command that reads: show, display, get, ping, traceroute")
		.refine(
			(command) => !doesMoreThanRead.test(command),
			"Must not write its answer anywhere, nor hold a second command",
		),
	/** RE2. The answer has to match it; `(?m)` makes `^` and `$` mean lines. */
	expect: z.string().min(1).max(1000),
	/** True: the answer must not match. */
	negate: z.boolean().default(false),
	/** How long it may take until it holds, in seconds. */
	within_s: z.int().min(0).max(600).default(30),
});
export type StackCheck = z.infer<typeof StackCheck>;

const stackFields = {
	name: StackName,
	description: Text.max(2000),
	services: z.array(StackService).max(50),
	/** For all services on all devices. */
	variables: TemplateVariables,
	/** For one device each, over everything else: by device id. */
	device_variables: z.record(Id, TemplateVariables),
	/** Asked on each device before anything is planned there: one that fails leaves the device as it is. */
	pre_checks: z.array(StackCheck).max(20),
	/** The same of what a device must know. */
	pre_state_checks: z.array(DeviceCheck).max(20),
	/** Asked on each device after the change; one that fails takes the change back. */
	checks: z.array(StackCheck).max(20),
	/** What each device must know after the change: neighbours, routes. One that does not hold takes the change back, too. */
	state_checks: z.array(DeviceCheck).max(20),
	rollout: Rollout,
	/** How long a device waits for confirmation before it takes the change back, in seconds. */
	confirm_within_s: z.int().min(60).max(3600),
};

export const StackSummary = z
	.object({
		id: Id,
		name: StackName,
		description: z.string(),
		state: StackState,
		/** The definition, or a template in it, was changed since it was deployed. */
		pending_changes: z.boolean(),
		services: z.int(),
		/** Counts changes of the definition, from 1. */
		version: z.int(),
		deployed_version: z.int().nullable(),
		deployed_at: Timestamp.nullable(),
		last_run_id: Id.nullable(),
		/** The stack template that it was made from, while there is that. */
		made_from: z
			.object({
				id: Id,
				name: z.string(),
				/** Version that it was made from, and the newest. */
				version: z.int(),
				newest_version: z.int(),
			})
			.nullable(),
		created_at: Timestamp,
		created_by: z.string(),
		updated_at: Timestamp,
		updated_by: z.string(),
	})
	.meta({ id: "StackSummary" });
export type StackSummary = z.infer<typeof StackSummary>;

export const Stack = StackSummary.extend({
	...stackFields,
	/** Values that it was made with, of a stack that was made from a template. */
	parameters: TemplateVariables.nullable(),
}).meta({ id: "Stack" });
export type Stack = z.infer<typeof Stack>;

export const NewStack = z.object({
	...stackFields,
	description: stackFields.description.default(""),
	services: stackFields.services.default([]),
	variables: stackFields.variables.default({}),
	device_variables: stackFields.device_variables.default({}),
	pre_checks: stackFields.pre_checks.default([]),
	pre_state_checks: stackFields.pre_state_checks.default([]),
	checks: stackFields.checks.default([]),
	state_checks: stackFields.state_checks.default([]),
	rollout: stackFields.rollout.prefault({ batch_sizes: [1, 10], most_failures: 0 }),
	confirm_within_s: stackFields.confirm_within_s.default(300),
});
export type NewStack = z.infer<typeof NewStack>;

/** What is left out stays as it is. */
export const StackChange = z
	.object(stackFields)
	.partial()
	.extend({
		/** Version that the change began from. When there is a newer one, nothing is changed. */
		version: z.int().min(1),
	});
export type StackChange = z.infer<typeof StackChange>;

export const ListStacks = PageQuery.extend({
	state: QueryList(StackState).optional(),
	/** Made from this stack template. */
	made_from: Id.optional(),
	sort: sortBy(["name", "state", "updated_at", "deployed_at"], "name"),
});

/** What the services of a stack come to on one device. */
export const RenderedDevice = z
	.object({
		device_id: Id,
		device_name: z.string(),
		device_type: z.string(),
		/** Why it would be left out: disabled. */
		left_out: z.string().nullable(),
		/** In the order in which they would be sent. */
		services: z.array(
			z.object({
				name: ServiceName,
				template: z.string(),
				text: z.string(),
				/** Why it could not be rendered: template, line, variable. */
				error: z.object({ code: z.string(), message: z.string() }).nullable(),
			}),
		),
	})
	.meta({ id: "RenderedDevice" });
export type RenderedDevice = z.infer<typeof RenderedDevice>;

/** Only on these devices of the stack's; all of them where none are named. */
const only = { device_ids: z.array(Id).min(1).max(50_000).optional() };

export const RenderStack = PageQuery.extend({ action: z.enum(["deploy", "delete", "validation"]).default("deploy") });
export const PlanStack = z.object(only);
/** What is compared: the newest backup of each device, or what the device says now. */
export const ValidationSource = z.enum(["backup", "live"]);
export type ValidationSource = z.infer<typeof ValidationSource>;
export const StartValidation = z.object({
	...only,
	source: ValidationSource.default("backup"),
	reason: z.string().trim().max(500).default(""),
});
export const DeployStack = z.object({
	...only,
	/** In place of the stack's own, for this run. */
	rollout: Rollout.optional(),
	/** For those who approve, and for those who read it later. */
	reason: z.string().trim().max(500).default(""),
});

/** What stands differently on a device than the stack says. */
export const DeviceDrift = z
	.object({
		device_id: Id,
		device_name: z.string(),
		/** `unknown`: there is nothing to compare with, or it could not be rendered. */
		state: z.enum(["in_sync", "drifted", "unknown"]),
		/** Backup that it was compared with, and when that was read. */
		backup_id: Id.nullable(),
		backed_up_at: Timestamp.nullable(),
		/** Lines that should stand there and do not, with the sections they belong to. */
		missing: z.array(z.string()),
		/** Lines that stand there and should not: of a `no ...` line in a template. */
		unwanted: z.array(z.string()),
		reason: z.string().nullable(),
	})
	.meta({ id: "DeviceDrift" });
export type DeviceDrift = z.infer<typeof DeviceDrift>;

export const StackValidation = z
	.object({
		stack_id: Id,
		counts: z.object({ in_sync: z.int(), drifted: z.int(), unknown: z.int() }),
		/** Drifted devices first. At most 1,000. */
		devices: z.array(DeviceDrift),
	})
	.meta({ id: "StackValidation" });
export type StackValidation = z.infer<typeof StackValidation>;

export const StackRun = z
	.object({
		run_id: Id,
		kind: RunKind,
		status: RunStatus,
		/** Version of the definition that it carried out. */
		version: z.int(),
		started_by: z.string(),
		reason: z.string(),
		/** Who broke the glass: it was carried out without its approval, or although a calendar held it back. */
		bypassed_by: z.string().nullable(),
		started_at: Timestamp,
		finished_at: Timestamp.nullable(),
	})
	.meta({ id: "StackRun" });
export type StackRun = z.infer<typeof StackRun>;
export const ListStackRuns = CursorQuery;
