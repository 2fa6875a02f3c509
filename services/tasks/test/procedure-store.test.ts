import type { Tx } from "@netconductor/runtime/db/database";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { wakeProcedure, wakeWaitingFor } from "../src/procedures/wake.ts";
import { rowsOf } from "../src/rows.ts";
import { createWalkLab, step, type WalkLab } from "./walk-lab.ts";

let lab: WalkLab;
beforeAll(async () => {
	lab = await createWalkLab();
});
afterAll(() => lab?.stop());

const unplanned = { wake_at: null, waiting_for: null };

async function waitsForLock(): Promise<boolean> {
	const [found] = await lab.db.query<{ waits: boolean }>(
		"select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as waits",
	);
	return found?.waits === true;
}

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
		await expect.poll(async () => over || (await waitsForLock())).toBe(true);
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
					await store.release(claimed, unplanned);
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
		await whileSomebodyDecides(run_id, () => lab.store.claim("w", 10, []));
		const took = async () => {
			await lab.store.claim("w", 10, []);
			return lab.db.query("select worker_id from procedures where run_id = $1", [run_id]);
		};
		expect(await took()).toEqual([{ worker_id: "w" }]);
	});
});

describe("a procedure that waits for runs that its steps began", () => {
	/** As a run's driver does it. */
	async function ends(tx: Tx, run_id: string): Promise<void> {
		await rowsOf(tx, "select from runs where id = $1 for update", [run_id]);
		await rowsOf(tx, "update runs set status = 'succeeded', finished_at = now() where id = $1", [run_id]);
		await wakeWaitingFor(tx, run_id);
	}
	const waitsFor = (run_id: string, seq: number, waits_for_run: string) =>
		lab.db.query(
			`insert into run_steps (id, run_id, seq, key, path, type, phase, status, waits_for_run)
			values (gen_random_uuid(), $1, $2, $3, 's', 'tell', 'main', 'waiting', $4)`,
			[run_id, seq, `s:${seq}`, waits_for_run],
		);
	const letGo = (claimed: Awaited<ReturnType<WalkLab["takeUp"]>>) => lab.store.release(claimed, unplanned);
	async function isWoken(run_id: string): Promise<boolean> {
		const [row] = await lab.db.query<{ woken: boolean | null }>(
			"select wake_at <= now() as woken from procedures where run_id = $1",
			[run_id],
		);
		return row?.woken === true;
	}
	async function twoRuns() {
		const steps = [step({ id: "a", type: "tell" })];
		const [mine, other] = [await lab.start(steps), await lab.start(steps)];
		return { claimed: await lab.takeUp(mine.run_id), run_id: mine.run_id, other: other.run_id };
	}

	test("is taken up when any of them ends, also while it still goes on in other branches", async () => {
		const { claimed, run_id, other } = await twoRuns();
		const { run_id: third } = await lab.start([step({ id: "a", type: "tell" })]);
		await waitsFor(run_id, 1, other);
		await waitsFor(run_id, 2, third);
		await lab.db.transaction((tx) => ends(tx, third));
		expect(await isWoken(run_id)).toBe(true);
		await letGo(claimed);
		expect(await isWoken(run_id)).toBe(true);

		const again = await lab.takeUp(run_id);
		await lab.db.query("update run_steps set status = 'succeeded' where run_id = $1 and seq = 2", [run_id]);
		await letGo(again);
		expect(await isWoken(run_id)).toBe(false);
		await lab.db.transaction((tx) => ends(tx, other));
		expect(await isWoken(run_id)).toBe(true);
	});

	test("misses none that ended before it let go", async () => {
		const { claimed, run_id, other } = await twoRuns();
		await lab.db.transaction((tx) => ends(tx, other));
		await waitsFor(run_id, 1, other);
		await letGo(claimed);
		expect(await isWoken(run_id)).toBe(true);
	});

	test("misses none that ends at the very moment at which it lets go", async () => {
		const { claimed, run_id, other } = await twoRuns();
		let going: Promise<void> | undefined;
		let over = false;
		await lab.db.transaction(async (tx) => {
			await ends(tx, other);
			await waitsFor(run_id, 1, other);
			going = letGo(claimed).finally(() => {
				over = true;
			});
			await expect.poll(async () => over || (await waitsForLock())).toBe(true);
		});
		await going;
		expect(await isWoken(run_id)).toBe(true);
	});
});

