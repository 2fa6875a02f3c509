import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectBare } from "./bare-client.ts";
import { type Fleet, startFleet } from "./fleet.ts";
import type { SimPlatformId } from "./platforms.ts";

let fleet: Fleet;
const platforms: SimPlatformId[] = [
	"cisco_ios",
	"cisco_nxos",
	"cisco_xr",
	"arista_eos",
	"juniper_junos",
	"mikrotik_routeros",
	"vyos",
	"linux",
];

beforeAll(async () => {
	fleet = await startFleet({ devices: { count: platforms.length, platforms }, seed: "fleet.test" });
});
afterAll(() => fleet.stop());

const connect = (name: string, username?: string) => {
	const entry = fleet.devices.find((device) => device.name === name);
	if (!entry) throw new Error(`no ${name}`);
	return connectBare({ ...entry, username: username ?? entry.username });
};

test("the same seed makes the same configs and host keys, another seed others", async () => {
	const same = await startFleet({ devices: { count: 8, platforms }, seed: "fleet.test" });
	const other = await startFleet({ devices: { count: 8, platforms }, seed: "another" });
	for (const [i, { name, host_key_fingerprint }] of fleet.devices.entries()) {
		expect(same.device(name).config()).toBe(fleet.device(name).config());
		expect(same.devices[i]?.host_key_fingerprint).toBe(host_key_fingerprint);
		expect(other.device(name).config()).not.toBe(fleet.device(name).config());
		expect(other.devices[i]?.host_key_fingerprint).not.toBe(host_key_fingerprint);
	}
	await Promise.all([same.stop(), other.stop()]);
});

test("every platform presents the key of the inventory and holds the password that a backup must mask", async () => {
	for (const { name, host_key_fingerprint, password } of fleet.devices) {
		const client = await connect(name);
		expect(client.fingerprint).toBe(host_key_fingerprint);
		client.close();
		await client.ended;
		expect(fleet.device(name).config()).toContain(password);
	}
});

