import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Connection } from "@netconductor/contracts/devices/connection";
import { frr } from "@netconductor/driver-platforms/frr";
import { type FrrLab, type FrrRouter, startFrrLab } from "@netconductor/lab/frr/lab";
import { requirePackages } from "@netconductor/lab/packages";
import { normalise } from "@netconductor/runtime/config-text";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { openSession, type Session } from "../session.ts";
import type { AppliedChange, ApplyOptions, ChangeStage } from "./apply.ts";
import { applyChange, planChange } from "./change.ts";
import { applyReplace, planReplace } from "./replace.ts";
import { planRestore, type RestoredConfig, type RestoreOptions, restoreConfig } from "./restore.ts";
import { readRunning } from "./running-config.ts";

let dir: string;
let lab: FrrLab;
let router: FrrRouter;
/** Stands before the router's SSH server, so that a session can be cut without a word to anybody. */
let wire: Server;
const sockets = new Set<Socket>();
const open: Session[] = [];

beforeAll(async () => {
	expect(await requirePackages(["frr", "openssh-server", "iproute2"])).toEqual([]);
	dir = await mkdtemp(join(tmpdir(), "netconductor-change-"));
	lab = await startFrrLab({ routers: 2, dir });
	const [first] = lab.routers;
	if (first === undefined) throw new Error("the lab has no router");
	router = first;
	wire = createServer((socket) => {
		const server = dial(router.port, router.host);
		for (const [from, to] of [
			[socket, server],
			[server, socket],
		] as const) {
			sockets.add(from);
			from.on("error", () => to.destroy());
			from.on("close", () => to.destroy());
			from.pipe(to);
		}
	}).listen(0, "127.0.0.1");
	await new Promise((resolve) => wire.once("listening", resolve));
}, 300_000);
afterEach(async () => {
	for (const session of open.splice(0)) await session.close();
});
afterAll(async () => {
	cutWire();
	wire?.close();
	await lab?.stop();
	await rm(dir, { recursive: true, force: true });
});

function cutWire(): void {
	for (const socket of sockets) socket.destroy();
	sockets.clear();
}

async function connect(onOutput?: (text: string) => void): Promise<Session> {
	const connection = Connection.parse({
		device_id: "r1",
		name: "r1",
		host: "127.0.0.1",
		port: (wire.address() as AddressInfo).port,
		username: router.username,
		private_key: router.private_key,
		host_key: null,
		legacy_algorithms: false,
		platform: frr,
		timeouts: { connect_ms: 5_000, auth_ms: 10_000, prompt_ms: 10_000, command_ms: 10_000 },
	});
	const session = await openSession(connection, { signal: new AbortController().signal, onOutput });
	open.push(session);
	return session;
}

/** What the router itself says it runs, not asked through our drivers. */
async function running(): Promise<string> {
	return normalise(await lab.vtysh("r1", ["show running-config"]), frr);
}

function neighbourAndRoute(): string[] {
	return [
		"ip route 198.51.100.0/24 blackhole",
		"route-map NEW permit 10",
		" set local-preference 300",
		`router bgp ${router.asn}`,
		" neighbor 10.99.0.77 remote-as 65077",
		" neighbor 10.99.0.77 description to be",
		" neighbor 10.99.0.77 password s3cretPhrase",
		" neighbor 10.99.0.2 description renamed",
		" neighbor 10.99.0.2 timers connect 7",
		" address-family ipv4 unicast",
		"  network 198.51.100.0/24",
		"  neighbor 10.99.0.77 route-map NEW in",
		"  neighbor 10.99.0.2 maximum-prefix 500",
		" exit-address-family",
		"interface eth0",
		" description changed? yes",
	];
}

async function apply(
	session: Session,
	options: Partial<ApplyOptions> = {},
	lines = neighbourAndRoute(),
): Promise<AppliedChange & { stages: ChangeStage[] }> {
	const stages: ChangeStage[] = [];
	const applied = await applyChange(session, lines, {
		confirm_within_ms: 20_000,
		verify: async () => {},
		reopen: () => connect(),
		onStage: (stage) => stages.push(stage),
		signal: new AbortController().signal,
		grace_ms: 10_000,
		...options,
	});
	return { ...applied, stages };
}

