import { availableParallelism } from "node:os";
import { Secret } from "@netconductor/contracts/kernel/secret";
import { defaultWorkerPool, WorkerPool } from "@netconductor/contracts/kernel/worker-pool";
import { z } from "zod";
import { defineConfig } from "./config.ts";
import { isOutboundRule } from "./http/outbound-rules.ts";
import { logFormats, logLevels } from "./log.ts";
import { parseMasterKey } from "./master-key.ts";

const MasterKeyText = Secret(z.string().refine((text) => parseMasterKey(text) !== undefined)).meta({
	accepts: "32 bytes as 64 hexadecimal digits or as base64",
});

function ServiceUrl(protocol: RegExp, accepts: string) {
	return z.url({ protocol }).meta({ secret: true, writeOnly: true, format: "password", accepts });
}

/** Worker processes: read by the process that starts them, by the tasks service and by each worker. */
export const workersConfig = defineConfig(
	"workers",
	z.object({
		processes: z
			.int()
			.min(0)
			.max(256)
			.default(() => Math.max(1, availableParallelism() - 1))
			.meta({
				shown_default: "processors − 1, at least 1",
				description: "Worker processes that this one starts; 0 when workers run elsewhere.",
			}),
		pool: WorkerPool.default(defaultWorkerPool).meta({
			accepts: "lower-case letters, digits and -, at most 40",
			description:
				"Pool of a worker: it takes operations on devices of this pool alone. Those that this process starts are of it, too.",
		}),
		keys_file: z.string().min(1).optional().meta({
			description:
				"File with the keys of a worker, from `netconductor worker-keys`: it starts with these in place of the master key, and is of the pool that they are for.",
		}),
		concurrency: z.int().min(1).max(2_000).default(50).meta({
			description:
				"Device sessions that one worker process holds at a time. All processes of an installation have the same.",
		}),
		lease_ms: z.int().min(1_000).max(600_000).default(15_000).meta({
			description:
				"After so long without a sign of life a worker counts as lost and its work goes to others. It drops its sessions before, ms.",
		}),
		drain_ms: z.int().min(0).max(600_000).default(20_000).meta({
			description: "How long a worker that stops lets running operations finish before it hands them back, ms.",
		}),
	}),
);

const OutboundRule = z
	.string()
	.refine(isOutboundRule)
	.meta({ accepts: "an address, a network (10.0.0.0/8) or a host name (*.example.net too)" });

/** What webhooks, API steps and sign-ins at identity providers may reach: read by every process that sends such requests. */
export const outboundConfig = defineConfig(
	"outbound",
	z.object({
		allow: z.array(OutboundRule).max(1_000).default([]).meta({
			description:
				"What webhooks, API steps and sign-ins at identity providers may reach in any case, even where it is denied by `deny` or by default: this machine itself, link-local addresses, cloud metadata, multicast.",
		}),
		deny: z.array(OutboundRule).max(1_000).default([]).meta({
			description: "What they may not reach besides; 0.0.0.0/0 and ::/0 leave only what `allow` names.",
		}),
	}),
);

/** What the process itself is configured with; services add slices of their own. */
export const runtimeSlices = [
	defineConfig(
		"data",
		z.object({
			dir: z.string().min(1).default("./.data").meta({
				description: "Folder of what this machine keeps: the embedded database and the master key made at first start.",
			}),
		}),
	),
	defineConfig(
		"master",
		z.object({
			key: MasterKeyText.optional().meta({
				description:
					"Key that protects all stored secrets. Without it the file `master.key` in the data folder is used.",
			}),
			key_previous: MasterKeyText.optional().meta({
				description:
					"The key before, for one start after the master key was changed: data keys are then moved to the new one.",
			}),
		}),
	),
	defineConfig(
		"database",
		z.object({
			url: ServiceUrl(/^postgres(ql)?$/, "a URL postgres://user:password@host:port/database")
				.optional()
				.meta({ description: "PostgreSQL to use instead of the embedded one." }),
			pool_size: z.int().min(1).max(1_000).default(10).meta({
				description: "Most connections that one service of one process opens.",
			}),
		}),
		{ aliases: { url: "DATABASE_URL" } },
	),
	defineConfig(
		"rabbitmq",
		z.object({
			url: ServiceUrl(/^amqps?$/, "a URL amqp://user:password@host:port/vhost")
				.optional()
				.meta({ description: "Carries events between processes: required when services run in several." }),
		}),
		{ aliases: { url: "RABBITMQ_URL" } },
	),
	defineConfig(
		"redis",
		z.object({
			url: ServiceUrl(/^rediss?$/, "a URL redis://user:password@host:port/database")
				.optional()
				.meta({
					description:
						"Carries live output between processes and counts requests for the limits of all of them together. Without it PostgreSQL carries, which takes one database that all share, and each process counts for itself. Several installations may share a Redis where each has a database of its own there (the number at the end).",
				}),
		}),
		{ aliases: { url: "REDIS_URL" } },
	),
	defineConfig(
		"log",
		z.object({
			level: z.enum(logLevels).default("info").meta({ description: "Least severe records that are written." }),
			format: z.enum(logFormats).default("auto").meta({
				description:
					"`json` is one object a line, `text` is for people, `auto` is `text` on a terminal and `json` otherwise.",
			}),
		}),
	),
	defineConfig(
		"internal",
		z.object({
			host: z.string().min(1).default("127.0.0.1").meta({
				description: "Address on which services of this process answer those of other processes.",
			}),
			port: z.int().min(0).max(65_535).default(0).meta({
				description:
					"TCP port for the same; 0 takes a free one, which only worker processes started by this one learn.",
			}),
		}),
	),
	workersConfig,
	outboundConfig,
	defineConfig(
		"telemetry",
		z.object({
			otlp_endpoint: z
				.url({ protocol: /^https?$/ })
				.optional()
				.meta({
					description: "OTLP/HTTP receiver of traces, such as http://127.0.0.1:4318. Without it nothing is reported.",
				}),
			sample_ratio: z.number().min(0).max(1).default(1).meta({ description: "Share of traces that is reported." }),
		}),
		{ aliases: { otlp_endpoint: "OTEL_EXPORTER_OTLP_ENDPOINT" } },
	),
] as const;

/** Where a service lives when it does not live here: merged into the service's own section. */
export function servicePlacement<const S extends string>(service: S) {
	return defineConfig(
		service,
		z.object({
			url: z
				.string()
				.refine((text) => text.split(",").every((one) => z.url({ protocol: /^https?$/ }).safeParse(one).success))
				.optional()
				.meta({
					accepts: "a URL http://host:port; several with commas between",
					description: `Internal address of ${service} when it runs in another process, or of each that it runs in: calls go to the one with the fewest.`,
				}),
			database_url: ServiceUrl(/^postgres(ql)?$/, "a URL postgres://user:password@host:port/database")
				.optional()
				.meta({ description: `A database of its own for ${service}, instead of \`database.url\`.` }),
		}),
	);
}
