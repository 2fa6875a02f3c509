import { expect, test } from "vitest";
import { loadServices, type Target, targetNames } from "./services.ts";
import { loadSettings } from "./settings.ts";

/** What several processes may be told alike: one file, one environment. */
const shared = {
	RABBITMQ_URL: "amqp://broker.example.net",
	...Object.fromEntries(targetNames.map((name) => [`NETCONDUCTOR_${name.toUpperCase()}_URL`, "http://10.0.0.1:8001"])),
};

async function load(target: Target, env: Record<string, string>) {
	return loadSettings(await loadServices([target]), { ...shared, ...env }, undefined);
}

test("a process takes the settings of services that run in others", async () => {
	const env = { NETCONDUCTOR_BACKUP_TEXT_THREADS: "4", NETCONDUCTOR_PORT: "8443" };
	for (const target of ["audit", "gateway", "worker"] as const) {
		await expect(load(target, env), target).resolves.toBeDefined();
	}
	expect((await load("backup", env)).sections.backup).toMatchObject({ text_threads: 4 });
});

test("a setting is checked by the process of its service, and one that nobody has by all", async () => {
	await expect(load("backup", { NETCONDUCTOR_BACKUP_TEXT_THREDS: "4" })).rejects.toThrow(/TEXT_THREADS/);
	await expect(load("audit", { NETCONDUCTOR_BAKUP_TEXT_THREADS: "4" })).rejects.toThrow(/unknown variable/);
	await expect(load("audit", { NETCONDUCTOR_WORKER_PROCESSES: "2" })).rejects.toThrow(/NETCONDUCTOR_WORKERS_PROCESSES/);
});
