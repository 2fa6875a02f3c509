import { backupApi } from "@netconductor/contracts/backup/api";
import type { Target } from "@netconductor/contracts/devices/model";
import { createManualClock } from "@netconductor/runtime/clock";
import { newId } from "@netconductor/runtime/id";
import { actorWith } from "@netconductor/runtime/testing/service";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type BackupHost, startBackupHost } from "./backup-host.ts";

let host: BackupHost;
beforeEach(async () => {
	host = await startBackupHost({ clock: createManualClock(new Date("2026-04-02T10:00:00.000Z")) });
});
afterEach(() => host?.stop());

const counts = { pending: 0, running: 0, succeeded: 0, skipped: 0, failed: 0, cancelled: 0, unknown: 0 };

async function fail(device: Target, at: string, given: { snapshot_id?: string; run_id?: string } = {}) {
	const operation_id = newId();
	await host.publish("operation.finished.v1", {
		run_id: given.run_id ?? newId(),
		kind: "backup",
		subject: given.snapshot_id === undefined ? null : { type: "snapshot", id: given.snapshot_id },
		operation_id,
		step_type: "collect_config",
		device_id: device.device_id,
		device_name: device.name,
		status: "failed",
		result: null,
		error: { code: "device.unreachable", message: `${device.name} does not answer`, phase: "connect" },
		finished_at: at,
	});
	await vi.waitFor(async () => {
		const rows = await host.db.query("select from backups where operation_id = $1", [operation_id]);
		expect(rows).toHaveLength(1);
	}, 5_000);
}

async function snapshotOf(name: string, backups: [Target, string, string][], failures: [Target, string][] = []) {
	const { run_id, snapshot_id = "" } = await host.client.runAll({ body: { name } });
	for (const [device, text, at] of backups) await host.record(device, text, { snapshot_id, run_id, at });
	for (const [device, at] of failures) await fail(device, at, { snapshot_id, run_id });
	await host.publish("run.finished.v1", {
		run_id,
		kind: "backup",
		subject: { type: "snapshot", id: snapshot_id },
		title: name,
		status: "succeeded",
		counts,
		finished_at: "2026-04-02T10:00:00.000Z",
	});
	await vi.waitFor(async () => {
		const { status } = await host.client.getSnapshot({ params: { id: snapshot_id } });
		expect(status).not.toBe("running");
	}, 5_000);
	return snapshot_id;
}

test("coverage tells good, stale and never of the enabled devices that exist now, and what failed last", async () => {
	const fresh = host.addDevice("fresh");
	const old = host.addDevice("old");
	const never = host.addDevice("never");
	const gone = host.addDevice("gone");
	host.addDevice("off", { enabled: false });
	await host.record(fresh, "hostname fresh\n", { at: "2026-01-01T00:00:00.000Z" });
	const newest = await host.record(fresh, "hostname fresh\n", { at: "2026-03-31T10:00:00.000Z" });
	await host.record(old, "hostname old\n", { at: "2026-03-31T09:59:59.999Z" });
	await host.record(gone, "hostname gone\n", { at: "2026-04-01T00:00:00.000Z" });
	await fail(never, "2026-04-01T00:00:00.000Z");
	await fail(never, "2026-04-01T12:00:00.000Z");
	await fail(fresh, "2026-02-01T00:00:00.000Z");
	host.removeDevice(gone);

	const all = await host.client.getCoverage({ query: {} });
	expect(all.counts).toEqual({ devices: 3, good: 1, stale: 1, never: 1 });
	expect(all.total).toBe(3);
	expect(all.items).toEqual([
		{
			device_id: never.device_id,
			device_name: "never",
			device_type: "cisco_ios",
			status: "never",
			last_good_at: null,
			last_good_backup_id: null,
			last_failed_at: "2026-04-01T12:00:00.000Z",
			last_error: expect.objectContaining({ code: "device.unreachable", message: "never does not answer" }),
		},
		expect.objectContaining({
			device_name: "old",
			status: "stale",
			last_good_at: "2026-03-31T09:59:59.999Z",
			last_failed_at: null,
			last_error: null,
		}),
		expect.objectContaining({
			device_name: "fresh",
			status: "good",
			last_good_at: "2026-03-31T10:00:00.000Z",
			last_good_backup_id: newest.backup_id,
			last_failed_at: "2026-02-01T00:00:00.000Z",
		}),
	]);

	const names = async (query: Parameters<typeof host.client.getCoverage>[0]["query"]) =>
		(await host.client.getCoverage({ query })).items.map(({ device_name }) => device_name);
	expect(await names({ status: "never,stale" })).toEqual(["never", "old"]);
	expect(await names({ sort: "device_name" })).toEqual(["fresh", "never", "old"]);
	expect(await names({ sort: "-last_good_at" })).toEqual(["fresh", "old", "never"]);
	expect(await names({ page: 2, page_size: 2 })).toEqual(["fresh"]);
	expect(await names({ q: "E" })).toEqual(["never", "fresh"]);
	const longer = await host.client.getCoverage({ query: { stale_after_hours: 49, status: "stale" } });
	expect(longer).toMatchObject({ counts: { good: 2, stale: 0, never: 1 }, total: 0, items: [] });
});

