import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FrrLab, startFrrLab } from "@netconductor/lab/frr/lab";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Cli, type CliResult, createCli } from "./cli.ts";
import { type Clients, eventually, type Product, startProduct } from "./product.ts";

/** Deployments on real routers that are verified by validation templates, and in the order of what depends on what. */

// Devices are asked, processes start, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 240_000 });

let product: Product;
let lab: FrrLab;
let dir: string;
let api: Clients;
let ana: Cli;
let bob: Cli;

const route = "ip route 198.51.100.0/24 blackhole";
const fits = "ip route {{ prefix }} blackhole\nno ip route 192.0.2.0/24 blackhole\n";

async function person(username: string, role: string): Promise<Cli> {
	const password = `${username} has a long password`;
	await api.auth.createUser({ body: { username, password, role, must_change_password: false } });
	return createCli(product, await product.login(username, password));
}

beforeAll(async () => {
	dir = mkdtempSync(join(tmpdir(), "netconductor-verified-"));
	lab = await startFrrLab({ routers: 2, dir });
	product = await startProduct();
	api = product.as(product.admin_token);
	[ana, bob] = [await person("ana", "manager"), await person("bob", "operator")];
	for (const { name, host, port, username, private_key } of lab.routers) {
		const { id: credential_id } = await api.devices.createCredential({ body: { name, username, private_key } });
		await api.devices.createDevice({ body: { name, host, port, device_type: "frr", credential_id } });
	}
	const { id: validation_template_id } = await api.config.createTemplate({
		body: { name: "sink/check", type: "validation", source: fits },
	});
	const { id: template_id } = await api.config.createTemplate({
		body: { name: "sink", source: "ip route {{ prefix }} blackhole\n", validation_template_id },
	});
	await api.config.createStack({
		body: {
			name: "sinks",
			services: [{ name: "sink", template_id, targets: { all: true } }],
			variables: { prefix: "198.51.100.0/24" },
			rollout: { batch_sizes: [10], most_failures: 10 },
			confirm_within_s: 60,
		},
	});
}, 120_000);
afterAll(async () => {
	await product?.dispose();
	await lab?.stop();
	if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
});

function running(router: string): Promise<string> {
	return lab.vtysh(router, ["show running-config"]);
}

const runningOnAll = () => Promise.all(lab.routers.map(({ name }) => running(name)));

async function check(source: string): Promise<void> {
	const { version } = await api.config.getTemplate({ params: { id: "sink/check" } });
	await api.config.updateTemplate({ params: { id: "sink/check" }, body: { version, source } });
}

/** Deploys at ana's command line, approved at bob's. */
async function deployed(stack = "sinks", action = "deploy"): Promise<CliResult> {
	const following = ana.follow(["stacks", action, stack]);
	const [, approval = "", plan = ""] = await following.said(/Waits for approval (\S+) of plan ([0-9a-f]{12})/);
	expect(await bob.run(["approvals", "approve", approval, "--plan", plan, "--yes"])).toMatchObject({ code: 0 });
	return following.ended;
}

async function appliedLast(stack = "sinks") {
	const { items: runs } = await api.config.listStackRuns({ params: { id: stack }, query: {} });
	const params = { id: runs[0]?.run_id ?? "" };
	return (await api.tasks.listOperations({ params, query: { step_id: "apply" } })).items;
}

test("a line that the validation template asks for and the change does not make: it is taken back, byte for byte, and the line is named", async () => {
	await check(`${fits}{% if device.name == "r2" %}\nip route 203.0.113.0/24 blackhole\n{% endif %}\n`);
	const before = await running("r2");
	const { code, stdout, stderr } = await deployed();
	expect(code).toBe(1);
	expect(stdout).toContain("Verified before it is confirmed on r2 (sink/check, 3 lines):");
	expect(stdout).toContain("  ip route 203.0.113.0/24 blackhole\n");
	expect(`${stdout}${stderr}`).toContain("missing: ip route 203.0.113.0/24 blackhole");
	const operations = new Map((await appliedLast()).map((operation) => [operation.device_name, operation]));
	expect(operations.get("r2")).toMatchObject({
		status: "failed",
		result: { outcome: "rolled_back", verification: { missing: ["ip route 203.0.113.0/24 blackhole"], unwanted: [] } },
		error: { code: "change.verify_failed" },
	});
	expect(operations.get("r1")).toMatchObject({
		status: "succeeded",
		result: { outcome: "confirmed", verification: { missing: [], unwanted: [] } },
	});
	expect(await running("r2")).toBe(before);
	expect(await running("r1")).toContain(route);
});

