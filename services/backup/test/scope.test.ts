import { backupApi } from "@netconductor/contracts/backup/api";
import type { Target } from "@netconductor/contracts/devices/model";
import { newId } from "@netconductor/runtime/id";
import { admin } from "@netconductor/runtime/testing/service";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type BackupHost, startBackupHost } from "./backup-host.ts";

// A role that is limited to a group: of no other device is anything backed up, as far as who holds it can tell.
let host: BackupHost;
let limited: BackupHost["client"];
let group: string;
let inside: Target;
let outside: Target;
let nightly: string;
let of_inside: string;
let of_outside: string;

beforeAll(async () => {
	host = await startBackupHost();
});
afterAll(() => host?.stop());

const first = (name: string) => `hostname ${name}\nntp server 192.0.2.1\n`;
const second = (name: string) => `hostname ${name}\nntp server 192.0.2.2\nlogging host 192.0.2.3\n`;

/** A snapshot of all devices, of which each has this text. */
async function takeAll(textOf: (name: string) => string) {
	const { run_id, snapshot_id = "" } = await host.client.runAll({ body: { name: "nightly" } });
	const made = [];
	for (const device of [inside, outside]) {
		made.push((await host.record(device, textOf(device.name), { run_id, snapshot_id })).backup_id);
	}
	await host.finishRun(run_id, snapshot_id);
	return { snapshot_id, of_inside: made[0] as string, of_outside: made[1] as string };
}

beforeEach(async () => {
	await host.db.query("truncate backups, contents, devices, snapshots, blames, search_texts, runs cascade");
	for (const device of [inside, outside]) if (device !== undefined) host.removeDevice(device);
	group = newId();
	inside = host.addDevice("berlin-1");
	outside = host.addDevice("munich-1");
	host.putInto(group, inside);
	limited = host.clientOf(backupApi, { ...admin, name: "bea", device_groups: [group] });
	({ snapshot_id: nightly, of_inside, of_outside } = await takeAll(first));
});

test("lists, searches and counts know no backup of a device outside", async () => {
	expect((await limited.listBackups({ query: {} })).items.map(({ device_name }) => device_name)).toEqual(["berlin-1"]);
	expect(await limited.listBackups({ query: { device_id: outside.device_id } })).toMatchObject({ items: [], total: 0 });
	expect(await limited.listBackups({ query: { q: "munich" } })).toMatchObject({ items: [], total: 0 });
	const at = new Date(Date.now() + 60_000).toISOString();
	for (const query of [
		{ q: "ntp server" },
		{ q: "ntp server", at },
		{ q: "ntp s[e]rver", regex: "true" },
		{ q: "NTP server", ignore_case: "true" },
	] as const) {
		expect((await host.client.searchConfigs({ query })).total).toBe(2);
		const found = await limited.searchConfigs({ query });
		expect(found).toMatchObject({ total: 1, searched: 1, items: [{ device_name: "berlin-1" }] });
	}
	expect(await limited.searchConfigs({ query: { q: "hostname munich" } })).toMatchObject({ total: 0, searched: 1 });
	expect(await limited.getCoverage({ query: {} })).toMatchObject({ total: 1, counts: { devices: 1, good: 1 } });
	const activity = async (query: { device_id?: string }) =>
		(await limited.getActivity({ query: { days: 1, ...query } })).days.at(-1)?.backups;
	expect(await activity({})).toBe(1);
	expect(await activity({ device_id: inside.device_id })).toBe(1);
	expect(await activity({ device_id: outside.device_id })).toBe(0);
	const whole = await host.client.getActivity({ query: { days: 1 } });
	expect(whole.days.at(-1)?.backups).toBe(2);
});

test("what is asked of a device or backup outside is answered exactly as of one that does not exist", async () => {
	const asked: ((ids: { device_id: string; id: string }) => Promise<unknown>)[] = [
		({ id }) => limited.getBackup({ params: { id } }),
		({ id }) => limited.getBackupContent({ params: { id }, query: {} }),
		({ id }) => limited.getBackupContent({ params: { id }, query: { reveal: "true" } }),
		({ id }) => limited.compareBackups({ query: { to: id } }),
		({ id }) => limited.compareBackups({ query: { from: id, to: of_inside } }),
		({ id }) => limited.compareBackups({ query: { from: of_inside, to: id } }),
		({ device_id }) => limited.getHistory({ params: { device_id }, query: {} }),
		({ device_id }) => limited.getBlame({ params: { device_id }, query: {} }),
		({ device_id }) => limited.runSingle({ body: { device_id } }),
		({ device_id }) => limited.runSelected({ body: { select: { device_ids: [inside.device_id, device_id] } } }),
	];
	const answerOf = (answer: Promise<unknown>) =>
		answer.then(
			(given) => ({ given }),
			({ code, message }) => ({ code, message }),
		);
	for (const ask of asked) {
		const nowhere = { device_id: newId(), id: newId() };
		const there = JSON.stringify(await answerOf(ask({ device_id: outside.device_id, id: of_outside })));
		const none = await answerOf(ask(nowhere));
		const told = there.replaceAll(outside.device_id, nowhere.device_id).replaceAll(of_outside, nowhere.id);
		expect(JSON.parse(told), ask.toString()).toEqual(none);
	}
	expect(host.audited.filter(({ resource_id }) => resource_id === of_outside)).toEqual([]);
	expect(await limited.getBackup({ params: { id: of_inside } })).toMatchObject({ device_name: "berlin-1" });
	expect((await limited.getHistory({ params: { device_id: inside.device_id }, query: {} })).items).toHaveLength(1);
	expect((await limited.getBlame({ params: { device_id: inside.device_id }, query: {} })).total_lines).toBe(2);
});

