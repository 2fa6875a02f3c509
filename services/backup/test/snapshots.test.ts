import type { Target } from "@netconductor/contracts/devices/model";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type BackupHost, startBackupHost } from "./backup-host.ts";

let host: BackupHost;
beforeAll(async () => {
	host = await startBackupHost();
});
afterAll(() => host?.stop());

async function failOperation(run_id: string, snapshot_id: string | null, device: Target, operation_id = newId()) {
	await host.publish("operation.finished.v1", {
		run_id,
		kind: "backup",
		subject: snapshot_id === null ? null : { type: "snapshot", id: snapshot_id },
		operation_id,
		step_type: "collect_config",
		device_id: device.device_id,
		device_name: device.name,
		status: "failed",
		result: null,
		error: { code: "device.unreachable", message: `${device.name} does not answer \0`, phase: "connect" },
		finished_at: new Date().toISOString(),
	});
}

test("a snapshot runs from its start to its counts, a failed attempt kept with its error", async () => {
	const good = host.addDevice("good");
	const bad = host.addDevice("bad", { device_type: "generic_cli" });
	const off = host.addDevice("off", { enabled: false });
	const { run_id, snapshot_id = "" } = await host.client.runAll({ body: { name: "before the change" } });
	const { plan } = [...host.started.values()].find((start) => start.run_id === run_id) ?? {};
	expect(plan).toMatchObject({
		kind: "backup",
		steps: [{ type: "collect_config", params: { snapshot_id, started_by: "admin" } }],
		skipped: [{ device_id: off.device_id, name: "off", reason: "The device is disabled" }],
		subject: { type: "snapshot", id: snapshot_id },
	});
	expect(await host.client.getSnapshot({ params: { id: snapshot_id } })).toMatchObject({
		status: "running",
		devices: 2,
		skipped: 1,
		run_id,
	});
	await expect(host.client.deleteSnapshot({ params: { id: snapshot_id } })).rejects.toMatchObject({
		code: "snapshots.still_running",
	});

	await host.record(good, "hostname good\n", { snapshot_id, run_id });
	const operation_id = newId();
	await failOperation(run_id, snapshot_id, bad, operation_id);
	await failOperation(run_id, snapshot_id, bad, operation_id);
	await host.finishRun(run_id, snapshot_id);
	await vi.waitFor(async () => {
		expect(await host.client.getSnapshot({ params: { id: snapshot_id } })).toMatchObject({
			status: "partial",
			succeeded: 1,
			failed: 1,
		});
	}, 5_000);
	const failures = await host.client.listBackups({ query: { snapshot_id, status: "failed" } });
	expect(failures.items).toMatchObject([
		{
			device_name: "bad",
			device_type: "generic_cli",
			started_by: "admin",
			error: { code: "device.unreachable", phase: "connect" },
		},
	]);
	const [failure] = failures.items;
	await expect(host.client.getBackupContent({ params: { id: failure?.id ?? "" }, query: {} })).rejects.toMatchObject({
		code: "backups.no_content",
	});
	expect(await host.client.getBackupTask({ params: { id: run_id }, query: {} })).toMatchObject({
		snapshot_id,
		total: 2,
		succeeded: 1,
		failed: 1,
	});

	// What arrives after the run gave up is kept all the same.
	await host.record(bad, "hostname bad\n", { snapshot_id, run_id, operation_id });
	expect(await host.client.recalculateSnapshot({ params: { id: snapshot_id } })).toMatchObject({
		status: "complete",
		succeeded: 2,
		failed: 0,
	});
});

test("a disabled device that is named is refused by name", async () => {
	const device = host.addDevice("named-off", { enabled: false });
	const refused = { code: "devices.disabled", message: expect.stringContaining("named-off") };
	await expect(host.client.runSingle({ body: { device_id: device.device_id } })).rejects.toMatchObject(refused);
	await expect(host.client.runSelected({ body: { select: { names: ["named-off"] } } })).rejects.toMatchObject(refused);
	await expect(host.client.runSingle({ body: { device_id: newId() } })).rejects.toMatchObject({
		code: "devices.not_found",
	});
});

test("a start that fails marks the snapshot as failed with the reason", async () => {
	host.world.refuseStart = failed("runs.unknown_step", { message: "There is no step collect_config" });
	try {
		await expect(host.client.runAll({ body: { name: "refused" } })).rejects.toMatchObject({
			code: "runs.unknown_step",
		});
	} finally {
		host.world.refuseStart = undefined;
	}
	const { items } = await host.client.listSnapshots({ query: { q: "refused" } });
	expect(items).toMatchObject([{ status: "failed", run_id: null, error: "There is no step collect_config" }]);
});