test("commands sent before the end of input are answered to the last, as for `ssh device < commands`", async () => {
	const client = await connect("ios-1");
	client.send("enable\nlab-enable\nterminal length 0\nshow running-config\n");
	client.endInput();
	await client.ended;
	expect(client.received()).toMatch(/^end\r\n\r?\n?ios-1#$/m);
});

test("configs have about the size that was asked for, on every platform", async () => {
	const sized = await startFleet({ devices: { count: 8, platforms }, config_bytes: 300_000 });
	for (const { name } of sized.devices) {
		const { length } = sized.device(name).config();
		expect(length, name).toBeGreaterThan(295_000);
		expect(length, name).toBeLessThan(310_000);
	}
	await sized.stop();
});

describe("cisco_ios", () => {
	test("asks for the enable password without echo, and refuses a wrong one three times", async () => {
		const client = await connect("ios-1");
		await client.until("ios-1>");
		client.send("enable\n");
		await client.until("Password: ");
		client.send("wrong\nwrong\nwrong\n");
		await client.until(/% Bad secrets\r\n\r\nios-1>$/);
		expect(client.received()).not.toContain("wrong");
		client.send("enable\n");
		await client.until("Password: ");
		client.send("lab-enable\n");
		await client.until("ios-1#");
		client.close();
	});

	test("puts the caret under the word it does not know", async () => {
		const client = await connect("ios-1");
		await client.until("ios-1>");
		expect(await client.ask("show foo", "ios-1>")).toBe(
			"           ^\n% Invalid input detected at '^' marker.\n\n".replace(/^ */, " ".repeat("ios-1>show ".length)),
		);
		expect(await client.ask("show", "ios-1>")).toBe("% Incomplete command.\n\n");
		expect(await client.ask("e", "ios-1>")).toBe('% Ambiguous command:  "e"\n');
		client.close();
	});

	test("pages until terminal length 0", async () => {
		const client = await enabled();
		client.send("show running-config\n");
		await client.until(" --More-- ");
		client.clear();
		client.send(" ");
		await client.until(" --More-- ");
		expect(client.received().startsWith("\b".repeat(9))).toBe(true);
		client.clear();
		client.send("q");
		await client.until("ios-1#");
		await client.ask("terminal length 0", "ios-1#");
		const config = await client.ask("show running-config", "\r\nend\r\n\r\nios-1#");
		expect(config).not.toContain("--More--");
		expect(config).toMatch(/^Building configuration\.\.\.\n\nCurrent configuration : \d+ bytes\n/);
		expect(config).toContain("\nntp clock-period ");
		client.close();
	});

	test("changes through config mode and from outside show in the next read", async () => {
		const client = await enabled();
		await client.ask("terminal length 0", "ios-1#");
		await client.ask("configure terminal", "ios-1(config)#");
		await client.ask("interface Vlan10", "ios-1(config-if)#");
		await client.ask("description from config mode", "ios-1(config-if)#");
		await client.ask("ip address 10.7.7.7 255.255.255.0", "ios-1(config-if)#");
		expect(await client.ask("ip address 10.7.7.700 255.255.255.0", "ios-1(config-if)#")).toContain("% Invalid input");
		await client.ask("snmp-server location elsewhere", "ios-1(config)#");
		await client.ask("end", "ios-1#");
		fleet.device("ios-1").applyLines(["ip route 198.51.100.0 255.255.255.0 10.0.0.9"]);
		const config = await client.ask("show running-config", "\r\nend\r\n\r\nios-1#");
		expect(config).toContain(
			"interface Vlan10\n description from config mode\n ip address 10.7.7.7 255.255.255.0\n!\n",
		);
		expect(config).toContain("\nsnmp-server location elsewhere\n");
		expect(config).toContain("\nip route 0.0.0.0 0.0.0.0 10.0.0.1\nip route 198.51.100.0 255.255.255.0 10.0.0.9\n");
		expect(config.match(/snmp-server location/g)).toHaveLength(1);
		client.close();
	});

	test("takes abbreviated commands and interface names", async () => {
		const client = await enabled();
		await client.ask("conf t", "ios-1(config)#");
		await client.ask("int gi1/0/7", "ios-1(config-if)#");
		await client.ask("desc by hand", "ios-1(config-if)#");
		await client.ask("shut", "ios-1(config-if)#");
		await client.ask("do sh clock", "ios-1(config-if)#");
		await client.ask("no shut", "ios-1(config-if)#");
		await client.ask("no switchport mode", "ios-1(config-if)#");
		await client.ask("end", "ios-1#");
		expect(fleet.device("ios-1").config()).toMatch(
			/\ninterface GigabitEthernet1\/0\/7\n description by hand\n switchport access vlan \d+\n spanning-tree portfast\n!/,
		);
		expect(await client.ask("sh run | sec GigabitEthernet1/0/7", "ios-1#")).toContain(
			"interface GigabitEthernet1/0/7\n description by hand\n",
		);
		client.close();
	});

	test("an interface goes down with shutdown and up with no shutdown", async () => {
		const device = fleet.device("ios-1");
		device.applyLines(["interface GigabitEthernet1/0/5", "shutdown"]);
		expect(device.config()).toMatch(/interface GigabitEthernet1\/0\/5\n(?: .*\n)* shutdown\n/);
		device.applyLines(["interface GigabitEthernet1/0/5", " no shutdown"]);
		expect(device.config()).not.toMatch(/interface GigabitEthernet1\/0\/5\n(?: .*\n)* shutdown\n/);
		device.applyLines(["no interface GigabitEthernet1/0/5"]);
		expect(device.config()).not.toContain("GigabitEthernet1/0/5\n");
	});

	async function enabled() {
		const client = await connect("ios-1");
		await client.until("ios-1>");
		client.send("enable\n");
		await client.until("Password: ");
		client.send("lab-enable\n");
		await client.until("ios-1#");
		return client;
	}
});

test("cisco_nxos marks an invalid command and rolls back to a checkpoint", async () => {
	const client = await connect("nxos-1");
	await client.until("nxos-1# ");
	await client.ask("terminal length 0", "nxos-1# ");
	expect(await client.ask("show foo", "nxos-1# ")).toBe("             ^\n% Invalid command at '^' marker.\n");
	const before = fleet.device("nxos-1").config();
	await client.ask("checkpoint before", "nxos-1# ");
	await client.ask("configure terminal", "nxos-1(config)# ");
	await client.ask("interface Ethernet1/1", "nxos-1(config-if)# ");
	await client.ask("description other", "nxos-1(config-if)# ");
	await client.ask("end", "nxos-1# ");
	expect(fleet.device("nxos-1").config()).not.toBe(before);
	await client.ask("rollback running-config checkpoint before", "nxos-1# ");
	expect(fleet.device("nxos-1").config()).toBe(before);
	client.close();
});

test("cisco_xr changes nothing before commit, asks before leaving, and rolls back", async () => {
	const device = fleet.device("xr-1");
	const before = device.config();
	const client = await connect("xr-1");
	const exec = "RP/0/RP0/CPU0:xr-1#";
	await client.until(exec);
	await client.ask("configure", "(config)#");
	await client.ask("interface GigabitEthernet0/0/0/1", "(config-if)#");
	await client.ask("description changed", "(config-if)#");
	expect(device.config()).toBe(before);
	client.send("end\n");
	await client.until("(yes/no/cancel)? [cancel]:");
	client.send("no\n");
	await client.until(exec);
	expect(device.config()).toBe(before);
	await client.ask("configure", "(config)#");
	await client.ask("interface GigabitEthernet0/0/0/1", "(config-if)#");
	await client.ask("description changed", "(config-if)#");
	expect(await client.ask("show configuration", "(config-if)#")).toContain("\n description changed\n");
	await client.ask("commit", "(config-if)#");
	await client.ask("end", exec);
	expect(device.config()).toContain("interface GigabitEthernet0/0/0/1\n description changed\n");
	expect(await client.ask("rollback configuration last 1", exec)).toContain("successfully rolled back 1 commits");
	expect(device.config()).toBe(before);
	expect(device.stats()).toMatchObject({ pushes: 1, rollbacks: 1 });
	client.close();
});

test("arista_eos commits a session, shows its diff, and rolls back when the timer is not confirmed", async () => {
	const device = fleet.device("eos-1");
	const before = device.config();
	const client = await connect("eos-1");
	await client.until("eos-1>");
	expect(await client.ask("show running-config", "eos-1>")).toBe("% Invalid input\n");
	client.send("enable\n");
	await client.until("Password: ");
	client.send("lab-enable\n");
	await client.until("eos-1#");
	await client.ask("configure session longname", "eos-1(config-s-longna)#");
	await client.ask("interface Ethernet1", "eos-1(config-s-longna-if-Et1)#");
	await client.ask("description changed", "eos-1(config-s-longna-if-Et1)#");
	expect(await client.ask("show session-config diffs", "-if-Et1)#")).toContain("\n+   description changed\n");
	await client.ask("commit timer 00:00:01", "eos-1#");
	expect(device.config()).toContain("   description changed\n");
	await expect.poll(() => device.config(), { timeout: 3_000 }).toBe(before);
	client.close();
});

test("juniper_junos commits and rolls back a candidate, shows set commands, and says what it did not understand", async () => {
	const device = fleet.device("junos-1");
	const before = device.config();
	const client = await connect("junos-1");
	await client.until("admin@junos-1> ");
	await client.ask("set cli screen-length 0", "admin@junos-1> ");
	expect(await client.ask("show foo", "admin@junos-1> ")).toContain("\nsyntax error, expecting <command>.\n");
	await client.ask("configure", /\[edit\]\r\nadmin@junos-1# $/);
	await client.ask("set interfaces xe-0/1/0 description changed", "# ");
	expect(device.config()).toBe(before);
	expect(await client.ask("show | compare", "# ")).toMatch(/^- +description "[^"]+";\n\+ +description changed;\n/);
	expect(await client.ask("commit", "# ")).toContain("commit complete\n");
	const set = await client.ask("run show configuration | display set", "# ");
	expect(set).toContain("\nset interfaces xe-0/1/0 description changed\n");
	await client.ask("rollback 1", "# ");
	await client.ask("commit and-quit", "admin@junos-1> ");
	expect(device.config()).toBe(before);
	expect(device.stats()).toMatchObject({ pushes: 1, rollbacks: 1 });
	client.close();
});

test("mikrotik_routeros colours its prompt unless the user name says +c, and names a bad command", async () => {
	const coloured = await connect("routeros-1");
	await coloured.until("\x1b[32m[admin@routeros-1]\x1b[m > ");
	coloured.close();
	const plain = await connect("routeros-1", "admin+ct0w500h");
	await plain.until("[admin@routeros-1] > ");
	expect(plain.received()).not.toContain("\x1b");
	expect(await plain.ask("/ip foo", "] > ")).toBe("bad command name foo (line 1 column 5)\n\n");
	await plain.ask("/ip route add dst-address=198.51.100.0/24 gateway=10.0.0.9", "] > ");
	expect(await plain.ask("/export", "] > ")).toContain("\nadd dst-address=198.51.100.0/24 gateway=10.0.0.9\n");
	plain.close();
});

test("vyos keeps a candidate until commit and will not leave with changes", async () => {
	const client = await connect("vyos-1");
	await client.until("admin@vyos-1:~$ ");
	await client.ask("configure", "# ");
	await client.ask("set interfaces ethernet eth0 description 'changed here'", "# ");
	expect(await client.ask("set nonsense here", "# ")).toContain("Configuration path: [nonsense here] is not valid");
	expect(await client.ask("exit", "# ")).toContain("Cannot exit: configuration modified.");
	await client.ask("commit", "# ");
	await client.ask("exit", "$ ");
	expect(await client.ask("show configuration commands | match description", "$ ")).toContain(
		"set interfaces ethernet eth0 description 'changed here'\n",
	);
	client.close();
});

test("counts connections, logins and commands, and keeps no password", async () => {
	const device = fleet.device("ios-1");
	const before = device.stats();
	const client = await connect("ios-1");
	await client.until("ios-1>");
	client.send("enable\n");
	await client.until("Password: ");
	client.send("lab-enable\n");
	await client.until("ios-1#");
	const after = device.stats();
	expect(after.logins - before.logins).toBe(1);
	expect(after.commands - before.commands).toBe(1);
	expect(after.lines.join("\n")).not.toContain("lab-enable");
	client.close();
});
