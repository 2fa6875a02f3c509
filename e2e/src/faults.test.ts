import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Clients, eventually, type Product, runEnded, startProduct } from "./product.ts";

/** What a network does to us: every fault is a clear error that names the device, the phase and what to do, and nothing is lost. */

let product: Product;
let fleet: FleetProcess;
let api: Clients;
const ids = new Map<string, string>();

beforeAll(async () => {
	fleet = await startFleetProcess({
		devices: { count: 8, platforms: ["cisco_ios", "arista_eos", "juniper_junos", "vyos"] },
	});
	product = await startProduct();
	api = product.as(product.admin_token);
	for (const device of fleet.devices) await add(device.name);
}, 120_000);
afterAll(async () => {
	await product?.dispose();
	await fleet?.stop();
});
afterEach(async () => {
	for (const { name } of fleet.devices) await fleet.setFault(name, null);
});

async function add(name: string): Promise<void> {
	const sim = fleet.devices.find((device) => device.name === name);
	if (sim === undefined) throw new Error(`the fleet has no ${name}`);
	const { host, port, platform, username, password, enable_password } = sim;
	const { id } = await api.devices.createDevice({
		body: { name, host, port, device_type: platform, username, password, enable_password },
	});
	ids.set(name, id);
	await api.devices.putOverride({
		params: { id },
		body: { timeouts: { connect_ms: 4_000, auth_ms: 4_000, prompt_ms: 4_000, command_ms: 4_000 } },
	});
}

const idOf = (name: string) => ids.get(name) ?? "";

async function backUp(name: string) {
	const { run_id } = await api.backup.runSingle({ body: { device_id: idOf(name) } });
	const run = await runEnded(api, run_id);
	const { items } = await api.tasks.listOperations({ params: { id: run_id } });
	const [operation] = items;
	if (operation === undefined) throw new Error("the run has no operation");
	return { run, operation };
}

async function newest(name: string, status?: "succeeded" | "failed") {
	const { items } = await api.backup.listBackups({ query: { device_id: idOf(name), ...(status && { status }) } });
	return items[0];
}

describe("a device that", () => {
	test.each([
		["does not answer", "ios-1", { kind: "silent" }, "device.unreachable", "connect"],
		["refuses the port", "ios-1", { kind: "refuse" }, "device.refused", "connect"],
		["does not accept the password", "ios-1", { kind: "wrong_password" }, "device.auth_failed", "auth"],
		["hangs before its prompt", "eos-1", { kind: "hang", at: "prompt" }, "device.no_prompt", "prompt"],
		["hangs in the middle of the config", "eos-1", { kind: "hang", at: "output" }, "device.timeout", "command"],
		["drops during the config", "junos-1", { kind: "drop", at: "output" }, "device.connection_lost", "command"],
		["answers an error", "ios-1", { kind: "error_answer" }, "device.command_failed", "command"],
		["answers an empty config", "ios-1", { kind: "empty_config" }, "device.empty_config", "command"],
		["cuts its config off", "ios-1", { kind: "truncated_config" }, "device.truncated_config", "command"],
		[
			"offers outdated algorithms only",
			"ios-1",
			{ kind: "legacy_algorithms" },
			"device.no_common_algorithm",
			"connect",
		],
	] as const)("%s: the error says so, with phase and device", async (_, name, fault, code, phase) => {
		await fleet.setFault(name, fault);
		const { run, operation } = await backUp(name);
		expect(run.status).toBe("failed");
		expect(operation).toMatchObject({ status: "failed", error: { code, phase } });
		expect(operation.error?.message).toContain(name);
		await eventually("the failed attempt is listed", async () => (await newest(name))?.error?.code === code);
		expect((await newest(name, "succeeded"))?.error ?? null).toBeNull();
	});

	test.each([
		["pages although told not to", "ios-2", { kind: "always_paging" }],
		["prints its prompt inside the config", "ios-2", { kind: "prompt_in_config", pause_ms: 50 }],
		["sends bytes that are not UTF-8", "eos-2", { kind: "non_utf8" }],
		["has a banner full of prompts", "eos-2", { kind: "prompt_like_banner" }],
		["only takes keyboard-interactive", "junos-2", { kind: "keyboard_interactive_only" }],
	] as const)("%s is backed up all the same", async (_, name, fault) => {
		await fleet.setFault(name, fault);
		const { run } = await backUp(name);
		expect(run.status).toBe("succeeded");
		const backup = await newest(name, "succeeded");
		const { content } = await api.backup.getBackupContent({
			params: { id: backup?.id ?? "" },
			query: { form: "raw", reveal: "true" },
		});
		const sent = await fleet.config(name);
		const lastLine = sent.trimEnd().split("\n").at(-1)?.trim() ?? "";
		expect(content.trimEnd().split("\n").at(-1)?.trim()).toBe(lastLine);
		expect(content).not.toMatch(/--\s*more\s*--/i);
		expect(content).not.toContain("\b");
	});

	test("speaks outdated algorithms is reached when its owner opts in", async () => {
		await fleet.setFault("ios-2", { kind: "legacy_algorithms" });
		// Such a device has an RSA key; the one it was known by is of another kind.
		await api.devices.forgetHostKey({ params: { id: idOf("ios-2") } });
		await api.devices.updateDevice({ params: { id: idOf("ios-2") }, body: { legacy_algorithms: true } });
		expect((await backUp("ios-2")).run.status).toBe("succeeded");
		await api.devices.forgetHostKey({ params: { id: idOf("ios-2") } });
	});

	test("has 50 MB of config is backed up whole", async () => {
		// With the time that any device has: two busy cores may stand still for longer than what hangs is given here.
		await api.devices.deleteOverride({ params: { id: idOf("eos-1") } });
		await fleet.setFault("eos-1", { kind: "huge_output", bytes: 50 * 1024 * 1024 });
		const { run, operation } = await backUp("eos-1");
		expect(operation.error).toBeNull();
		expect(run.status).toBe("succeeded");
		expect((await newest("eos-1"))?.size_bytes).toBeGreaterThan(49 * 1024 * 1024);
	}, 180_000);
});