test("comparing snapshots says for each device whether it changed, and counts lines only for those", async () => {
	const devices = ["same", "changed", "gone", "new"].map((name) => host.addDevice(`cmp-${name}`));
	const take = async (texts: (string | null)[]) => {
		const names = devices.map(({ name }) => name);
		const { run_id, snapshot_id = "" } = await host.client.runSelected({ body: { select: { names } } });
		for (const [n, text] of texts.entries()) {
			if (text !== null) await host.record(devices[n] as Target, text, { snapshot_id, run_id });
		}
		await host.finishRun(run_id, snapshot_id);
		return snapshot_id;
	};
	const id = await take(["a\n", "a\nb\n", "a\n", null]);
	const id2 = await take(["a\n", "a\nc\nd\n", null, "a\nb\nc\n"]);
	const result = await host.client.compareSnapshots({ params: { id, id2 }, query: {} });
	expect(result.summary).toEqual({ unchanged: 1, changed: 1, only_in_from: 1, only_in_to: 1 });
	expect(result.items.map(({ device_name, status, added, removed }) => [device_name, status, added, removed])).toEqual([
		["cmp-changed", "changed", 2, 1],
		["cmp-new", "only_in_to", 3, 0],
		["cmp-gone", "only_in_from", 0, 1],
		["cmp-same", "unchanged", 0, 0],
	]);
	const changed = await host.client.compareSnapshots({
		params: { id, id2 },
		query: { status: "changed", page_size: 1 },
	});
	expect(changed).toMatchObject({ total: 1, items: [{ device_name: "cmp-changed" }] });

	await vi.waitFor(
		async () => expect((await host.client.getSnapshot({ params: { id } })).status).toBe("partial"),
		5_000,
	);
	const dry = await host.client.deleteSnapshot({ params: { id }, query: { dry_run: "true" } });
	expect(dry).toMatchObject({ dry_run: true, backups: 3, snapshots: 1, contents: 1 });
	expect(await host.client.deleteSnapshot({ params: { id } })).toMatchObject({ ...dry, dry_run: false });
	await expect(host.client.getSnapshot({ params: { id } })).rejects.toMatchObject({ code: "snapshots.not_found" });
});

test("a snapshot can be renamed, described and pinned", async () => {
	const { items } = await host.client.listSnapshots({ query: {} });
	const id = items[0]?.id ?? "";
	const changed = await host.client.updateSnapshot({
		params: { id },
		body: { name: "golden", description: "before \ud800", pinned: true },
	});
	expect(changed).toMatchObject({ name: "golden", description: "before \uFFFD", pinned: true });
	expect((await host.client.listSnapshots({ query: { pinned: "true" } })).items.map((item) => item.id)).toEqual([id]);
});

test("snapshots are sorted by name or time as asked, and by nothing else", async () => {
	const device = host.addDevice("sorted");
	for (const name of ["sorted-b", "sorted-a", "sorted-c"]) {
		await host.client.runSelected({ body: { select: { device_ids: [device.device_id] }, name } });
	}
	const names = async (sort?: "name" | "-name" | "created_at") =>
		(await host.client.listSnapshots({ query: { q: "sorted-", sort } })).items
			.map(({ name }) => name.slice(-1))
			.join("");
	expect(await names()).toBe("cab");
	expect(await names("created_at")).toBe("bac");
	expect(await names("name")).toBe("abc");
	expect(await names("-name")).toBe("cba");
	await expect(host.client.listSnapshots({ query: { sort: "devices" as never } })).rejects.toMatchObject({
		code: "request.invalid",
	});
});

test("a service that asks for a snapshot again, also when its device is gone, is answered with the same run", async () => {
	const device = host.addDevice("asked-twice");
	const body = { snapshot_id: newId(), name: "Nightly", select: { names: ["asked-twice"] } };
	const first = await host.client.startSnapshot({ body });
	host.removeDevice(device);
	expect(await host.client.startSnapshot({ body })).toEqual(first);
	expect([...host.started.values()].filter(({ run_id }) => run_id === first.run_id)).toHaveLength(1);
	expect(await host.client.getSnapshot({ params: { id: body.snapshot_id } })).toMatchObject({
		name: "Nightly",
		started_by: "admin",
	});
});
