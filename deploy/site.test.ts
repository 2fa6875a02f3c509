import { readFileSync } from "node:fs";
import { join } from "node:path";
import { jsonSchemaProblems } from "@netconductor/runtime/testing/json-schema";
import { parseYamlDocuments } from "@netconductor/runtime/testing/yaml-documents";
import { loadServices } from "@netconductor/server/services";
import { loadSettings } from "@netconductor/server/settings";
import { expect, test } from "vitest";

const folder = join(import.meta.dirname, "compose");
const address = "https://inner.example.net";
const given: Record<string, string> = {
	NETCONDUCTOR_UID: "1000",
	NETCONDUCTOR_GID: "1000",
	NETCONDUCTOR_SITE_POOL: "dc2",
	NETCONDUCTOR_SITE_DATABASE_URL: "postgres://nc_tasks@db.example.net/netconductor?sslmode=verify-full",
	...Object.fromEntries(
		["TASKS", "DEVICES", "BACKUP", "CONFIG", "ALERTS", "SCHEDULING"].map((name) => [
			`NETCONDUCTOR_${name}_URL`,
			address,
		]),
	),
};

interface Site {
	services: { worker: { command: string[]; environment: Record<string, string>; secrets: string[]; ports?: unknown } };
	secrets: Record<string, { file: string }>;
}

test("a worker of another site starts from its Compose file with keys of its pool, no master key, and no port that is published", async () => {
	const text = readFileSync(join(folder, "site.yaml"), "utf8").replaceAll(
		/\$\{(\w+):([-?])([^}]*)\}/g,
		(_, name: string, kind: string, rest: string) => {
			const value = given[name] ?? (kind === "-" ? rest : undefined);
			if (value === undefined) throw new Error(`${name} is not set: ${rest}`);
			return value;
		},
	);
	const [site] = parseYamlDocuments(text) as [Site];
	const schema = JSON.parse(readFileSync(join(folder, "compose-spec.schema.json"), "utf8"), (key, value) =>
		key === "format" && value === "duration" ? undefined : value,
	);
	const asDraft7 = { ...schema, $schema: "http://json-schema.org/draft-07/schema#", id: undefined };
	expect(jsonSchemaProblems(asDraft7, site)).toEqual([]);
	const { worker } = site.services;
	expect(worker.command).toEqual(["serve", "--targets=worker", "--worker-pool=dc2"]);
	expect(worker.ports).toBeUndefined();
	expect(Object.keys(site.secrets)).toEqual(["worker-keys"]);
	expect(Object.keys(worker.environment).filter((name) => /MASTER|RABBITMQ|^DATABASE/.test(name))).toEqual([]);
	const settings = loadSettings(await loadServices(["worker"]), worker.environment, undefined);
	expect(settings.workers.keys_file).toBe("/run/secrets/worker-keys");
	expect(settings.peers.devices).toEqual([address]);
	expect(settings.database_urls.tasks).toBe(given.NETCONDUCTOR_SITE_DATABASE_URL);
});
