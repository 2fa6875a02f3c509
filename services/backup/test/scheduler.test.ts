import { createManualClock } from "@netconductor/runtime/clock";
import { type Database, openDatabase } from "@netconductor/runtime/db/database";
import { newId } from "@netconductor/runtime/id";
import { createLog } from "@netconductor/runtime/log";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createContentStore } from "../src/contents/content-store.ts";
import { createScheduler } from "../src/schedule/scheduler.ts";
import { schedule } from "../src/tables.ts";
import { createTextPool } from "../src/text/text-pool.ts";
import { type BackupHost, startBackupHost } from "./backup-host.ts";

let host: BackupHost;
let pools: Database[];
beforeAll(async () => {
	// The host's own scheduler stands still with its clock.
	host = await startBackupHost({ clock: createManualClock() });
	pools = [1, 2, 3].map((n) =>
		openDatabase({ url: host.url, schema: "backup", application_name: `process ${n}`, max: 2 }),
	);
});
afterAll(async () => {
	await Promise.all((pools ?? []).map((pool) => pool.close()));
	await host?.stop();
});

test("three processes on one database fire once for each time that is due", async () => {
	const clock = createManualClock(new Date("2026-03-01T00:00:00Z"));
	const [first] = pools as [Database];
	await first.orm.update(schedule).set({
		enabled: true,
		cron: null,
		interval_minutes: 10,
		due_at: "2026-03-01T00:10:00.000Z",
		maintenance_due_at: "2027-01-01T00:00:00.000Z",
	});
	const keys: string[] = [];
	const target = {
		device_id: newId(),
		name: "r-1",
		device_type: "frr",
		worker_pool: "default",
		enabled: true,
		disabled_reason: null,
	};
	const schedulers = pools.map((db) =>
		createScheduler({
			db,
			clock,
			log: createLog({ level: "error" }),
			ownAccount: () => ({ actor: { kind: "service", id: "backup", name: "backup", permissions: ["*"] } }),
			devices: { listTargets: async () => ({ targets: [target] }) },
			tasks: {
				async startRun({ body }) {
					keys.push(body.idempotency_key);
					return { run_id: newId() };
				},
			},
			contents: createContentStore({ db, vault: {} as never }),
			texts: createTextPool({ threads: 1 }),
		}),
	);
	for (let round = 1; round <= 5; round++) {
		await clock.advance(600_000);
		await Promise.all(schedulers.map(({ tick }) => tick()));
		expect(keys).toHaveLength(round);
		await first.query("update snapshots set status = 'complete'");
	}
	expect(new Set(keys).size).toBe(5);
});
