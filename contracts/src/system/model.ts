import { z } from "zod";
import { Id, Timestamp } from "../kernel/ids.ts";

/** What this installation is. */
export const About = z
	.object({
		product: z.string(),
		version: z.string(),
		licence: z.string(),
		/** When the process that answers was started. */
		started_at: Timestamp,
		node_version: z.string(),
		/** Operating system and processor: `linux x64`. */
		platform: z.string(),
		database: z.object({
			version: z.string(),
			/** Started and stopped by this process. */
			embedded: z.boolean(),
			/** Of the whole database; null where the service may not ask. */
			size_bytes: z.int().nullable(),
		}),
		topology: z.object({
			/** All services run in the process that answers, workers aside. */
			one_process: z.boolean(),
			/** Services of the process that answers. */
			targets: z.array(z.string()),
			/** Events go through a broker (RabbitMQ), or within the process. */
			events: z.string(),
			/** What carries live output. */
			live: z.string(),
		}),
		/** Null where the service that knows does not answer. */
		counts: z.object({
			devices: z.int().nullable(),
			device_groups: z.int().nullable(),
			credentials: z.int().nullable(),
			backups: z.int().nullable(),
			snapshots: z.int().nullable(),
			users: z.int().nullable(),
			workers_online: z.int().nullable(),
		}),
	})
	.meta({ id: "About" });
export type About = z.infer<typeof About>;

/** `degraded` works and wants looking after; `unknown` could not be asked. */
export const SystemState = z.enum(["ok", "degraded", "failed", "unknown"]);
export type SystemState = z.infer<typeof SystemState>;

/** One thing that was looked at. */
export const SystemCheck = z
	.object({
		/** `database`, `events`, `disk`, `devices.database`. */
		name: z.string(),
		state: SystemState,
		/** For people: what is wrong, or a fact such as a version. */
		detail: z.string(),
		/** Since when it has been in this state, as far as the service saw: at most since it started. */
		since: Timestamp,
		/** How long the look took, in milliseconds. */
		ms: z.number().nullable(),
	})
	.meta({ id: "SystemCheck" });
export type SystemCheck = z.infer<typeof SystemCheck>;

export const ServiceHealth = SystemCheck.extend({
	/** `here`: in the process that answers; `elsewhere`: in another one. */
	place: z.enum(["here", "elsewhere"]),
	/** Checks of that service's own. */
	checks: z.array(SystemCheck),
	/** Events that wait; null where it has none, or could not be asked. */
	backlog: z
		.object({
			/** Written and not handed over yet. */
			outgoing: z.int(),
			/** Taken in and not applied yet. */
			incoming: z.int(),
			/** Put aside after ten attempts; somebody has to look. */
			put_aside: z.int(),
		})
		.nullable(),
}).meta({ id: "ServiceHealth" });
export type ServiceHealth = z.infer<typeof ServiceHealth>;

export const SystemHealth = z
	.object({
		/** As good as the worst of everything below. */
		state: SystemState,
		checked_at: Timestamp,
		services: z.array(ServiceHealth),
		/** Database, events, live output, disk, workers. */
		dependencies: z.array(SystemCheck),
	})
	.meta({ id: "SystemHealth" });
export type SystemHealth = z.infer<typeof SystemHealth>;

export const SimulatedDevice = z.object({
	device_id: Id,
	/** As the inventory names it now. */
	name: z.string(),
	device_type: z.string(),
	host: z.string(),
	port: z.int(),
});

/** Simulated devices on loopback addresses of this machine, in a process of their own, to try the product on. */
export const SimulatedNetwork = z
	.object({
		/** `absent`: there is none; `stopped`: its devices are in the inventory and do not answer. */
		state: z.enum(["absent", "starting", "running", "stopped"]),
		/** Whether this installation brings the simulator along. */
		available: z.boolean(),
		/** Why it is stopped, for people. */
		detail: z.string().nullable(),
		/** Since when it has been in this state. */
		since: Timestamp.nullable(),
		/** Group and tag that its devices carry. */
		group: z.string(),
		tag: z.string(),
		/** Those that are still in the inventory. */
		devices: z.array(SimulatedDevice),
		/** How many times somebody was made to type a change. */
		changes: z.int(),
	})
	.meta({ id: "SimulatedNetwork" });
export type SimulatedNetwork = z.infer<typeof SimulatedNetwork>;

export const StartSimulatedNetwork = z.object({ devices: z.int().min(1).max(48).default(12) });

/** What somebody typed, device by device, in the device's own language. */
export const SimulatedChange = z
	.object({
		changes: z.array(
			z.object({ device_id: Id, device_name: z.string(), device_type: z.string(), lines: z.array(z.string()) }),
		),
	})
	.meta({ id: "SimulatedChange" });
export type SimulatedChange = z.infer<typeof SimulatedChange>;
