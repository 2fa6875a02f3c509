import type { CalendarInput } from "@netconductor/contracts/scheduling/model";
import { newId } from "@netconductor/runtime/id";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createSetClock, type SchedulingHost, startSchedulingHost } from "./scheduling-host.ts";

let host: SchedulingHost;
const ids: Record<string, string> = {};
beforeAll(async () => {
	// A Monday.
	host = await startSchedulingHost(createSetClock("2026-03-02T06:00:00Z"));
	for (const name of ["core-1", "edge-1"]) ids[name] = host.addDevice(name).device_id;
	host.groups.set("Core", ["core-1"]);
	host.groups.set("edge", ["edge-1"]);
});
afterAll(() => host?.stop());
beforeEach(async () => {
	const { items } = await host.client.listCalendars({ query: {} });
	for (const { id } of items) await host.client.deleteCalendar({ params: { id } });
});

const calendar = (given: Partial<CalendarInput>) =>
	host.client.createCalendar({
		body: {
			name: "Year end",
			kind: "freeze",
			ranges: [{ from: "2026-03-02T05:00", to: "2026-03-02T08:00" }],
			...given,
		},
	});
const nights: Partial<CalendarInput> = {
	name: "Nights",
	kind: "window",
	ranges: [],
	recurring: [{ timing: { type: "daily", times: ["22:00"] }, duration_minutes: 240 }],
};
const holdOf = async (names: string[], at?: string) =>
	(
		await host.client.findHold({
			body: { device_ids: names.map((name) => ids[name] ?? newId()), ...(at !== undefined && { at }) },
		})
	).hold;

describe("the engine is told", () => {
	test("by which calendar devices are held at a moment, and until when", async () => {
		const { id } = await calendar({ groups: ["Core"] });
		expect(await holdOf(["core-1", "edge-1"])).toEqual({
			calendar: { id, name: "Year end", kind: "freeze" },
			why: "Changes are frozen (Year end)",
			until: "2026-03-02T08:00:00.000Z",
		});
		expect(await holdOf(["edge-1"])).toBeNull();
		expect(await holdOf(["core-1"], "2026-03-02T08:00:00Z")).toBeNull();
	});

	test("of a window that is not open, and of a freeze that goes on where the window opens", async () => {
		await calendar({ ...nights, groups: ["Core"] });
		expect(await holdOf(["core-1"])).toMatchObject({
			why: "Outside its maintenance window (Nights)",
			until: "2026-03-02T22:00:00.000Z",
		});
		await calendar({ ranges: [{ from: "2026-03-02T21:00", to: "2026-03-02T23:00" }] });
		expect(await holdOf(["core-1"])).toMatchObject({ until: "2026-03-02T23:00:00.000Z" });
	});

	test("of a freeze of everything also where a change is for no device", async () => {
		await calendar({});
		expect(await holdOf([])).toMatchObject({ calendar: { name: "Year end" } });
	});

	test("nothing where the end is not in sight but that it is held", async () => {
		await calendar({ ...nights, recurring: [], ranges: [{ from: "2026-03-01T05:00", to: "2026-03-01T08:00" }] });
		expect(await holdOf(["core-1"])).toMatchObject({ until: null });
	});
});

describe("a person who is about to start a change is told", () => {
	const ask = (kind: string, params: Record<string, unknown>) => host.client.previewHold({ body: { kind, params } });

	test("what would hold it, by the devices that a schedule of it would have", async () => {
		await calendar({ groups: ["Core"] });
		expect((await ask("deploy", { stack: "edge" })).hold).toMatchObject({ why: "Changes are frozen (Year end)" });
		host.procedure.targets = { groups: ["edge"] };
		expect((await ask("mop", { mop: "nightly check" })).hold).toBeNull();
		const targets = { names: ["core-1"] };
		expect((await ask("mop", { mop: "nightly check", targets })).hold).toMatchObject({
			until: "2026-03-02T08:00:00.000Z",
		});
	});

	test("also of a procedure that asks for a secret, which no schedule may hold", async () => {
		await calendar({});
		host.procedure.secrets = [{ name: "key", required: true }];
		expect((await ask("mop", { mop: "nightly check" })).hold).not.toBeNull();
		host.procedure.secrets = [];
	});

	test("that nothing holds what only reads", async () => {
		await calendar({});
		expect((await ask("plan", { stack: "edge" })).hold).toBeNull();
		host.procedure.changes = false;
		expect((await ask("mop", { mop: "nightly check" })).hold).toBeNull();
		host.procedure.changes = true;
		expect((await ask("validate", { stack: "edge" })).hold).toBeNull();
		expect((await ask("backup", { select: { all: true } })).hold).toBeNull();
	});

	test("nothing of what they may not start", async () => {
		const viewer = host.clientOf(host.addUser("vera", "schedules:read", "stacks:read"));
		const asked = viewer.previewHold({ body: { kind: "deploy", params: { stack: "edge" } } });
		await expect(asked).rejects.toMatchObject({ code: "auth.forbidden" });
	});

	test("what is wrong with the question", async () => {
		await expect(ask("deploy", {})).rejects.toMatchObject({ code: "schedules.bad_params" });
		await expect(ask("nothing", {})).rejects.toMatchObject({ code: "schedules.unknown_kind" });
	});
});

test("whoever holds runs back hears of each calendar that is added, changed or deleted", async () => {
	// The relay takes events out of the outbox: a copy of each stays for the test.
	await host.db.query("create table told (payload jsonb)");
	await host.db.query(
		"create function keep_told() returns trigger language plpgsql as $$ begin if new.name = 'schedule_calendar.changed.v1' then insert into scheduling.told values (new.payload); end if; return null; end $$",
	);
	await host.db.query("create trigger keep_told after insert on outbox for each row execute function keep_told()");
	const { id } = await calendar({});
	const body = {
		name: "Year end",
		kind: "freeze" as const,
		ranges: [{ from: "2026-03-02T05:00", to: "2026-03-02T07:00" }],
	};
	await host.client.updateCalendar({ params: { id }, body });
	await host.client.deleteCalendar({ params: { id } });
	expect(await host.db.query("select payload ->> 'calendar_id' as id from told")).toEqual([{ id }, { id }, { id }]);
});
