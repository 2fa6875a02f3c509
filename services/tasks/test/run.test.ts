import { type Fleet, startFleet } from "@netconductor/lab/sim/fleet";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EngineLab, startEngineLab } from "./engine-lab.ts";

let lab: EngineLab;
let fleet: Fleet;

beforeAll(async () => {
	lab = await startEngineLab();
	fleet = await startFleet({ devices: { count: 4, platforms: ["cisco_ios", "arista_eos"] } });
	for (const entry of fleet.devices) lab.know(entry);
	await lab.startWorker();
});
afterAll(async () => {
	await lab?.stop();
	await fleet?.stop();
});

test("a backup run reads every device, hands its config to backup, and ends once", async () => {
	const snapshot_id = crypto.randomUUID();
	const run_id = await lab.start({
		kind: "backup",
		title: "all",
		steps: [{ id: "collect", type: "collect_config", params: {} }],
		targets: fleet.devices.map(({ name }) => lab.target(name)),
		skipped: [{ ...lab.target("old-1"), reason: "disabled" }],
		subject: { type: "snapshot", id: snapshot_id },
	});
	const run = await lab.ended(run_id);
	const operations = await lab.tasks.listOperations({ params: { id: run_id }, query: {} });
	expect(operations.items.map(({ error }) => error).filter(Boolean)).toEqual([]);
	expect(run).toMatchObject({ status: "succeeded", total: 5, counts: { succeeded: 4, skipped: 1, pending: 0 } });
	expect(lab.told.backups.map(({ device_name }) => device_name).sort()).toEqual(
		fleet.devices.map(({ name }) => name).sort(),
	);
	expect(lab.told.backups.every((backup) => backup.snapshot_id === snapshot_id)).toBe(true);
	expect(lab.told.host_keys.map(({ fingerprint }) => fingerprint).sort()).toEqual(
		fleet.devices.map(({ host_key_fingerprint }) => host_key_fingerprint).sort(),
	);
	expect(await lab.events("run.started.v1", run_id)).toHaveLength(1);
	expect(await lab.events("operation.finished.v1", run_id)).toHaveLength(4);
	expect(await lab.events("run.finished.v1", run_id)).toMatchObject([
		{ run_id, status: "succeeded", counts: { succeeded: 4 } },
	]);
});
