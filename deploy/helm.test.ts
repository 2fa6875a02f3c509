import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jsonSchemaProblems } from "@netconductor/runtime/testing/json-schema";
import { parseYamlDocuments } from "@netconductor/runtime/testing/yaml-documents";
import { loadServices, type Target, targetNames } from "@netconductor/server/services";
import { loadSettings } from "@netconductor/server/settings";
import { version } from "@netconductor/server/version";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeTargets } from "../scripts/deployment.ts";
import { createTemplates } from "./helm/go-template.ts";

/** The chart as our own renderer of templates reads it: no helm was run. */

const chart = join(import.meta.dirname, "helm/netconductor");
const read = (name: string) => readFileSync(join(chart, name), "utf8");
const sources = Object.fromEntries(
	readdirSync(join(chart, "templates")).map((name) => [name, read(`templates/${name}`)]),
);
const templates = createTemplates(sources);

type Tree = Record<string, unknown>;
const [values] = parseYamlDocuments(read("values.yaml")) as [Tree];
const [about] = parseYamlDocuments(read("Chart.yaml")) as [Tree];

const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null && !Array.isArray(value);
/** As Helm lays values of an installation over those of the chart. */
function over(below: Tree, above: Tree): Tree {
	const merged = Object.entries(above).map(([key, value]) => {
		const under = below[key];
		return [key, isTree(value) && isTree(under) ? over(under, value) : value];
	});
	return { ...below, ...Object.fromEntries(merged) };
}

interface Selector {
	matchLabels?: Record<string, string>;
}
interface Peer {
	podSelector?: Selector;
}
interface Rule {
	from?: Peer[];
	to?: Peer[];
	ports?: { port: number }[];
}
interface Resource {
	apiVersion: string;
	kind: string;
	metadata: { name: string; labels: Record<string, string> };
	spec: Tree & {
		podSelector: Selector;
		policyTypes: string[];
		ingress?: Rule[];
		egress?: Rule[];
		template: { metadata: { labels: Record<string, string> }; spec: Pod };
	};
}
interface Pod extends Tree {
	containers: (Tree & {
		args: string[];
		env: { name: string; value: string }[];
		ports: { name: string; containerPort: number }[];
		volumeMounts: { name: string; mountPath: string }[];
	})[];
	volumes: { name: string; secret?: { secretName: string; items: { key: string; path: string }[] } }[];
}

/** Every resource of an installation named `nc` with these values. */
function render(above: Tree = {}): Resource[] {
	const top = {
		Values: over(values, above),
		Chart: { Name: about.name, Version: about.version, AppVersion: about.appVersion },
		Release: { Name: "nc", Namespace: "netconductor", Service: "Helm" },
		Files: { Get: (name: unknown) => read(String(name)) },
	};
	const files = Object.keys(sources).filter((name) => name.endsWith(".yaml"));
	return files
		.flatMap((name) => parseYamlDocuments(templates.render(name, top)) as (Resource | null)[])
		.filter((each) => each !== null);
}

const everything = {
	targets: {
		gateway: { autoscaling: { enabled: true } },
		worker: { autoscaling: { enabled: true }, nodeSelector: { disk: "ssd" }, tolerations: [{ operator: "Exists" }] },
		devices: { replicas: 3, settings: { NETCONDUCTOR_DATABASE_POOL_SIZE: "20" } },
	},
	settings: { NETCONDUCTOR_LOG_LEVEL: "debug" },
	image: { digest: "sha256:ab", pullSecrets: [{ name: "registry" }] },
	trustedProxies: ["10.0.0.0/8", "192.0.2.1"],
	ingress: { enabled: true, className: "nginx", annotations: { a: "b" } },
	serviceMonitor: { enabled: true, labels: { release: "prometheus" } },
	networkPolicy: {
		ingressFrom: [{ namespaceSelector: { matchLabels: { name: "ingress" } } }],
		metricsFrom: [{ namespaceSelector: { matchLabels: { name: "monitoring" } } }],
		devices: { to: [{ ipBlock: { cidr: "10.0.0.0/8" } }] },
		extraEgress: [{ ports: [{ port: 4318 }] }],
	},
};

const pools = {
	targets: { worker: { replicas: 4, settings: { NETCONDUCTOR_WORKERS_CONCURRENCY: "10" } } },
	workerPools: {
		dc2: { replicas: 3, nodeSelector: { network: "dc2" } },
		lab: { autoscaling: { enabled: true, minReplicas: 1, maxReplicas: 3, cpuPercent: 70 } },
	},
};

