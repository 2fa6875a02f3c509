import type { Actor } from "@netconductor/contracts/kernel/actor";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import { actorWith } from "@netconductor/runtime/testing/service";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createSetClock, type SchedulingHost, scheduleInput, startSchedulingHost, until } from "./scheduling-host.ts";

let host: SchedulingHost;
beforeEach(async () => {
	host = await startSchedulingHost(createSetClock("2026-03-02T00:00:00Z"));
	host.addDevice("core-1");
	host.addDevice("edge-1");
});
afterEach(() => host?.stop());

const history = async (id: string) => (await host.client.getScheduleHistory({ params: { id }, query: {} })).items;
const show = (id: string) => host.client.getSchedule({ params: { id } });
const create = (...given: Parameters<typeof scheduleInput>) =>
	host.client.createSchedule({ body: scheduleInput(...given) });
/** Waits until so many occurrences are in one of these states. */
const reached = (id: string, ...wanted: string[]) =>
	until(async () => (await history(id)).map(({ status }) => status).join() === wanted.join());

describe("what is due", () => {
	test("starts one run in the owner's name, and its end is told in the history", async () => {
		const made = await create("nightly");
		expect(made).toMatchObject({ state: "active", next_due_at: "2026-03-02T06:00:00.000Z", owner: "admin", runs: 0 });
		host.clock.set("2026-03-02T05:59:59Z");
		await until(() => true);
		expect(host.started.size).toBe(0);
		host.clock.set("2026-03-02T06:00:01Z");
		await reached(made.id, "running");
		const [occurrence] = await history(made.id);
		const run = host.started.get(occurrence?.id ?? "");
		expect(run).toMatchObject({ by: "admin", names: ["core-1", "edge-1"] });
		expect(occurrence).toMatchObject({
			due_at: "2026-03-02T06:00:00.000Z",
			run_id: run?.run_id,
			trigger: "time",
			run_as: "admin",
		});
		await host.endRun(run?.run_id ?? "", "partial");
		await reached(made.id, "partial");
		expect(await show(made.id)).toMatchObject({
			runs: 1,
			next_due_at: "2026-03-03T06:00:00.000Z",
			last: { status: "partial", due_at: "2026-03-02T06:00:00.000Z", run_id: run?.run_id },
		});
	});

	test("a run whose end was told before anybody here knew it is not taken for running", async () => {
		const made = await create("quick");
		host.world.runsAre = "succeeded";
		host.clock.set("2026-03-02T06:00:00Z");
		await reached(made.id, "running");
		host.clock.set("2026-03-02T06:00:10Z");
		await reached(made.id, "succeeded");
	});

	test("ends after its last run, and after its last day", async () => {
		const twice = await create("twice", {
			timing: { type: "interval", every_minutes: 60 },
			max_runs: 2,
			overlap: "run_anyway",
		});
		const short = await create("short", {
			timing: { type: "interval", every_minutes: 60 },
			end_at: "2026-03-02T01:30:00Z",
			overlap: "run_anyway",
		});
		host.clock.set("2026-03-02T01:00:00Z");
		await reached(twice.id, "running");
		expect(await show(short.id)).toMatchObject({ state: "ended", next_due_at: null });
		host.clock.set("2026-03-02T02:00:00Z");
		await reached(twice.id, "running", "running");
		expect(await show(twice.id)).toMatchObject({ state: "ended", runs: 2, next_due_at: null });
		host.clock.set("2026-03-02T09:00:00Z");
		await host.client.runScheduleNow({ params: { id: short.id } });
		await reached(short.id, "running", "running");
		expect(await history(twice.id)).toHaveLength(2);
	});

	test("jitter puts every start off by less than is declared, each by its own", async () => {
		const made = await create("spread", {
			timing: { type: "interval", every_minutes: 10 },
			jitter_s: 300,
			overlap: "run_anyway",
		});
		host.clock.set("2026-03-02T00:10:00Z");
		await reached(made.id, "due");
		const [row] = await host.db.query<{ late: string }>(
			"select extract(epoch from try_at - due_at)::text as late from occurrences",
		);
		expect(Number(row?.late)).toBeGreaterThan(0);
		expect(Number(row?.late)).toBeLessThan(300);
		host.clock.set("2026-03-02T00:15:00Z");
		await reached(made.id, "running");
	});
});

