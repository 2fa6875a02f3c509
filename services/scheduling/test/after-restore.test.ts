import { afterEach, beforeEach, expect, test } from "vitest";
import { afterRestore } from "../src/after-restore.ts";
import { loadKinds } from "../src/load-kinds.ts";
import { createSetClock, type SchedulingHost, scheduleInput, startSchedulingHost, until } from "./scheduling-host.ts";

let host: SchedulingHost;
beforeEach(async () => {
	host = await startSchedulingHost(createSetClock("2026-03-02T00:00:00Z"));
	host.addDevice("core-1");
	host.groups.set("Core", ["core-1"]);
});
afterEach(() => host?.stop());

const statements = afterRestore(await loadKinds(new URL("../src/kinds/", import.meta.url)));

/** As a restore does it. Answers what it tells. */
function restored(): Promise<string[]> {
	return host.db.transaction(async (tx) => {
		const told: string[] = [];
		for (const { statement, tell } of statements) {
			const { rowCount } = await tx.execute(statement);
			if (rowCount && tell !== undefined) told.push(tell(rowCount));
		}
		return told;
	});
}

const create = (...given: Parameters<typeof scheduleInput>) =>
	host.client.createSchedule({ body: scheduleInput(...given) });
const show = (id: string) => host.client.getSchedule({ params: { id } });
const history = async (id: string) => (await host.client.getScheduleHistory({ params: { id }, query: {} })).items;
const deploy = { kind: "deploy", params: { stack: "edge" } };

test("after a restore a schedule that changes devices starts nothing, missed or due, until a person resumes it", async () => {
	const change = await create("change", deploy);
	const paused = await create("paused", { ...deploy, paused: true });
	const read = await create("read");
	expect(await restored()).toEqual([
		"1 schedule of changes: paused. Look at each, then resume it (netconductor schedules resume NAME).",
	]);

	host.clock.set("2026-03-04T05:00:00Z");
	await until(async () => (await history(read.id)).some(({ run_id }) => run_id !== null));
	expect(await show(change.id)).toMatchObject({
		state: "paused",
		next_due_at: null,
		last: { status: "skipped", run_id: null, reason: expect.stringContaining("restored from a backup") },
	});
	expect(await history(change.id)).toHaveLength(1);
	expect(await history(paused.id)).toEqual([]);

	const resumed = await host.client.resumeSchedule({ params: { id: change.id } });
	expect(resumed).toMatchObject({ state: "active", next_due_at: "2026-03-04T06:00:00.000Z" });
	host.clock.set("2026-03-04T06:00:00Z");
	await until(async () => (await history(change.id)).some(({ status }) => status === "running"));
});

test("after a restore what had come due and had not begun does not begin, and what runs is told to its end", async () => {
	const made = await create("backlog", { overlap: "queue" });
	const states = async () => (await history(made.id)).map(({ status }) => status).join();
	host.clock.set("2026-03-02T06:00:00Z");
	await until(async () => (await states()) === "running");
	host.clock.set("2026-03-03T06:00:00Z");
	await until(async () => (await states()) === "waiting,running");
	expect(await restored()).toEqual(["1 start that waited in schedules: left out."]);

	const [skipped, running] = await history(made.id);
	expect(skipped).toMatchObject({ status: "skipped", run_id: null, reason: expect.stringContaining("had not begun") });
	await host.endRun(running?.run_id ?? "");
	await until(async () => (await states()) === "skipped,succeeded");
	expect(await show(made.id)).toMatchObject({ state: "active", next_due_at: "2026-03-04T06:00:00.000Z" });
	host.clock.set("2026-03-04T06:00:00Z");
	await until(async () => (await states()) === "running,skipped,succeeded");
});
