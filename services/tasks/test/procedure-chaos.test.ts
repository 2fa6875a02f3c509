import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Procedure, type RunStep } from "@netconductor/contracts/tasks/procedure";
import { newId } from "@netconductor/runtime/id";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type EngineLab, end, startEngineLab } from "./engine-lab.ts";
import { step } from "./walk-lab.ts";

// Processes start, and are killed, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 180_000 });

let lab: EngineLab;
const folder = mkdtempSync(join(tmpdir(), "procedure-chaos-"));
beforeAll(async () => {
	lab = await startEngineLab({ NETCONDUCTOR_WORKERS_LEASE_MS: "1500" });
});
afterAll(async () => {
	await lab?.stop();
	rmSync(folder, { recursive: true });
});

/** Numbers from 0 to 1 that are the same each time (mulberry32). */
function numbers(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

test("whenever its worker is killed, a procedure pushes nothing twice, and says so where nobody knows what was pushed", async () => {
	const random = numbers(20_260_302);
	const marks = join(folder, newId());
	const holds_while = `${marks}.hold`;
	writeFileSync(marks, "");
	const read = () => readFileSync(marks, "utf8").split("\n").slice(0, -1);
	const steps = Array.from({ length: 30 }, (_, at) =>
		step({
			id: `s${at}`,
			type: at % 3 === 2 ? "probe_change" : "probe",
			with: { marks, says: at, holds_while },
			parallelism: 2,
		}),
	);
	const procedure = Procedure.parse({
		title: "chaos",
		mop: { id: newId(), name: "chaos", version: 1 },
		steps,
		targets: lab.targets(4, "chaos"),
	});
	// One conducts, the other takes over.
	const workers = await Promise.all([lab.startWorker(), lab.startWorker()]);
	let { run_id } = await lab.tasks.startProcedure({ body: { idempotency_key: newId(), procedure } });
	const runs = [run_id];
	let unknown = 0;

	const get = () => lab.tasks.getRun({ params: { id: run_id } });
	async function conductor(): Promise<number | undefined> {
		const [row] = await lab.db.query<{ pid: number }>(
			"select w.pid from procedures p join workers w on w.id = p.worker_id where p.run_id = $1",
			[run_id],
		);
		return row?.pid;
	}
	/** A person has looked, and takes what was not known as made: the rest goes on in a run begun after it. */
	async function beginAfterUnknown(): Promise<void> {
		const { items } = await lab.tasks.listRunSteps({ params: { id: run_id }, query: {} });
		const found = items.find(({ status }) => status === "unknown") as RunStep;
		const devices = (await lab.operations(run_id)).filter(({ status }) => status === "unknown");
		expect(found.type).toBe("probe_change");
		expect(devices.length).toBeGreaterThan(0);
		unknown += devices.length;
		const body = { what: "after_step" as const, step: found.key, reason: "it was made" };
		({ run_id } = await lab.tasks.restartRun({ params: { id: run_id }, body }));
		runs.push(run_id);
	}

	/** False when the run is over before that. */
	async function come(holds: () => Promise<boolean>): Promise<boolean> {
		let over = false;
		await lab.until(async () => {
			if (await holds()) return true;
			const run = await get();
			if (run.status === "needs_attention") await beginAfterUnknown();
			else over = run.finished_at !== null;
			return over;
		});
		return !over;
	}

	for (let kills = 0; kills < 4; kills++) {
		const enough = read().length + 1 + Math.floor(random() * 14);
		rmSync(holds_while, { force: true });
		if (!(await come(async () => read().length >= enough))) break;
		await sleep(random() * 30);
		let pid: number | undefined;
		const conducted = async () => {
			pid = await conductor();
			return pid !== undefined;
		};
		if (!(await come(conducted))) break;
		const victim = workers.findIndex((worker) => worker.pid === pid);
		await Promise.all(workers.splice(victim, 1).map((worker) => end(worker)));
		// Whoever takes over comes no further than this until the next one is there to take over from it.
		writeFileSync(holds_while, "");
		workers.push(await lab.startWorker());
	}
	rmSync(holds_while, { force: true });
	while ((await lab.ended(run_id)).status === "needs_attention") await beginAfterUnknown();
	expect(await get()).toMatchObject({ status: "succeeded" });

	const written = read().filter((line) => line.startsWith("probe_change"));
	expect(new Set(written).size).toBe(written.length);
	// Announced and killed before it was made: it is one of those that nobody knows of.
	expect(written.length).toBeGreaterThanOrEqual(40 - unknown);
	expect(new Set(read().filter((line) => line.startsWith("probe "))).size).toBe(80);
	const operations = (await Promise.all(runs.map((id) => lab.operations(id)))).flat();
	const made = operations.filter(({ step_type, status }) => step_type === "probe_change" && status === "succeeded");
	expect(made.length + unknown).toBe(40);
	expect(operations.filter(({ status }) => status === "running" || status === "pending")).toEqual([]);
	for (const id of runs.slice(0, -1)) {
		expect(await lab.tasks.getRun({ params: { id } })).toMatchObject({ status: "needs_attention" });
	}
	const { items } = await lab.tasks.listRunSteps({ params: { id: run_id }, query: {} });
	expect(items.map(({ path }) => path)).toEqual(steps.map(({ path }) => path));
	expect(new Set(items.map(({ key }) => key)).size).toBe(30);
});
