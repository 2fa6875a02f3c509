import { setTimeout as sleep } from "node:timers/promises";
import { createLog } from "@netconductor/runtime/log";
import { expect, test } from "vitest";
import { keepLease } from "./lease.ts";

function lease(renew: () => Promise<{ draining: boolean } | undefined>, lease_ms = 200) {
	return keepLease({
		store: { renew },
		worker_id: "w",
		lease_ms,
		load: () => ({ running: 0, completed: 0 }),
		log: createLog({ level: "silent" }),
	});
}

test("a lease that is renewed is kept", async () => {
	let renewals = 0;
	const kept = lease(async () => {
		renewals++;
		return { draining: false };
	});
	await sleep(400);
	expect(kept.lost.aborted).toBe(false);
	expect(kept.draining.aborted).toBe(false);
	expect(renewals).toBeGreaterThan(3);
	kept.end();
});

test.each([
	["hang", () => new Promise<never>(() => {})],
	["fail", () => Promise.reject(new Error("no database"))],
])("when renewals %s, the lease is given up before it ends", async (_, renew) => {
	const began = performance.now();
	const { lost } = lease(renew);
	await new Promise((resolve) => lost.addEventListener("abort", resolve, { once: true }));
	expect(performance.now() - began).toBeGreaterThan(100);
	expect(performance.now() - began).toBeLessThan(200);
});

test("a renewal that is refused ends the lease at once", async () => {
	const { lost } = lease(async () => undefined, 1_000);
	await sleep(300);
	expect(lost.aborted).toBe(true);
});

test("a renewal tells that the worker is to finish, and the lease is kept meanwhile", async () => {
	const kept = lease(async () => ({ draining: true }));
	await new Promise((resolve) => kept.draining.addEventListener("abort", resolve, { once: true }));
	expect(kept.lost.aborted).toBe(false);
	kept.end();
});
