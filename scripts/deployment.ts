import { readFileSync } from "node:fs";
import { join } from "node:path";
import { apis } from "@netconductor/contracts/apis";
import type { Api, Operation } from "@netconductor/contracts/kernel/operation";
import { writeYaml } from "@netconductor/runtime/text/write-yaml";
import { addressVariable } from "@netconductor/server/child-environment";
import { calledByWorkers, defaultTargets, loadServices } from "@netconductor/server/services";

const root = join(import.meta.dirname, "..");
const generated = "# Generated from the contracts by `npm run generate`; do not edit.\n";

/** What of `deploy` follows from contracts and services, as whole files by their path. A test holds the files against this. */
export async function deploymentFiles(): Promise<Record<string, string>> {
	return {
		"deploy/edge/traefik/compose/netconductor.yaml": traefikRoutes({
			gateway: "http://gateway:8000",
			web: "http://web:8080",
		}),
		"deploy/edge/traefik/host/netconductor.yaml": traefikRoutes({ gateway: "http://127.0.0.1:8000" }),
		"deploy/compose/compose.yaml": withLabels(readFileSync(join(root, "deploy/compose/compose.yaml"), "utf8")),
		"deploy/helm/netconductor/files/targets.yaml": generated + writeYaml({ targets: await describeTargets() }),
		...systemdSettings(),
	};
}

/** Operations that the gateway answers. */
export const publicOperations: Operation[] = Object.values<Api>(apis)
	.flatMap(({ operations }) => Object.values<Operation>(operations))
	.filter((operation) => operation.internal !== true);

/** What the gateway answers besides: live views, probes, what an error code means. Its metrics are not for everybody. */
const besides = ["/ws/", "/health/", "/docs/errors/"];

/** Traefik's rule for what goes to the gateway; everything else is the web app's. */
export function gatewayRule(): string {
	const roots = publicOperations.map(({ path }) => `/${path.split("/", 2)[1]}/`);
	return [...new Set([...roots, ...besides])]
		.toSorted()
		.map((prefix) => `PathPrefix(\`${prefix}\`)`)
		.join(" || ");
}

const healthCheck = { path: "/health/ready", interval: "5s", timeout: "3s" };
const hsts_seconds = 63_072_000;

/** For Traefik's file provider. Without pages of their own the gateway has them, too: then it gets what is not metrics. */
function traefikRoutes({ gateway, web }: { gateway: string; web?: string }): string {
	// The slowest operation, and some; a live view answers at once.
	const slowest_s = Math.max(...publicOperations.map(({ timeout_ms = 0 }) => timeout_ms)) / 1000 + 30;
	const shared = { entryPoints: ["https"], middlewares: ["netconductor-hsts"] };
	const pages = web === undefined ? "PathPrefix(`/`) && !Path(`/metrics`)" : "PathPrefix(`/`)";
	return (
		generated +
		writeYaml({
			tls: {
				certificates: [{ certFile: "/etc/netconductor/tls/certificate.pem", keyFile: "/etc/netconductor/tls/key.pem" }],
				options: { default: { minVersion: "VersionTLS12" } },
			},
			http: {
				routers: {
					"netconductor-gateway": { rule: gatewayRule(), service: "netconductor-gateway", ...shared },
					"netconductor-web": {
						rule: pages,
						priority: 1,
						service: web === undefined ? "netconductor-gateway" : "netconductor-web",
						...shared,
					},
				},
				middlewares: {
					"netconductor-hsts": { headers: { stsSeconds: hsts_seconds, stsIncludeSubdomains: true } },
				},
				services: {
					"netconductor-gateway": {
						loadBalancer: { servers: [{ url: gateway }], healthCheck, serversTransport: "netconductor" },
					},
					...(web !== undefined && { "netconductor-web": { loadBalancer: { servers: [{ url: web }] } } }),
				},
				serversTransports: {
					netconductor: { forwardingTimeouts: { dialTimeout: "5s", responseHeaderTimeout: `${slowest_s}s` } },
				},
			},
		})
	);
}

/** The same for Traefik's Docker provider, by service of the Compose file. */
function traefikLabels(): Record<string, string[]> {
	const router = (name: string, rule: string) => [
		"traefik.enable=true",
		`traefik.http.routers.${name}.rule=${rule}`,
		`traefik.http.routers.${name}.tls=true`,
		`traefik.http.routers.${name}.middlewares=netconductor-hsts`,
		`traefik.http.middlewares.netconductor-hsts.headers.stsSeconds=${hsts_seconds}`,
		"traefik.http.middlewares.netconductor-hsts.headers.stsIncludeSubdomains=true",
	];
	const check = "traefik.http.services.netconductor-gateway.loadbalancer";
	return {
		gateway: [
			...router("netconductor-gateway", gatewayRule()),
			`${check}.server.port=8000`,
			`${check}.healthcheck.path=${healthCheck.path}`,
			`${check}.healthcheck.interval=${healthCheck.interval}`,
			`${check}.healthcheck.timeout=${healthCheck.timeout}`,
		],
		web: [
			...router("netconductor-web", "PathPrefix(`/`)"),
			"traefik.http.routers.netconductor-web.priority=1",
			"traefik.http.services.netconductor-web.loadbalancer.server.port=8080",
		],
	};
}

/** The Compose file with these labels in the place of those that it has. */
function withLabels(compose: string): string {
	let text = compose;
	for (const [service, labels] of Object.entries(traefikLabels())) {
		const place = new RegExp(`(\\n  ${service}:\\n(?:    .*\\n)*?    labels:).*\\n(?:      .*\\n)*`);
		if (!place.test(text)) throw new Error(`compose.yaml has no labels of ${service}`);
		const lines = labels.map((label) => `\n      - ${JSON.stringify(label)}`).join("");
		text = text.replace(place, (_, before: string) => `${before}${lines}\n`);
	}
	return text;
}

/** What a target needs: whom it calls, and which of the servers everything stands on. */
export async function describeTargets() {
	const services = await loadServices(defaultTargets);
	const described = services.map(({ name, needs, schema }) => ({
		name,
		// It asks every process how it is.
		calls: name === "system" ? defaultTargets.filter((other) => other !== name) : Object.keys(needs).toSorted(),
		database: schema !== false,
		// Events go out of and into schemas.
		events: schema === name,
	}));
	return [...described, { name: "worker", calls: calledByWorkers.toSorted(), database: true, events: false }];
}

/** Where services on one machine answer each other, for the units of systemd. */
function systemdSettings(): Record<string, string> {
	const folder = "deploy/systemd/settings";
	const first_port = 8101;
	const addresses = defaultTargets.map((name, i) => `${addressVariable(name)}=http://127.0.0.1:${first_port + i}`);
	const shared = [
		"# For /etc/netconductor, read by every service and worker. Nothing in here is secret.",
		...addresses,
		"# As the role that the tasks service makes; its password follows from the master key. Correct the host and the database.",
		"NETCONDUCTOR_TASKS_DATABASE_URL=postgres://nc_tasks@127.0.0.1:5432/netconductor",
	];
	return {
		[`${folder}/distributed.env`]: `${generated}${shared.join("\n")}\n`,
		...Object.fromEntries(
			defaultTargets.map((name, i) => [
				`${folder}/${name}.env`,
				`${generated}NETCONDUCTOR_INTERNAL_PORT=${first_port + i}\n`,
			]),
		),
	};
}
