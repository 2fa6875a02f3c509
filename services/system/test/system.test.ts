import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname, tmpdir } from "node:os";
import { authApi } from "@netconductor/contracts/auth/api";
import { backupApi } from "@netconductor/contracts/backup/api";
import { devicesApi } from "@netconductor/contracts/devices/api";
import { systemApi } from "@netconductor/contracts/system/api";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Worker as WorkerModel } from "@netconductor/contracts/tasks/model";
import { createManualClock } from "@netconductor/runtime/clock";
import { openDatabase } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import type { Simulator } from "@netconductor/runtime/host/simulator";
import { actorWith, peer, startTestHost, type TestHost } from "@netconductor/runtime/testing/service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { z } from "zod";
import { systemService } from "../src/service.ts";

type Worker = z.output<typeof WorkerModel>;

/** What the services around answer; each test says how they are. */
const world = {
	workers_online: 2,
	workers: [] as Worker[],
	backup: "answers" as "answers" | "fails",
	simulator: undefined as Simulator | undefined,
	backlogs: {} as Record<string, unknown>,
};
const none = { items: [], page: 1, page_size: 1, total: 0 };

const clock = createManualClock();
let running: TestHost;
/** The process that runs audit, as far as system sees of it. */
let elsewhere: Server;
beforeAll(async () => {
	elsewhere = createServer((request, response) => {
		const ready = {
			status: "ok",
			checks: { events: { status: "ok", ms: 1 }, "audit.database": { status: "ok", ms: 1.5, detail: "18" } },
		};
		response.setHeader("content-type", "application/json");
		response.end(JSON.stringify(request.url === "/health/ready" ? ready : world.backlogs));
	});
	await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
	running = await startTestHost({
		services: [systemService],
		peers: [
			peer(authApi, { listUsers: async () => ({ ...none, total: 3 }) }),
			peer(devicesApi, {
				listDevices: async () => ({ ...none, total: 12, total_is_exact: true, next_after: null }),
				listGroups: async () => ({ ...none, total: 2 }),
				listCredentials: async () => ({ ...none, total: 5 }),
			}),
			peer(backupApi, {
				async listBackups() {
					if (world.backup === "fails") throw failed("service.unavailable", { message: "away" });
					return { ...none, total: 240 };
				},
				listSnapshots: async () => ({ ...none, total: 20 }),
			}),
			peer(tasksApi, {
				getWorkerStats: async () => ({
					workers_online: world.workers_online,
					concurrency: 10,
					running: 1,
					pending: 4,
					completed_last_hour: 0,
					failed_last_hour: 0,
					waiting_runs: 1,
					oldest_pending_at: null,
					by_kind: [],
					by_pool: [],
				}),
				listWorkers: async () => ({ ...none, items: world.workers }),
			}),
		],
		addresses: {
			audit: [`http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`],
			// Nothing listens there.
			realtime: ["http://127.0.0.1:9"],
			alerts: [`http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`, "http://127.0.0.1:9"],
		},
		data_dir: tmpdir(),
		clock,
		simulator: async () => world.simulator,
	});
});
afterAll(async () => {
	await running.stop();
	elsewhere.close();
});

const system = () => running.client(systemApi);
/** Past the second for which a look is good. */
async function healthNow() {
	await clock.advance(2_000);
	return system().getHealth({});
}

test("about says what runs, and counts what there is; a service that is away leaves a gap, not an error", async () => {
	const about = await system().getAbout({});
	expect(about).toMatchObject({
		product: "NetConductor",
		version: "0.0.0-test",
		node_version: process.version,
		database: { embedded: false },
		topology: { one_process: false, events: "in this process" },
		counts: { devices: 12, device_groups: 2, credentials: 5, backups: 240, snapshots: 20, users: 3, workers_online: 2 },
	});
	expect(about.database.version).toMatch(/^1\d/);
	expect(about.database.size_bytes).toBeGreaterThan(1_000_000);
	expect(about.topology.targets).toEqual(expect.arrayContaining(["system", "devices"]));
	expect(about.topology.targets).not.toContain("audit");
	world.backup = "fails";
	expect((await system().getAbout({})).counts).toMatchObject({ backups: null, devices: 12 });
	world.backup = "answers";
});

