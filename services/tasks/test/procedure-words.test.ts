import type { OverrideAction } from "@netconductor/contracts/tasks/procedure";
import { jsonbText } from "@netconductor/runtime/db/jsonb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { wakeProcedure } from "../src/procedures/wake.ts";
import { createWalkLab, step, type WalkLab } from "./walk-lab.ts";

let lab: WalkLab;
beforeAll(async () => {
	lab = await createWalkLab();
});
afterAll(() => lab?.stop());

/** A person's word on a step, as it is put on record. */
async function decide(run_id: string, path: string, action: OverrideAction): Promise<void> {
	const status = action === "retry" ? "pending" : action === "succeed" ? "succeeded" : "failed";
	const decision = { action, by: "admin", at: new Date().toISOString(), reason: "looked" };
	await lab.db.query(
		"update run_steps set status = $3, decision = $4, asks = false, state = null where run_id = $1 and path = $2",
		[run_id, path, status, jsonbText(decision)],
	);
	await wakeProcedure(lab.db, run_id);
}

async function statusOf(run_id: string, path: string): Promise<string | undefined> {
	const [row] = await lab.db.query<{ status: string; asks: boolean }>(
		"select status, asks from run_steps where run_id = $1 and path = $2",
		[run_id, path],
	);
	return row?.asks ? "asks" : row?.status;
}

describe("while the branch beside it is still at work, a branch hears a person's word", () => {
	test.each([
		{ word: "that it counts as done", action: "succeed" as const, fails: 9, status: "succeeded" },
		{ word: "that it is tried again", action: "retry" as const, fails: 1, status: "succeeded" },
		{ word: "that it goes on elsewhere", action: { goto: "after" }, fails: 9, status: "failed" },
	])("$word", async ({ word, action, fails, status }) => {
		const says = (word: string, more: object = {}) => ({ type: "tell", with: { says: word, ...more } });
		const gate = word;
		const given = await lab.start([
			step(
				{ id: "both", type: "parallel" },
				{
					branches: [
						[
							step({ id: "check", ...says("check", { fails }), on_failure: "ask" }),
							step({ id: "after", ...says("after") }),
						],
						[step({ id: "long", ...says("long", { gate }) }), step({ id: "last", ...says("last") })],
					],
				},
			),
		]);
		const { run_id } = given;
		const walking = lab.walk(given);
		await expect.poll(() => statusOf(run_id, "check")).toBe("asks");
		await decide(run_id, "check", action);
		await expect.poll(() => statusOf(run_id, "after"), { timeout: 10_000 }).toBe("succeeded");
		expect(await statusOf(run_id, "check")).toBe(status);
		expect(await statusOf(run_id, "long")).toBe("running");
		lab.open(gate);
		expect(await walking).toBeUndefined();
		const said = lab.effects(run_id).map((effect) => effect.says);
		expect(said).toEqual([...(action === "retry" ? ["check"] : []), "check", "after", "long", "last"]);
	});
});

test("a word that comes as the last branch begins to wait is heard when the procedure is taken up again", async () => {
	const ask = (id: string) => step({ id, type: "tell", with: { says: id, fails: 9 }, on_failure: "ask" });
	const given = await lab.start([step({ id: "both", type: "parallel" }, { branches: [[ask("one")], [ask("two")]] })]);
	const claimed = await lab.takeUp(given.run_id);
	expect(await lab.walk(given, { claimed })).toMatchObject({ wait: { waiting_for: { kind: "decision" } } });
	await decide(given.run_id, "two", "succeed");
	await lab.store.release(claimed, { wake_at: null, waiting_for: null });
	const [row] = await lab.db.query("select wake_at <= now() as woken from procedures where run_id = $1", [
		given.run_id,
	]);
	expect(row).toEqual({ woken: true });
});
