import type { CalendarInput } from "@netconductor/contracts/scheduling/model";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createSetClock, type SchedulingHost, scheduleInput, startSchedulingHost, until } from "./scheduling-host.ts";

let host: SchedulingHost;
beforeEach(async () => {
	// A Monday.
	host = await startSchedulingHost(createSetClock("2026-03-02T00:00:00Z"));
	for (const name of ["core-1", "core-2", "edge-1"]) host.addDevice(name);
	host.groups.set("Core", ["core-1", "core-2"]);
});
afterEach(() => host?.stop());

const newest = async (id: string) => (await host.client.getScheduleHistory({ params: { id }, query: {} })).items[0];
const becomes = (id: string, status: string) => until(async () => (await newest(id))?.status === status);
const create = (...given: Parameters<typeof scheduleInput>) =>
	host.client.createSchedule({ body: scheduleInput(...given) });
const calendar = (given: Partial<CalendarInput>) =>
	host.client.createCalendar({
		body: {
			name: "Year end",
			kind: "freeze",
			ranges: [{ from: "2026-03-02T05:00", to: "2026-03-02T08:00" }],
			...given,
		},
	});
const changing = (names = ["core-1"]) => ({ kind: "probe_change", params: { select: { names } } });
const windows: Partial<CalendarInput> = {
	name: "Nights",
	kind: "window",
	ranges: [],
	recurring: [{ timing: { type: "weekly", days: ["mon", "tue"], times: ["22:00"] }, duration_minutes: 240 }],
};

describe("a freeze", () => {
	test("of some devices does not hold a procedure that is for no device", async () => {
		await calendar({ groups: ["Core"] });
		host.procedure.targets = null;
		const made = await create("words only", { kind: "mop", params: { mop: "nightly check" } });
		host.clock.set("2026-03-02T06:00:00Z");
		await becomes(made.id, "running");
	});

	test("makes what changes devices wait until it ends; what only reads is not held", async () => {
		await calendar({});
		const change = await create("change", changing());
		const read = await create("read");
		host.clock.set("2026-03-02T06:00:00Z");
		await becomes(change.id, "waiting");
		await becomes(read.id, "running");
		expect(await newest(change.id)).toMatchObject({ reason: "Changes are frozen (Year end).", held_by: "Year end" });
		expect(await newest(read.id)).toMatchObject({ held_by: null });
		host.clock.set("2026-03-02T07:59:59Z");
		await becomes(change.id, "waiting");
		host.clock.set("2026-03-02T08:00:00Z");
		await becomes(change.id, "running");
		expect(host.started.size).toBe(2);
	});

	test("does not hold a procedure that only reads", async () => {
		await calendar({});
		host.procedure.changes = false;
		host.procedure.targets = { groups: ["Core"] };
		const made = await create("checks", { kind: "mop", params: { mop: "nightly check" } });
		host.clock.set("2026-03-02T06:00:00Z");
		await becomes(made.id, "running");
	});

	test("has what would rather be left out skipped, with the reason", async () => {
		await calendar({});
		const made = await create("change", { ...changing(), held: "skip" });
		host.clock.set("2026-03-02T06:00:00Z");
		await becomes(made.id, "skipped");
		expect((await newest(made.id))?.reason).toContain("Year end");
		expect(await newest(made.id)).toMatchObject({ held_by: "Year end" });
	});

	test.each(["approval", "calendar"] as const)(
		"leaves in the history for good who broke the glass of the %s, and what held it",
		async (of) => {
			await calendar({});
			const made = await create("change", changing());
			host.clock.set("2026-03-02T06:00:00Z");
			await becomes(made.id, "waiting");
			host.clock.set("2026-03-02T08:00:00Z");
			await becomes(made.id, "running");
			const run_id = (await newest(made.id))?.run_id ?? "";
			expect(await newest(made.id)).toMatchObject({ bypassed_by: null });
			await host.breakGlass(run_id, of, "eve");
			await until(async () => (await newest(made.id))?.bypassed_by === "eve");
			await host.endRun(run_id);
			await becomes(made.id, "succeeded");
			expect(await newest(made.id)).toMatchObject({ bypassed_by: "eve", held_by: "Year end" });
		},
	);

	test("of a group holds only its devices; of one that is gone it holds all, so that renaming a group unfreezes nothing", async () => {
		const { id } = await calendar({ groups: ["Core"] });
		const core = await create("core", changing(["core-2", "edge-1"]));
		const edge = await create("edge", changing(["edge-1"]));
		host.clock.set("2026-03-02T06:00:00Z");
		await becomes(core.id, "waiting");
		await becomes(edge.id, "running");
		await expect(calendar({ name: "other", groups: ["none"] })).rejects.toMatchObject({
			code: "device_groups.not_found",
		});
		host.groups.delete("Core");
		await host.client.runScheduleNow({ params: { id: edge.id } });
		await becomes(edge.id, "waiting");
		await host.client.deleteCalendar({ params: { id } });
		await becomes(edge.id, "running");
	});

	test("that is switched off, shortened or deleted lets go at once what it held", async () => {
		const { id } = await calendar({});
		const made = await create("change", changing());
		host.clock.set("2026-03-02T06:00:00Z");
		await becomes(made.id, "waiting");
		await host.client.updateCalendar({
			params: { id },
			body: {
				name: "Year end",
				kind: "freeze",
				enabled: false,
				ranges: [{ from: "2026-03-02T05:00", to: "2026-03-02T08:00" }],
			},
		});
		await becomes(made.id, "running");
	});
});