describe("whose permissions count", () => {
	test("nobody schedules what they may not start themselves, nor runs or resumes it", async () => {
		const planner = host.addUser("planner", "schedules:*");
		const refused = { code: "auth.forbidden", details: { permission: "backups:run" } };
		await expect(host.clientOf(planner).createSchedule({ body: scheduleInput("mine") })).rejects.toMatchObject(refused);
		const made = await create("nightly", { paused: true });
		const params = { id: made.id };
		for (const call of [
			() => host.clientOf(planner).updateSchedule({ params, body: scheduleInput("mine") }),
			() => host.clientOf(planner).runScheduleNow({ params }),
			() => host.clientOf(planner).resumeSchedule({ params }),
		]) {
			await expect(call()).rejects.toMatchObject(refused);
		}
		await expect(
			host.clientOf(actorWith("backups:run")).createSchedule({ body: scheduleInput("x") }),
		).rejects.toMatchObject({
			details: { permission: "schedules:write" },
		});
		expect(host.started.size).toBe(0);
	});

	test("are those of the owner at the moment when it is due: a disabled, deleted or demoted owner starts nothing, and it is seen", async () => {
		const owner = host.addUser("olga", "schedules:*", "backups:*");
		const made = await host
			.clientOf(owner)
			.createSchedule({ body: scheduleInput("hers", { timing: { type: "interval", every_minutes: 60 } }) });
		const user = host.users.get(owner.id);
		if (user === undefined) throw new TypeError("no such user");

		user.disabled = true;
		host.clock.set("2026-03-02T01:00:00Z");
		await reached(made.id, "refused");
		expect(await show(made.id)).toMatchObject({ state: "refused", problem: "The user olga is disabled." });

		host.users.set(owner.id, { ...user, disabled: false, permissions: ["schedules:*"] });
		host.clock.set("2026-03-02T02:00:00Z");
		await reached(made.id, "refused", "refused");
		expect((await show(made.id)).problem).toContain("backups:run");

		host.users.delete(owner.id);
		host.clock.set("2026-03-02T03:00:00Z");
		await reached(made.id, "refused", "refused", "refused");
		expect((await show(made.id)).problem).toBe("The user olga was deleted.");
		expect(host.started.size).toBe(0);

		// Whoever saves it next answers for it.
		const { kind, params, timing, name } = await show(made.id);
		expect(
			await host.client.updateSchedule({ params: { id: made.id }, body: { kind, params, timing, name } }),
		).toMatchObject({ owner: "admin", problem: null, state: "active" });
		host.clock.set("2026-03-02T04:00:00Z");
		await reached(made.id, "running", "refused", "refused", "refused");
		expect([...host.started.values()]).toMatchObject([{ by: "admin" }]);
	});

	test("are no more than those of the API token that it was made with, and end with it", async () => {
		const token: Actor = {
			kind: "token",
			id: newId(),
			name: "olga/ci",
			permissions: ["schedules:write", "backups:run"],
			session_id: newId(),
		};
		host.tokens.set(token.session_id ?? "", token);
		const made = await host.clientOf(token).createSchedule({
			body: scheduleInput("by token", { timing: { type: "interval", every_minutes: 60 }, overlap: "run_anyway" }),
		});
		host.clock.set("2026-03-02T01:00:00Z");
		await reached(made.id, "running");
		host.tokens.clear();
		host.clock.set("2026-03-02T02:00:00Z");
		await reached(made.id, "refused", "running");
	});
});

describe("when the run before has not ended", () => {
	const hourly = { type: "interval", every_minutes: 60 } as const;

	test("skip leaves the next one out and says why", async () => {
		const made = await create("skips", { timing: hourly, overlap: "skip" });
		host.clock.set("2026-03-02T01:00:00Z");
		await reached(made.id, "running");
		host.clock.set("2026-03-02T02:00:00Z");
		await reached(made.id, "skipped", "running");
		expect((await history(made.id))[0]?.reason).toBe("The run before has not ended yet.");
		expect(await show(made.id)).toMatchObject({ runs: 1 });
	});

	test("queue starts one afterwards, and leaves out what would wait behind it", async () => {
		const made = await create("queues", { timing: hourly, overlap: "queue" });
		host.clock.set("2026-03-02T01:00:00Z");
		await reached(made.id, "running");
		const [first] = await history(made.id);
		host.clock.set("2026-03-02T02:00:00Z");
		await reached(made.id, "waiting", "running");
		host.clock.set("2026-03-02T03:00:00Z");
		await reached(made.id, "skipped", "waiting", "running");
		expect(host.started.size).toBe(1);
		await host.endRun(first?.run_id ?? "");
		await reached(made.id, "skipped", "running", "succeeded");
	});

	test("run_anyway starts it", async () => {
		const made = await create("overlaps", { timing: hourly, overlap: "run_anyway" });
		host.clock.set("2026-03-02T01:00:00Z");
		await reached(made.id, "running");
		host.clock.set("2026-03-02T02:00:00Z");
		await reached(made.id, "running", "running");
	});
});