test("a changed host key blocks the device until a person accepts it, and nothing is sent meanwhile", async () => {
	expect((await backUp("vyos-2")).run.status).toBe("succeeded");
	const logins = (await fleet.stats("vyos-2")).logins;
	const presented = await fleet.changeHostKey("vyos-2");
	const { operation } = await backUp("vyos-2");
	expect(operation).toMatchObject({ status: "failed", error: { code: "device.host_key_changed", phase: "host_key" } });
	expect(operation.error?.message).toContain(presented);
	expect((await fleet.stats("vyos-2")).logins).toBe(logins);

	const id = idOf("vyos-2");
	expect(await api.devices.getHostKey({ params: { id } })).toMatchObject({
		status: "changed",
		presented_fingerprint: presented,
	});
	await expect(api.devices.acceptHostKey({ params: { id }, body: { fingerprint: "SHA256:wrong" } })).rejects.toThrow();
	await api.devices.acceptHostKey({ params: { id }, body: { fingerprint: presented } });
	expect((await backUp("vyos-2")).run.status).toBe("succeeded");
});

test("a disabled device is refused by name and skipped in bulk", async () => {
	await api.devices.updateDevice({ params: { id: idOf("junos-1") }, body: { enabled: false } });
	await expect(api.backup.runSingle({ body: { device_id: idOf("junos-1") } })).rejects.toMatchObject({
		problem: { code: "devices.disabled", detail: expect.stringContaining("junos-1") },
	});
	const { run_id, snapshot_id = "" } = await api.backup.runAll({ body: {} });
	const run = await runEnded(api, run_id);
	expect(run.counts).toMatchObject({ succeeded: 7, skipped: 1 });
	const snapshot = await eventually("the snapshot is counted", async () => {
		const found = await api.backup.getSnapshot({ params: { id: snapshot_id } });
		return found.status !== "running" && found;
	});
	expect(snapshot).toMatchObject({ succeeded: 7, skipped: 1, failed: 0 });
	await api.devices.updateDevice({ params: { id: idOf("junos-1") }, body: { enabled: true } });
});

test("a device without a credential is an error that says where to set one", async () => {
	const { id } = await api.devices.createDevice({
		body: { name: "bare", host: "127.0.0.1", port: 1, device_type: "cisco_ios" },
	});
	ids.set("bare", id);
	const { operation } = await backUp("bare");
	expect(operation.error?.code).toBe("devices.no_credential");
	expect(operation.error?.message).toContain("bare");
	await api.devices.deleteDevice({ params: { id } });
});

test("two runs on one device queue: its sessions never overlap", async () => {
	await fleet.setLatency("eos-1", 150);
	const started = await Promise.all([1, 2, 3].map(() => api.backup.runSingle({ body: { device_id: idOf("eos-1") } })));
	const operations = [];
	for (const { run_id } of started) {
		expect((await runEnded(api, run_id)).status).toBe("succeeded");
		operations.push(...(await api.tasks.listOperations({ params: { id: run_id } })).items);
	}
	const spans = operations
		.map(({ started_at, finished_at }) => [Date.parse(started_at ?? ""), Date.parse(finished_at ?? "")] as const)
		.toSorted(([a], [b]) => a - b);
	for (const [index, [start]] of spans.entries()) {
		if (index > 0) expect(start).toBeGreaterThanOrEqual(spans[index - 1]?.[1] ?? 0);
	}
	await fleet.setLatency("eos-1", 0);
});

test("cancel in the middle closes the open session and starts nothing more", async () => {
	for (const { name } of fleet.devices) await fleet.setFault(name, { kind: "drip", bytes: 1, delay_ms: 20 });
	const { run_id } = await api.backup.runAll({ body: {} });
	await eventually(
		"something runs",
		async () => (await api.tasks.getRun({ params: { id: run_id } })).counts.running > 0,
	);
	const asked = Date.now();
	await api.tasks.cancelRun({ params: { id: run_id } });
	const run = await runEnded(api, run_id);
	expect(run.status).toBe("cancelled");
	expect(run.counts).toMatchObject({ pending: 0, running: 0 });
	expect(Date.now() - asked).toBeLessThan(10_000);
	await eventually("sessions are closed", async () => (await fleet.totalStats()).open_connections === 0, 5_000);
	await expect(api.tasks.cancelRun({ params: { id: run_id } })).rejects.toMatchObject({
		problem: { code: "runs.already_ended" },
	});
});

test("an import with a bad row names it and imports nothing", async () => {
	const content = "name,host,device_type,port\ngood-1,192.0.2.1,cisco_ios,22\nbad-1,not a host!,cisco_ios,99999\n";
	await expect(api.devices.importDevices({ body: { format: "csv", content } })).rejects.toMatchObject({
		problem: { code: "devices.import_invalid", status: 400 },
	});
	const dry = await api.devices.importDevices({ body: { format: "csv", content, dry_run: true } });
	expect(dry.problems.map(({ line, column }) => [line, column])).toEqual([
		[3, "host"],
		[3, "port"],
	]);
	expect((await api.devices.listDevices({ query: { q: "good-1" } })).total).toBe(0);
});