describe("maintenance windows", () => {
	test("let changes of their devices begin only while one is open", async () => {
		await calendar({ ...windows, groups: ["Core"] });
		const core = await create("core", changing());
		const edge = await create("edge", changing(["edge-1"]));
		host.clock.set("2026-03-02T06:00:00Z");
		await becomes(core.id, "waiting");
		await becomes(edge.id, "running");
		expect((await newest(core.id))?.reason).toBe("Outside its maintenance window (Nights).");
		host.clock.set("2026-03-02T22:00:00Z");
		await becomes(core.id, "running");
	});

	test.each([
		{ kind: "mop", params: { mop: "nightly check" } },
		{ kind: "deploy", params: { stack: "edge" } },
		{ kind: "delete", params: { stack: "edge" } },
	])(
		"are told to a $kind, which is not to begin after them, nor in a freeze within them, however late it is approved",
		async (kind) => {
			host.procedure.targets = { groups: ["Core"] };
			const starts = async (name: string, at: string) => {
				const made = await create(name, { ...kind, timing: { type: "daily", times: [at.slice(11, 16)] } });
				host.clock.set(at);
				await becomes(made.id, "running");
				const run_id = (await newest(made.id))?.run_id;
				return [...host.started.values()].find((run) => run.run_id === run_id)?.not_after;
			};
			expect(await starts("no calendar", "2026-03-02T06:00:00Z")).toBeNull();
			await calendar({ ...windows, groups: ["Core"] });
			expect(await starts("window", "2026-03-02T22:30:00Z")).toBe("2026-03-03T02:00:00.000Z");
			await calendar({ groups: ["Core"], ranges: [{ from: "2026-03-03T01:00", to: "2026-03-03T09:00" }] });
			expect(await starts("freeze", "2026-03-02T23:00:00Z")).toBe("2026-03-03T01:00:00.000Z");
		},
	);

	test("do not overrule a freeze", async () => {
		await calendar(windows);
		await calendar({ ranges: [{ from: "2026-03-02T21:00", to: "2026-03-02T23:00" }] });
		const made = await create("change", { ...changing(), timing: { type: "daily", times: ["22:30"] } });
		host.clock.set("2026-03-02T22:30:00Z");
		await becomes(made.id, "waiting");
		host.clock.set("2026-03-02T23:00:00Z");
		await becomes(made.id, "running");
	});
});