describe("runs that came due while nobody ran", () => {
	const hourly = { type: "interval", every_minutes: 60 } as const;

	test("are made up for by one, by as many as are allowed, or not at all", async () => {
		const once = await create("once", { timing: hourly, missed: "run_once" });
		const all = await create("all", { timing: hourly, missed: "run_all", missed_limit: 3 });
		const none = await create("none", { timing: hourly, missed: "skip" });
		host.clock.set("2026-03-09T12:30:00Z");
		await reached(once.id, "running");
		expect((await history(once.id))[0]).toMatchObject({ due_at: "2026-03-09T12:00:00.000Z" });
		await reached(none.id, "skipped");
		// One after the other, the oldest first, and a word on those before.
		await reached(all.id, "waiting", "waiting", "running", "skipped");
		for (const left of [["waiting", "running"], ["running"], []]) {
			const run = (await history(all.id)).find(({ status }) => status === "running");
			await host.endRun(run?.run_id ?? "");
			const ended = 3 - left.length;
			await reached(all.id, ...left, ...Array.from({ length: ended }, () => "succeeded"), "skipped");
		}
		expect((await history(all.id)).map(({ due_at }) => due_at.slice(11, 16))).toEqual([
			"12:00",
			"11:00",
			"10:00",
			"09:00",
		]);
		for (const { id } of [once, all, none]) expect((await show(id)).next_due_at).toBe("2026-03-09T13:00:00.000Z");
	});

	test("what is only late is not missed", async () => {
		const made = await create("late", { timing: hourly, missed: "skip" });
		host.clock.set("2026-03-02T01:01:30Z");
		await reached(made.id, "running");
	});
});

describe("a clock that is set", () => {
	test("back by hours starts nothing twice", async () => {
		const made = await create("hourly", { timing: { type: "interval", every_minutes: 60 }, overlap: "run_anyway" });
		host.clock.set("2026-03-02T01:00:00Z");
		await reached(made.id, "running");
		host.clock.set("2026-03-02T02:00:00Z");
		await reached(made.id, "running", "running");
		host.clock.set("2026-03-02T00:30:00Z");
		await until(async () => (await show(made.id)).next_due_at === "2026-03-02T01:00:00.000Z");
		host.clock.set("2026-03-02T01:00:05Z");
		await until(async () => (await show(made.id)).next_due_at === "2026-03-02T02:00:00.000Z");
		host.clock.set("2026-03-02T02:00:05Z");
		await until(async () => (await show(made.id)).next_due_at === "2026-03-02T03:00:00.000Z");
		expect(await history(made.id)).toHaveLength(2);
		expect(host.started.size).toBe(2);
	});

	test("back from years ahead does not leave a schedule asleep for years", async () => {
		const seen = await create("hourly", { timing: { type: "interval", every_minutes: 60 } });
		host.clock.set("2036-03-02T00:00:00Z");
		await reached(seen.id, "running", "skipped");
		const made = await create("daily");
		expect(made.next_due_at).toBe("2036-03-02T06:00:00.000Z");
		host.clock.set("2026-03-02T00:00:00Z");
		await until(async () => (await show(made.id)).next_due_at === "2026-03-02T06:00:00.000Z");
	});
});

describe("a start that fails", () => {
	test("is tried again while it may work yet, and starts once", async () => {
		host.world.refuseStart = failed("service.unavailable", { message: "backup does not answer" });
		const made = await create("stubborn");
		host.clock.set("2026-03-02T06:00:00Z");
		await until(async () => (await history(made.id))[0]?.reason?.startsWith("backup does not answer") === true);
		host.world.refuseStart = undefined;
		host.clock.set("2026-03-02T06:00:30Z");
		await reached(made.id, "running");
		expect(host.started.size).toBe(1);
	});

	test("is given up where it cannot work, with the reason", async () => {
		const made = await create("gone", { params: { select: { names: ["core-1"] } } });
		host.world.refuseStart = failed("devices.not_found", { message: "There is no device core-1" });
		host.clock.set("2026-03-02T06:00:00Z");
		await reached(made.id, "failed");
		expect(await history(made.id)).toMatchObject([{ reason: "There is no device core-1", run_id: null }]);
		expect(host.world.startCalls).toBe(1);
	});
});

