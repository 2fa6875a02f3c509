import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FrrLab, startFrrLab } from "@netconductor/lab/frr/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cli, createCli } from "./cli.ts";
import { type Product, startProduct } from "./product.ts";

/** The main job on real routers, from the command line alone. */

let product: Product;
let lab: FrrLab;
let cli: Cli;
let dir: string;

beforeAll(async () => {
	dir = mkdtempSync(join(tmpdir(), "netconductor-frr-"));
	lab = await startFrrLab({ routers: 3, dir });
	product = await startProduct();
	cli = createCli(product);
}, 120_000);
afterAll(async () => {
	await product?.dispose();
	await lab?.stop();
	if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
});

test("three FRR routers: add, test, back up, change a route on one, back up: exactly that change shows", async () => {
	for (const { name, host, port, username, private_key_path } of lab.routers) {
		const login = ["--username", username, "--private-key-file", private_key_path];
		await cli.json(["credentials", "add", name, ...login]);
		await cli.json(["devices", "add", name, host, "--port", String(port), "--type", "frr", "--credential", name]);
	}

	const tested = await cli.run(["devices", "test", "--all"]);
	expect(tested.code, tested.stderr).toBe(0);

	const before = await cli.run(["backup", "run", "--all"]);
	expect(before.code, before.stderr).toBe(0);

	await lab.vtysh("r2", ["configure terminal", "ip route 198.51.100.0/24 blackhole", "end"]);
	const after = await cli.run(["backup", "run", "--all"]);
	expect(after.code, after.stderr).toBe(0);

	const compared = await cli.run(["snapshots", "compare", "previous", "latest"]);
	expect(compared.code, compared.stderr).toBe(0);
	const changedLines = compared.stdout.split("\n").filter((line) => /^[+-](?![+-])/.test(line));
	expect(changedLines).toEqual(["+ip route 198.51.100.0/24 blackhole"]);

	const diff = await cli.run(["backup", "diff", "r2"]);
	expect(diff.stdout).toContain("+ip route 198.51.100.0/24 blackhole");
	expect((await cli.run(["backup", "diff", "r1"])).stdout).not.toContain("198.51.100.0");

	const found = await cli.run(["backup", "search", "198.51.100.0/24 blackhole"]);
	expect(found.stdout).toContain("r2");
	expect(found.stdout).not.toContain("r1");

	const api = product.as(product.admin_token);
	const { items: devices } = await api.devices.listDevices({ query: { q: "r2" } });
	const { lines } = await api.backup.getBlame({ params: { device_id: devices[0]?.id ?? "" } });
	const { items: runs } = await api.tasks.listRuns({ query: { kind: "backup", limit: 1 } });
	const blamed = lines.find(({ text }) => text.includes("198.51.100.0"));
	expect(blamed?.run_id).toBe(runs[0]?.id);
	expect(lines.filter(({ run_id }) => run_id === runs[0]?.id)).toHaveLength(1);
	expect(devices[0]).toMatchObject({ health: "reachable", facts: { hostname: "r2" } });
}, 180_000);
