import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { ParsedKind } from "@netconductor/contracts/devices/parsed";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FrrLab } from "../../../../lab/frr/lab.ts";
import { requirePackages } from "../../../../lab/packages.ts";
import { startRouters } from "../../test/frr-routers.ts";
import { commandFor, parse } from "./catalogue.ts";

describe("three FRR routers", () => {
	let dir: string;
	let lab: FrrLab;
	beforeAll(async () => {
		expect(await requirePackages(["frr", "openssh-server", "iproute2"])).toEqual([]);
		dir = await mkdtemp(join(tmpdir(), "netconductor-parsers-"));
		lab = await startRouters(dir);
	}, 300_000);
	afterAll(async () => {
		await lab?.stop();
		await rm(dir, { recursive: true, force: true });
	});

	async function ask<Kind extends ParsedKind>(router: string, what: Kind, params: object = {}) {
		return parse("frr", what, await lab.vtysh(router, commandFor("frr", what, params)), params);
	}

	test("each has a BGP session with each other", async () => {
		for (const router of lab.routers) {
			const others = lab.routers.filter(({ name }) => name !== router.name);
			const rows = await ask(router.name, "bgp_summary");
			expect(
				rows.map(({ neighbor, remote_as, state, afi, vrf }) => ({ neighbor, remote_as, state, afi, vrf })),
			).toEqual(
				others.map(({ address, asn }) => ({
					neighbor: address,
					remote_as: asn,
					state: "Established",
					afi: "ipv4_unicast",
					vrf: "default",
				})),
			);
			for (const { uptime_seconds } of rows) expect(uptime_seconds).toEqual(expect.any(Number));
			expect((await ask(router.name, "bgp_summary", { vrf: "default" })).map(({ neighbor }) => neighbor)).toEqual(
				rows.map(({ neighbor }) => neighbor),
			);
		}
		expect(await ask("r1", "bgp_summary", { vrf: "nowhere" })).toEqual([]);
		expect(await ask("r1", "bgp_summary", { afi: "ipv6" })).toEqual([]);
	});

	test("each is an OSPF neighbour of each other, one of all is designated", async () => {
		const rows = await ask("r1", "ospf_neighbors");
		expect(rows.map(({ neighbor_id, interface: out, state }) => ({ neighbor_id, out, state }))).toEqual(
			["10.99.0.2", "10.99.0.3"].map((neighbor_id) => ({ neighbor_id, out: "eth0", state: "Full" })),
		);
		for (const { role } of rows) expect(role).not.toBeNull();
	});

	test("their interfaces are up, with address and description", async () => {
		const rows = await ask("r2", "interfaces");
		expect(rows.find(({ name }) => name === "eth0")).toMatchObject({
			admin: "up",
			oper: "up",
			description: "routers' network",
			mtu: 1500,
			addresses: expect.arrayContaining(["10.99.0.2/24"]),
		});
	});

	test("the first one's routes are those it learnt, those it was given, and those it is connected to", async () => {
		// What OSPF tells is computed a moment after its neighbours are there.
		let rows = await ask("r1", "routes");
		for (let waits = 0; waits < 100 && !rows.some(({ protocol }) => protocol === "ospf"); waits++) {
			await sleep(200);
			rows = await ask("r1", "routes");
		}
		const activeTo = (prefix: string) => rows.find((row) => row.prefix === prefix && row.active);
		expect(activeTo("10.99.0.0/24")).toMatchObject({
			protocol: "connected",
			next_hops: [{ address: null, interface: "eth0" }],
		});
		expect(rows.find(({ protocol }) => protocol === "ospf")).toMatchObject({ active: false, distance: 110 });
		expect(activeTo("10.99.2.0/24")).toMatchObject({
			protocol: "bgp",
			distance: 20,
			next_hops: [{ address: "10.99.0.2", interface: "eth0" }],
		});
		expect(activeTo("192.0.2.0/24")).toMatchObject({
			protocol: "static",
			next_hops: [{ address: null, interface: null }],
		});
		expect(activeTo("203.0.113.0/24")?.next_hops.map(({ address }) => address)).toEqual(["10.99.0.2", "10.99.0.3"]);
		expect((await ask("r1", "routes", { afi: "ipv6" })).map(({ prefix }) => prefix)).toContain("2001:db8:1::/48");
		expect(await ask("r1", "routes", { vrf: "nowhere" })).toEqual([]);
	});

	test("a session that is shut down is Idle without prefixes", async () => {
		await lab.vtysh("r3", [
			"configure terminal",
			`router bgp ${lab.routers[2]?.asn}`,
			"neighbor 10.99.0.1 shutdown",
			"end",
		]);
		await expect
			.poll(async () => (await ask("r3", "bgp_summary")).find(({ neighbor }) => neighbor === "10.99.0.1"), {
				timeout: 20_000,
			})
			.toMatchObject({ state: "Idle", prefixes_received: null });
	});
});

describe("this Linux host", () => {
	beforeAll(async () => {
		expect(await requirePackages(["iproute2", "iputils-ping"])).toEqual([]);
	}, 300_000);

	async function ask<Kind extends ParsedKind>(what: Kind, params: object = {}) {
		const [command = ""] = commandFor("linux", what, params);
		const { stdout } = await promisify(execFile)("sh", ["-c", command]).catch((error: { stdout: string }) => error);
		return parse("linux", what, stdout, params);
	}

	test("its loopback is up, with both addresses counted", async () => {
		const lo = (await ask("interfaces")).find(({ name }) => name === "lo");
		expect(lo).toMatchObject({ admin: "up", oper: "up", addresses: expect.arrayContaining(["127.0.0.1/8"]) });
		expect(lo?.in_packets).toBe(lo?.out_packets);
	});

	test("its routes are read in both families", async () => {
		for (const afi of ["ipv4", "ipv6"]) {
			for (const route of await ask("routes", { afi })) expect(route.prefix).toMatch(/\/\d+$/);
		}
	});

	test("a ping of itself loses nothing, one from an address that it does not have says why", async () => {
		expect(await ask("ping", { target: "127.0.0.1", count: 2 })).toEqual([
			expect.objectContaining({ sent: 2, received: 2, loss_percent: 0, rtt_avg_ms: expect.any(Number) }),
		]);
		await expect(ask("ping", { target: "127.0.0.1", count: 1, source: "192.0.2.77" })).rejects.toMatchObject({
			code: "parse.not_understood",
		});
	});
});
