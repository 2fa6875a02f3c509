import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { outputOf, watchRun } from "./live-view.ts";
import { addFleet, type Clients, type Door, eventually, runEnded, startProduct } from "./product.ts";
import { byPurpose, type SeveralProcesses, startSeveralProcesses } from "./several-processes.ts";

/** The main job is the same in one process and in several, also when one of them dies. */

let fleet: FleetProcess;
beforeAll(async () => {
	fleet = await startFleetProcess({ devices: { count: 6, platforms: ["cisco_ios", "arista_eos", "juniper_junos"] } });
});
afterAll(() => fleet?.stop());

interface Running extends Door {
	dispose(): Promise<void>;
}

let several: SeveralProcesses | undefined;
const topologies: { name: string; start(): Promise<Running> }[] = [
	{ name: "one process", start: () => startProduct() },
	{
		name: "several processes",
		async start() {
			several = await startSeveralProcesses(byPurpose);
			return several;
		},
	},
];

describe.each(topologies)("$name", ({ name, start }) => {
	let running: Running;
	let api: Clients;
	beforeAll(async () => {
		running = await start();
		api = running.as(running.admin_token);
	}, 120_000);
	afterAll(() => running?.dispose());

	test("devices are added, tested, backed up, changed, backed up again and compared, live and audited", async () => {
		await addFleet(api, fleet);

		const tested = await api.devices.testDevices({ body: { select: { all: true } } });
		expect(await runEnded(api, tested.run_id)).toMatchObject({ status: "succeeded", counts: { succeeded: 6 } });
		await eventually("every device is known to be reachable", async () => {
			const { items } = await api.devices.listDevices({ query: {} });
			return items.every(({ health }) => health === "reachable");
		});

		const before = await backUpAll(api);
		await fleet.applyLines("ios-1", ["interface Loopback99", `description seen in ${name}`]);
		const { run_id, snapshot_id = "" } = await api.backup.runAll({ body: {} });
		const seen = await watchRun(running.url, api, run_id);
		expect(seen.messages.at(-1)).toMatchObject({ type: "end", run: { status: "succeeded" } });
		const stored = await api.tasks.readOutput({ params: { id: run_id } });
		expect(outputOf(seen).map(({ seq }) => seq)).toEqual(stored.items.map(({ seq }) => seq));
		await snapshotEnded(api, snapshot_id);

		const { summary, items } = await api.backup.compareSnapshots({
			params: { id: before, id2: snapshot_id },
			query: { status: ["changed"] },
		});
		expect(summary).toMatchObject({ changed: 1, unchanged: 5 });
		const [changed] = items;
		const { unified } = await api.backup.compareBackups({
			query: { from: changed?.from_backup_id ?? "", to: changed?.to_backup_id ?? "" },
		});
		expect(unified).toContain(`+ description seen in ${name}`);

		const records = await eventually("both backups are in the audit trail", async () => {
			const { items } = await api.audit.listAudit({ query: { operation: "runAll" } });
			return items.length === 2 && items;
		});
		expect(records).toMatchObject([{ outcome: "succeeded", actor: { name: "admin" } }, { outcome: "succeeded" }]);
		expect(await api.audit.verifyAudit({ query: {} })).toMatchObject({ intact: true });
	}, 90_000);

	test("every service answers, and what all of them stand on is well", async () => {
		const health = await api.system.getHealth({});
		expect(health.services.map(({ name: service, state, detail }) => ({ service, state, detail }))).toEqual(
			health.services.map(({ name: service }) => ({ service, state: "ok", detail: "answers" })),
		);
		const places = Object.fromEntries(health.services.map(({ name: service, place }) => [service, place]));
		expect(places).toMatchObject({ system: "here", devices: name === "one process" ? "here" : "elsewhere" });
		expect(health.services.find(({ name: service }) => service === "devices")?.backlog).toMatchObject({ put_aside: 0 });
		expect(health.dependencies.filter(({ state }) => state === "failed")).toEqual([]);
		const { topology } = await api.system.getAbout({});
		expect(topology).toMatchObject(
			name === "one process"
				? { one_process: true, events: "in this process", live: "PostgreSQL" }
				: { one_process: false, events: "RabbitMQ", live: "Redis", targets: ["alerts", "audit", "system"] },
		);
	});

	test("a schedule starts its run in its owner's name, and tells how it ended", async () => {
		const { id } = await api.scheduling.createSchedule({
			body: {
				...{ name: `every hour, ${name}`, kind: "connectivity_test", params: { select: { all: true } } },
				timing: { type: "interval", every_minutes: 60 },
			},
		});
		await api.scheduling.runScheduleNow({ params: { id } });
		const ended = await eventually("its run has ended", async () => {
			const { items } = await api.scheduling.getScheduleHistory({ params: { id }, query: {} });
			return items.find(({ status }) => status === "succeeded");
		});
		const run = await api.tasks.getRun({ params: { id: ended.run_id ?? "" } });
		expect(run).toMatchObject({ started_by: { kind: "user", name: "admin" }, counts: { succeeded: 6 } });
	});

	test("the keys of all services are rotated, and what was sealed before still opens", async () => {
		const { rotation_id } = await api.auth.rotateKeys({});
		await eventually("every service that seals has rotated", async () => {
			const states = await api.auth.listKeys({});
			return ["auth", "backup", "devices"].every((service) =>
				states.some((state) => state.service === service && state.rotation_id === rotation_id),
			);
		});
		await backUpAll(api);
	}, 60_000);

	if (name === "several processes") {
		test("a change made while audit is killed is recorded once when audit is back", async () => {
			const { records } = present(several).processes;
			await records.end("SIGKILL");
			await expect(api.audit.listAudit({ query: {} })).rejects.toMatchObject({
				problem: { code: "service.unavailable", status: 503, detail: "audit does not answer; is it running?" },
			});
			const { id } = await api.devices.createDevice({
				body: { name: "added-meanwhile", host: "192.0.2.1", device_type: "linux" },
			});
			await records.start();
			const find = async () => (await api.audit.listAudit({ query: { resource_id: id } })).items;
			await eventually("the change is recorded", async () => (await find()).length > 0);
			expect(await api.audit.verifyAudit({ query: {} })).toMatchObject({ intact: true });
			expect(await find()).toMatchObject([{ operation: "createDevice", outcome: "succeeded" }]);
			await api.devices.deleteDevice({ params: { id } });
		}, 60_000);

		test("the process of tasks and backup is killed while a run goes on: the run ends once, with one backup a device", async () => {
			const { work } = present(several).processes;
			for (const { name } of fleet.devices) await fleet.setLatency(name, 400);
			const { run_id, snapshot_id = "" } = await api.backup.runAll({ body: {} });
			await eventually(
				"the run runs",
				async () => (await api.tasks.getRun({ params: { id: run_id } })).counts.running > 0,
			);
			await work.end("SIGKILL");
			await expect(api.tasks.getRun({ params: { id: run_id } })).rejects.toMatchObject({
				problem: { code: "service.unavailable", retryable: true, detail: "tasks does not answer; is it running?" },
			});
			// What needs none of it goes on.
			expect((await api.devices.listDevices({ query: {} })).total).toBe(6);
			await work.start();
			expect(await runEnded(api, run_id)).toMatchObject({ status: "succeeded", counts: { succeeded: 6 } });
			await snapshotEnded(api, snapshot_id);
			const { items } = await api.backup.listBackups({ query: { run_id } });
			expect(items.map(({ device_name }) => device_name).toSorted()).toEqual(
				fleet.devices.map(({ name }) => name).toSorted(),
			);
			const ended = await api.audit.listAudit({ query: { operation: "runAll" } });
			expect(ended.items).toHaveLength(4);
		}, 90_000);
	}
});

async function backUpAll(api: Clients): Promise<string> {
	const { run_id, snapshot_id = "" } = await api.backup.runAll({ body: {} });
	expect(await runEnded(api, run_id)).toMatchObject({ status: "succeeded", counts: { succeeded: 6 } });
	await snapshotEnded(api, snapshot_id);
	return snapshot_id;
}

/** A snapshot is counted when the end of its run has been heard of. */
function snapshotEnded(api: Clients, id: string) {
	return eventually("the snapshot is counted", async () => {
		const snapshot = await api.backup.getSnapshot({ params: { id } });
		return snapshot.status !== "running" && snapshot;
	});
}

function present<T>(value: T | undefined): T {
	if (value === undefined) throw new Error("the product did not start");
	return value;
}
