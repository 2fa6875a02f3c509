import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseMasterKey } from "@netconductor/runtime/master-key";
import { jsonSchemaProblems } from "@netconductor/runtime/testing/json-schema";
import { parseYamlDocuments } from "@netconductor/runtime/testing/yaml-documents";
import { loadServices, parseTargets, type Target, targetNames } from "@netconductor/server/services";
import { loadSettings } from "@netconductor/server/settings";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeTargets } from "../scripts/deployment.ts";

interface Container {
	image: string;
	user?: string;
	command?: string[];
	environment?: Record<string, string>;
	secrets?: (string | { source: string; target: string })[];
	networks: string[];
	ports?: string[];
	volumes?: string[];
	build?: { context: string; dockerfile: string; target: string };
	depends_on?: Record<string, { condition: string }>;
	read_only?: boolean;
	cap_drop?: string[];
	security_opt?: string[];
	restart?: string;
	healthcheck?: object;
	deploy?: { resources?: { limits?: { cpus?: string; memory?: string } } };
}

interface Compose {
	services: Record<string, Container>;
	networks: Record<string, { internal?: boolean }>;
	secrets: Record<string, { file: string }>;
}

const folder = join(import.meta.dirname, "compose");
let made: string;
let compose: Compose;
let interpolated: string;
beforeAll(() => {
	made = mkdtempSync(join(tmpdir(), "netconductor-compose-"));
	mkdirSync(join(made, "compose"));
	cpSync(join(folder, "prepare"), join(made, "compose/prepare"));
	prepare();
	const env = Object.fromEntries(
		read(".env")
			.trim()
			.split("\n")
			.map((line) => line.split("=", 2)),
	);
	interpolated = readFileSync(join(folder, "compose.yaml"), "utf8").replaceAll(
		/\$\{(\w+)(?::([-?])([^}]*))?\}/g,
		(_, name: string, kind: string, rest: string) => {
			if (env[name] !== undefined) return env[name];
			if (kind !== "-") throw new Error(`${name} is not set: ${rest}`);
			return rest;
		},
	);
	[compose] = parseYamlDocuments(interpolated) as [Compose];
});
afterAll(() => rmSync(made, { recursive: true, force: true }));

const prepare = () => execFileSync(join(made, "compose/prepare"), { encoding: "utf8" });
const read = (name: string) => readFileSync(join(made, "compose", name), "utf8");

/** Containers that run the product, by target. */
function programs(): [Target, Container][] {
	return Object.values(compose.services).flatMap((container) => {
		const targets = container.command?.find((word) => word.startsWith("--targets="))?.slice("--targets=".length);
		return targets === undefined ? [] : parseTargets(targets).map((target): [Target, Container] => [target, container]);
	});
}

const secretsOf = ({ secrets = [] }: Container) =>
	secrets.map((secret) => (typeof secret === "string" ? secret : secret.source));

test("it is what the Compose specification allows", () => {
	const text = readFileSync(join(folder, "compose-spec.schema.json"), "utf8");
	// Its durations are Go's ("90s"), not those of ISO 8601 that the format stands for.
	const schema = JSON.parse(text, (key, value) => (key === "format" && value === "duration" ? undefined : value));
	// What draft 2019-09 calls $defs is in this schema still under its older name.
	const asDraft7 = { ...schema, $schema: "http://json-schema.org/draft-07/schema#", id: undefined };
	expect(jsonSchemaProblems(asDraft7, compose)).toEqual([]);
	expect(jsonSchemaProblems(asDraft7, { services: { web: { imagee: "nginx" } } })).not.toEqual([]);
});

test("every service of the product runs, each alone", () => {
	expect(
		programs()
			.map(([target]) => target)
			.toSorted(),
	).toEqual(targetNames.toSorted());
});

test("every process takes its settings and has all it needs to start", async () => {
	for (const [target, container] of programs()) {
		const env = Object.fromEntries(
			Object.entries(container.environment ?? {}).map(([name, value]) => {
				const secret = /^\/run\/secrets\/(.+)$/.exec(value)?.[1];
				if (secret === undefined) return [name, value];
				expect(secretsOf(container), `${target}: ${name}`).toContain(secret);
				return [name, join(made, "compose", compose.secrets[secret]?.file ?? "nowhere")];
			}),
		);
		const settings = loadSettings(await loadServices([target]), env, undefined);
		expect(settings.master.key, target).toBeDefined();
		expect(settings.redis.url, target).toContain("@redis:6379");
		if (target !== "gateway")
			expect(settings.database.url ?? settings.database_urls.tasks, target).toContain("postgres");
		for (const [other, urls] of Object.entries(settings.peers)) {
			const port = compose.services[other]?.environment?.NETCONDUCTOR_INTERNAL_PORT;
			for (const url of [urls ?? []].flat()) expect(url, `${target} calls ${other}`).toBe(`http://${other}:${port}`);
		}
	}
});