describe("a calendar", () => {
	test("tells what lasts and what comes, by the clock of its zone, also over a change of the clocks", async () => {
		const made = await calendar({
			...windows,
			time_zone: "Europe/Zurich",
			recurring: [{ timing: { type: "weekly", days: ["sat"], times: ["23:00"] }, duration_minutes: 300 }],
		});
		const begins = made.next_periods.map(({ from }) => from);
		expect(begins.slice(3, 5)).toEqual(["2026-03-28T22:00:00.000Z", "2026-04-04T21:00:00.000Z"]);
		expect(made.active).toBe(false);
		host.clock.set("2026-03-29T02:59:00Z");
		expect(await host.client.getCalendar({ params: { id: made.id } })).toMatchObject({ active: true });
		host.clock.set("2026-03-29T03:00:00Z");
		expect(await host.client.getCalendar({ params: { id: made.id } })).toMatchObject({ active: false });
	});

	test.each([
		[{ ranges: [] }, "schedule_calendars.empty"],
		[{ ranges: [{ from: "2026-03-02T08:00", to: "2026-03-02T05:00" }] }, "request.invalid"],
		[{ time_zone: "Nowhere/Land" }, "schedules.bad_time_zone"],
		[{ recurring: [{ timing: { type: "cron", expression: "x" }, duration_minutes: 5 }] }, "schedules.bad_cron"],
		[
			{
				recurring: [
					{
						timing: { type: "monthly", on: { type: "days", days: [31] }, months: [2], times: ["00:00"] },
						duration_minutes: 5,
					},
				],
			},
			"schedules.bad_timing",
		],
	])("%j is refused with %s", async (given, code) => {
		await expect(calendar(given as never)).rejects.toMatchObject({ code });
	});

	test("has a name of its own", async () => {
		await calendar({});
		await expect(calendar({ name: "YEAR END" })).rejects.toMatchObject({ code: "schedule_calendars.name_taken" });
	});
});

describe("the agenda", () => {
	test("shows what came due and what will by day of the asked zone, and when changes are held", async () => {
		await calendar({});
		const made = await create("hourly", { timing: { type: "interval", every_minutes: 60 }, overlap: "run_anyway" });
		host.clock.set("2026-03-02T01:00:00Z");
		await becomes(made.id, "running");
		const { items, periods, truncated } = await host.client.getAgenda({
			query: { from: "2026-03-01T23:00:00Z", to: "2026-03-03T23:00:00Z", time_zone: "Europe/Zurich" },
		});
		expect(items.map(({ day, count }) => [day, count])).toEqual([
			["2026-03-02", 22],
			["2026-03-03", 24],
		]);
		expect(items[0]?.runs.slice(0, 2).map(({ at, status }) => [at, status])).toEqual([
			["2026-03-02T01:00:00.000Z", "running"],
			["2026-03-02T02:00:00.000Z", "planned"],
		]);
		expect(periods).toMatchObject([
			{ calendar_name: "Year end", from: "2026-03-02T05:00:00.000Z", to: "2026-03-02T08:00:00.000Z" },
		]);
		expect(truncated).toBe(false);
		await expect(
			host.client.getAgenda({ query: { from: "2026-01-01T00:00:00Z", to: "2026-12-01T00:00:00Z" } }),
		).rejects.toMatchObject({ code: "schedules.too_long" });
	});

	test("counts a schedule of every minute without listing each", async () => {
		await create("busy", { timing: { type: "cron", expression: "* * * * *" } });
		const { items } = await host.client.getAgenda({
			query: { from: "2026-03-02T00:00:00Z", to: "2026-03-03T00:00:00Z" },
		});
		expect(items).toHaveLength(1);
		expect(items[0]).toMatchObject({ count: 1439 });
		expect(items[0]?.runs).toHaveLength(48);
	});
});

describe("conflicts", () => {
	test("are schedules whose runs touch the same devices at nearly the same time, each pair once", async () => {
		await create("a", { params: { select: { all: true } } });
		await create("b", { timing: { type: "daily", times: ["06:20"] }, params: { select: { groups: ["Core"] } } });
		await create("c", { timing: { type: "daily", times: ["06:10"] }, params: { select: { names: ["edge-1"] } } });
		const pairs = async (query: object) =>
			(await host.client.listConflicts({ query })).items.map((conflict) =>
				conflict.type === "same_devices"
					? [conflict.schedule.name, conflict.other.name, conflict.devices]
					: conflict.type,
			);
		expect(await pairs({})).toEqual([
			["a", "c", 1],
			["a", "b", 2],
		]);
		expect(await pairs({ within_minutes: 10 })).toEqual([["a", "c", 1]]);
		expect(await pairs({ within_minutes: 9 })).toEqual([]);
	});

	test("are changes that come due while they are held, with when they may start", async () => {
		await calendar({});
		await create("change", changing());
		await create("read");
		const { items } = await host.client.listConflicts({ query: { within_minutes: 0, days: 1 } });
		expect(items.filter(({ type }) => type === "held")).toMatchObject([
			{
				schedule: { name: "change", at: "2026-03-02T06:00:00.000Z" },
				calendar: { name: "Year end" },
				until: "2026-03-02T08:00:00.000Z",
			},
		]);
	});
});