test("a plan for a real router is what then differs, and its undoing leaves nothing of it", async () => {
	const before = await running();
	const session = await connect();
	const plan = await planChange(session, neighbourAndRoute());
	expect(await running()).toBe(before);
	expect(plan.undo).toMatchObject({ kind: "emulated" });
	expect(plan.diff).not.toContain("s3cretPhrase");
	const applied = await apply(session, { expected: plan });
	expect(applied).toMatchObject({ outcome: "confirmed", saved: true });
	const sorted = (diff: string) => diff.split("\n").sort();
	expect(sorted(applied.diff)).toEqual(sorted(plan.diff));
	expect((await planChange(await connect(), neighbourAndRoute())).unchanged).toBe(true);
	// The undoing that the plan showed, typed by hand.
	const typed = ["configure terminal", ...plan.undo.commands, "end", "write memory"];
	await lab.vtysh("r1", typed);
	expect(await running()).toBe(before);
});

test("a neighbour whose check fails is taken back, byte for byte", async () => {
	const before = await running();
	const applied = await apply(await connect(), {
		async verify(session) {
			const { output } = await session.run("show bgp neighbors 10.99.0.77");
			if (!output.includes("BGP state = Established")) throw new Error("10.99.0.77 is not established");
		},
	});
	expect(applied).toMatchObject({ outcome: "rolled_back", diff: "", error: { code: "change.verify_failed" } });
	expect(applied.stages.at(-1)).toBe("rolled_back");
	expect(await running()).toBe(before);
});

test("whatever else a router can be told is taken back, byte for byte", async () => {
	const before = await running();
	const lines = [
		"interface lo77",
		" description is not there",
		"ip prefix-list OURS seq 5 permit 10.99.0.0/16 le 24",
		"ip prefix-list OURS seq 10 deny any",
		"access-list PEERS seq 5 permit 10.99.0.0/24",
		"bgp as-path access-list NEAR seq 5 permit ^65002$",
		"bgp community-list standard OLD seq 5 permit 65001:1",
		"route-map IN permit 10",
		" match ip address prefix-list OURS",
		" set metric 50",
		"exit",
		"route-map IN deny 20",
		"exit",
		"ip route 203.0.113.0/24 10.99.0.2 150",
		"ip route 203.0.113.0/24 10.99.0.77",
		"ipv6 route 2001:db8::/32 blackhole",
		`router bgp ${router.asn}`,
		" bgp router-id 10.99.0.99",
		" timers bgp 5 15",
		" neighbor GROUP peer-group",
		" neighbor GROUP remote-as 65044",
		" neighbor 10.99.0.44 peer-group GROUP",
		" neighbor 10.99.0.2 route-map IN in",
		" address-family ipv6 unicast",
		"  network 2001:db8::/32",
		" exit-address-family",
		"exit",
		"hostname renamed",
	];
	let during = "";
	const applied = await apply(
		await connect(),
		{
			async verify() {
				during = await running();
				throw new Error("no");
			},
		},
		lines,
	);
	expect(during).toContain("neighbor 10.99.0.44 peer-group GROUP");
	expect(applied).toMatchObject({ outcome: "rolled_back", error: { code: "change.verify_failed" } });
	expect(await running()).toBe(before);
});

test("a neighbour, a route and a policy that were removed come back, byte for byte", async () => {
	const before = await running();
	const lines = [
		`router bgp ${router.asn}`,
		" no neighbor 10.99.0.2",
		" no bgp router-id",
		" address-family ipv4 unicast",
		`  no network ${router.prefix}`,
		" exit-address-family",
		"exit",
		`no ip route ${router.prefix} blackhole`,
		"interface eth0",
		" no description",
	];
	let during = "";
	const applied = await apply(
		await connect(),
		{
			async verify() {
				during = await running();
				throw new Error("no");
			},
		},
		lines,
	);
	expect(during).not.toContain("neighbor 10.99.0.2");
	expect(applied.outcome).toBe("rolled_back");
	expect(await running()).toBe(before);
});

test.each(["neighbor 10.99.0.77 password <secret>", "network 198.51.100.0/24"])(
	"a session that is killed at `%s` is followed by another that restores the router, byte for byte",
	async (at) => {
		const before = await running();
		const session = await connect((text) => {
			if (text.includes(`)#${at}`)) cutWire();
		});
		const applied = await apply(session);
		expect(applied).toMatchObject({ outcome: "rolled_back", error: { code: "change.interrupted" } });
		expect(await running()).toBe(before);
	},
);

test("a session that is killed while the checks run is noticed, and the router restored", async () => {
	const before = await running();
	const applied = await apply(await connect(), {
		async verify(session) {
			cutWire();
			await session.run("show bgp summary");
		},
	});
	expect(applied).toMatchObject({ outcome: "rolled_back", error: { code: "device.connection_lost" } });
	expect(await running()).toBe(before);
});

