import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Connection } from "@netconductor/contracts/devices/connection";
import { frr } from "@netconductor/driver-platforms/frr";
import { type FrrLab, startFrrLab } from "@netconductor/lab/frr/lab";
import { requirePackages } from "@netconductor/lab/packages";
import { normalise } from "@netconductor/runtime/config-text";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createStepLab, type StepLab } from "./step-context.ts";

let dir: string;
let routers: FrrLab;
let lab: StepLab;
let r1: Connection;

beforeAll(async () => {
	expect(await requirePackages(["frr", "openssh-server", "iproute2", "iputils-ping"])).toEqual([]);
	dir = await mkdtemp(join(tmpdir(), "netconductor-steps-"));
	routers = await startFrrLab({ routers: 2, dir });
	lab = await createStepLab();
	const [router] = routers.routers;
	r1 = Connection.parse({
		device_id: "r1",
		name: "r1",
		host: router?.host,
		port: router?.port,
		username: router?.username,
		private_key: router?.private_key,
		host_key: null,
		legacy_algorithms: false,
		platform: frr,
		timeouts: { connect_ms: 5_000, auth_ms: 10_000, prompt_ms: 10_000, command_ms: 10_000 },
	});
}, 300_000);
afterAll(async () => {
	await lab?.close();
	await routers?.stop();
	await rm(dir, { recursive: true, force: true });
});

/** What the router itself says it runs, not asked through our drivers. */
async function running(): Promise<string> {
	return normalise(await routers.vtysh("r1", ["show running-config"]), frr);
}

const run = (type: string, params: unknown) => lab.run(type, r1, params);

const lines = `
ip route 198.51.100.0/24 blackhole
router bgp 65001
 neighbor 10.99.0.77 remote-as 65077
 neighbor 10.99.0.77 password s3cretPhrase
 address-family ipv4 unicast
  network 198.51.100.0/24
`;

test("a neighbour and a route are added, found, and taken back byte for byte", async () => {
	const before = await running();
	const changed = await run("set_config", {
		lines,
		state_checks: [{ kind: "routes", prefixes: ["198.51.100.0/24"], protocol: "static", within_s: 10 }],
	});
	expect(changed).toMatchObject({ result: { outcome: "confirmed", undo_kind: "emulated", saved: true }, writes: 1 });
	expect(JSON.stringify(changed)).not.toContain("s3cretPhrase");
	expect(changed.output).toContain("check routes to 198.51.100.0/24: holds");
	expect(await running()).toContain("neighbor 10.99.0.77 remote-as 65077");

	const valid = await run("validate_config", {
		lines,
		absent: "router bgp 65001\n neighbor 10.99.0.78 remote-as 65078",
	});
	expect(valid).toMatchObject({ result: { missing: [], unwanted: [] } });
	expect((await run("set_config", { lines })).skipped).toMatch(/stands there already/);

	const back = await run("take_back", { operation_ids: [changed.operation_id] });
	expect(back).toMatchObject({ result: { outcome: "confirmed", foreign: "" } });
	expect(await running()).toBe(before);

	const gone = await run("validate_config", { lines });
	expect(gone.error).toMatchObject({ code: "procedure.check_failed" });
	expect(gone.result.missing).toContain("router bgp 65001 / neighbor 10.99.0.77 remote-as 65077");
	expect(JSON.stringify(gone)).not.toContain("s3cretPhrase");
});

test("a change whose neighbour does not come up is taken back byte for byte", async () => {
	const before = await running();
	const failed = await run("set_config", {
		lines,
		state_checks: [{ kind: "bgp", neighbors: ["10.99.0.77"], within_s: 2 }],
	});
	expect(failed).toMatchObject({
		result: { outcome: "rolled_back", diff: "" },
		error: { code: "change.verify_failed" },
	});
	expect(failed.error?.message).toMatch(/the BGP neighbour 10\.99\.0\.77 is (?:Idle|Active|Connect)/);
	expect(await running()).toBe(before);
	// Kept before the change was made: a rollback of the procedure finds nothing to do.
	const back = await run("take_back", { operation_ids: [failed.operation_id] });
	expect(back.result).toMatchObject({ outcome: "confirmed", diff: "" });
	expect(await running()).toBe(before);
});

test("what others configured since stays, and only ours is taken back", async () => {
	const before = await running();
	const { operation_id } = await run("set_config", { lines });
	await routers.vtysh("r1", ["configure terminal", "ip route 203.0.113.0/24 blackhole", "end"]);
	const back = await run("take_back", { operation_ids: [operation_id] });
	expect(back.result).toMatchObject({ outcome: "confirmed", foreign: "+ip route 203.0.113.0/24 blackhole\n" });
	expect(await running()).toContain("ip route 203.0.113.0/24 blackhole");
	await routers.vtysh("r1", ["configure terminal", "no ip route 203.0.113.0/24 blackhole", "end", "write memory"]);
	expect(await running()).toBe(before);
});

