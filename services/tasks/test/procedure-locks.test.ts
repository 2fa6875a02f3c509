import type { Tx } from "@netconductor/runtime/db/database";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { wakeProcedure } from "../src/procedures/wake.ts";
import { rowsOf } from "../src/rows.ts";
import { createWalkLab, step, type WalkLab } from "./walk-lab.ts";

let lab: WalkLab;
beforeAll(async () => {
	lab = await createWalkLab();
});
afterAll(() => lab?.stop());

/** Somebody cancels, resumes or decides at this very moment: has the run, and goes on to its procedure once `work` waits for it or is done. */
async function whileSomebodyDecides(run_id: string, work: () => Promise<unknown>): Promise<void> {
	let going: Promise<unknown> | undefined;
	let over = false;
	await lab.db.transaction(async (tx: Tx) => {
		await rowsOf(tx, "select from runs where id = $1 for update", [run_id]);
		going = work().finally(() => {
			over = true;
		});
		going.catch(() => {});
		await expect
			.poll(async () => {
				const [found] = await lab.db.query<{ waits: boolean }>(
					"select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as waits",
				);
				return over || found?.waits;
			})
			.toBe(true);
		await wakeProcedure(tx, run_id);
	});
	await going;
}

describe("a person's word on a run and its worker's statement, at the same moment, end neither", () => {
	test.each(["begins a step", "lets go", "ends", "keeps an approval"])("while the worker %s", async (what) => {
		const { run_id } = await lab.start([step({ id: "a", type: "tell" })]);
		const claimed = await lab.takeUp(run_id);
		const { store } = lab;
		const begin = { key: "a:1", path: "a", name: null, type: "log", phase: "main" as const, flow: false };
		await whileSomebodyDecides(run_id, async () => {
			switch (what) {
				case "begins a step":
					expect(await store.beginStep(claimed, begin)).toMatchObject({ seq: 1 });
					break;
				case "lets go":
					await store.release(claimed, { wake_at: null, waits_for_run: null, waiting_for: null });
					break;
				case "ends":
					await store.end(claimed, { status: "succeeded", reason: null });
					break;
				default:
					await store.keepApproval(claimed, { id: null, started: true }, null);
			}
		});
	});

	test("while a worker takes the procedure up", async () => {
		const { run_id } = await lab.start([step({ id: "a", type: "tell" })]);
		await lab.db.query("update procedures set wake_at = now() where run_id = $1", [run_id]);
		await lab.db.query(
			"insert into workers (id, hostname, pid, version, status, concurrency, started_at, last_heartbeat_at, lease_until) values ('w', 'h', 1, '1', 'online', 1, now(), now(), now() + interval '1 hour')",
		);
		await whileSomebodyDecides(run_id, () => lab.store.claim("w", 10));
		const took = async () => {
			await lab.store.claim("w", 10);
			return lab.db.query("select worker_id from procedures where run_id = $1", [run_id]);
		};
		expect(await took()).toEqual([{ worker_id: "w" }]);
	});
});