test("what the template fits is confirmed; a router where it stands already is left alone", async () => {
	await check(fits);
	await eventually("the stack is free", async () => {
		const { state } = await api.config.getStack({ params: { id: "sinks" } });
		return state !== "deploying";
	});
	const { code, stdout } = await deployed();
	expect(stdout).toContain("Verified before it is confirmed (sink/check, 2 lines):");
	expect(stdout).toMatch(/1 device stays as it is: r1/);
	expect(code).toBe(0);
	const operations = new Map((await appliedLast()).map((operation) => [operation.device_name, operation]));
	expect(operations.get("r2")).toMatchObject({ result: { outcome: "confirmed", verification: { missing: [] } } });
	expect(operations.get("r1")).toMatchObject({ status: "skipped" });
	for (const config of await runningOnAll()) expect(config).toContain(route);
});

test("a line that must not stand there and does takes the change back as well", async () => {
	await lab.vtysh("r2", ["configure terminal", `no ${route}`, "ip route 192.0.2.0/24 blackhole", "end"]);
	const before = await running("r2");
	const { code, stdout, stderr } = await deployed();
	expect(code).toBe(1);
	expect(`${stdout}${stderr}`).toContain("not to be there: ip route 192.0.2.0/24 blackhole");
	expect(await running("r2")).toBe(before);
});

test("a router is changed when those that its services depend on have ended, and set back before them", async () => {
	const { id: delete_template_id } = await api.config.createTemplate({
		body: { name: "tail/remove", type: "delete", source: "no ip route {{ tail }} blackhole\n" },
	});
	const { id: template_id } = await api.config.createTemplate({
		body: { name: "tail", source: "ip route {{ tail }} blackhole\n", delete_template_id },
	});
	await api.config.createStack({
		body: {
			name: "tails",
			services: [
				{ name: "clients", template_id, targets: { names: ["r1"] }, depends_on: ["servers"] },
				{ name: "servers", template_id, targets: { names: ["r2"] } },
			],
			variables: { tail: "203.0.113.128/25" },
			confirm_within_s: 60,
		},
	});
	const inOrder = (first: string, then: string) =>
		`In this order, each when all before it have ended:\n  1. ${first}\n  2. ${then}\n`;
	expect((await ana.run(["stacks", "plan", "tails"])).stdout).toContain(inOrder("r2", "r1"));
	const times = async () =>
		new Map((await appliedLast("tails")).map((operation) => [operation.device_name, operation]));

	const { code, stdout } = await deployed("tails");
	expect(stdout).toContain(inOrder("r2", "r1"));
	expect(code).toBe(0);
	const made = await times();
	expect((made.get("r1")?.started_at ?? "") > (made.get("r2")?.finished_at ?? "?")).toBe(true);
	for (const config of await runningOnAll()) expect(config).toContain("ip route 203.0.113.128/25 blackhole");

	await eventually("the stack is free", async () => {
		const { state } = await api.config.getStack({ params: { id: "tails" } });
		return state === "deployed";
	});
	const removed = await deployed("tails", "remove");
	expect(removed.stdout).toContain(inOrder("r1", "r2"));
	expect(removed.code).toBe(0);
	const gone = await times();
	expect((gone.get("r2")?.started_at ?? "") > (gone.get("r1")?.finished_at ?? "?")).toBe(true);
	for (const config of await runningOnAll()) expect(config).not.toContain("203.0.113.128/25");
});
