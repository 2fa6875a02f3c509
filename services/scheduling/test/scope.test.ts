import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Occurrence, ScheduleInput } from "@netconductor/contracts/scheduling/model";
import { newId } from "@netconductor/runtime/id";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSetClock, type SchedulingHost, scheduleInput, startSchedulingHost, until } from "./scheduling-host.ts";

// A limited role makes and keeps schedules of its devices; each time they come due they run with the limits that their owner has then.
let host: SchedulingHost;
let clock: ReturnType<typeof createSetClock>;
const [here, there] = [newId(), newId()];
let hanna: Actor;
let colleague: Actor;
let both: Actor;
let unlimited: Actor;

beforeEach(async () => {
	clock = createSetClock("2026-03-02T00:00:00Z");
	host = await startSchedulingHost(clock);
	for (const name of ["inside", "also-inside", "outside"]) host.addDevice(name);
	host.limits.set(here, ["inside", "also-inside"]);
	host.limits.set(there, ["outside"]);
	const may = ["schedules:*", "backups:run", "stacks:*", "mops:execute"];
	hanna = host.limit(host.addUser("hanna", ...may), [here]);
	colleague = host.limit(host.addUser("colleague", ...may), [here]);
	both = host.limit(host.addUser("both", ...may), [here, there]);
	unlimited = host.addUser("unlimited", ...may);
});
afterEach(() => host?.stop());

const create = (by: Actor, name: string, given: Partial<ScheduleInput> = {}) =>
	host.clientOf(by).createSchedule({ body: scheduleInput(name, given) });
const selecting = (select: object, more: object = {}) => ({ params: { select, ...more } });
const code = (call: Promise<unknown>) =>
	call.then(
		() => undefined,
		(error: { code: string }) => error.code,
	);

/** Whether a schedule exists for somebody: every way of asking says the same, and asking changes nothing. */
async function exists(as: Actor, id: string): Promise<boolean> {
	const api = host.clientOf(as);
	const params = { id };
	const found = async (call: Promise<unknown>) => (await code(call)) !== "schedules.not_found";
	const told = await Promise.all([
		found(api.getSchedule({ params })),
		found(api.getScheduledOperation({ params })),
		found(api.getNextRuns({ params, query: {} })),
		found(api.getScheduleHistory({ params, query: {} })),
		api.listSchedules({ query: { page_size: 500 } }).then(({ items, total }) => {
			expect(total).toBe(items.length);
			return items.some((one) => one.id === id);
		}),
	]);
	expect(new Set(told).size, told.join()).toBe(1);
	if (told[0] !== true) {
		const body = scheduleInput("taken over");
		const changes = [
			api.updateSchedule({ params, body }),
			api.pauseSchedule({ params }),
			api.resumeSchedule({ params }),
			api.runScheduleNow({ params }),
			api.deleteSchedule({ params }),
		];
		expect(new Set(await Promise.all(changes.map(code)))).toEqual(new Set(["schedules.not_found"]));
	}
	return told[0] ?? false;
}

async function occurrencesOf(id: string, as?: Actor): Promise<Occurrence[]> {
	const api = as === undefined ? host.client : host.clientOf(as);
	return (await api.getScheduleHistory({ params: { id }, query: {} })).items;
}

/** The newest occurrence, once it was tried. */
async function tried(id: string, count: number): Promise<Occurrence> {
	let newest: Occurrence | undefined;
	await until(async () => {
		const all = await occurrencesOf(id);
		newest = all[0];
		return all.length === count && newest !== undefined && !["due", "waiting"].includes(newest.status);
	});
	return newest as Occurrence;
}

const devicesOf = ({ id }: Occurrence) => host.started.get(id)?.names.toSorted();
const day = (n: number) => clock.set(`2026-03-0${n}T06:00:00Z`);