test("of a snapshot of all devices they see their part, which they compare with that of another one", async () => {
	const { snapshot_id: later } = await takeAll(second);
	await expect.poll(async () => (await host.client.getSnapshot({ params: { id: later } })).status).toBe("complete");
	const part = { devices: 1, succeeded: 1, failed: 0, run_id: null, status: "complete" };
	const { items, total } = await limited.listSnapshots({ query: {} });
	expect(total).toBe(2);
	expect(items[0]).toMatchObject({ id: later, changed: 1, ...part });
	expect(await limited.getSnapshot({ params: { id: later } })).toEqual(items[0]);
	expect((await host.client.getSnapshot({ params: { id: later } })).devices).toBe(2);
	const compared = await limited.compareSnapshots({ params: { id: nightly, id2: later }, query: {} });
	expect(compared).toMatchObject({
		to: part,
		summary: { changed: 1, unchanged: 0 },
		total: 1,
		items: [{ device_name: "berlin-1", status: "changed" }],
	});
	for (const only_changed of ["true", "false"] as const) {
		const matrix = await limited.getSnapshotMatrix({ query: { only_changed } });
		expect(matrix).toMatchObject({ total: 1, items: [{ device_name: "berlin-1" }], snapshots: [part, part] });
	}
});

test("a snapshot without a device of theirs does not exist, and one of theirs is seen whole from its start", async () => {
	const other = await host.client.runSelected({ body: { select: { names: ["munich-1"] } } });
	for (const recorded of [false, true]) {
		if (recorded) await host.record(outside, second("munich-1"), other as { run_id: string; snapshot_id: string });
		const id = other.snapshot_id ?? "";
		await expect(limited.getSnapshot({ params: { id } })).rejects.toMatchObject({ code: "snapshots.not_found" });
		await expect(limited.getSnapshotMatrix({ query: { snapshots: [id] } })).rejects.toMatchObject({
			code: "snapshots.not_found",
		});
		await expect(limited.compareSnapshots({ params: { id, id2: nightly }, query: {} })).rejects.toMatchObject({
			code: "snapshots.not_found",
		});
	}
	const { run_id, snapshot_id = "" } = await limited.runAll({ body: {} });
	const seen = () => limited.getSnapshot({ params: { id: snapshot_id } });
	expect(await seen()).toMatchObject({ run_id, devices: 1, succeeded: 0, status: "running" });
	expect((await seen()).name).toMatch(/^Backup of berlin-1,/);
	await host.record(inside, second("berlin-1"), { run_id, snapshot_id });
	expect(await seen()).toMatchObject({ run_id, devices: 1, succeeded: 1 });
	expect((await limited.listSnapshots({ query: {} })).items.map(({ id }) => id)).toEqual([snapshot_id, nightly]);
	expect(await limited.getBackupTask({ params: { id: run_id }, query: {} })).toMatchObject({ total: 1, succeeded: 1 });
	await expect(limited.getBackupTask({ params: { id: other.run_id }, query: {} })).rejects.toMatchObject({
		code: "runs.not_found",
	});
});

test("what concerns every device is closed to them: deleting, snapshots' names, the schedule, the retention", async () => {
	const id = nightly;
	for (const refused of [
		() => limited.deleteBackup({ params: { id: of_inside } }),
		() => limited.updateSnapshot({ params: { id }, body: { name: "mine" } }),
		() => limited.deleteSnapshot({ params: { id }, query: {} }),
		() => limited.recalculateSnapshot({ params: { id } }),
		() => limited.cleanupBackups({ body: { dry_run: true } }),
		() => limited.getBackupSchedule({}),
	]) {
		await expect(refused()).rejects.toMatchObject({ code: "auth.out_of_scope" });
	}
});
