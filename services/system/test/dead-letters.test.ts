import { defineApi } from "@netconductor/contracts/kernel/operation";
import { systemApi } from "@netconductor/contracts/system/api";
import { defineService } from "@netconductor/runtime/host/service";
import { newId } from "@netconductor/runtime/id";
import { actorWith, startTestHost, type TestHost } from "@netconductor/runtime/testing/service";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { systemService } from "../src/service.ts";

/** Two services of this process and one of another, none of which can apply what happens as long as it is broken. */
const world = { broken: true, applied: [] as string[], records: [] as string[] };

function taker(name: string) {
	const wait = Promise.withResolvers<(username: string) => Promise<string>>();
	const service = defineService({
		name,
		api: defineApi(name, {}),
		setup({ db, outbox }) {
			wait.resolve(async (username) => {
				const user_id = newId();
				await db.transaction((tx) => outbox.publish(tx, "user.changed.v1", { user_id, username, change: "created" }));
				return user_id;
			});
			return {
				operations: {},
				consumers: {
					"user.changed.v1": async ({ username }) => {
						// What another attempt does not make better is put aside at once.
						if (world.broken) z.never(`${name} cannot apply it`).parse(username);
						world.applied.push(`${name} ${username}`);
					},
					"audit.operation_recorded.v1": async ({ operation, outcome }) => {
						if (name === "config") world.records.push(`${operation} ${outcome}`);
					},
				},
			};
		},
	});
	return { service, publish: wait.promise };
}

const [alerts, config, audit] = [taker("alerts"), taker("config"), taker("audit")];
let here: TestHost;
let elsewhere: TestHost;
beforeAll(async () => {
	elsewhere = await startTestHost({ services: [audit.service], log_level: "silent" });
	here = await startTestHost({
		services: [systemService, alerts.service, config.service],
		addresses: { audit: [elsewhere.host.internal_url ?? ""], scheduling: ["http://127.0.0.1:9"] },
		log_level: "silent",
	});
});
afterAll(async () => {
	await here?.stop();
	await elsewhere?.stop();
});
beforeEach(async () => {
	world.broken = true;
	world.applied = [];
	world.records = [];
	for (const { service, id } of (await list()).items) {
		await system().discardDeadLetters({ body: { service, ids: [id] } });
	}
});

const patient = { timeout: 30_000, interval: 50 };
const system = () => here.client(systemApi);
const list = (query: { service?: string; cursor?: string; limit?: number } = {}) => system().listDeadLetters({ query });
const services = async () => (await list()).items.map(({ service }) => service).toSorted();

async function putAside(...usernames: string[]): Promise<void> {
	const before = (await list({ limit: 500 })).items.length;
	for (const username of usernames) {
		await (await alerts.publish)(username);
		await (await audit.publish)(username);
	}
	// What alerts says is heard by itself and by config; nobody but audit hears audit.
	await expect.poll(async () => (await list({ limit: 500 })).items.length, patient).toBe(before + 3 * usernames.length);
}

test("what any service put aside is listed, wherever it runs, with why; one that is silent is named", async () => {
	await putAside("ada");
	expect(await services()).toEqual(["alerts", "audit", "config"]);
	const { items, silent_services, next_cursor } = await list();
	expect(items[0]).toMatchObject({
		name: "user.changed.v1",
		attempts: 1,
		last_error: expect.stringContaining("cannot apply it"),
	});
	expect(next_cursor).toBeNull();
	// Nothing answers at the address of scheduling, and of others none is known.
	expect(silent_services).toContain("scheduling");
	expect((await list({ service: "audit" })).items.map(({ service }) => service)).toEqual(["audit"]);
});

test("page by page each is shown once, the oldest first, one event of several services too", async () => {
	await putAside("ada", "bea", "cleo");
	const { items: all } = await list();
	expect(all).toHaveLength(9);
	expect(all.map(({ dead_at }) => dead_at)).toEqual(all.map(({ dead_at }) => dead_at).toSorted());
	for (const limit of [1, 2, 4]) {
		const seen: typeof all = [];
		for (let cursor: string | undefined; ; ) {
			const page = await list({ limit, ...(cursor !== undefined && { cursor }) });
			seen.push(...page.items);
			if (page.next_cursor === null) break;
			cursor = page.next_cursor;
		}
		expect(seen).toEqual(all);
	}
	await expect(list({ cursor: "eyJhIjoxfQ" })).rejects.toMatchObject({ code: "request.invalid" });
});

