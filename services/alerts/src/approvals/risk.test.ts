import type { RiskFacts } from "@netconductor/contracts/alerts/approvals";
import { dangerRules, findDangerousCommands } from "@netconductor/contracts/alerts/dangerous-commands";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assessRisk, rankOf } from "./risk.ts";

const write: RiskFacts = {
	writes: true,
	without_rollback: [],
	emulated_rollback: [],
	dangerous_commands: [],
	unknown_commands: [],
};
const names = (count: number) => Array.from({ length: count }, (_, index) => `d${index}`);

test("reading is of low risk, whatever it reads", () => {
	expect(assessRisk({ ...write, writes: false, without_rollback: names(9) }, 50_000)).toEqual({
		level: "low",
		points: 0,
		reasons: [],
	});
});

test("risk grows with devices, with rollback that is missing, and with dangerous commands; each reason says its points", () => {
	expect(assessRisk(write, 1).level).toBe("low");
	expect(assessRisk(write, 10).level).toBe("medium");
	expect(assessRisk({ ...write, without_rollback: ["core-1"] }, 1).level).toBe("medium");
	expect(assessRisk({ ...write, without_rollback: names(100) }, 100).level).toBe("high");
	expect(assessRisk(write, 1_000).level).toBe("high");
	const reload = { device: "core-1", command: "reload", why: "restarts the device", level: "critical" } as const;
	const risk = assessRisk({ ...write, dangerous_commands: [reload, { ...reload, device: "core-2" }] }, 2);
	expect(risk.level).toBe("critical");
	expect(risk.reasons.at(-1)).toEqual({
		code: "dangerous_command",
		points: 80,
		text: "“reload”: restarts the device",
		devices: ["core-1", "core-2"],
	});
});

test("commands that nobody knows beforehand are a risk, and say in which steps", () => {
	const risk = assessRisk({ ...write, unknown_commands: ["ask", "upgrade.change"] }, 1);
	expect(risk.level).toBe("medium");
	expect(risk.reasons.at(-1)).toMatchObject({
		code: "unknown_commands",
		text: expect.stringContaining("ask, upgrade.change"),
	});
});

test("points are the sum of the reasons, and more devices or facts never make a change safer", () => {
	const facts = fc.record({
		writes: fc.boolean(),
		without_rollback: fc.array(fc.string(), { maxLength: 5 }),
		emulated_rollback: fc.array(fc.string(), { maxLength: 5 }),
		dangerous_commands: fc.array(
			fc.record({
				device: fc.string(),
				command: fc.string(),
				why: fc.string(),
				level: fc.constantFrom("high" as const, "critical" as const),
			}),
			{ maxLength: 4 },
		),
		unknown_commands: fc.array(fc.string(), { maxLength: 12 }),
	});
	fc.assert(
		fc.property(facts, fc.nat(60_000), fc.nat(1_000), (given, count, more) => {
			const risk = assessRisk(given, count);
			expect(risk.points).toBe(risk.reasons.reduce((sum, { points }) => sum + points, 0));
			const worse = assessRisk({ ...given, without_rollback: [...given.without_rollback, "x"] }, count + more);
			expect(rankOf(worse.level)).toBeGreaterThanOrEqual(rankOf(risk.level));
		}),
	);
});

describe("dangerous commands", () => {
	test.each([
		["reload in 5", "cisco_ios", "critical"],
		["  WRITE   ERASE", "cisco_ios", "critical"],
		["wr erase", "cisco_nxos", "critical"],
		["format flash:", "cisco_ios", "critical"],
		["delete /force bootflash:nxos.bin", "cisco_nxos", "critical"],
		["no router bgp 65001", "frr", "high"],
		["no router ospf 1 vrf red", "cisco_ios", "high"],
		["no neighbor 192.0.2.1", "frr", "high"],
		[" shutdown", "cisco_ios", "high"],
		["shut", "arista_eos", "high"],
		["no ip routing", "arista_eos", "critical"],
		["clear ip bgp *", "cisco_ios", "high"],
		["switchport trunk allowed vlan 10", "arista_eos", "high"],
		["delete protocols bgp", "juniper_junos", "high"],
		["delete interfaces", "vyos", "critical"],
		["set interfaces ge-0/0/1 disable", "juniper_junos", "high"],
		["request system zeroize", "juniper_junos", "critical"],
		["/system reset-configuration no-defaults=yes", "mikrotik_routeros", "critical"],
		["execute factoryreset", "fortinet", "critical"],
		["rm -rf /", "linux", "critical"],
	])("%s on %s is %s", (command, device_type, level) => {
		expect(findDangerousCommands([command], device_type)).toMatchObject([{ level }]);
	});

	test.each([
		["no shutdown", "cisco_ios"],
		["neighbor 192.0.2.1 shutdown graceful", "frr"],
		["router bgp 65001", "frr"],
		["switchport trunk allowed vlan add 10", "cisco_ios"],
		["description reload the router", "cisco_ios"],
		["delete protocols bgp group PEERS neighbor 192.0.2.1", "juniper_junos"],
		["clear counters", "cisco_ios"],
		["ip route 0.0.0.0/0 192.0.2.1", "frr"],
		["no neighbor 192.0.2.1 description", "frr"],
	])("%s on %s is not", (command, device_type) => {
		expect(findDangerousCommands([command], device_type)).toEqual([]);
	});

	test("a command of another platform is left alone, an unknown platform takes every rule", () => {
		expect(findDangerousCommands(["shutdown"], "juniper_junos")).toEqual([]);
		expect(findDangerousCommands(["shutdown"], undefined)).toHaveLength(1);
	});

	test("a megabyte of one line, and a million lines, cost little and find at most a hundred", () => {
		for (const text of [
			"a".repeat(1_000_000),
			"no interface ".repeat(80_000),
			"/ ".repeat(500_000),
			`delete ${"/a ".repeat(300_000)}`,
		]) {
			expect(findDangerousCommands([text], undefined).length).toBeLessThanOrEqual(1);
		}
		const many = Array.from({ length: 300 }, (_, index) => `no router bgp ${index}`).join("\n");
		expect(findDangerousCommands([many], "frr")).toHaveLength(100);
	});

	test("every rule says why, for people", () => {
		for (const { why, pattern } of dangerRules) expect(why.length, String(pattern)).toBeGreaterThan(10);
	});
});