test("a schedule exists for a limited role where nobody saved it who was limited to less, and each device that it names is theirs", async () => {
	const all = { all: true };
	const cases: [by: Actor, given: object, hanna: boolean, both: boolean][] = [
		[hanna, selecting(all), true, true],
		[hanna, selecting({ names: ["inside"] }), true, true],
		[hanna, selecting({ device_ids: [host.idOf("inside")] }), true, true],
		[both, selecting({ names: ["inside"] }), false, true],
		[both, selecting(all), false, true],
		[unlimited, selecting({ names: ["inside"] }), false, false],
		[unlimited, selecting(all), false, false],
	];
	const made = [];
	for (const [index, [by, given]] of cases.entries()) made.push(await create(by, `schedule ${index}`, given));
	for (const [index, { id }] of made.entries()) {
		const [, given, byHanna, byBoth] = cases[index] as (typeof cases)[number];
		expect(
			[await exists(hanna, id), await exists(both, id), await exists(unlimited, id)],
			JSON.stringify(given),
		).toEqual([byHanna, byBoth, true]);
	}
	expect(await exists(host.limit(host.addUser("nobody", "schedules:*", "backups:run"), []), made[0]?.id ?? "")).toBe(
		false,
	);
	host.limits.set(here, ["also-inside"]);
	expect(await Promise.all(made.slice(0, 3).map(({ id }) => exists(colleague, id)))).toEqual([true, false, false]);
	host.limits.set(here, ["inside", "also-inside"]);

	// Whoever saves it is the one whose limits count.
	const params = { id: made[0]?.id ?? "" };
	await host.clientOf(unlimited).updateSchedule({ params, body: scheduleInput("schedule 0") });
	expect(await exists(hanna, params.id)).toBe(false);
});

test("values of a procedure's variables name no devices", async () => {
	const variables = { names: ["vlan10"] };
	const given = { kind: "mop", params: { mop: "Nightly check", targets: { names: ["inside"] }, variables } };
	const { id } = await create(hanna, "with vlans", given);
	expect(await exists(hanna, id)).toBe(true);
	await host.clientOf(hanna).deleteSchedule({ params: { id } });
});

test("nobody limited schedules what is for a device outside, whichever way it is named, or what they may not start", async () => {
	const id = host.idOf("outside");
	const refused: [Partial<ScheduleInput>, string][] = [
		[selecting({ names: ["outside"] }), "devices.not_found"],
		[selecting({ device_ids: [host.idOf("inside"), id] }), "devices.not_found"],
		[selecting({ all: true }, { exclude: { names: ["outside"] } }), "devices.not_found"],
		[selecting({ all: true }, { exclude: { device_ids: [id] } }), "devices.not_found"],
		[{ kind: "mop", params: { mop: "Nightly check", targets: { device_ids: [id] } } }, "devices.not_found"],
		[{ kind: "deploy", params: { stack: "core" } }, "auth.forbidden"],
		[{ kind: "connectivity_test" }, "auth.forbidden"],
	];
	const own = await create(hanna, "own");
	for (const [given, expected] of refused) {
		expect(await code(create(hanna, "refused", given)), JSON.stringify(given)).toBe(expected);
		const update = host.clientOf(hanna).updateSchedule({ params: { id: own.id }, body: scheduleInput("own", given) });
		expect(await code(update), JSON.stringify(given)).toBe(expected);
	}
	const shown = await host.clientOf(hanna).listSchedules({ query: {} });
	expect(shown).toMatchObject({ total: 1, items: [{ kind: "backup", params: { select: { all: true } } }] });
	const closed = [
		host.clientOf(hanna).listCalendars({ query: {} }),
		host.clientOf(hanna).getAgenda({ query: { from: "2026-03-02T00:00:00Z", to: "2026-03-03T00:00:00Z" } }),
		host.clientOf(hanna).listConflicts({ query: {} }),
		host.clientOf(hanna).createCalendar({ body: { name: "free", kind: "window" } }),
	];
	expect(new Set(await Promise.all(closed.map(code)))).toEqual(new Set(["auth.out_of_scope"]));
});

test("each firing is for the devices that its owner's role covers then, also where it covered every device when it was saved", async () => {
	host.groups.set("Core", ["inside"]);
	const [limited, wide] = [await create(both, "limited"), await create(unlimited, "wide")];
	const deploys = await create(unlimited, "deploys", { kind: "deploy", params: { stack: "core" } });
	const named = await create(both, "named", selecting({ names: ["outside"] }));
	day(2);
	expect(devicesOf(await tried(limited.id, 1))).toEqual(["also-inside", "inside", "outside"]);
	expect(devicesOf(await tried(wide.id, 1))).toEqual(["also-inside", "inside", "outside"]);
	expect(devicesOf(await tried(named.id, 1))).toEqual(["outside"]);
	await tried(deploys.id, 1);
	for (const { run_id } of host.started.values()) await host.endRun(run_id);
	// Heard of: while the run before goes on, what comes due is left out.
	for (const { id } of [limited, wide, named, deploys]) {
		await until(async () => (await occurrencesOf(id))[0]?.status === "succeeded");
	}
	host.limit(both, [here]);
	host.limit(unlimited, [here]);
	day(3);
	expect(devicesOf(await tried(limited.id, 2))).toEqual(["also-inside", "inside"]);
	expect(devicesOf(await tried(wide.id, 2))).toEqual(["also-inside", "inside"]);
	expect(await tried(named.id, 2)).toMatchObject({
		status: "failed",
		reason: "There is no device outside",
		run_id: null,
	});
	expect(await tried(deploys.id, 2)).toMatchObject({
		status: "refused",
		reason: expect.stringContaining("stacks:deploy opens nothing to such roles"),
	});
	// What was done before for devices outside is not told to who sees what is done now.
	expect((await occurrencesOf(limited.id)).length).toBe(2);
	expect(await exists(hanna, limited.id)).toBe(false);
});

