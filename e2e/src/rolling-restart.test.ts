import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addFleet, type Clients, eventually, runEnded } from "./product.ts";
import { inTwos, type SeveralProcesses, startSeveralProcesses } from "./several-processes.ts";

/** An upgrade of the services behind the gateway, one after another: nobody notices. */

let fleet: FleetProcess;
let several: SeveralProcesses<keyof typeof inTwos>;
let api: Clients;

beforeAll(async () => {
	fleet = await startFleetProcess({ devices: { count: 30, platforms: ["cisco_ios"] }, latency_ms: 300 });
	// One device after another, in each of two workers: the run goes on until after the restarts.
	several = await startSeveralProcesses(inTwos, { NETCONDUCTOR_WORKERS_CONCURRENCY: "1" });
	api = several.as(several.admin_token);
	await addFleet(api, fleet);
}, 240_000);
afterAll(async () => {
	await several?.dispose();
	await fleet?.stop();
});

test("services restarted one after another lose no request and no run, and nothing is done twice", async () => {
	const { run_id } = await api.backup.runAll({ body: {} });
	await eventually("the run runs", async () => {
		const { counts } = await api.tasks.getRun({ params: { id: run_id } });
		return counts.running > 0 && counts.pending > 0;
	});

	const asked = { devices: 0, runs: 0, created: [] as string[] };
	const lost: unknown[] = [];
	let going = true;
	const load = async (what: string, ask: () => Promise<unknown>) => {
		while (going) await ask().catch((error) => lost.push({ what, error: String(error) }));
	};
	const clients = [
		load("list devices", async () => {
			await api.devices.listDevices({ query: {} });
			asked.devices++;
		}),
		load("read the run", async () => {
			await api.tasks.getRun({ params: { id: run_id } });
			asked.runs++;
		}),
		load("create a device", async () => {
			const name = `made-${asked.created.length}`;
			await api.devices.createDevice({ body: { name, host: "192.0.2.1", device_type: "linux" } });
			asked.created.push(name);
		}),
	];
	for (const name of ["one", "other"] as const) {
		const process = several.processes[name];
		expect(await process.end("SIGTERM")).toEqual({ code: 0, signal: null });
		const before = { ...asked, created: asked.created.length };
		await eventually("requests are answered by the one that is left", async () => {
			return asked.devices > before.devices && asked.runs > before.runs && asked.created.length > before.created;
		});
		await process.start();
	}
	going = false;
	await Promise.all(clients);
	expect(lost).toEqual([]);

	expect(await runEnded(api, run_id, 120_000)).toMatchObject({ status: "succeeded", counts: { succeeded: 30 } });
	const { items } = await api.backup.listBackups({ query: { run_id, page_size: 100 } });
	expect(items.map(({ device_name }) => device_name).toSorted()).toEqual(
		fleet.devices.map(({ name }) => name).toSorted(),
	);
	const { total } = await api.devices.listDevices({ query: { q: "made-" } });
	expect(total).toBe(asked.created.length);
	await eventually("every creation is on record", async () => (await recorded("createDevice")) >= asked.created.length);
	expect(await recorded("createDevice")).toBe(asked.created.length);
	expect(await api.audit.verifyAudit({ query: {} })).toMatchObject({ intact: true });
}, 300_000);

/** How often the operation is in the audit trail. */
async function recorded(operation: string): Promise<number> {
	let count = 0;
	let cursor: string | null | undefined;
	do {
		const page = await api.audit.listAudit({ query: { operation, ...(cursor != null && { cursor }) } });
		count += page.items.length;
		cursor = page.next_cursor;
	} while (cursor !== null);
	return count;
}
