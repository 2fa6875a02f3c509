import { createOutbox } from "@netconductor/runtime/bus/outbox";
import { newId } from "@netconductor/runtime/id";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createOperationStore, type OperationStore } from "../src/operations/operation-store.ts";
import { createWalkLab, type WalkLab } from "./walk-lab.ts";

let lab: WalkLab;
let operations: OperationStore;
beforeAll(async () => {
	lab = await createWalkLab();
	operations = createOperationStore(lab.db, createOutbox(lab.db));
	await lab.db.query(
		"insert into workers (id, hostname, pid, version, status, concurrency, started_at, last_heartbeat_at, lease_until) values ('deaf', 'h', 1, '1', 'online', 1, now(), now(), now() + interval '1 hour')",
	);
});
afterAll(() => lab?.stop());

/** Operations of one run on devices of their own, as a plan leaves them or as a procedure begins them. */
async function add(
	kind: "backup" | "mop",
	names: readonly string[],
	{ status, ready, worker_id }: { status: string; ready: boolean; worker_id: string | null },
): Promise<void> {
	const run_id = newId();
	await lab.db.query(
		`insert into runs (id, idempotency_key, kind, title, status, steps, total, counts, started_by_kind, started_by_id, started_by_name, created_at)
		values ($1, $2, $3, 'test', 'running', '[]', 0, '{}', 'user', 'x', 'admin', now())`,
		[run_id, run_id, kind],
	);
	for (const [position, name] of names.entries()) {
		await lab.db.query(
			`insert into operations (id, run_id, position, step_index, step_id, step_type, device_id, device_name, status, ready, turn, worker_id)
			values ($1, $2, $3::int, 0, 'collect', 'collect_config', $4, $5, $6, $7, $3::int, $8)`,
			[newId(), run_id, position, newId(), name, status, ready, worker_id],
		);
	}
}

test("operations whose worker never heard that it had taken them up are taken up by that worker all the same, before others", async () => {
	await add("backup", ["one", "two", "three"], { status: "pending", ready: true, worker_id: null });
	await add("mop", ["conducted"], { status: "running", ready: false, worker_id: "deaf" });
	const claimed = async (limit: number, executing: readonly string[]) =>
		(await operations.claim("deaf", limit, executing)).map(({ id, device_name, attempts }) => ({
			id,
			is: `${device_name} ${attempts}`,
		}));
	const named = (taken: { is: string }[]) => taken.map(({ is }) => is).sort();
	// The connection was lost after the commit: the answer came to nobody.
	expect(named(await claimed(2, []))).toEqual(["one 1", "two 1"]);
	const again = await claimed(1, []);
	expect(named(again)).toEqual([expect.stringMatching(/^(one|two) 2$/)]);
	const rest = await claimed(
		5,
		again.map(({ id }) => id),
	);
	expect(named([...again, ...rest])).toEqual(["one 2", "three 1", "two 2"]);
	// At work, none is taken twice.
	const ids = [...again, ...rest].map(({ id }) => id);
	expect(await claimed(5, ids)).toEqual([]);
});

test("operations that were claimed and not begun are others' once they are given back; what was written to a device is not", async () => {
	await add("backup", ["four", "five"], { status: "pending", ready: true, worker_id: null });
	const claimed = await operations.claim("deaf", 1_000, []);
	const mine = claimed.filter(({ device_name }) => device_name === "four" || device_name === "five");
	expect(mine).toHaveLength(2);
	const [first, second] = mine as [(typeof mine)[number], (typeof mine)[number]];
	expect(await operations.startWriting(second, "deaf")).toBe(true);
	await operations.giveBack(mine, "another");
	await operations.giveBack([{ ...first, attempts: 7 }], "deaf");
	const stands = () =>
		lab.db.query("select device_name, status, worker_id from operations where id = any ($1) order by device_name", [
			mine.map(({ id }) => id),
		]);
	expect(await stands()).toMatchObject([{ worker_id: "deaf" }, { worker_id: "deaf" }]);
	await operations.giveBack(mine, "deaf");
	expect(await stands()).toEqual(
		[
			{ device_name: first.device_name, status: "pending", worker_id: null },
			{ device_name: second.device_name, status: "running", worker_id: "deaf" },
		].toSorted((a, b) => (a.device_name < b.device_name ? -1 : 1)),
	);
});

test("with 100,000 operations waiting in another pool, a claim reads its own by the index and no more", async () => {
	const run_id = newId();
	await lab.db.query(
		`insert into runs (id, idempotency_key, kind, title, status, steps, total, counts, started_by_kind, started_by_id, started_by_name, created_at)
		values ($1, $2, 'backup', 'test', 'running', '[]', 0, '{}', 'user', 'x', 'admin', now())`,
		[run_id, run_id],
	);
	const add = (from: number, to: number, pool: string) =>
		lab.db.query(
			`insert into operations (id, run_id, position, step_index, step_id, step_type, device_id, device_name, status, ready, turn, worker_pool)
			select gen_random_uuid(), $1, n, 0, 'collect', 'collect_config', gen_random_uuid(), 'd' || n, 'pending', true, n, $4 from generate_series($2::int, $3::int) n`,
			[run_id, from, to, pool],
		);
	await add(1, 100_000, "elsewhere");
	await add(100_001, 100_003, "default");
	await lab.db.query("analyze operations");
	const plan = await lab.db.query<{ "QUERY PLAN": string }>(
		`explain select o.id from operations o where o.status = 'pending' and o.ready and o.worker_pool = (select pool from workers where id = 'deaf')
			and o.device_id <> all (array(select device_id from operations where status = 'running'))
		order by o.turn, o.id limit 100 for update of o skip locked`,
	);
	const text = plan.map((row) => row["QUERY PLAN"]).join("\n");
	expect(text).toContain("Index Scan using operations_to_take_of_pool");
	expect(text).not.toContain("Sort");
	const claimed = await operations.claim("deaf", 50, []);
	expect(claimed.map(({ device_name }) => device_name).filter((name) => name.startsWith("d"))).toEqual(
		expect.arrayContaining(["d100001", "d100002", "d100003"]),
	);
	expect(claimed.filter(({ run_id: of }) => of === run_id)).toHaveLength(3);
});
