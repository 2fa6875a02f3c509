import { createManualClock, systemClock } from "@netconductor/runtime/clock";
import { createLog } from "@netconductor/runtime/log";
import { expect, test } from "vitest";
import type { ClaimedOperation } from "../operations/operation-store.ts";
import { startIntake } from "./intake.ts";

const log = createLog({ level: "silent" });

function operation(id: string): ClaimedOperation {
	return {
		id,
		run_id: "run",
		step_id: "probe",
		step_type: "probe_read",
		step_index: 0,
		device_id: id,
		device_name: id,
		attempts: 1,
		tries: 1,
		write_started: false,
		params: {},
		earlier: {},
		cancel_requested: false,
		traceparent: null,
		run_kind: "connectivity_test",
		subject: null,
		started_by_name: "admin",
	};
}

test("a claim that never comes back, as on a connection that hangs, does not keep the intake from closing", async () => {
	const asked = Promise.withResolvers<void>();
	const clock = createManualClock();
	const intake = startIntake({
		claim() {
			asked.resolve();
			return new Promise<never[]>(() => {});
		},
		execute: async () => {},
		giveBack: async () => {},
		concurrency: 1,
		clock,
		log,
	});
	await asked.promise;
	const closed = intake.close();
	await clock.advance(2_000);
	await closed;
	await intake.idle();
});

test("what a claim brings after the intake was closed is not begun, and left to others at once", async () => {
	const asked = Promise.withResolvers<void>();
	const late = Promise.withResolvers<ClaimedOperation[]>();
	const clock = createManualClock();
	const begun: string[] = [];
	const given: string[] = [];
	const intake = startIntake({
		claim() {
			asked.resolve();
			return late.promise;
		},
		async execute({ id }) {
			begun.push(id);
		},
		async giveBack(claimed) {
			given.push(...claimed.map(({ id }) => id));
		},
		concurrency: 1,
		clock,
		log,
	});
	await asked.promise;
	const closed = intake.close();
	await clock.advance(2_000);
	await closed;
	late.resolve([operation("late")]);
	await clock.advance(0);
	await intake.idle();
	expect(begun).toEqual([]);
	expect(given).toEqual(["late"]);
});

test("places that become free are filled again, and never more are asked for than are free", async () => {
	const waiting = Array.from({ length: 12 }, (_, index) => operation(`op-${index}`));
	const asked_for: number[] = [];
	const all = Promise.withResolvers<void>();
	let running = 0;
	let most = 0;
	let done = 0;
	const intake = startIntake({
		async claim(limit) {
			asked_for.push(limit);
			expect(limit).toBeLessThanOrEqual(4 - running);
			return waiting.splice(0, limit);
		},
		async execute() {
			most = Math.max(most, ++running);
			await new Promise((resolve) => setImmediate(resolve));
			running--;
			if (++done === 12) all.resolve();
		},
		giveBack: async () => {},
		concurrency: 4,
		clock: systemClock,
		log,
	});
	await all.promise;
	await intake.close();
	expect(most).toBe(4);
	expect(asked_for[0]).toBe(4);
});
