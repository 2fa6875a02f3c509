import perfHooks from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { createHealth } from "./health.ts";
import { createMetrics } from "./metrics.ts";

test("a process is ready when it runs and every check passes", async () => {
	const health = createHealth();
	health.register("database", async () => "PostgreSQL 18");
	expect(await health.ready()).toMatchObject({
		status: "failed",
		checks: { process: { status: "failed", detail: "starting" } },
	});
	health.enter("running");
	expect(await health.ready()).toMatchObject({
		status: "ok",
		checks: { database: { status: "ok", detail: "PostgreSQL 18" } },
	});
	const remove = health.register("bus", async () => {
		throw new Error("amqp://u:hunter2x@mq refused");
	});
	const report = await health.ready();
	expect(report).toMatchObject({ status: "failed", checks: { database: { status: "ok" }, bus: { status: "failed" } } });
	expect(JSON.stringify(report)).not.toContain("hunter2x");
	expect(health.live().status).toBe("ok");
	remove();
	expect((await health.ready()).status).toBe("ok");
});

test("a check that hangs fails after its time, is told so, and holds up no other", async () => {
	const health = createHealth();
	health.enter("running");
	let told = false;
	const hang = (signal: AbortSignal) => {
		const never = Promise.withResolvers<void>();
		signal.addEventListener("abort", () => {
			told = true;
		});
		return never.promise;
	};
	health.register("slow", hang, { timeout_ms: 30 });
	health.register("fast", async () => {});
	const report = await health.ready();
	expect(report.checks).toMatchObject({
		slow: { status: "failed", detail: "no answer within 30 ms" },
		fast: { status: "ok" },
	});
	expect(told).toBe(true);
});

test("a check runs once a second however often it is asked", async () => {
	const health = createHealth();
	let runs = 0;
	health.register("database", async () => {
		runs++;
		await sleep(5);
	});
	await Promise.all(Array.from({ length: 100 }, () => health.ready()));
	await health.ready();
	expect(runs).toBe(1);
	await sleep(1_000);
	await health.ready();
	expect(runs).toBe(2);
});

test("a metric asked for twice is one metric, and a different one of the same name is refused", async () => {
	const metrics = createMetrics({ process_metrics: false });
	const declared = { name: "backups_total", help: "Backups", labels: ["outcome"] } as const;
	metrics.counter(declared).add({ outcome: "ok" });
	metrics.counter(declared).add({ outcome: "ok" }, 2);
	expect((await metrics.expose()).body).toContain('netconductor_backups_total{outcome="ok"} 3');
	expect(() => metrics.gauge(declared)).toThrow(TypeError);
});

test("label combinations are bounded: the rest counts as other", async () => {
	const metrics = createMetrics({ process_metrics: false, max_series: 10 });
	for (let i = 0; i < 1_000; i++)
		metrics.observeRequest({ operation: `x${i}`, method: "GET", status: 200, seconds: 0.01 });
	const { body } = await metrics.expose();
	expect(body.match(/http_request_seconds_count/g)).toHaveLength(11);
	expect(body).toContain(
		'netconductor_http_request_seconds_count{operation="other",method="other",status="other"} 990',
	);
});

test("a gauge can be filled when it is read, and the process's own metrics have our prefix", async () => {
	const metrics = createMetrics();
	let depth = 3;
	metrics.gauge({
		name: "queue_depth",
		help: "Waiting",
		labels: ["queue"],
		collect: async (gauge) => gauge.set({ queue: "a" }, depth),
	});
	expect((await metrics.expose()).body).toContain('netconductor_queue_depth{queue="a"} 3');
	depth = 4;
	const { body, content_type } = await metrics.expose();
	expect(body).toContain('netconductor_queue_depth{queue="a"} 4');
	expect(body).toContain("netconductor_process_cpu_seconds_total");
	expect(content_type).toContain("text/plain");
	expect(createMetrics()).toBeDefined();
});

test("a process whose metrics nobody reads does not watch its event loop, and the first answer tells of it all the same", async () => {
	const watch = vi.spyOn(perfHooks, "monitorEventLoopDelay");
	const metrics = createMetrics();
	expect(watch).not.toHaveBeenCalled();
	const [{ body }] = await Promise.all([metrics.expose(), metrics.expose()]);
	expect(watch).toHaveBeenCalledTimes(1);
	const least = /^netconductor_nodejs_eventloop_lag_min_seconds (.*)$/m.exec(body)?.[1];
	// Without a sample it would be the largest number that there is.
	expect(Number(least)).toBeLessThan(1_000);
	watch.mockRestore();
});