const ofKind = (kind: string, resources = render()) => resources.filter((resource) => resource.kind === kind);
const component = ({ metadata }: Resource) => metadata.labels["app.kubernetes.io/component"];
const deployments = (above?: Tree): [Target, Resource][] =>
	ofKind("Deployment", render(above)).map((resource) => [component(resource) as Target, resource]);

let dir: string;
beforeAll(() => {
	dir = mkdtempSync(join(tmpdir(), "netconductor-chart-"));
	const secrets = {
		"master-key": "5a".repeat(32),
		"database-url": "postgres://netconductor:secret@db.example.net:5432/netconductor",
		"rabbitmq-url": "amqp://netconductor:secret@broker.example.net:5672",
		"redis-url": "redis://default:secret@redis.example.net:6379",
		"admin-password": "correct horse battery staple",
	};
	for (const [name, text] of Object.entries(secrets)) writeFileSync(join(dir, name), text);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test("its values fit their schema, with everything turned on as well, and mistakes do not", () => {
	const schema = JSON.parse(read("values.schema.json"));
	expect(jsonSchemaProblems(schema, values)).toEqual([]);
	expect(jsonSchemaProblems(schema, over(values, everything))).toEqual([]);
	expect(jsonSchemaProblems(schema, over(values, pools))).toEqual([]);
	for (const wrong of [
		{ existingSecret: "" },
		{ targets: { gatway: {} } },
		{ masterKey: "5a5a" },
		{ targets: { gateway: { autoscaling: { enabled: "yes" } } } },
		{ workerPools: { "DC 2": {} } },
		{ workerPools: { dc2: { replica: 1 } } },
	]) {
		expect(jsonSchemaProblems(schema, over(values, wrong)), JSON.stringify(wrong)).not.toEqual([]);
	}
});

test("every value that a template reads is there, and every one that is there is read", () => {
	const used = new Set(
		Object.values(sources).flatMap((text) => [...text.matchAll(/\.Values\.([\w.]+)/g)].map(([, path = ""]) => path)),
	);
	const reaches = (path: string) =>
		path.split(".").reduce<unknown>((tree, name) => (isTree(tree) ? tree[name] : undefined), values);
	for (const path of used) expect(reaches(path), path).toBeDefined();
	for (const section of Object.keys(values)) {
		expect(
			[...used].some((path) => path === section || path.startsWith(`${section}.`)),
			section,
		).toBe(true);
	}
	expect(Object.keys(values.targets as Tree).toSorted()).toEqual(targetNames.toSorted());
	const schema = JSON.parse(read("values.schema.json"));
	expect(Object.keys(schema.properties.targets.properties).toSorted()).toEqual(targetNames.toSorted());
	expect(about.appVersion).toBe(version);
});

test("every process takes its settings and finds its secrets, and gets no more of them than it needs", async () => {
	const needs = new Map((await describeTargets()).map((target) => [target.name as string, target]));
	for (const above of [{}, everything]) {
		expect(
			deployments(above)
				.map(([target]) => target)
				.toSorted(),
		).toEqual(targetNames.toSorted());
		for (const [target, { spec }] of deployments(above)) {
			const [container] = spec.template.spec.containers;
			if (container === undefined) throw new Error(`${target} has no container`);
			expect(container.args).toEqual(["serve", `--targets=${target}`]);
			const items = spec.template.spec.volumes.find(({ name }) => name === "secrets")?.secret?.items ?? [];
			const files = items.map(({ path }) => path);
			const env = Object.fromEntries(
				container.env.map(({ name, value }) => {
					const file = /^\/run\/secrets\/netconductor\/(.+)$/.exec(value)?.[1];
					if (file !== undefined) expect(files, `${target}: ${name}`).toContain(file);
					return [name, file === undefined ? value : join(dir, file)];
				}),
			);
			expect(Object.keys(env)).toHaveLength(container.env.length);
			const settings = loadSettings(await loadServices([target]), env, undefined);
			expect(settings.master.key, target).toBeDefined();
			expect(files.includes("database-url"), target).toBe(needs.get(target)?.events);
			expect(files.includes("rabbitmq-url"), target).toBe(needs.get(target)?.events);
			expect(files.includes("admin-password"), target).toBe(target === "auth");
			expect(settings.internal).toEqual({ host: "0.0.0.0", port: 8001 });
			for (const [other, urls] of Object.entries(settings.peers)) {
				for (const url of [urls ?? []].flat()) expect(url, target).toBe(`http://nc-netconductor-${other}:8001`);
			}
		}
	}
});

test("no pod runs as root, writes to its image, holds a capability or a token of the cluster", () => {
	for (const [target, { spec }] of deployments(everything)) {
		expect(spec.template.spec, target).toMatchObject({
			automountServiceAccountToken: false,
			enableServiceLinks: false,
			securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: "RuntimeDefault" } },
			containers: [
				{
					image: "netconductor@sha256:ab",
					securityContext: {
						allowPrivilegeEscalation: false,
						readOnlyRootFilesystem: true,
						capabilities: { drop: ["ALL"] },
					},
					livenessProbe: { httpGet: { path: "/health/live", port: "internal" } },
					readinessProbe: { httpGet: { path: "/health/ready", port: "internal" } },
					startupProbe: { httpGet: { path: "/health/live", port: "internal" } },
					resources: { limits: { memory: expect.any(String) } },
				},
			],
		});
	}
});

