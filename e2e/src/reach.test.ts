import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { ciscoIos } from "@netconductor/driver-platforms/cisco-ios";
import { startOpenSshHost } from "@netconductor/lab/openssh/host";
import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Clients, type Product, runEnded, startProduct } from "./product.ts";

/** Ways to devices besides the straight one: real servers, jump hosts, device types made by data alone, other credentials. */

let product: Product;
let fleet: FleetProcess;
let host: Awaited<ReturnType<typeof startOpenSshHost>>;
let api: Clients;
let dir: string;

beforeAll(async () => {
	dir = mkdtempSync(join(tmpdir(), "netconductor-reach-"));
	fleet = await startFleetProcess({ devices: { count: 2, platforms: ["cisco_ios"] } });
	host = await startOpenSshHost({ dir });
	product = await startProduct();
	api = product.as(product.admin_token);
}, 120_000);
afterAll(async () => {
	await product?.dispose();
	await host?.stop();
	await fleet?.stop();
	rmSync(dir, { recursive: true, force: true });
});

async function backUp(device_id: string) {
	const { run_id } = await api.backup.runSingle({ body: { device_id } });
	await runEnded(api, run_id);
	const [operation] = (await api.tasks.listOperations({ params: { id: run_id } })).items;
	return operation;
}

async function addHost(name: string) {
	const credential = await api.devices.createCredential({
		body: { name: `key of ${name}`, username: host.username, private_key: host.private_key },
	});
	return api.devices.createDevice({
		body: { name, host: host.host, port: host.port, device_type: "linux", credential_id: credential.id },
	});
}

function simLogin(index: number) {
	const sim = fleet.devices[index];
	if (sim === undefined) throw new Error("the fleet is too small");
	const { host, port, username, password, enable_password } = sim;
	return { host, port, username, password, enable_password };
}

test("a real Linux host behind OpenSSH is tested and backed up by key", async () => {
	const device = await addHost("jump");
	const { run_id } = await api.devices.testDevice({ params: { id: device.id } });
	const run = await runEnded(api, run_id);
	expect(run.status).toBe("succeeded");
	expect((await backUp(device.id))?.error).toBeNull();
	const [backup] = (await api.backup.listBackups({ query: { device_id: device.id } })).items;
	const { content } = await api.backup.getBackupContent({ params: { id: backup?.id ?? "" } });
	expect(content).toContain("### /etc/hosts");
	await expect
		.poll(async () => (await api.devices.getDevice({ params: { id: device.id } })).facts.os_version)
		.toContain("Debian");
	expect(host.username).toBe(userInfo().username);
});

test("a device is reached through a jump host, whose own key is kept too", async () => {
	const jump = (await api.devices.listDevices({ query: { q: "jump" } })).items[0];
	const device = await api.devices.createDevice({
		body: { name: "behind", device_type: "cisco_ios", jump_device_id: jump?.id ?? "", ...simLogin(0) },
	});
	expect((await backUp(device.id))?.error).toBeNull();
	expect((await api.devices.getHostKey({ params: { id: jump?.id ?? "" } })).status).toBe("accepted");
	await expect(
		api.devices.updateDevice({ params: { id: jump?.id ?? "" }, body: { jump_device_id: device.id } }),
	).rejects.toMatchObject({ problem: { code: "devices.jump_loop" } });
});

test("a device type made by data alone works like a built-in one", async () => {
	const definition = {
		...ciscoIos,
		id: "acme_os",
		label: "Acme OS",
		vendor: "Acme",
		volatile: ["^ntp clock-period", "^! (?:Last|NVRAM) config"],
	};
	await api.devices.createDeviceType({ body: definition });
	const device = await api.devices.createDevice({ body: { name: "acme-1", device_type: "acme_os", ...simLogin(1) } });
	expect((await backUp(device.id))?.error).toBeNull();
	const again = await backUp(device.id);
	expect(again?.result).toMatchObject({ changed: false });
	await expect(api.devices.deleteDeviceType({ params: { id: "acme_os" } })).rejects.toMatchObject({
		problem: { code: "device_types.in_use" },
	});
});

test("a device type with a pattern that is no regular expression is refused, naming the pattern", async () => {
	const definition = { ...ciscoIos, id: "broken_os", errors: ["(unclosed"] };
	await expect(api.devices.createDeviceType({ body: definition })).rejects.toMatchObject({
		problem: { code: "device_types.bad_pattern", detail: expect.stringContaining("errors") },
	});
});

test("an override wins over the device, and disables it for every operation", async () => {
	const device = (await api.devices.listDevices({ query: { q: "acme-1" } })).items[0];
	const params = { id: device?.id ?? "" };
	await api.devices.putOverride({ params, body: { port: 1, timeouts: { connect_ms: 2_000 } } });
	expect((await backUp(params.id))?.error?.code).toBe("device.refused");
	await api.devices.putOverride({ params, body: { disabled: true, disabled_reason: "being replaced" } });
	await expect(api.backup.runSingle({ body: { device_id: params.id } })).rejects.toMatchObject({
		problem: { code: "devices.disabled", detail: expect.stringContaining("acme-1") },
	});
	await api.devices.deleteOverride({ params });
	expect((await backUp(params.id))?.error).toBeNull();
});