describe("managing", () => {
	test("pausing stops what is to come and what waits; resuming goes on with the next time", async () => {
		const made = await create("paused", { timing: { type: "interval", every_minutes: 60 }, overlap: "queue" });
		host.clock.set("2026-03-02T01:00:00Z");
		await reached(made.id, "running");
		host.clock.set("2026-03-02T02:00:00Z");
		await reached(made.id, "waiting", "running");
		expect(await host.client.pauseSchedule({ params: { id: made.id } })).toMatchObject({
			state: "paused",
			next_due_at: null,
		});
		await reached(made.id, "skipped", "running");
		host.clock.set("2026-03-02T05:30:00Z");
		expect(await host.client.resumeSchedule({ params: { id: made.id } })).toMatchObject({
			state: "active",
			next_due_at: "2026-03-02T06:00:00.000Z",
		});
		expect(await history(made.id)).toHaveLength(2);
	});

	test("changing the name leaves the next time alone, changing the rule moves it", async () => {
		const made = await create("a", { timing: { type: "interval", every_minutes: 60 } });
		host.clock.set("2026-03-02T00:10:00Z");
		const params = { id: made.id };
		const same = await host.client.updateSchedule({
			params,
			body: scheduleInput("b", { timing: { every_minutes: 60, type: "interval" } }),
		});
		expect(same).toMatchObject({ name: "b", next_due_at: made.next_due_at });
		const other = await host.client.updateSchedule({
			params,
			body: scheduleInput("b", { timing: { type: "daily", times: ["09:00"] } }),
		});
		expect(other.next_due_at).toBe("2026-03-02T09:00:00.000Z");
	});

	test("both names of the paths lead to the same schedules", async () => {
		const made = await host.client.createScheduledOperation({ body: scheduleInput("one") });
		expect((await host.client.listSchedules({ query: {} })).items).toEqual([made]);
		expect(await host.client.getNextScheduledOperations({ params: { id: made.id }, query: { count: 2 } })).toEqual(
			await host.client.getNextRuns({ params: { id: made.id }, query: { count: 2 } }),
		);
		await host.client.deleteScheduledOperation({ params: { id: made.id } });
		await expect(show(made.id)).rejects.toMatchObject({ code: "schedules.not_found" });
	});

	test.each([
		[{ kind: "format_disks" }, "schedules.unknown_kind"],
		[{ params: {} }, "schedules.bad_params"],
		[{ params: { select: { all: true }, extra: 1 } }, "schedules.bad_params"],
		[{ params: { select: { names: ["nobody"] } } }, "devices.not_found"],
		[{ params: { select: { groups: ["none"] } } }, "device_groups.not_found"],
		[{ time_zone: "Mars/Olympus" }, "schedules.bad_time_zone"],
		[{ time_zone: "+02:00" }, "schedules.bad_time_zone"],
		[{ timing: { type: "cron", expression: "61 * * * *" } }, "schedules.bad_cron"],
		[{ timing: { type: "cron", expression: "0 0 * * * *" } }, "schedules.bad_cron"],
		[{ timing: { type: "cron", expression: "0 0 31 2 *" } }, "schedules.bad_cron"],
		[{ timing: { type: "cron", expression: "? * * * *" } }, "schedules.bad_cron"],
		[{ timing: { type: "once", at: "2026-02-30T01:00" } }, "request.invalid"],
		[{ timing: { type: "once", at: "2020-02-20T01:00" } }, "schedules.bad_timing"],
		[
			{ timing: { type: "once", at: "2026-03-29T02:30" }, time_zone: "Europe/Zurich", skipped_hour: "skip" },
			"schedules.bad_timing",
		],
		[{ timing: { type: "daily", times: ["24:00"] } }, "request.invalid"],
		[{ start_at: "2026-05-01T00:00:00Z", end_at: "2026-04-01T00:00:00Z" }, "request.invalid"],
		[{ end_at: "2026-01-01T00:00:00Z" }, "schedules.bad_timing"],
		[{ name: "a\u0007b" }, "request.invalid"],
	])("%j is refused with %s", async (given, code) => {
		await expect(create("x", given as never)).rejects.toMatchObject({ code });
		expect((await host.client.listSchedules({ query: {} })).total).toBe(0);
	});

	test("names are unique, lists are filtered and paged", async () => {
		await create("Core");
		await expect(create("core")).rejects.toMatchObject({ code: "schedules.name_taken" });
		await create("edge", { kind: "connectivity_test", paused: true });
		const names = async (query: object) => (await host.client.listSchedules({ query })).items.map(({ name }) => name);
		expect(await names({ state: "paused" })).toEqual(["edge"]);
		expect(await names({ kind: "backup" })).toEqual(["Core"]);
		expect(await names({ q: "ED" })).toEqual(["edge"]);
		expect(await names({ q: "%" })).toEqual([]);
		expect(await names({ sort: "-name", page_size: 1, page: 2 })).toEqual(["Core"]);
		expect(await names({ owner: "ADMIN" })).toEqual(["Core", "edge"]);
	});

	test("the history of all schedules is read page by page, each occurrence once", async () => {
		const made = await create("hourly", {
			timing: { type: "interval", every_minutes: 1 },
			missed: "run_all",
			missed_limit: 7,
		});
		host.clock.set("2026-03-02T00:30:00Z");
		await until(async () => (await history(made.id)).length >= 8);
		const seen: string[] = [];
		for (let cursor: string | undefined; ; ) {
			const page = await host.client.listOccurrences({ query: { limit: 3, cursor } });
			seen.push(...page.items.map(({ id }) => id));
			if (page.next_cursor === null) break;
			cursor = page.next_cursor;
		}
		expect(new Set(seen).size).toBe(seen.length);
		expect(seen).toEqual((await history(made.id)).map(({ id }) => id));
	});

	test("a preview tells the next ten runs and keeps nothing", async () => {
		const body = { timing: { type: "daily" as const, times: ["02:30"] }, time_zone: "Europe/Zurich" };
		host.clock.set("2026-03-28T12:00:00Z");
		const { next_runs } = await host.client.previewSchedule({ body });
		expect(next_runs).toHaveLength(10);
		expect(next_runs[0]).toEqual({
			at: "2026-03-29T01:00:00.000Z",
			local: "2026-03-29T03:00+02:00",
			note: "after_gap",
		});
		await expect(host.client.previewSchedule({ body: { ...body, time_zone: "x" } })).rejects.toMatchObject({
			code: "schedules.bad_time_zone",
		});
	});

	test("a procedure runs on its own devices, unless others are named", async () => {
		host.groups.set("edge", ["edge-1"]);
		const params = { mop: "nightly check" };
		const made = await create("procedure", { kind: "mop", params });
		const other = await create("elsewhere", { kind: "mop", params: { ...params, targets: { names: ["core-1"] } } });
		host.clock.set("2026-03-02T06:00:01Z");
		await reached(made.id, "running");
		await reached(other.id, "running");
		const runs = [...host.started.values()].map(({ names }) => names);
		expect(runs.toSorted()).toEqual([["core-1"], ["edge-1"]]);
	});

	test("a secret of a procedure stands in no schedule", async () => {
		host.groups.set("edge", ["edge-1"]);
		host.procedure.secrets = [{ name: "key", required: false }];
		const params = { mop: "nightly check", variables: { key: "s3cret" } };
		await expect(create("secret", { kind: "mop", params })).rejects.toMatchObject({
			code: "schedules.bad_params",
			message: expect.stringContaining("everybody who may read schedules would see it"),
		});
		host.procedure.secrets = [{ name: "key", required: true }];
		await expect(create("asks", { kind: "mop", params: { mop: "nightly check" } })).rejects.toMatchObject({
			code: "schedules.bad_params",
			message: expect.stringContaining("cannot be started by schedule"),
		});
	});

	test("kinds are told with what they take", async () => {
		const { items } = await host.client.listScheduleKinds({});
		expect(items.map(({ kind, permission, changes_devices }) => [kind, permission, changes_devices])).toEqual([
			["backup", "backups:run", false],
			["connectivity_test", "devices:test", false],
			["mop", "mops:execute", true],
			["deploy", "stacks:deploy", true],
			["plan", "stacks:deploy", false],
			["delete", "stacks:deploy", true],
			["validate", "stacks:deploy", false],
			["probe_change", "devices:write", true],
		]);
		expect(items[0]?.params_schema).toMatchObject({ type: "object", required: ["select"] });
	});
});