describe("health", () => {
	test("tells of every service: here, in another process, silent, and where nobody said", async () => {
		world.backlogs = { audit: { outgoing: 0, incoming: 7, put_aside: 0 } };
		const { services, state } = await healthNow();
		const of = (name: string) => services.find((service) => service.name === name);
		expect(of("system")).toMatchObject({
			state: "ok",
			place: "here",
			backlog: { put_aside: 0 },
			checks: [{ name: "system.database", state: "ok" }],
		});
		expect(of("audit")).toMatchObject({ state: "ok", place: "elsewhere", backlog: { incoming: 7 } });
		expect(of("realtime")).toMatchObject({ state: "failed", detail: "its process does not answer" });
		expect(of("alerts")).toMatchObject({ state: "degraded", detail: "1 of its 2 processes do not answer" });
		expect(of("gateway")).toMatchObject({
			state: "unknown",
			detail: expect.stringContaining("NETCONDUCTOR_GATEWAY_URL"),
		});
		expect(state).toBe("failed");
	});

	test("an event that was put aside degrades its service", async () => {
		world.backlogs = { audit: { outgoing: 0, incoming: 0, put_aside: 2 } };
		const { services } = await healthNow();
		expect(services.find(({ name }) => name === "audit")).toMatchObject({
			state: "degraded",
			detail: expect.stringContaining("2 events were put aside"),
		});
	});

	test("dependencies are tried, and since when they are as they are is kept until they change", async () => {
		const first = await healthNow();
		expect(first.dependencies.map(({ name, state }) => [name, state])).toEqual([
			["database", "ok"],
			["events", "ok"],
			["live output", "ok"],
			["disk", expect.stringMatching(/ok|degraded/)],
			["workers", "ok"],
		]);
		const workers = ({ dependencies }: typeof first) => dependencies.find(({ name }) => name === "workers");
		const again = await healthNow();
		expect(workers(again)?.since).toBe(workers(first)?.since);
		world.workers_online = 0;
		const later = await healthNow();
		expect(workers(later)).toMatchObject({ state: "failed", detail: expect.stringContaining("no worker is online") });
		expect(Date.parse(workers(later)?.since ?? "")).toBeGreaterThan(Date.parse(workers(first)?.since ?? ""));
		expect(later.dependencies.find(({ name }) => name === "database")?.since).toBe(
			first.dependencies.find(({ name }) => name === "database")?.since,
		);
		world.workers_online = 2;
	});

	test("needs the permission to see the system", async () => {
		const stranger = running.client(systemApi, actorWith("devices:read"));
		await expect(stranger.getHealth({})).rejects.toMatchObject({ code: "auth.forbidden" });
		await expect(stranger.getAbout({})).rejects.toMatchObject({ code: "auth.forbidden" });
	});
});

describe("the simulated network", () => {
	test("is said to be missing where the simulator is not installed, before anything is made", async () => {
		expect(await system().getSimulatedNetwork({})).toMatchObject({ state: "absent", available: false });
		await expect(system().startSimulatedNetwork({ body: {} })).rejects.toMatchObject({ code: "system.no_lab" });
		expect(await kept()).toEqual([]);
	});

	test("is not made where workers of another machine would not find it", async () => {
		world.simulator = {
			plan: () => [],
			start: async () => Promise.reject(new Error("unused")),
			sampleChange: () => [],
		};
		world.workers = [workerOn("another-machine")];
		await expect(system().startSimulatedNetwork({ body: {} })).rejects.toMatchObject({
			code: "system.workers_elsewhere",
			message: expect.stringContaining("another-machine"),
		});
		expect(await kept()).toEqual([]);
	});

	test("that does not start says why and leaves nothing behind", async () => {
		world.workers = [workerOn(hostname())];
		world.simulator = {
			plan: (count) => Array.from({ length: count }, (_, n) => ({ name: `sim-${n}`, platform: "cisco_ios" })),
			start: async () => Promise.reject(new Error("no room for another process")),
			sampleChange: () => undefined,
		};
		await expect(system().startSimulatedNetwork({ body: { devices: 2 } })).rejects.toMatchObject({
			code: "system.simulated_network_failed",
			message: expect.stringContaining("no room for another process"),
		});
		expect(await system().getSimulatedNetwork({})).toMatchObject({ state: "absent", detail: null });
		expect(await kept()).toEqual([]);
	});

	test("is not started twice at once", async () => {
		const both = await Promise.allSettled([1, 2].map(() => system().startSimulatedNetwork({ body: { devices: 1 } })));
		expect(both.map((one) => (one.status === "rejected" ? one.reason.code : "done")).toSorted()).toEqual([
			"system.simulated_network_busy",
			"system.simulated_network_failed",
		]);
	});

	test("has between 1 and 48 devices", async () => {
		for (const devices of [0, 49, 1.5]) {
			await expect(system().startSimulatedNetwork({ body: { devices } })).rejects.toMatchObject({
				code: "request.invalid",
			});
		}
	});
});

function workerOn(host: string): Worker {
	const at = new Date().toISOString();
	return {
		id: "01900000-0000-7000-8000-0000000000aa",
		pool: "default",
		hostname: host,
		pid: 1,
		version: "0",
		status: "online",
		concurrency: 1,
		running: 0,
		completed: 0,
		started_at: at,
		last_heartbeat_at: at,
	};
}

async function kept() {
	const url = running.host.databaseUrl("system") ?? "";
	const db = openDatabase({ url, schema: "system", application_name: "test" });
	try {
		return await db.query("select seed from simulated_network");
	} finally {
		await db.close();
	}
}
