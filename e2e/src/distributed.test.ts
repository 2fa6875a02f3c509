import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, type Product, startProduct } from "./product.ts";

/** Every service as a process of its own, with RabbitMQ and Redis that it starts itself. */

describe("npm run distributed", () => {
	let product: Product;
	beforeAll(async () => {
		const data_dir = mkdtempSync(join(tmpdir(), "netconductor-e2e-"));
		product = await startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "2" }, data_dir, {
			distributed: true,
			own_rabbit: true,
		});
	}, 200_000);
	afterAll(() => product?.dispose());

	const records = (message: string) =>
		product
			.output()
			.split("\n")
			.filter((line) => line.startsWith("{"))
			.map((line): { process: string; msg: string } => JSON.parse(line))
			.filter(({ process, msg }) => process === "distributed" && msg.startsWith(message));

	test("each service that runs answers, and is a process of its own", async () => {
		const { services } = await product.as(product.admin_token).system.getHealth({});
		expect(services.filter(({ state }) => state !== "ok")).toEqual([]);
		expect(new Set(services.map(({ name }) => product.internalUrl(name))).size).toBe(services.length);
	});

	test("a service that is killed is told, started again, and works", async () => {
		const api = product.as(product.admin_token);
		const before = records("devices is ready").length;
		const { pid } = lastReady(product, "devices");
		process.kill(pid, "SIGKILL");
		await eventually("its end is told", async () => records("devices ended; another takes its place").length > 0);
		await eventually("it is back", async () => records("devices is ready").length > before);
		expect((await api.devices.listDevices({ query: {} })).total).toBe(0);
	}, 90_000);

	test("asked to end, it drains the workers, closes the door, and stops the services last", async () => {
		expect(await product.server.end("SIGTERM")).toEqual({ code: 0, signal: null });
		const [first, second, third] = records("stopped: ").map(({ msg }) => msg);
		expect(first).toBe("stopped: worker-1, worker-2");
		expect(second).toBe("stopped: gateway");
		expect(third).toContain("tasks");
		await product.restart();
		expect((await product.as(product.admin_token).devices.listDevices({ query: {} })).total).toBe(0);
	}, 200_000);
});

function lastReady(product: Product, name: string): { pid: number } {
	const lines = product.output().split("\n");
	const line = lines.findLast((text) => text.includes(`"msg":"${name} is ready"`)) ?? "";
	return { pid: Number(/"ready_pid":(\d+)/.exec(line)?.[1]) };
}