test("selectors find the pods that they are about, and ports of services are ports of pods", () => {
	const resources = render(everything);
	const names = resources.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
	expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
	const pods = ofKind("Deployment", resources).map(({ spec }) => spec.template);
	const chosen = (labels: Record<string, string> = {}) =>
		pods.filter(({ metadata }) => Object.entries(labels).every(([key, value]) => metadata.labels[key] === value));
	for (const { metadata, spec } of ofKind("Service", resources)) {
		const found = chosen(spec.selector as Record<string, string>);
		expect(found, metadata.name).toHaveLength(1);
		const ports = found[0]?.spec.containers[0]?.ports.map(({ name }) => name);
		for (const { targetPort } of spec.ports as { targetPort: string }[])
			expect(ports, metadata.name).toContain(targetPort);
	}
	for (const kind of ["Deployment", "PodDisruptionBudget"]) {
		for (const { metadata, spec } of ofKind(kind, resources)) {
			expect(chosen((spec.selector as Selector).matchLabels), `${kind} ${metadata.name}`).toHaveLength(1);
		}
	}
	expect(ofKind("PodDisruptionBudget", resources)).toHaveLength(targetNames.length);
});

test("everything is denied but what somebody needs: who calls whom follows from the contracts", async () => {
	const policies = ofKind("NetworkPolicy");
	const deny = policies.find(({ metadata }) => metadata.name === "nc-netconductor-deny");
	expect(deny?.spec).toEqual({
		podSelector: { matchLabels: { "app.kubernetes.io/name": "netconductor", "app.kubernetes.io/instance": "nc" } },
		policyTypes: ["Ingress", "Egress"],
	});
	const of = new Map(policies.filter((policy) => policy !== deny).map((policy) => [component(policy), policy.spec]));
	const peers = (rules: Rule[] = [], side: "from" | "to") =>
		rules
			.filter(({ ports }) => ports?.some(({ port }) => port === 8001))
			.flatMap((rule) =>
				(rule[side] ?? []).map((peer) => peer.podSelector?.matchLabels?.["app.kubernetes.io/component"]),
			)
			.toSorted();
	const targets = await describeTargets();
	expect([...of.keys()].toSorted()).toEqual(targetNames.toSorted());
	for (const { name, calls, database, events } of targets) {
		const spec = of.get(name);
		expect(spec?.policyTypes, name).toEqual(["Ingress", "Egress"]);
		expect(peers(spec?.egress, "to"), `${name} calls`).toEqual(calls.toSorted());
		const callers = targets.filter((other) => other.calls.some((called) => called === name)).map((other) => other.name);
		expect(peers(spec?.ingress, "from"), `${name} is called`).toEqual(callers.toSorted());
		const ports = (spec?.egress ?? []).flatMap((rule) => (rule.ports ?? []).map(({ port }) => port));
		expect({ database: ports.includes(5432), events: ports.includes(5672) }, name).toEqual({ database, events });
		// Without ports and peers a rule lets everything out.
		expect(
			(spec?.egress ?? []).some((rule) => Object.keys(rule).length === 0),
			name,
		).toBe(name === "worker");
		expect(
			(spec?.ingress ?? []).some(({ from }) => from === undefined),
			name,
		).toBe(name === "gateway");
	}
	const confined = ofKind("NetworkPolicy", render(everything)).flatMap(({ spec }) => spec.egress ?? []);
	expect(confined.filter((rule) => Object.keys(rule).length === 0)).toEqual([]);
	expect(ofKind("NetworkPolicy", render({ networkPolicy: { enabled: false } }))).toEqual([]);
});