test("who may only run backups does not learn what is covered", async () => {
	const client = host.clientOf(backupApi, actorWith("backups:run"));
	await expect(client.getCoverage({ query: {} })).rejects.toMatchObject({ code: "auth.forbidden" });
	await expect(client.getActivity({ query: {} })).rejects.toMatchObject({ code: "auth.forbidden" });
	await expect(client.getSnapshotMatrix({ query: {} })).rejects.toMatchObject({ code: "auth.forbidden" });
	await expect(client.previewBackupSchedule({ body: { cron: "0 * * * *" } })).rejects.toMatchObject({
		code: "auth.forbidden",
	});
});

test("activity counts each backup on its day in the zone that is asked for, also where a day has 23 hours", async () => {
	const device = host.addDevice("a");
	const other = host.addDevice("b");
	// In Zurich 29 March 2026 begins at 23:00 UTC and ends at 22:00 UTC.
	await host.record(device, "one\n", { at: "2026-03-28T22:59:59.999Z" });
	await host.record(device, "one\ntwo\n", { at: "2026-03-28T23:00:00.000Z" });
	await host.record(device, "one\ntwo\n", { at: "2026-03-29T21:59:59.999Z" });
	await host.record(device, "three\n", { at: "2026-03-29T22:00:00.000Z" });
	await host.record(other, "x\n", { at: "2026-03-29T12:00:00.000Z" });
	await fail(other, "2026-04-02T09:00:00.000Z");

	const { days, time_zone } = await host.client.getActivity({ query: { days: 6, time_zone: "Europe/Zurich" } });
	const none = { backups: 0, failed: 0, changed: 0, lines_added: 0, lines_removed: 0 };
	expect(time_zone).toBe("Europe/Zurich");
	expect(days).toEqual([
		{ day: "2026-03-28", ...none, backups: 1 },
		{ day: "2026-03-29", ...none, backups: 3, changed: 1, lines_added: 1 },
		{ day: "2026-03-30", ...none, backups: 1, changed: 1, lines_added: 1, lines_removed: 2 },
		{ day: "2026-03-31", ...none },
		{ day: "2026-04-01", ...none },
		{ day: "2026-04-02", ...none, backups: 1, failed: 1 },
	]);
	const one = await host.client.getActivity({
		query: { days: 6, time_zone: "Europe/Zurich", device_id: device.device_id },
	});
	expect(one.days.map(({ backups, failed, changed }) => [backups, failed, changed])).toEqual([
		[1, 0, 0],
		[2, 0, 1],
		[1, 0, 1],
		[0, 0, 0],
		[0, 0, 0],
		[0, 0, 0],
	]);
	const utc = await host.client.getActivity({ query: { days: 366 } });
	expect(utc.days).toHaveLength(366);
	expect(utc.days.find(({ day }) => day === "2026-03-28")).toMatchObject({ backups: 2, changed: 1 });
	await expect(host.client.getActivity({ query: { time_zone: "Mars/Olympus" } })).rejects.toMatchObject({
		code: "backup_schedule.bad_time_zone",
	});
});

