import { setTimeout } from "node:timers/promises";
import { createManualClock } from "@netconductor/runtime/clock";
import { failed } from "@netconductor/runtime/errors";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type BackupHost, startBackupHost } from "./backup-host.ts";

let host: BackupHost;
let clock: ReturnType<typeof createManualClock>;
beforeEach(async () => {
	// Half a minute before a full hour, at a time that PostgreSQL and the host can share.
	clock = createManualClock(new Date("2026-03-01T11:59:30.000Z"));
	host = await startBackupHost({ clock });
});
afterEach(() => host?.stop());

/** Moves time on in steps of the scheduler's own, each with a moment for its work against the database, until `until` holds. */
async function pass(ms: number, until: () => Promise<void>) {
	for (let left = ms; left > 0; left -= 5_000) {
		await clock.advance(5_000);
		await setTimeout(20);
	}
	await vi.waitFor(
		async () => {
			await clock.advance(1_000);
			await until();
		},
		{ timeout: 10_000, interval: 50 },
	);
}

const hourly = { enabled: true, cron: "0 * * * *", time_zone: "Europe/Zurich" };

test("the schedule fires on time, once, and leaves out what is excluded or disabled", async () => {
	host.addDevice("in");
	const out = host.addDevice("out");
	host.addDevice("disabled", { enabled: false });
	const put = await host.client.putBackupSchedule({ body: { ...hourly, exclude: { device_ids: [out.device_id] } } });
	expect(put.next_runs).toHaveLength(10);
	expect(put.next_runs.slice(0, 2)).toEqual(["2026-03-01T12:00:00.000Z", "2026-03-01T13:00:00.000Z"]);
	await pass(120_000, async () => {
		const now = await host.client.getBackupSchedule({});
		expect(now.last_run_id).not.toBeNull();
		expect(now.last_error).toBeNull();
		expect(now.next_runs[0]).toBe("2026-03-01T13:00:00.000Z");
	});
	const [start] = [...host.started.values()];
	expect(host.started.size).toBe(1);
	expect(start?.plan.targets.map(({ name }) => name)).toEqual(["in"]);
	expect(start?.plan.skipped.map(({ name }) => name)).toEqual(["disabled"]);
	expect(start?.plan.steps[0]?.params.started_by).toBe("schedule");
});

test("a run that has not ended lets the next one be skipped, and says so", async () => {
	host.addDevice("slow");
	await host.client.putBackupSchedule({ body: { enabled: true, interval_minutes: 1 } });
	await pass(60_000, async () => expect(host.started.size).toBe(1));
	await pass(120_000, async () => {
		expect((await host.client.getBackupSchedule({})).last_error).toMatch(/^Skipped at 2026-03-01T12:0/);
	});
	expect(host.started.size).toBe(1);
});

test("what was missed for long is made up for once", async () => {
	host.addDevice("late");
	await host.client.putBackupSchedule({ body: hourly });
	// As if nobody had run for a day.
	await clock.advance(86_400_000);
	await pass(60_000, async () => expect(host.started.size).toBe(1));
	expect((await host.client.getBackupSchedule({})).next_runs[0]).toBe("2026-03-02T13:00:00.000Z");
});

test("a firing that cannot start because a part is away is tried again with the same snapshot", async () => {
	host.addDevice("again");
	host.world.refuseStart = failed("service.unavailable", { message: "tasks does not answer." });
	await host.client.putBackupSchedule({ body: hourly });
	await pass(60_000, async () => {
		expect((await host.client.getBackupSchedule({})).last_error).toContain("tasks does not answer");
	});
	host.world.refuseStart = undefined;
	await pass(60_000, async () => {
		expect(host.started.size).toBe(1);
		expect((await host.client.getBackupSchedule({})).last_error).toBeNull();
	});
	const { items, total } = await host.client.listSnapshots({ query: {} });
	expect(total).toBe(1);
	expect(items[0]).toMatchObject({ status: "running", error: null });
});

test("a firing that a process claimed before the clock was set back, and died, is taken up at once", async () => {
	host.addDevice("claimed");
	await host.client.putBackupSchedule({ body: hourly });
	const due_at = clock.now().getTime();
	const firing = {
		snapshot_id: crypto.randomUUID(),
		due_at: new Date(due_at).toISOString(),
		claimed_until: new Date(due_at + 3_600_000).toISOString(),
	};
	await host.db.query("update schedule set firing = $1, due_at = null", [JSON.stringify(firing)]);
	await pass(10_000, async () => {
		expect([...host.started.keys()]).toEqual([`backup:snapshot:${firing.snapshot_id}`]);
	});
});

test("a start that a crash cut off is made good under the same key, and given up when it is too old", async () => {
	const device = host.addDevice("crash");
	const { snapshot_id = "" } = await host.client.runSelected({ body: { select: { names: ["crash"] } } });
	const key = `backup:snapshot:${snapshot_id}`;
	const plan = host.started.get(key)?.plan;
	const undo = (created_at: string) =>
		host.db.query("update snapshots set run_id = null, created_at = $2, pending = $3 where id = $1", [
			snapshot_id,
			created_at,
			JSON.stringify({ plan, actor: { kind: "user", id: "u", name: "ada", permissions: [] } }),
		]);
	await undo(clock.now().toISOString());
	await pass(65_000, async () => {
		const snapshot = await host.client.getSnapshot({ params: { id: snapshot_id } });
		expect(snapshot).toMatchObject({ run_id: host.started.get(key)?.run_id, status: "running" });
	});
	// Begun before the clock was set back an hour.
	await undo(new Date(clock.now().getTime() + 3_600_000).toISOString());
	await pass(65_000, async () => {
		const snapshot = await host.client.getSnapshot({ params: { id: snapshot_id } });
		expect(snapshot).toMatchObject({ run_id: host.started.get(key)?.run_id, status: "running" });
	});
	expect(host.started.size).toBe(1);
	await undo(new Date(clock.now().getTime() - 3_600_000).toISOString());
	await pass(65_000, async () => {
		const snapshot = await host.client.getSnapshot({ params: { id: snapshot_id } });
		expect(snapshot).toMatchObject({
			run_id: null,
			status: "failed",
			error: expect.stringContaining("stopped before"),
		});
	});
	expect(device.enabled).toBe(true);
});

test("retention applies daily, and a dry run says before what will go", async () => {
	const device = host.addDevice("old");
	for (const [text, at] of [
		["a\n", "2026-01-01T00:00:00Z"],
		["b\n", "2026-02-25T00:00:00Z"],
		["b\n", "2026-02-26T00:00:00Z"],
	] as const)
		await host.record(device, text, { at });
	await host.client.putBackupSchedule({ body: { enabled: false, cron: "0 2 * * *", keep_days: 30 } });
	const dry = await host.client.cleanupBackups({ body: { dry_run: true } });
	expect(dry).toMatchObject({ backups: 1, contents: 1, snapshots: 0 });
	expect(dry.bytes).toBeGreaterThan(0);
	await clock.advance(3_700_000);
	await pass(5_000, async () => expect((await host.client.listBackups({ query: {} })).total).toBe(2));
	expect(await host.client.cleanupBackups({ body: { keep_versions: 1 } })).toMatchObject({ backups: 0 });
});