test("a procedure whose worker never heard that it had taken it up is taken up by that worker all the same", async () => {
	const { run_id } = await lab.start([step({ id: "a", type: "tell" })]);
	await lab.db.query("update procedures set wake_at = now() where run_id = $1", [run_id]);
	await lab.db.query(
		"insert into workers (id, hostname, pid, version, status, concurrency, started_at, last_heartbeat_at, lease_until) values ('deaf', 'h', 1, '1', 'online', 1, now(), now(), now() + interval '1 hour')",
	);
	const claimed = async (conducting: string[]) =>
		(await lab.store.claim("deaf", 1_000, conducting)).flatMap((taken) =>
			taken.run_id === run_id ? [taken.worker_id] : [],
		);
	// The connection was lost after the commit: the answer came to nobody.
	expect(await claimed([])).toEqual(["deaf"]);
	expect(await claimed([run_id])).toEqual([]);
	expect(await claimed([])).toEqual(["deaf"]);
});

test("a worker whose procedure it is no more changes nothing of its steps, and hears of it", async () => {
	const { run_id } = await lab.start([step({ id: "a", type: "tell" })]);
	const before = await lab.takeUp(run_id);
	const begin = { key: "a:1", path: "a", name: null, type: "condition", phase: "main" as const, flow: true };
	await lab.store.beginStep(before, begin);
	await lab.store.beginStep(before, { ...begin, key: "a:1/then/b:1", path: "b" });
	await lab.db.query("update run_steps set asks = true where run_id = $1 and path = 'b'", [run_id]);
	const now = await lab.takeUp(run_id);
	const [row] = await lab.store.steps(now);
	if (row === undefined) throw new Error("no step");
	expect(await lab.store.keepOutput(before, row, { evaluated: { holds: false } })).toBe(false);
	expect(await lab.store.dropQuestions(before, "a:1")).toBe(false);
	expect((await lab.store.steps(now)).map(({ output, asks }) => ({ output, asks }))).toEqual([
		{ output: null, asks: false },
		{ output: null, asks: true },
	]);

	expect(await lab.store.keepOutput(now, row, { evaluated: { holds: true } })).toBe(true);
	expect(await lab.store.dropQuestions(now, "a:1")).toBe(true);
	expect((await lab.store.steps(now)).map(({ output, asks }) => ({ output, asks }))).toEqual([
		{ output: { evaluated: { holds: true } }, asks: false },
		{ output: null, asks: false },
	]);
});

describe("operations of which a worker could not record the end", () => {
	async function leave() {
		const { run_id, procedure } = await lab.start([step({ id: "a", type: "change" })], { devices: 2 });
		const claimed = await lab.takeUp(run_id);
		for (const [position, { device_id, name: device_name }] of procedure.targets.entries()) {
			const operation = { run_id, position, step_index: 0, pass: 1, step_id: "a", step_type: "change" };
			const begun = await lab.store.beginOperation(claimed, { ...operation, device_id, device_name });
			if (position === 0 && typeof begun === "object") await lab.store.startWriting(begun.id, claimed.worker_id);
		}
		return { run_id, claimed };
	}
	async function left(run_id: string) {
		const operations = await lab.db.query<{ status: string }>(
			"select status from operations where run_id = $1 order by position",
			[run_id],
		);
		const events = await lab.db.query<{ payload: Record<string, unknown> }>(
			"select payload from outbox where name = 'operation.finished.v1' and payload ->> 'run_id' = $1",
			[run_id],
		);
		return { operations: operations.map(({ status }) => status), events: events.map(({ payload }) => payload) };
	}
	const told = [
		expect.objectContaining({
			status: "unknown",
			device_name: "d1",
			error: expect.objectContaining({ code: "operations.worker_lost" }),
		}),
	];

	test("are settled by who takes the procedure up, and what nobody knows is told", async () => {
		const { run_id, claimed } = await leave();
		await lab.store.settleLeft(claimed);
		expect(await left(run_id)).toEqual({ operations: ["unknown", "pending"], events: told });
	});

	test("keep no device from others once the worker has let go", async () => {
		const { run_id, claimed } = await leave();
		await lab.store.release(claimed, unplanned);
		expect(await left(run_id)).toEqual({ operations: ["unknown", "pending"], events: told });
	});

	test("do not stay when the procedure ends", async () => {
		const { run_id, claimed } = await leave();
		await lab.store.end(claimed, { status: "failed", reason: "for the test" });
		expect(await left(run_id)).toEqual({ operations: ["unknown", "cancelled"], events: told });
	});

	test("are not touched by a worker whose procedure it is no more", async () => {
		const { run_id, claimed } = await leave();
		await lab.db.query("update procedures set worker_id = 'another' where run_id = $1", [run_id]);
		await lab.store.settleLeft(claimed);
		await lab.store.release(claimed, unplanned);
		await lab.store.end(claimed, { status: "failed", reason: "for the test" });
		expect(await left(run_id)).toEqual({ operations: ["running", "running"], events: [] });
	});
});
