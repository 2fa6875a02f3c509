import { changeKinds } from "@netconductor/contracts/realtime/messages";
import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listenToDashboard, outputOf, watchAddress } from "./live-view.ts";
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

	test("of a run needs the permission to see runs", async () => {
		const { token } = await api.auth.createToken({ body: { name: "no runs", permissions: ["devices:read"] } });
		const { ticket: narrow } = await product.as(token).auth.createWsTicket({});
		const { run_id } = await api.devices.testDevices({ body: { select: { all: true } } });
		expect((await watch(`/ws/tasks/${run_id}?ticket=${narrow}`)).close_code).toBe(4403);
	});
});

test("whoever may see runs no longer is shown no more of one that goes on", async () => {
	await api.auth.createRole({ body: { name: "watchers", label: "Watchers", permissions: ["runs:read"] } });
	const login = { username: "watcher", password: "a password of some length" };
	await api.auth.createUser({ body: { ...login, role: "watchers", must_change_password: false } });
	const { ticket } = await product.as(await product.login(login.username, login.password)).auth.createWsTicket({});
	for (const { name } of fleet.devices) await fleet.setFault(name, { kind: "hang", at: "output" });
	const { run_id } = await api.backup.runAll({ body: {} });
	const seen = watch(`/ws/tasks/${run_id}?ticket=${ticket}`);
	await api.auth.updateRole({ params: { name: "watchers" }, body: { permissions: ["devices:read"] } });
	expect((await seen).close_code).toBe(4403);
	await api.tasks.cancelRun({ params: { id: run_id } });
	await runEnded(api, run_id);
	for (const { name } of fleet.devices) await fleet.setFault(name, null);
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

const listen = (token = product.admin_token) => listenToDashboard(product.url, product.as(token));

test("a watcher of a procedure is told that steps changed, many of them together, and after the last of them once more", async () => {
	const rounds = 150;
	await api.config.createMop({
		body: {
			source: `name: Rounds
steps:
  - id: rounds
    type: loop
    with: { count: ${rounds} }
    steps: [{ id: say, type: log, with: { message: "{{ loop.index }}" } }]
`,
		},
	});
	const { run_id } = await api.config.executeMop({ params: { id: "Rounds" }, body: {} });
	const { messages } = await watch(`/ws/tasks/${run_id}?ticket=${await ticket()}`);
	const told = messages.filter(({ type }) => type === "steps").length;
	expect(told).toBeGreaterThan(1);
	expect(told).toBeLessThan(rounds);
	const ended = messages.findIndex((message) => message.type === "run" && message.run.finished_at !== null);
	const last = messages.slice(ended).filter(({ type }) => type !== "output");
	expect(last.map(({ type }) => type)).toEqual(["run", "steps", "end"]);
});

describe("the dashboard", () => {
	test("hears of runs, of backups, and of the devices that were backed up", async () => {
		const { heard, stop } = await listen();
		const { run_id } = await api.backup.runAll({ body: {} });
		await runEnded(api, run_id);
		await eventually(
			"run, backups, snapshot and health are heard of",
			async () => heard.get("run") === run_id && ["backups", "snapshots", "devices"].every((kind) => heard.has(kind)),
		);
		stop();
	});

	test("tells who asks of what changed a moment before the view was open, as far as they may see it, and others nothing of it", async () => {
		await api.auth.updateSettings({ body: { login_banner: "just before" } });
		const first = await listen();
		await api.devices.createDevice({ body: { name: "before-1", host: "192.0.2.9", device_type: "linux" } });
		await eventually("the device is heard of", async () => first.heard.has("devices"));
		first.stop();
		await api.auth.createUser({
			body: { username: "late", role: "viewer", password: "a password of some length", must_change_password: false },
		});
		const token = await product.login("late", "a password of some length");
		const late = await listenToDashboard(product.url, product.as(token), 30_000);
		await eventually("the device is told of afterwards", async () => late.heard.has("devices"));
		expect(late.heard.has("settings")).toBe(false);
		late.stop();
		const unasked = await listen();
		await api.auth.createView({ body: { page: "devices", name: "after-1", search: "q=b" } });
		await eventually("what comes is heard of", async () => unasked.heard.has("views"));
		expect(unasked.heard.has("settings")).toBe(false);
		unasked.stop();
	});

	const changes: Record<string, () => Promise<unknown>> = {
		devices: () => api.devices.createDevice({ body: { name: "new-1", host: "192.0.2.1", device_type: "linux" } }),
		credentials: () => api.devices.createCredential({ body: { name: "c-1", username: "u", password: "pa55word" } }),
		device_groups: () => api.devices.createGroup({ body: { name: "g-1" } }),
		overrides: async () => {
			const { items } = await api.devices.listDevices({ query: { page_size: 1 } });
			await api.devices.putOverride({ params: { id: items[0]?.id ?? "" }, body: { disabled: true } });
		},
		device_types: async () => {
			const { definition } = await api.devices.getDeviceType({ params: { id: "cisco_ios" } });
			await api.devices.createDeviceType({ body: { ...definition, id: "our_ios", label: "Ours" } });
		},
		backup_schedule: async () => {
			const { cron, time_zone, include } = await api.backup.getBackupSchedule({});
			await api.backup.putBackupSchedule({ body: { enabled: false, cron, time_zone, include } });
		},
		users: () =>
			api.auth.createUser({ body: { username: "watched", role: "viewer", password: "a password of some length" } }),
		roles: () => api.auth.createRole({ body: { name: "r-1", label: "R", permissions: [] } }),
		me: () => api.auth.updateRole({ params: { name: "r-1" }, body: { permissions: ["devices:read"] } }),
		tokens: () => api.auth.createToken({ body: { name: "t-1", permissions: ["devices:read"] } }),
		settings: () => api.auth.updateSettings({ body: { login_banner: "hello" } }),
		views: () => api.auth.createView({ body: { page: "devices", name: "v-1", search: "q=a" } }),
		keys: () => api.auth.rotateKeys({}),
	};

	test.each(Object.entries(changes))("hears of changed %s, and that the trail has it", async (kind, change) => {
		const { heard, stop } = await listen();
		await change();
		await eventually(`${kind} are heard of`, async () => heard.has(kind) && heard.has("audit"));
		stop();
	});

	test("hears of a host key that changed, of one that was accepted, and of a first one", async () => {
		const { heard, stop } = await listen();
		const [first] = fleet.devices;
		const { items } = await api.devices.listDevices({ query: { q: first?.name } });
		const id = items.find(({ name }) => name === first?.name)?.id ?? "";
		const told = async () => {
			const { run_id } = await api.devices.testDevice({ params: { id } });
			await runEnded(api, run_id);
			await eventually("the host key is heard of", async () => heard.get("host_keys") === id);
			heard.clear();
		};
		await fleet.changeHostKey(first?.name ?? "");
		await told();
		await api.devices.forgetHostKey({ params: { id } });
		await eventually("the forgotten key is heard of", async () => heard.get("host_keys") === id);
		heard.clear();
		await told();
		stop();
	});

	test("tells nobody of kinds, or of runs, that they may not see", async () => {
		const permissions = ["devices:read"];
		const { token } = await api.auth.createToken({ body: { name: "narrow", permissions } });
		const [narrow, wide] = await Promise.all([listen(token), listen()]);
		await api.auth.updateSettings({ body: { login_banner: "again" } });
		await api.auth.createRole({ body: { name: "r-2", label: "R", permissions: [] } });
		const { run_id } = await api.backup.runAll({ body: {} });
		await runEnded(api, run_id);
		await eventually("all is told to who may see all", async () =>
			["settings", "roles", "audit", "backups", "run"].every((kind) => wide.heard.has(kind)),
		);
		await api.devices.createGroup({ body: { name: "g-2" } });
		await eventually("groups are heard of", async () => narrow.heard.has("device_groups"));
		const mayHear = Object.entries(changeKinds)
			.filter(([, permission]) => permission === null || permission === "devices:read")
			.map(([kind]) => kind);
		expect(mayHear).toEqual(expect.arrayContaining([...narrow.heard.keys()]));
		narrow.stop();
		wide.stop();
	});

	test("hears of a worker that is drained", async () => {
		const { heard, stop } = await listen();
		const { items } = await api.tasks.listWorkers({});
		const online = items.find(({ status }) => status === "online");
		await api.tasks.drainWorker({ params: { id: online?.id ?? "" } });
		await eventually(
			"another worker took its place",
			async () => heard.has("workers") && heard.get("workers") !== online?.id,
		);
		stop();
	});
});
