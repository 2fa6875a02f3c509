import { defineConfig } from "@netconductor/runtime/config";
import { z } from "zod";

export const gatewayConfig = defineConfig(
	"http",
	z.object({
		host: z.string().min(1).default("127.0.0.1").meta({
			description:
				"Address the API listens on. `0.0.0.0` lets other machines in: give it a certificate then, or put TLS in front of it.",
		}),
		port: z.int().min(0).max(65_535).default(8000).meta({ description: "TCP port of the API and the web page." }),
		tls_certificate_path: z.string().min(1).optional().meta({
			description:
				"PEM file with the certificate and those of its issuers: with it and its key the API speaks HTTPS (TLS 1.2 and newer) and nothing else. Read again when it changes and on SIGHUP.",
		}),
		tls_key_path: z.string().min(1).optional().meta({ description: "PEM file with the key of that certificate." }),
		trusted_proxies: z
			.array(z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()]))
			.default([])
			.meta({
				accepts: "a list (in a variable: with commas) of addresses or networks such as 10.0.0.0/8",
				description: "Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.",
			}),
		allowed_origins: z
			.array(z.url({ protocol: /^https?$/ }))
			.default([])
			.meta({ description: "Origins of other web pages that may call the API from a browser." }),
		requests_per_minute: z.int().min(10).max(10_000_000).default(12_000).meta({
			description: "Most requests a minute of one signed-in user or API token.",
		}),
		anonymous_requests_per_minute: z.int().min(10).max(10_000_000).default(600).meta({
			description: "Most requests a minute without a token from one address.",
		}),
		headers_timeout_ms: z.int().min(1_000).max(600_000).default(20_000).meta({
			description: "Longest that a client may take to send the headers of a request.",
		}),
		request_timeout_ms: z.int().min(1_000).max(3_600_000).default(120_000).meta({
			description: "Longest that a client may take to send a whole request.",
		}),
		unread_timeout_ms: z.int().min(1_000).max(3_600_000).default(60_000).meta({
			description: "Longest that a client may take nothing of an answer that waits for it.",
		}),
		request_log: z.boolean().default(false).meta({
			description:
				"Whether every request is logged: method, route, status, time, request id, who and from where. Nothing of its address, headers or body.",
		}),
		shutdown_delay_ms: z.int().min(0).max(300_000).default(0).meta({
			description:
				"How long the gateway goes on answering when it is told to stop, while `/health/ready` already says no: what a load balancer in front needs to notice, ms.",
		}),
		web_dir: z.string().optional().meta({
			description: "Folder of the built web app.",
			shown_default: "the one that comes with the product",
		}),
	}),
	{ aliases: { host: "NETCONDUCTOR_HOST", port: "NETCONDUCTOR_PORT" } },
);
