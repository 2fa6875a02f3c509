import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listenToDashboard, outputOf, watchRun } from "./live-view.ts";
import { addFleet, type Clients, eventually, runEnded } from "./product.ts";
import { type SeveralProcesses, startSeveralProcesses, twoEdges } from "./several-processes.ts";

/** Two gateways and two processes with the live views behind a load balancer are to whoever watches as one. */

let fleet: FleetProcess;
let several: SeveralProcesses<keyof typeof twoEdges>;
let api: Clients;
let doors: string[];

beforeAll(async () => {
	[fleet, several] = await Promise.all([
		startFleetProcess({ devices: { count: 4, platforms: ["cisco_ios", "arista_eos"] } }),
		startSeveralProcesses(twoEdges),
	]);
	api = several.as(several.admin_token);
	doors = Object.values(several.urls);
	await addFleet(api, fleet);
}, 240_000);
afterAll(async () => {
	await several?.dispose();
	await fleet?.stop();
});

/** Enough that both have some, whoever a gateway turns to. */
const views = (past_ms = 0, through = doors) =>
	Promise.all(Array.from({ length: 8 }, (_, n) => listenToDashboard(through[n % through.length] ?? "", api, past_ms)));

test("who watches by either is told of everything, once and whole", async () => {
	expect(doors).toHaveLength(2);
	const watching = await views();
	const { run_id } = await api.backup.runAll({ body: {} });
	const shown = await Promise.all([0, 1, 2, 3].map((n) => watchRun(doors[n % 2] ?? "", api, run_id)));
	const stored = await api.tasks.readOutput({ params: { id: run_id } });
	for (const one of shown) {
		expect(one.messages.at(-1)).toMatchObject({ type: "end", run: { status: "succeeded" } });
		expect(outputOf(one).map(({ seq }) => seq)).toEqual(stored.items.map(({ seq }) => seq));
	}
	await eventually("every view heard of the run and of its backups", async () =>
		watching.every(({ heard, runs }) => runs.has(run_id) && heard.has("backups") && heard.has("snapshots")),
	);
	for (const { stop } of watching) stop();
});

test("when one edge dies, who watched by it hears by the other what came meanwhile", async () => {
	const watching = await views();
	await several.processes.other.end("SIGKILL");
	const left = doors.filter((url) => url !== several.urls.other);
	const { run_id } = await api.backup.runAll({ body: {} });
	expect(await runEnded(api, run_id)).toMatchObject({ status: "succeeded" });
	const back = await views(30_000, left);
	await eventually("every view that was opened again knows of the run", async () =>
		back.every(({ runs }) => runs.has(run_id)),
	);
	for (const { stop } of [...watching, ...back]) stop();
	await several.processes.other.start();
	const all = await views();
	const { run_id: later } = await api.backup.runAll({ body: {} });
	await eventually("the one that is back tells, too", async () => all.every(({ runs }) => runs.has(later)));
	for (const { stop } of all) stop();
});
