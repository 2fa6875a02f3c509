import { newId } from "@netconductor/runtime/id";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { readInventoryState } from "../src/tallies/inventory-state.ts";
import { type Started, startDevices } from "./start.ts";

/** Lists and summary are kept as long as nothing has changed that they tell of. */

let started: Started;
let api: Started["api"];

beforeAll(async () => {
	started = await startDevices();
	api = started.api;
});
afterAll(() => started?.stop());

let named = 0;
let device: Awaited<ReturnType<Started["api"]["createDevice"]>>;
beforeEach(async () => {
	device = await api.createDevice({
		body: { name: `kept-${++named}`, host: "192.0.2.1", device_type: "linux", groups: ["kept"], tags: ["kept"] },
	});
});

const list = () => api.listDevices({ query: { tag: "kept", sort: "-created_at", page_size: 1 } });
const summary = () => api.getDeviceSummary({});
const state = () => readInventoryState(started.db);

/** Each changes what a list or the summary says, by whichever way there is to it. */
const changes: Record<string, () => Promise<unknown>> = {
	"a device by the API": () =>
		api.updateDevice({ params: { id: device.id }, body: { description: `changed ${named}` } }),
	"another device of the page": () =>
		api.createDevice({ body: { name: `more-${named}`, host: "192.0.2.2", device_type: "linux", tags: ["kept"] } }),
	"a device that goes": () => api.deleteDevice({ params: { id: device.id } }),
	"the name of a group": async () => {
		const { items } = await api.listGroups({ query: { q: "kept" } });
		await api.updateGroup({ params: { id: items[0]?.id ?? "" }, body: { name: `kept ${named}` } });
	},
	"who is in a group": () =>
		api.updateDevices({
			body: { select: { device_ids: [device.id] }, action: { kind: "add_to_group", group: `new ${named}` } },
		}),
	"a health that another process records": () =>
		started.db.query("update devices set health = 'unreachable' where id = $1", [device.id]),
	"a host key that another process records": () =>
		started.db.query(
			`insert into host_keys (device_id, fingerprint, algorithm, accepted_by, accepted_at, presented_fingerprint, presented_at)
			values ($1, 'a', 'ssh-ed25519', 'x', now(), 'b', now())`,
			[device.id],
		),
	"a table that is emptied": () => started.db.query("truncate devices cascade"),
};

test.each(Object.entries(changes))("the next answer after %s is another", async (_, change) => {
	const [before, counted] = [await list(), await summary()];
	expect(await list()).toEqual(before);
	const was = await state();
	await change();
	expect(await state()).not.toBe(was);
	expect([await list(), await summary()]).not.toEqual([before, counted]);
});

test("what is read without a change leaves the state as it is, and is not read again", async () => {
	await list();
	const was = await state();
	// Behind the back of what counts changes: only a table that is read again tells of it.
	await started.db.transaction(async (tx) => {
		await tx.execute("set local session_replication_role = replica");
		await tx.execute(`update devices set description = 'unseen' where id = '${device.id}'`);
	});
	expect(await state()).toBe(was);
	expect((await list()).items[0]?.description).toBe("");
	await started.db.query("update device_groups set updated_at = now()");
	expect((await list()).items[0]?.description).toBe("unseen");
});

test("whoever has changed something sees it in the next answer, however many change something at the same time", async () => {
	const tag = `side-${newId()}`;
	const look = () => api.listDevices({ query: { tag, page_size: 500 } });
	await Promise.all(
		Array.from({ length: 10 }, async (_, writer) => {
			for (let nth = 0; nth < 10; nth++) {
				const name = `${tag}-${writer}-${nth}`;
				await api.createDevice({ body: { name, host: "192.0.2.3", device_type: "linux", tags: [tag] } });
				expect((await look()).items.map((one) => one.name)).toContain(name);
			}
		}),
	);
	expect((await look()).total).toBe(100);
});

test("a transaction counts once however much it changes, and nobody waits for another to count", async () => {
	const sum = async () => Number((await state()).split("/")[0]);
	const before = await sum();
	await started.db.transaction(async (tx) => {
		for (let nth = 0; nth < 5; nth++) await tx.execute("update devices set description = description");
		// The transaction above holds the row in which it counted.
		await started.db.query("update device_groups set description = description");
		expect(await sum()).toBe(before + 1);
	});
	expect(await sum()).toBe(before + 2);
});

test("what is taken back counts nothing, also within a transaction that goes on", async () => {
	const was = await state();
	await expect(
		started.db.transaction(async (tx) => {
			await tx.execute("update devices set description = 'gone'");
			throw new Error("taken back");
		}),
	).rejects.toThrow("taken back");
	expect(await state()).toBe(was);
	await started.db.transaction(async (tx) => {
		await tx.execute("savepoint tried");
		await tx.execute("update devices set description = 'gone'");
		await tx.execute("rollback to savepoint tried");
		await tx.execute("update devices set description = 'there'");
	});
	expect(await state()).not.toBe(was);
});

test("tables that were made anew have another state than those before them, though as many changes were counted", async () => {
	const was = await state();
	await started.db.transaction(async (tx) => {
		await tx.execute("create table other (like inventory_changes including all)");
		await tx.execute("insert into other select * from inventory_changes");
		await tx.execute("drop table inventory_changes");
		await tx.execute("alter table other rename to inventory_changes");
	});
	expect((await state()).split("/")[0]).toBe(was.split("/")[0]);
	expect(await state()).not.toBe(was);
});
