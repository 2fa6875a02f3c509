import type { Clock } from "@netconductor/runtime/clock";
import { expect, test } from "vitest";
import { createSetClock, scheduleInput, startSchedulingHost, until } from "./scheduling-host.ts";

/** Whoever sleeps sleeps until somebody ends it. */
function createSleepyClock(at: string) {
	const clock = createSetClock(at);
	const sleep: Clock["sleep"] = (_, signal) =>
		new Promise((_, reject) => {
			if (signal?.aborted) reject(signal.reason);
			else signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
		});
	return { ...clock, sleep };
}

test("what somebody presses, or makes that is due, starts without waiting for the scheduler's rest", async () => {
	const lab = await startSchedulingHost(createSleepyClock("2026-03-02T00:00:00Z"));
	try {
		lab.addDevice("core-1");
		const { id } = await lab.client.createSchedule({ body: scheduleInput("nightly") });
		await lab.client.runScheduleNow({ params: { id } });
		await until(async () => lab.started.size === 1);

		// Made and due within one moment.
		const at = "2026-03-02T00:01";
		await lab.client.createSchedule({
			body: scheduleInput("once", { timing: { type: "once", at }, time_zone: "UTC" }),
		});
		lab.clock.set("2026-03-02T00:01:00Z");
		await lab.client.createSchedule({ body: scheduleInput("another") });
		await until(async () => lab.started.size === 2);
		expect([...lab.started.values()].map(({ by }) => by)).toEqual(["admin", "admin"]);
	} finally {
		await lab.stop();
	}
});
