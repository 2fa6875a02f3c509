import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { authApi } from "@netconductor/contracts/auth/api";
import { backupApi } from "@netconductor/contracts/backup/api";
import { devicesApi } from "@netconductor/contracts/devices/api";
import { schedulingApi } from "@netconductor/contracts/scheduling/api";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import { type TestDatabase, testDatabase } from "@netconductor/runtime/testing/database";
import { admin, peer, startTestHost, type TestHost } from "@netconductor/runtime/testing/service";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { scheduleInput, until } from "./scheduling-host.ts";

// Processes have to start, be killed and start again, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 });

/** Runs by the key that they were asked for with, and every call that asked. */
const started = new Map<string, string>();
const calls: string[] = [];
const children = new Set<ChildProcess>();
let database: TestDatabase;
let db: Database;
let peers: TestHost;
let began: number;

beforeAll(async () => {
	database = await testDatabase("scheduling");
	db = await database.service("scheduling");
	peers = await startTestHost({
		services: [],
		peers: [
			peer(devicesApi, { listTargets: async () => ({ targets: [] }) }),
			peer(authApi, {
				describeUsers: async () => ({
					users: [
						{ id: admin.id, username: "admin", display_name: "", role: "admin", disabled: false, permissions: ["*"] },
					],
				}),
			}),
			// Long enough that some are killed between the question and the answer.
			peer(backupApi, {
				async startSnapshot({ body }) {
					calls.push(body.snapshot_id);
					await sleep(Math.random() * 60);
					const run_id = started.get(body.snapshot_id) ?? newId();
					started.set(body.snapshot_id, run_id);
					await sleep(Math.random() * 60);
					return { run_id };
				},
			}),
			peer(tasksApi, {
				async getRun({ params }) {
					throw failed("service.unavailable", { message: `nobody tells of ${params.id}` });
				},
			}),
		],
	});
	began = Date.now();
});
afterAll(async () => {
	for (const child of children) child.kill("SIGKILL");
	await peers?.stop();
	await database?.stop();
});

async function startProcess(): Promise<{ child: ChildProcess; url: string }> {
	const child = fork(fileURLToPath(new URL("service-process.ts", import.meta.url)), {
		execArgv: ["--import=@netconductor/runtime/quick-start"],
		env: {
			...process.env,
			TEST_DATABASE_URL: db.pool.options.connectionString ?? "",
			TEST_PEERS_URL: peers.host.internal_url ?? "",
			TEST_BEGAN: String(began),
		},
	});
	children.add(child);
	child.once("exit", () => children.delete(child));
	const [url] = await once(child, "message");
	return { child, url: String(url) };
}

test("three processes that are killed again and again start exactly one run for each time that was due", async () => {
	const running = [await startProcess()];
	const [first] = running;
	const caller = await startTestHost({ services: [], addresses: { scheduling: [first?.url ?? ""] } });
	const client = caller.client(schedulingApi);
	const ids: string[] = [];
	for (let n = 0; n < 12; n++) {
		const made = await client.createSchedule({
			body: scheduleInput(`every minute ${n}`, {
				timing: { type: "interval", every_minutes: 1 },
				max_runs: 15,
				overlap: "run_anyway",
				missed: "run_all",
				missed_limit: 100,
				jitter_s: n % 2 === 0 ? 0 : 50,
			}),
		});
		ids.push(made.id);
	}
	await caller.stop();
	running.push(await startProcess(), await startProcess());

	const due = 12 * 15;
	let kills = 0;
	while (kills < 6 || (await count("runs")) < due) {
		const at = Math.floor(Math.random() * running.length);
		running[at]?.child.kill("SIGKILL");
		kills++;
		await sleep(200 + Math.random() * 900);
		running[at] = await startProcess();
		if (kills > 150) throw new Error("the series did not come to its end");
	}
	await until(async () => (await count("open")) === 0);
	await Promise.all(running.map(({ child }) => [once(child, "exit"), child.kill("SIGKILL")][0]));

	const rows = await db.query<{ id: string; schedule_id: string; due: string; run_id: string; status: string }>(
		"select o.id, o.schedule_id, extract(epoch from o.due_at - s.anchor)::text as due, o.run_id, o.status from occurrences o join schedules s on s.id = o.schedule_id order by o.due_at",
	);
	// Each time of each schedule once, none left out.
	for (const id of ids) {
		const own = rows.filter(({ schedule_id }) => schedule_id === id);
		expect(own.map((row) => Number(row.due))).toEqual(Array.from({ length: 15 }, (_, n) => (n + 1) * 60));
		expect(new Set(own.map(({ status }) => status))).toEqual(new Set(["running"]));
	}
	// One run for each, and no run that nothing was due for.
	expect(new Map(rows.map(({ id, run_id }) => [id, run_id]))).toEqual(started);
	expect(started.size).toBe(due);
	// Some were asked for twice, having been cut off: that is what was tried here.
	expect(calls.length).toBeGreaterThanOrEqual(due);
});

async function count(what: "runs" | "open"): Promise<number> {
	const where = what === "runs" ? "run_id is not null" : "status in ('due', 'waiting')";
	const [row] = await db.query<{ n: number }>(`select count(*)::int as n from occurrences where ${where}`);
	return row?.n ?? 0;
}