test("a line that the router rejects stops the change; what was typed before it is taken back", async () => {
	const before = await running();
	const lines = neighbourAndRoute().toSpliced(7, 0, " neighbor 10.99.0.78 description without an AS");
	const applied = await apply(await connect(), {}, lines);
	expect(applied).toMatchObject({ outcome: "rolled_back", error: { code: "change.line_rejected" } });
	expect(applied.error?.message).toContain("`neighbor 10.99.0.78 description without an AS`");
	expect(applied.error?.message).toContain("% Specify remote-as or peer-group commands first");
	expect(await running()).toBe(before);
});

/** Sections that the router does not take back by `no` with their first line, and a policy. */
function whatInverseCommandsLeave(): string[] {
	return [
		"segment-routing",
		" srv6",
		"  locators",
		"   locator LEFT",
		"    prefix 2001:db8:5::/48",
		"interface eth0",
		" link-params",
		"  enable",
		"  metric 5",
		" exit-link-params",
		"ip prefix-list LEFT seq 5 permit 10.0.0.0/8",
	];
}

test("what the planned inverse commands would leave on a router is taken back line by line, byte for byte", async () => {
	const before = await running();
	const session = await connect();
	const plan = await planChange(session, whatInverseCommandsLeave());
	expect(plan.undo.how).toContain("until the running configuration is the one kept from before");
	let left = "";
	const options: Partial<ApplyOptions> = {
		async verify() {
			// The undoing that the plan showed, typed by hand; the router ends with an error where it rejects a line.
			await lab.vtysh("r1", ["configure terminal", ...plan.undo.commands, "end"]).catch(() => {});
			left = await running();
			throw new Error("no");
		},
	};
	const applied = await apply(session, options, whatInverseCommandsLeave());
	expect(left).toContain("locator LEFT");
	expect(left).toContain("link-params");
	expect(applied).toMatchObject({ outcome: "rolled_back", diff: "", error: { code: "change.verify_failed" } });
	expect(await running()).toBe(before);
});

test("what was typed by hand into half a change goes with it, byte for byte", async () => {
	const before = await running();
	const byHand = [
		"configure terminal",
		"segment-routing",
		"srv6",
		"locators",
		"locator HAND",
		"prefix 2001:db8:6::/48",
		"exit",
		"exit",
		"exit",
		"exit",
		"ip route 203.0.113.0/25 blackhole",
		`router bgp ${router.asn}`,
		"no neighbor 10.99.0.2",
		"bgp bestpath as-path multipath-relax",
		"end",
	];
	const session = await connect((text) => {
		if (text.includes(")#network 198.51.100.0/24")) cutWire();
	});
	let during = "";
	const applied = await apply(session, {
		async reopen() {
			if (during === "") {
				await lab.vtysh("r1", byHand);
				during = await running();
			}
			return connect();
		},
	});
	for (const line of ["locator HAND", "ip route 198.51.100.0/24 blackhole", "multipath-relax"]) {
		expect(during).toContain(line);
	}
	expect(during).not.toContain("neighbor 10.99.0.2 remote-as");
	expect(applied).toMatchObject({ outcome: "rolled_back", diff: "", error: { code: "change.interrupted" } });
	expect(await running()).toBe(before);
});

/** A neighbour, a static route and a prefix list, confirmed: what stands there before and after. */
async function changedForGood(): Promise<{ before: string; after: string; shown: string }> {
	const shown = await running();
	const session = await connect();
	const { text: before } = await readRunning(session);
	const lines = [
		"ip route 198.51.100.0/24 blackhole",
		"ip prefix-list THEIRS seq 5 permit 203.0.113.0/24 le 28",
		"ip prefix-list THEIRS seq 10 deny any",
		"route-map THEIRS permit 10",
		" match ip address prefix-list THEIRS",
		`router bgp ${router.asn}`,
		" neighbor 10.99.0.77 remote-as 65077",
		" neighbor 10.99.0.77 description for good",
		" neighbor 10.99.0.77 password s3cretPhrase",
		" neighbor 10.99.0.2 description renamed",
		" address-family ipv4 unicast",
		"  neighbor 10.99.0.77 route-map THEIRS in",
		" exit-address-family",
	];
	const applied = await apply(session, {}, lines);
	expect(applied).toMatchObject({ outcome: "confirmed", saved: true });
	const { text: after } = await readRunning(await connect());
	return { before, after, shown };
}

async function restore(
	session: Session,
	wanted: string,
	options: Partial<RestoreOptions> = {},
): Promise<RestoredConfig> {
	return restoreConfig(session, wanted, {
		confirm_within_ms: 20_000,
		verify: async () => {},
		reopen: () => connect(),
		onStage: () => {},
		signal: new AbortController().signal,
		grace_ms: 10_000,
		...options,
	});
}