test("BGP, routes, interfaces and ping are checked, and what is not so is named", async () => {
	const bgp = await run("check_bgp", { neighbors: ["10.99.0.2"], min_prefixes: 1, within_s: 20 });
	expect(bgp).toMatchObject({
		writes: 0,
		result: { problems: [], rows: [{ neighbor: "10.99.0.2", state: "Established" }] },
	});
	const routes = await run("check_routing", { prefixes: ["10.99.2.0/24"], protocol: "bgp", within_s: 20 });
	expect(routes).toMatchObject({ result: { problems: [], cut: false } });
	expect((routes.result.rows as { prefix: string }[])[0]?.prefix).toBe("10.99.2.0/24");
	expect((await run("check_interfaces", { names: ["eth0"], within_s: 0 })).error).toBeUndefined();
	const ping = await run("check_ping", { target: "10.99.0.2", count: 2, within_s: 0 });
	expect(ping.result).toMatchObject({ problems: [], rows: [{ sent: 2, received: 2, loss_percent: 0 }] });

	const wrong = await run("check_bgp", { neighbors: ["10.99.0.2", "192.0.2.9"], within_s: 0 });
	expect(wrong.error).toMatchObject({
		code: "procedure.check_failed",
		message: "r1: there is no BGP neighbour 192.0.2.9 (after 0 s)",
	});
	expect((await run("check_routing", { prefixes: ["192.0.2.0/24"], within_s: 0 })).result.problems).toEqual([
		"there is no route to 192.0.2.0/24",
	]);
	expect((await run("check_ping", { target: "10.99.0.77", count: 2, within_s: 0 })).result.problems).toEqual([
		"of 2 pings of 10.99.0.77 0 were answered",
	]);
	expect((await run("check_ping", { target: "192.0.2.1", count: 2, within_s: 0 })).error?.code).toBe(
		"procedure.check_failed",
	);
	await expect(run("check_ping", { target: "10.99.0.2", source: "eth0" })).rejects.toThrow(/takes no source/);
});

test("a ping that would never end is ended", async () => {
	const { result, writes } = await run("run_command", { commands: ["ping 10.99.0.2", "show version"] });
	expect(writes).toBe(0);
	expect(result.output).toMatch(/5 packets transmitted, 5 received[\s\S]*FRRouting/);
});

test("a check waits for what takes its time", async () => {
	await routers.vtysh("r1", ["configure terminal", "router bgp 65001", "neighbor 10.99.0.2 shutdown", "end"]);
	expect((await run("check_bgp", { neighbors: ["10.99.0.2"], within_s: 0 })).error?.message).toContain("is Idle");
	const waiting = run("check_bgp", { neighbors: ["10.99.0.2"], within_s: 60 });
	await routers.vtysh("r1", ["configure terminal", "router bgp 65001", "no neighbor 10.99.0.2 shutdown", "end"]);
	expect((await waiting).error).toBeUndefined();
}, 90_000);

test("answers become rows where the command is the platform's own, else JSON", async () => {
	const rows = await run("run_command", { commands: "show ip route vrf all json", parse: "auto" });
	expect(rows.result.parsed).toEqual(
		expect.arrayContaining([expect.objectContaining({ prefix: "10.99.0.0/24", protocol: "connected" })]),
	);
	const json = await run("run_command", {
		commands: ["show ip bgp summary json", "show ip route json"],
		parse: "auto",
	});
	expect(json.result.parsed).toEqual([
		expect.objectContaining({ ipv4Unicast: expect.any(Object) }),
		expect.any(Object),
	]);
	expect(json.result.outputs).toEqual([
		{ command: "show ip bgp summary json", output: expect.any(String), parsed: expect.any(Object) },
		{ command: "show ip route json", output: expect.any(String), parsed: expect.any(Object) },
	]);
	const up = await run("assert", { parse: "interfaces", that: "[?name == 'eth0'].oper | [0] == 'up'" });
	expect(up.error).toBeUndefined();
	const peers = "length(values(ipv4Unicast.peers)[?state == 'Established']) == `3`";
	const few = await run("assert", { command: "show ip bgp summary json", that: peers, message: "Peers are missing" });
	expect(few.error?.message).toBe(`Peers are missing: \`${peers}\` came to false, not to true`);
});
