import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { outputOf, watchAddress } from "./live-view.ts";
import { type Clients, eventually, type Product, runEnded, startProduct } from "./product.ts";

/** Live views: nobody unasked, nothing lost, from any offset. */

let product: Product;
let fleet: FleetProcess;
let api: Clients;

beforeAll(async () => {
	fleet = await startFleetProcess({ devices: { count: 6, platforms: ["cisco_ios", "arista_eos"] } });
	product = await startProduct();
	api = product.as(product.admin_token);
	const rows = fleet.devices.map(({ platform, host_key_fingerprint: _, ...device }) => ({
		...device,
		device_type: platform,
	}));
	await api.devices.importDevices({ body: { format: "json", content: JSON.stringify(rows) } });
}, 120_000);
afterAll(async () => {
	await product?.dispose();
	await fleet?.stop();
});

const ticket = async () => (await api.auth.createWsTicket({})).ticket;
const address = (path: string) => `${product.url.replace("http", "ws")}${path}`;

const watch = (path: string, options?: Parameters<typeof watchAddress>[1]) => watchAddress(address(path), options);

describe("opening a live view", () => {
	test("takes a ticket, which works once", async () => {
		const once = await ticket();
		const { run_id } = await api.devices.testDevices({ body: { select: { all: true } } });
		const first = await watch(`/ws/tasks/${run_id}?ticket=${once}`);
		expect(first.close_code).toBe(1000);
		expect((await watch(`/ws/tasks/${run_id}?ticket=${once}`)).close_code).toBe(4401);
		expect((await watch(`/ws/tasks/${run_id}`)).close_code).toBe(4401);
		expect((await watch(`/ws/tasks/${run_id}?ticket=${product.admin_token}`)).close_code).toBe(4401);
	});

	test("is refused to pages of other origins, and allowed to our own", async () => {
		await expect(watch(`/ws/dashboard?ticket=${await ticket()}`, { origin: "https://evil.example" })).rejects.toThrow(
			"403",
		);
		const { run_id } = await api.devices.testDevices({ body: { select: { all: true } } });
		expect((await watch(`/ws/tasks/${run_id}?ticket=${await ticket()}`, { origin: product.url })).close_code).toBe(
			1000,
		);
	});

	test("of a run that does not exist says so", async () => {
		expect((await watch(`/ws/tasks/01900000-0000-7000-8000-00000000abcd?ticket=${await ticket()}`)).close_code).toBe(
			4404,
		);
		expect((await watch(`/ws/nothing?ticket=${await ticket()}`)).close_code).toBe(4404);
	});

	test("needs the permission to see runs", async () => {
		const { token } = await api.auth.createToken({ body: { name: "no runs", permissions: ["devices:read"] } });
		const narrow = await product
			.as(token)
			.auth.createWsTicket({})
			.then(
				({ ticket }) => ticket,
				() => "refused",
			);
		expect([4401, 4403]).toContain((await watch(`/ws/dashboard?ticket=${narrow}`)).close_code);
	});
});

test("a watcher sees every operation end and all stored output, then the end", async () => {
	for (const { name } of fleet.devices) await fleet.setLatency(name, 100);
	const { run_id } = await api.backup.runAll({ body: {} });
	const seen = await watch(`/ws/tasks/${run_id}?ticket=${await ticket()}`);
	const stored = await api.tasks.readOutput({ params: { id: run_id } });
	expect(outputOf(seen).map(({ seq }) => seq)).toEqual(stored.items.map(({ seq }) => seq));
	const done = new Set(
		seen.messages.flatMap((m) =>
			m.type === "operation" && m.operation.status === "succeeded" ? [m.operation.device_name] : [],
		),
	);
	expect([...done].toSorted()).toEqual(fleet.devices.map(({ name }) => name).toSorted());
	expect(seen.messages.at(-1)).toMatchObject({ type: "end", run: { status: "succeeded" } });
	expect(seen.messages.some((message) => message.type === "run" && message.run.status === "running")).toBe(true);
});

test("a watcher that was cut off goes on from its offset without gap or repetition", async () => {
	const { run_id } = await api.backup.runAll({ body: {} });
	const first = await watch(`/ws/tasks/${run_id}?ticket=${await ticket()}`, {
		until: (message) => message.type === "output",
	});
	const last = outputOf(first).at(-1)?.seq ?? 0;
	const rest = await watch(`/ws/tasks/${run_id}?ticket=${await ticket()}&after=${last}`);
	const stored = await api.tasks.readOutput({ params: { id: run_id } });
	const upTo = outputOf(first).filter(({ seq }) => seq <= last);
	expect([...upTo, ...outputOf(rest)].map(({ seq }) => seq)).toEqual(stored.items.map(({ seq }) => seq));
});

test("the dashboard hears of runs and of changed devices", async () => {
	const socket = new WebSocket(address(`/ws/dashboard?ticket=${await ticket()}`));
	const heard: string[] = [];
	socket.on("message", (text) => {
		const message = JSON.parse(String(text));
		heard.push(message.type === "run" ? `run ${message.run.id}` : message.what);
	});
	await new Promise((resolve) => socket.once("open", resolve));
	const { run_id } = await api.backup.runAll({ body: {} });
	await runEnded(api, run_id);
	await api.devices.createDevice({ body: { name: "new-1", host: "192.0.2.1", device_type: "linux" } });
	await eventually(
		"run and device are heard of",
		async () => heard.includes(`run ${run_id}`) && heard.includes("devices") && heard.includes("backups"),
	);
	socket.close();
});