test("whoever calls somebody shares a network with them, and what needs a database reaches it", async () => {
	const shares = (a: string, b: string) =>
		compose.services[a]?.networks.some((network) => compose.services[b]?.networks.includes(network));
	for (const { name, calls, database, events } of await describeTargets()) {
		for (const other of calls) expect(shares(name, other), `${name} and ${other}`).toBe(true);
		if (database) expect(shares(name, "postgres"), name).toBe(true);
		if (events) expect(shares(name, "rabbitmq"), name).toBe(true);
		expect(shares(name, "redis"), name).toBe(true);
	}
	for (const upstream of ["gateway", "web"]) expect(shares("traefik", upstream)).toBe(true);
	for (const store of ["postgres", "rabbitmq", "redis"]) expect(shares("traefik", store), store).toBe(false);
});

test("only the proxy is reached from outside, and only who has to gets out", () => {
	const published = Object.keys(compose.services).filter((name) => compose.services[name]?.ports !== undefined);
	expect(published).toEqual(["traefik"]);
	const isOpen = (network: string) => compose.networks[network]?.internal !== true;
	const outward = Object.keys(compose.services).filter((name) => compose.services[name]?.networks.some(isOpen));
	expect(outward.toSorted()).toEqual(["auth", "traefik", "worker"]);
});

test("a worker gets neither the administrator's database nor the broker, and the first password goes to auth alone", () => {
	for (const [target, container] of programs()) {
		const isWorker = target === "worker" || target === "gateway";
		expect(secretsOf(container).includes("database-url"), target).toBe(!isWorker);
		expect(secretsOf(container).includes("rabbitmq-url"), target).toBe(!isWorker);
		expect(secretsOf(container).includes("admin-password"), target).toBe(target === "auth");
	}
});

test("no container may more than it needs, use more than it may, or stay down", () => {
	for (const [name, container] of Object.entries(compose.services)) {
		expect(container, name).toMatchObject({
			read_only: true,
			cap_drop: ["ALL"],
			security_opt: ["no-new-privileges:true"],
			restart: expect.stringMatching(/^(always|unless-stopped)$/),
			deploy: { resources: { limits: { cpus: expect.any(String), memory: expect.any(String) } } },
		});
		expect(container.user, name).toMatch(/^[1-9]\d*:[1-9]\d*$|^\d+:\d+$/);
		expect(container.user, name).not.toMatch(/^0:/);
		// That of the web pages is in their image.
		if (name !== "web") expect(container.healthcheck, name).toBeDefined();
		expect(container.image, name).toMatch(/:[\w.-]*\d/);
	}
});

test("no secret stands in the file, and each that is used is made", () => {
	expect(interpolated).not.toMatch(/(PASSWORD|SECRET|TOKEN|KEY)\w*: (?!\/run\/secrets\/)\S/);
	expect(interpolated).not.toMatch(/:\/\/\w+:[^@\s]+@/);
	const used = Object.values(compose.services).flatMap(secretsOf);
	expect([...new Set(used)].toSorted()).toEqual(Object.keys(compose.secrets).toSorted());
	for (const { file } of Object.values(compose.secrets)) expect(read(file)).not.toBe("");
});

test("every file and folder that it mounts or builds from is there", () => {
	for (const [name, { volumes = [], build }] of Object.entries(compose.services)) {
		for (const source of volumes.map((volume) => volume.split(":")[0] ?? "").filter((path) => path.startsWith("."))) {
			if (source !== "./tls") expect(() => statSync(join(folder, source)), `${name}: ${source}`).not.toThrow();
		}
		if (build === undefined) continue;
		const dockerfile = readFileSync(join(folder, build.context, build.dockerfile), "utf8");
		expect(dockerfile, name).toMatch(new RegExp(`^FROM .* AS ${build.target}$`, "m"));
	}
});

test("prepare makes secrets that differ everywhere, for their owner alone, and keeps them", () => {
	const names = readdirSync(join(made, "compose/secrets"));
	for (const name of names)
		expect((statSync(join(made, "compose/secrets", name)).mode & 0o777).toString(8), name).toBe("600");
	expect((statSync(join(made, "compose/secrets")).mode & 0o777).toString(8)).toBe("700");
	expect(parseMasterKey(read("secrets/master-key"))).toHaveLength(32);
	expect(read("secrets/redis-password")).toContain(new URL(read("secrets/redis-url").trim()).password);
	expect(read("secrets/rabbitmq-user")).toContain(new URL(read("secrets/rabbitmq-url").trim()).password);
	expect(new URL(read("secrets/database-url").trim()).password).toBe(read("secrets/postgres-password").trim());

	const before = names.map((name) => read(`secrets/${name}`));
	const said = prepare();
	expect(names.map((name) => read(`secrets/${name}`))).toEqual(before);
	for (const secret of before) expect(said).not.toContain(secret.trim());
	rmSync(join(made, "compose/secrets/rabbitmq-url"));
	prepare();
	expect(read("secrets/rabbitmq-user")).toContain(new URL(read("secrets/rabbitmq-url").trim()).password);
	expect(read("secrets/master-key")).toBe(before[names.indexOf("master-key")]);
});