test("what is left by an owner who is gone starts nothing, and their colleagues stop it or take it over", async () => {
	const [left, deleted] = [await create(hanna, "left"), await create(hanna, "deleted")];
	host.users.delete(hanna.id);
	day(2);
	expect(await tried(left.id, 1)).toMatchObject({ status: "refused", run_id: null });
	const api = host.clientOf(colleague);
	expect(await api.getSchedule({ params: { id: left.id } })).toMatchObject({
		state: "refused",
		last: { status: "refused" },
	});
	await api.deleteSchedule({ params: { id: deleted.id } });
	const taken = await api.updateSchedule({ params: { id: left.id }, body: scheduleInput("left") });
	expect(taken).toMatchObject({ owner: "colleague", problem: null });
	day(3);
	expect(devicesOf(await tried(left.id, 2))).toEqual(["also-inside", "inside"]);
});

test.each([
	["covers every device", null],
	["covers other groups, too", [here, there]],
	["covers other groups", [there]],
] as const)(
	"of an owner whose role %s by now nobody limited stops, changes or presses what they left, or is told what comes of it",
	async (_, groups) => {
		const { id } = await create(hanna, "widened");
		host.limit(hanna, groups === null ? null : [...groups]);
		const api = host.clientOf(colleague);
		const params = { id };
		expect(await api.getSchedule({ params })).toMatchObject({ name: "widened", paused: false });
		const changes = [
			api.updateSchedule({ params, body: scheduleInput("mine now") }),
			api.pauseSchedule({ params }),
			api.resumeSchedule({ params }),
			api.deleteSchedule({ params }),
			api.runScheduleNow({ params }),
		];
		expect(await Promise.all(changes.map(code))).toEqual(Array(5).fill("auth.out_of_scope"));
		day(2);
		const own = await tried(id, 1);
		expect(devicesOf(own)).toContain("outside");
		expect(await occurrencesOf(id, colleague)).toEqual([]);
		expect((await api.getSchedule({ params })).last).toBeNull();
		expect(JSON.stringify(await api.listOccurrences({ query: {} }))).not.toContain(own.run_id);
	},
);

test("what somebody with more devices pressed is told to nobody with less", async () => {
	const { id } = await create(hanna, "pressed");
	await host.clientOf(unlimited).runScheduleNow({ params: { id } });
	const pressed = await tried(id, 1);
	expect(devicesOf(pressed)).toContain("outside");
	for (const as of [hanna, colleague]) {
		expect(await occurrencesOf(id, as)).toEqual([]);
		const { items } = await host.clientOf(as).listSchedules({ query: {} });
		expect(items).toMatchObject([{ id, last: null }]);
	}
});

test("a freeze of devices outside holds nothing back that is for theirs", async () => {
	host.groups.set("Core", ["outside"]);
	const frozen = { kind: "freeze" as const, ranges: [{ from: "2026-03-01T00:00", to: "2026-03-09T00:00" }] };
	await host.client.createCalendar({ body: { name: "Core", groups: ["Core"], ...frozen } });
	host.procedure.targets = { all: true };
	const mop = { kind: "mop", params: { mop: "Nightly check" } };
	const [theirs, wide] = [
		await create(hanna, "theirs", mop),
		await create(unlimited, "wide", { ...mop, held: "skip" }),
	];
	day(2);
	expect(devicesOf(await tried(theirs.id, 1))).toEqual(["also-inside", "inside"]);
	expect(await tried(wide.id, 1)).toMatchObject({ status: "skipped", held_by: "Core" });
});