test("workers and gateways grow and shrink where that is wanted, and keep their number otherwise", () => {
	expect(ofKind("HorizontalPodAutoscaler")).toEqual([]);
	const scaled = render(everything);
	for (const name of ["gateway", "worker"]) {
		expect(ofKind("HorizontalPodAutoscaler", scaled).find((each) => component(each) === name)?.spec).toMatchObject({
			scaleTargetRef: { kind: "Deployment", name: `nc-netconductor-${name}` },
		});
		// A number that is set would undo at every upgrade what was scaled.
		expect(ofKind("Deployment", scaled).find((each) => component(each) === name)?.spec).not.toHaveProperty("replicas");
	}
	const replicas = Object.fromEntries(
		deployments({ targets: { devices: { replicas: 3 } } }).map(([name, { spec }]) => [name, spec.replicas]),
	);
	expect(replicas).toMatchObject({ audit: 1, devices: 3, gateway: 2, worker: 2 });
});

test("each worker pool is a Deployment of its own, which is the worker but for its pool and what is said of it", async () => {
	const resources = render(pools);
	const podOf = (name: string) => ofKind("Deployment", resources).find((each) => component(each) === name)?.spec;
	const [worker, dc2, lab] = ["worker", "worker-dc2", "worker-lab"].map(podOf);
	expect([worker?.replicas, dc2?.replicas, lab?.replicas]).toEqual([4, 3, undefined]);
	expect(dc2?.template.spec.nodeSelector).toEqual({ network: "dc2" });
	for (const [pool, spec] of [
		["default", worker],
		["dc2", dc2],
		["lab", lab],
	] as const) {
		const [container] = spec?.template.spec.containers ?? [];
		expect(container?.args).toEqual(["serve", "--targets=worker"]);
		const env = Object.fromEntries(
			(container?.env ?? []).map(({ name, value }) => [name, value.replace("/run/secrets/netconductor", dir)]),
		);
		const settings = loadSettings(await loadServices(["worker"]), env, undefined);
		expect(settings.workers).toMatchObject({ pool, concurrency: pool === "default" ? 10 : 50 });
	}
	// What names one finds it and no other, and lets it do what the worker may.
	const named = (name: string) => resources.filter((each) => component(each) === name);
	const without = (each: Resource, name: string) => JSON.parse(JSON.stringify(each).replaceAll(name, "worker"));
	for (const kind of ["Service", "PodDisruptionBudget", "NetworkPolicy"]) {
		const of = (name: string) => named(name).find((each) => each.kind === kind) as Resource;
		expect(without(of("worker-dc2"), "worker-dc2"), kind).toEqual(of("worker"));
	}
	expect(ofKind("HorizontalPodAutoscaler", resources).map(component)).toEqual(["worker-lab"]);
	const callers = ofKind("NetworkPolicy", resources).find((each) => component(each) === "tasks")?.spec.ingress ?? [];
	expect(JSON.stringify(callers)).toContain('"worker-dc2"');
});

test("no secret gets into a resource by way of values", () => {
	for (const name of [
		"NETCONDUCTOR_ADMIN_PASSWORD",
		"NETCONDUCTOR_MASTER_KEY",
		"DATABASE_URL",
		"NETCONDUCTOR_REDIS_URL",
	]) {
		expect(() => render({ settings: { [name]: "x" } }), name).toThrow(/is a secret/);
		expect(() => render({ targets: { auth: { settings: { [name]: "x" } } } }), name).toThrow(/is a secret/);
	}
	expect(() => render({ existingSecret: "" })).toThrow(/existingSecret/);
	expect(ofKind("Secret", render(everything))).toEqual([]);
});

test("what needs more than Kubernetes or a certificate is there only when it is asked for", () => {
	expect(ofKind("ServiceMonitor")).toEqual([]);
	expect(ofKind("Ingress")).toEqual([]);
	const asked = render(everything);
	expect(ofKind("ServiceMonitor", asked)[0]?.spec).toMatchObject({
		endpoints: [{ port: "internal", path: "/metrics" }],
	});
	expect(ofKind("Ingress", asked)[0]?.spec).toMatchObject({ tls: [{ secretName: "netconductor-tls" }] });
	expect(() => render({ ingress: { enabled: true, tlsSecret: "" } })).toThrow(/tlsSecret/);
});