test("the matrix compares each device with its nearest good backup in the snapshots shown, whatever came between", async () => {
	const steady = host.addDevice("steady");
	const back = host.addDevice("back");
	const late = host.addDevice("late");
	await host.record(steady, "hostname steady\n", { at: "2026-03-01T00:00:00.000Z" });
	const first = await snapshotOf("first", [
		[steady, "hostname steady\n", "2026-03-02T00:00:00.000Z"],
		[back, "hostname back\n", "2026-03-02T00:00:00.000Z"],
	]);
	// Changed and changed back: between the snapshots, nothing.
	await host.record(back, "hostname back\nip routing\n", { at: "2026-03-03T00:00:00.000Z" });
	const second = await snapshotOf(
		"second",
		[[back, "hostname back\n", "2026-03-04T00:00:00.000Z"]],
		[[steady, "2026-03-04T00:00:00.000Z"]],
	);
	// Changed twice: the second snapshot's own count of lines is against the step between.
	await host.record(steady, "hostname steady\none\n", { at: "2026-03-05T00:00:00.000Z" });
	const third = await snapshotOf("third", [
		[steady, "hostname steady\none\ntwo\n", "2026-03-06T00:00:00.000Z"],
		[back, "hostname back\nno ip routing\n", "2026-03-06T00:00:00.000Z"],
		[late, "hostname late\n", "2026-03-06T00:00:00.000Z"],
	]);

	const matrix = await host.client.getSnapshotMatrix({ query: {} });
	expect(matrix.snapshots.map(({ id }) => id)).toEqual([first, second, third]);
	const short = (shown: typeof matrix) =>
		Object.fromEntries(
			shown.items.map(({ device_name, cells }) => [
				device_name,
				cells.map(({ status, added, removed }) => (status === "changed" ? `+${added} -${removed}` : status)),
			]),
		);
	expect(short(matrix)).toEqual({
		back: ["first", "unchanged", "+1 -0"],
		late: ["absent", "absent", "first"],
		steady: ["unchanged", "failed", "+2 -0"],
	});
	expect(matrix.items.map(({ device_name }) => device_name)).toEqual(["back", "late", "steady"]);
	const { items } = await host.client.listBackups({ query: { snapshot_id: third } });
	for (const { device_id, cells } of matrix.items) {
		expect(cells[2]?.backup_id).toBe(items.find((backup) => backup.device_id === device_id)?.id);
	}

	const only = await host.client.getSnapshotMatrix({ query: { only_changed: "true" } });
	expect([only.total, Object.keys(short(only))]).toEqual([2, ["back", "steady"]]);
	const changedIn = async (query: { newest?: number; snapshots?: string }) =>
		Object.keys(short(await host.client.getSnapshotMatrix({ query: { ...query, only_changed: "true" } })));
	expect(await changedIn({ newest: 1 })).toEqual(["back", "steady"]);
	expect(await changedIn({ snapshots: `${first},${second}` })).toEqual([]);
	const named = await host.client.getSnapshotMatrix({ query: { snapshots: `${second},${first}`, q: "BAC" } });
	expect(named.snapshots.map(({ id }) => id)).toEqual([first, second]);
	expect(short(named)).toEqual({ back: ["first", "unchanged"] });
	const newest = await host.client.getSnapshotMatrix({ query: { newest: 1, page: 2, page_size: 2 } });
	expect(newest.total).toBe(3);
	expect(short(newest)).toEqual({ steady: ["+1 -0"] });
	await expect(host.client.getSnapshotMatrix({ query: { snapshots: newId() } })).rejects.toMatchObject({
		code: "snapshots.not_found",
	});
});

test("a preview answers the runs that setting the schedule would bring, and changes nothing", async () => {
	const before = await host.client.getBackupSchedule({});
	const timing = { cron: "30 2 * * 1-5", time_zone: "Europe/Zurich" };
	const { next_runs } = await host.client.previewBackupSchedule({ body: timing });
	expect(next_runs).toHaveLength(10);
	expect(next_runs.slice(0, 2)).toEqual(["2026-04-03T00:30:00.000Z", "2026-04-06T00:30:00.000Z"]);
	expect(await host.client.getBackupSchedule({})).toEqual(before);
	const put = await host.client.putBackupSchedule({ body: { enabled: true, ...timing } });
	expect(put.next_runs).toEqual(next_runs);

	const every = await host.client.previewBackupSchedule({ body: { interval_minutes: 90 } });
	expect(every.next_runs.slice(0, 2)).toEqual(["2026-04-02T11:30:00.000Z", "2026-04-02T13:00:00.000Z"]);
	const codeOf = (body: object) =>
		host.client.previewBackupSchedule({ body: body as never }).catch((error: { code?: string }) => error.code);
	expect(await codeOf({ cron: "61 * * * *" })).toBe("backup_schedule.bad_cron");
	expect(await codeOf({ cron: "0 0 30 2 *" })).toBe("backup_schedule.bad_cron");
	expect(await codeOf({ cron: "0 * * * *", time_zone: "Mars/Olympus" })).toBe("backup_schedule.bad_time_zone");
	expect(await codeOf({ cron: "0 * * * *", interval_minutes: 5 })).toBe("request.invalid");
});