test("a neighbour, a route and a prefix list that were confirmed are taken back later, byte for byte", async () => {
	const { before, after, shown } = await changedForGood();
	const plan = await planRestore(await connect(), before, after);
	expect(await running()).not.toBe(shown);
	expect(plan.diff).toContain("-ip prefix-list THEIRS seq 5 permit 203.0.113.0/24 le 28");
	expect(plan.diff).not.toContain("s3cretPhrase");
	const restored = await restore(await connect(), before, { after, expected: plan });
	expect(restored).toMatchObject({ outcome: "confirmed", saved: true, foreign: "" });
	expect(restored.diff).toBe(plan.diff);
	expect(await running()).toBe(shown);
});

test("a confirmed change that inverse commands do not take back is taken back later line by line, byte for byte", async () => {
	const shown = await running();
	const session = await connect();
	const { text: before } = await readRunning(session);
	expect(await apply(session, {}, whatInverseCommandsLeave())).toMatchObject({ outcome: "confirmed", saved: true });
	const { text: after } = await readRunning(await connect());
	expect(after).toContain("locator LEFT");
	const restored = await restore(await connect(), before, { after });
	expect(restored).toMatchObject({ outcome: "confirmed", saved: true, foreign: "" });
	expect(await running()).toBe(shown);
});

test("a session that is killed while a router is taken back is followed by another that finishes it, byte for byte", async () => {
	const { before, after, shown } = await changedForGood();
	let cuts = 0;
	const session = await connect((text) => {
		if (!text.includes("no ip route 198.51.100.0/24 blackhole")) return;
		cuts++;
		cutWire();
	});
	const restored = await restore(session, before, { after });
	expect(cuts).toBe(1);
	expect(restored).toMatchObject({ outcome: "confirmed", saved: true });
	expect(await running()).toBe(shown);
});

test("what somebody else told the router meanwhile stays when ours is taken back", async () => {
	const { before, after, shown } = await changedForGood();
	const theirs = [
		"configure terminal",
		"ip route 203.0.113.128/25 blackhole",
		"interface eth0",
		"description theirs",
		"end",
	];
	const description = /^interface eth0\n description (.*)$/m.exec(before)?.[1];
	await lab.vtysh("r1", theirs);
	const restored = await restore(await connect(), before, { after });
	expect(restored).toMatchObject({ outcome: "confirmed", saved: true });
	expect(restored.foreign).toContain("+ip route 203.0.113.128/25 blackhole");
	expect(restored.foreign).toContain("+ description theirs");
	expect(restored.foreign).not.toContain("THEIRS");
	const left = await running();
	expect(left).toContain("ip route 203.0.113.128/25 blackhole");
	expect(left).not.toContain("10.99.0.77");
	const undone = ["configure terminal", "no ip route 203.0.113.128/25 blackhole", "interface eth0"];
	undone.push(description === undefined ? "no description" : `description ${description}`, "end", "write memory");
	await lab.vtysh("r1", undone);
	expect(await running()).toBe(shown);
});

test("a whole configuration file takes the place of a router's with the lines that differ, and back, byte for byte", async () => {
	const before = await running();
	const file = before
		.replace(/^(?=router bgp)/m, "ip prefix-list FILE seq 5 permit 192.0.2.0/24\n!\n")
		.replace(/^ neighbor 10\.99\.0\.2 remote-as .*$/m, (line) => ` neighbor 10.99.0.88 remote-as 65088\n${line}`)
		.replace(/^(?=router bgp)/m, "ip route 198.51.100.0/24 blackhole\n!\n");
	const options = {
		confirm_within_ms: 20_000,
		verify: async () => {},
		reopen: () => connect(),
		onStage: () => {},
		signal: new AbortController().signal,
	};
	const plan = await planReplace(await connect(), file);
	expect(plan.commands.toSorted()).toEqual(
		[
			"ip prefix-list FILE seq 5 permit 192.0.2.0/24",
			"ip route 198.51.100.0/24 blackhole",
			"neighbor 10.99.0.88 remote-as 65088",
			`router bgp ${router.asn}`,
		]
			.concat(plan.commands.filter((command) => command === "exit"))
			.toSorted(),
	);
	expect(await applyReplace(await connect(), file, options)).toMatchObject({ outcome: "confirmed", saved: true });
	const during = await running();
	for (const line of ["neighbor 10.99.0.88 remote-as 65088", "ip route 198.51.100.0/24 blackhole"]) {
		expect(during).toContain(line);
	}
	expect(await applyReplace(await connect(), before, options)).toMatchObject({ outcome: "confirmed", saved: true });
	expect(await running()).toBe(before);
	await expect(planReplace(await connect(), "hostname r1\n")).rejects.toMatchObject({ code: "change.would_cut_off" });
});
