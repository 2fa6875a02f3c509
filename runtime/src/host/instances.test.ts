import { type AddressInfo, connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { defineApi, get, post } from "@netconductor/contracts/kernel/operation";
import { afterEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { admin, startTestHost, type TestHost } from "../testing/service.ts";
import { defineService } from "./service.ts";

const counterApi = defineApi("counter", {
	count: post("/counter/count", {
		summary: "Counts, which must not happen twice",
		body: z.object({}),
		returns: z.object({ by: z.string() }),
		permission: "counter:write",
	}),
	wait: get("/counter/wait", {
		summary: "Answers when it is told to",
		returns: z.object({ by: z.string() }),
		permission: "counter:read",
	}),
});

const hosts: TestHost[] = [];
afterEach(async () => {
	for (const host of hosts.splice(0)) await host.stop();
});

interface CounterProcess {
	host: TestHost;
	url: string;
	counted(): number;
	release(): void;
}

async function counterProcess(name: string): Promise<CounterProcess> {
	let counted = 0;
	const released = Promise.withResolvers<void>();
	const service = defineService({
		name: "counter",
		api: counterApi,
		setup: () => ({
			operations: {
				count: async () => {
					counted++;
					return { by: name };
				},
				wait: async () => {
					await released.promise;
					return { by: name };
				},
			},
		}),
	});
	const host = await startTestHost({ services: [service], log_level: "silent" });
	hosts.push(host);
	return { host, url: host.host.internal_url ?? "", counted: () => counted, release: () => released.resolve() };
}

async function callerOf(urls: readonly string[]) {
	const host = await startTestHost({ services: [], addresses: { counter: urls }, log_level: "silent" });
	hosts.push(host);
	return host.host.client(counterApi);
}

const by = { actor: admin };

test("calls are spread over all processes of a service, and one that is busy gets fewer", async () => {
	const [one, other] = [await counterProcess("one"), await counterProcess("other")];
	const caller = await callerOf([one.url, other.url]);
	for (let call = 0; call < 20; call++) await caller.count({ body: {} }, by);
	expect([one.counted(), other.counted()]).toEqual([10, 10]);

	const waiting = [caller.wait({}, by), caller.wait({}, by), caller.wait({}, by)];
	const busiest = new Map([
		["one", one],
		["other", other],
	]);
	// Two of the three stand in one of them: what is over at once goes to the other.
	const answers: string[] = [];
	for (let call = 0; call < 10; call++) answers.push((await caller.count({ body: {} }, by)).by);
	expect(new Set(answers).size).toBe(1);
	for (const process of busiest.values()) process.release();
	const waited = (await Promise.all(waiting)).map((answer) => answer.by);
	expect(waited.filter((name) => name === answers[0])).toHaveLength(1);
});

test("a process that is gone costs no call, not even one that changes something, and nothing is done twice", async () => {
	const [one, other] = [await counterProcess("one"), await counterProcess("other")];
	const caller = await callerOf([one.url, other.url]);
	for (let call = 0; call < 4; call++) await caller.count({ body: {} }, by);
	await one.host.stop();
	hosts.splice(hosts.indexOf(one.host), 1);
	const before = other.counted();
	for (let call = 0; call < 20; call++) expect(await caller.count({ body: {} }, by)).toEqual({ by: "other" });
	expect(other.counted()).toBe(before + 20);
});

test("a process that is stopped under load costs no call: what it no longer takes is done elsewhere, and nothing is done twice", async () => {
	const [one, other] = [await counterProcess("one"), await counterProcess("other")];
	const caller = await callerOf([one.url, other.url]);
	let done = 0;
	let going = true;
	const lost: unknown[] = [];
	const clients = Array.from({ length: 16 }, async () => {
		while (going) {
			await caller.count({ body: {} }, by).then(
				() => done++,
				(error) => lost.push(error),
			);
		}
	});
	await vi.waitFor(() => expect(one.counted()).toBeGreaterThan(50), { timeout: 20_000 });
	await one.host.stop();
	hosts.splice(hosts.indexOf(one.host), 1);
	const before = other.counted();
	await vi.waitFor(() => expect(other.counted()).toBeGreaterThan(before + 50), { timeout: 20_000 });
	going = false;
	await Promise.all(clients);
	expect(lost).toEqual([]);
	expect(one.counted() + other.counted()).toBe(done);
});

test("a call that reached a process which then broke off is not made again elsewhere where it changes something", async () => {
	const other = await counterProcess("other");
	// Takes what it is sent and says nothing: whether the change was made nobody knows.
	const silent = createServer((socket) => {
		socket.once("data", () => socket.destroy());
		socket.on("error", () => {});
	});
	await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
	const caller = await callerOf([`http://127.0.0.1:${(silent.address() as AddressInfo).port}`, other.url]);
	const ends = await Promise.allSettled([caller.count({ body: {} }, by), caller.count({ body: {} }, by)]);
	expect(ends.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
	expect(other.counted()).toBe(1);
	other.release();
	// What changes nothing is asked of the next one.
	for (let call = 0; call < 4; call++) expect(await caller.wait({}, by)).toEqual({ by: "other" });
	silent.close();
});

test("where all are gone the caller is told so, and they are found again when one is back", async () => {
	const one = await counterProcess("one");
	const caller = await callerOf(["http://127.0.0.1:9", "http://127.0.0.1:10"]);
	await expect(caller.count({ body: {} }, by)).rejects.toMatchObject({ code: "service.unavailable", retryable: true });
	const both = await callerOf(["http://127.0.0.1:9", one.url]);
	for (let call = 0; call < 5; call++) expect(await both.count({ body: {} }, by)).toEqual({ by: "one" });
});

test("one that was left alone is asked again in time although the clock was set back meanwhile", async () => {
	vi.useFakeTimers({ toFake: ["Date"] });
	const silent = createServer((socket) => {
		socket.once("data", () => socket.destroy());
		socket.on("error", () => {});
	});
	await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
	try {
		const caller = await callerOf([`http://127.0.0.1:${(silent.address() as AddressInfo).port}`]);
		const reason = () => caller.count({ body: {} }, by).catch((error) => error.details.reason);
		for (let call = 0; call < 8; call++) expect(await reason()).not.toBe("not asked");
		expect(await reason()).toBe("not asked");
		vi.setSystemTime(Date.now() - 3_600_000);
		expect(await reason()).toBe("not asked");
		await sleep(2_100);
		expect(await reason()).not.toBe("not asked");
		// Nor is it asked sooner where the clock jumps forward.
		vi.setSystemTime(Date.now() + 7_200_000);
		expect(await reason()).toBe("not asked");
	} finally {
		vi.useRealTimers();
		silent.close();
	}
});

test("one that goes on breaking calls off is left alone, asked by a single call two seconds later, and by all once that one is answered", async () => {
	const one = await counterProcess("one");
	let broken = true;
	let heard = 0;
	const relay = createServer((socket) => {
		socket.on("error", () => {});
		if (broken) {
			socket.once("data", () => {
				heard++;
				socket.destroy();
			});
			return;
		}
		const behind = connect(Number(new URL(one.url).port), "127.0.0.1").on("error", () => socket.destroy());
		socket.on("close", () => behind.destroy());
		socket.pipe(behind).pipe(socket);
	});
	await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
	try {
		const caller = await callerOf([`http://127.0.0.1:${(relay.address() as AddressInfo).port}`]);
		const count = () => caller.count({ body: {} }, by);
		const many = () => Promise.allSettled(Array.from({ length: 10 }, count));
		for (let call = 0; call < 8; call++) await expect(count()).rejects.toMatchObject({ code: "service.unavailable" });
		const left = await many();
		expect(left.map((end) => end.status === "rejected" && end.reason.message)).toEqual(
			left.map(() => expect.stringContaining("has not answered lately")),
		);
		expect(heard).toBe(8);

		await sleep(2_100);
		expect((await many()).map(({ status }) => status)).toEqual(left.map(() => "rejected"));
		expect(heard).toBe(9);

		broken = false;
		await expect(count()).rejects.toMatchObject({ details: { reason: "not asked" } });
		await sleep(2_100);
		expect((await many()).map(({ status }) => status)).toEqual(left.map(() => "fulfilled"));
		expect(one.counted()).toBe(10);
	} finally {
		relay.close();
	}
});