test("one is shown with what it says, to those who may change the system only", async () => {
	await putAside("ada");
	const [letter] = (await list({ service: "audit" })).items;
	const params = { service: "audit", id: letter?.id ?? "" };
	expect(await system().getDeadLetter({ params })).toMatchObject({ ...letter, payload: { username: "ada" } });
	const reader = here.client(systemApi, actorWith("system:read"));
	await expect(reader.getDeadLetter({ params })).rejects.toMatchObject({ code: "auth.forbidden" });
	expect((await reader.listDeadLetters({ query: {} })).items).toHaveLength(3);
	await expect(here.client(systemApi, actorWith("devices:read")).listDeadLetters({ query: {} })).rejects.toMatchObject({
		code: "auth.forbidden",
	});
	await expect(system().getDeadLetter({ params: { ...params, id: newId() } })).rejects.toMatchObject({
		code: "system.dead_letter_not_found",
	});
});

test("replayed, one or all of a service are tried again and take effect once; others stay", async () => {
	await putAside("ada", "bea");
	const [first] = (await list({ service: "audit" })).items;
	world.broken = false;
	const ids = [first?.id ?? "", newId()];
	expect(await system().replayDeadLetters({ body: { service: "audit", ids } })).toEqual({ count: 1 });
	await expect.poll(() => world.applied, patient).toEqual(["audit ada"]);
	expect((await list({ service: "audit" })).items).toHaveLength(1);
	expect(await system().replayDeadLetters({ body: { service: "alerts" } })).toEqual({ count: 2 });
	await expect.poll(() => world.applied, patient).toEqual(["audit ada", "alerts ada", "alerts bea"]);
	expect(await services()).toEqual(["audit", "config", "config"]);
	expect(await system().replayDeadLetters({ body: { service: "alerts" } })).toEqual({ count: 0 });
});

test("what still does not succeed is put aside again", async () => {
	await putAside("ada");
	const [before] = (await list({ service: "config" })).items;
	await system().replayDeadLetters({ body: { service: "config" } });
	await expect
		.poll(async () => (await list({ service: "config" })).items, patient)
		.toEqual([{ ...before, dead_at: expect.not.stringMatching(`^${before?.dead_at}$`) }]);
});

test("discarded, they are gone and have no effect, and the service is well again", async () => {
	await putAside("ada");
	const [letter] = (await list({ service: "alerts" })).items;
	expect(await system().discardDeadLetters({ body: { service: "alerts", ids: [letter?.id ?? ""] } })).toEqual({
		count: 1,
	});
	world.broken = false;
	expect(await system().replayDeadLetters({ body: { service: "alerts" } })).toEqual({ count: 0 });
	expect(await services()).toEqual(["audit", "config"]);
	expect(world.applied).toEqual([]);
});

test("only those who may change the system replay and discard; what they did is on record", async () => {
	await putAside("ada");
	const reader = here.client(systemApi, actorWith("system:read"));
	const ids = (await list({ service: "alerts" })).items.map(({ id }) => id);
	await expect(reader.replayDeadLetters({ body: { service: "alerts" } })).rejects.toMatchObject({
		code: "auth.forbidden",
	});
	await expect(reader.discardDeadLetters({ body: { service: "alerts", ids } })).rejects.toMatchObject({
		code: "auth.forbidden",
	});
	await system().discardDeadLetters({ body: { service: "alerts", ids } });
	const expected = ["replayDeadLetters denied", "discardDeadLetters denied", "discardDeadLetters succeeded"];
	await expect.poll(() => world.records, patient).toEqual(expect.arrayContaining(expected));
});

test("a service that does not exist, takes no events or is away is told so", async () => {
	for (const service of ["nobody", "gateway"]) {
		await expect(system().replayDeadLetters({ body: { service } })).rejects.toMatchObject({
			kind: expect.stringMatching(/not_found|unavailable/),
		});
	}
	await expect(list({ service: "nobody" })).rejects.toMatchObject({ code: "system.no_such_service" });
	await expect(system().replayDeadLetters({ body: { service: "scheduling" } })).rejects.toMatchObject({
		code: "service.unavailable",
	});
	await expect(system().replayDeadLetters({ body: { service: "realtime" } })).rejects.toMatchObject({
		code: "service.unavailable",
		message: expect.stringContaining("NETCONDUCTOR_REALTIME_URL"),
	});
});
