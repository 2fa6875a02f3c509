import { ctime, uptimeText } from "../clock-text.ts";
import type { Command } from "../command-table.ts";
import { putBack } from "../commit.ts";
import { fill } from "../config-text.ts";
import {
	caret,
	closingCommands,
	type IndentedDialect,
	type IndentedSession,
	startIndentedCli,
	terminalCommands,
} from "../indented-cli.ts";
import { applyConfigLines, commonSingleSettings, type IndentedSyntax } from "../indented-config.ts";
import type { ConfigRecipe, DeviceState, SimPlatform } from "../platform.ts";

const syntax: IndentedSyntax = {
	indent: 2,
	section:
		/^(interface|router|line|vrf context|vlan|class-map|policy-map|class|ip access-list|route-map|address-family|neighbor \S+$|vpc domain|role) ?/,
	single: commonSingleSettings,
	end: undefined,
};

function hostname(device: DeviceState): string {
	return /^hostname (\S+)/m.exec(device.running)?.[1] ?? device.name;
}

function printed(device: DeviceState, command: string, config: string): string {
	return `
!Command: ${command}
!Running configuration last done at: ${ctime(device.changed_at)}
!Time: ${ctime(new Date())}

${config}
`;
}

function version(device: DeviceState): string {
	return `Cisco Nexus Operating System (NX-OS) Software
TAC support: http://www.cisco.com/tac
Copyright (C) 2002-2021, Cisco and/or its affiliates.

Software
  BIOS: version 05.45
  NXOS: version 9.3(8)
  BIOS compile time:  07/05/2021
  NXOS image file is: bootflash:///nxos.9.3.8.bin

Hardware
  cisco Nexus9000 C93180YC-EX chassis
  Intel(R) Xeon(R) CPU  @ 1.80GHz with 24571632 kB of memory.
  Processor Board ID ${device.serial}

  Device name: ${hostname(device)}
  bootflash:   53298520 kB
Kernel uptime is ${uptimeText(device.booted_at).replaceAll(",", "")}, 7 second(s)

Last reset at 443206 usecs after Mon Jul  5 09:00:00 2021
  Reason: Reset Requested by CLI command reload
`;
}

const execCommands: Command<IndentedSession>[] = [
	...closingCommands(),
	...terminalCommands(),
	{ words: "terminal session-timeout WORD", run() {} },
	{ words: "show version", run: (session) => session.answer(version(session.device)) },
	{ words: "show clock", run: (session) => session.answer(`${ctime(new Date())}\n`) },
	{
		words: "show running-config",
		run: ({ device, showConfig, filter }) => showConfig(printed(device, "show running-config", device.running), filter),
	},
	{
		words: "show startup-config",
		run: ({ device, answer }) => answer(printed(device, "show startup-config", device.startup)),
	},
	{
		words: "configure terminal",
		async run({ mode, terminal }) {
			await terminal.print("Enter configuration commands, one per line. End with CNTL/Z.\n");
			mode.path = [];
		},
	},
	{
		words: "copy running-config startup-config",
		async run({ device, terminal }) {
			await terminal.print(`${"[#".padEnd(41)}]   1%\r[${"#".repeat(40)}] 100%\nCopy complete.\n`);
			device.startup = device.running;
			device.saved_at = new Date();
		},
	},
	{
		words: "checkpoint WORD",
		async run({ device, terminal }, [name = ""]) {
			if (device.checkpoints.has(name)) {
				await terminal.print(`ERROR: Checkpoint name '${name}' already exists\n`);
				return;
			}
			device.checkpoints.set(name, device.running);
			await terminal.print(".Done\n");
		},
	},
	{
		words: "no checkpoint WORD",
		run: ({ device }, [name = ""]) => void device.checkpoints.delete(name),
	},
	{
		words: "rollback running-config checkpoint WORD [LINE]",
		async run({ device, terminal, username }, [name = ""]) {
			const text = device.checkpoints.get(name);
			if (text === undefined) {
				await terminal.print(`ERROR: Checkpoint '${name}' doesn't exist\n`);
				return;
			}
			putBack(device, text, username);
			await terminal.print(
				"Note: Applying config parallelly may fail Rollback verification\nCollecting Running-Config\n#Generating Rollback Patch\nExecuting Rollback Patch\nGenerating Running-config for verification\nGenerating Patch for verification\nVerification is Successful.\n\nRollback completed successfully.\n\n",
			);
		},
	},
];

const dialect: IndentedDialect = {
	syntax,
	startsPrivileged: true,
	greeting: () => "Cisco Nexus Operating System (NX-OS) Software\nTAC support: http://www.cisco.com/tac\n",
	prompt({ device, mode }) {
		if (mode.path === undefined) return `${hostname(device)}# `;
		const section = mode.path.at(-1) ?? "";
		const label = Object.entries({
			interface: "config-if",
			"router bgp": "config-router",
			neighbor: "config-router-neighbor",
			"address-family": "config-router-af",
			vlan: "config-vlan",
			line: "config-line",
			"vrf context": "config-vrf",
			"ip access-list": "config-acl",
			"route-map": "config-route-map",
		}).find(([start]) => section.startsWith(start))?.[1];
		return `${hostname(device)}(${label ?? "config"})# `;
	},
	exec: execCommands,
	unprivileged: execCommands,
	config: [],
	configWords:
		/^(hostname|interface|router|ip|ipv6|snmp-server|username|logging|ntp|line|vlan|vrf|banner|aaa|clock|route-map|policy-map|class-map|spanning-tree|boot|cdp|lldp|feature|vpc|role|system|hardware|copp|rmon|switchname|key|tacacs-server|radius-server|no)\b/,
	sectionWords:
		/^(description|ip|ipv6|shutdown|mtu|bandwidth|speed|duplex|delay|switchport|encapsulation|channel-group|spanning-tree|service-policy|vrf|neighbor|network|redistribute|address-family|router-id|remote-as|password|update-source|log-neighbor-changes|exec-timeout|permit|deny|remark|match|set|class|name|rd|route-target|peer-keepalive|session-limit|\d+ (permit|deny))\b/,
	invalid: (prompt, at) => `${caret(prompt, at)}\n% Invalid command at '^' marker.\n`,
	incomplete: (line) => `${caret("", line.length + 8)}\n% Incomplete command at '^' marker.\n`,
	ambiguous: (_line, prompt, at) => `${caret(prompt, at)}\n% Ambiguous command at '^' marker.\n`,
	takesDo: true,
	execInConfig: true,
	async leaveConfig({ mode }) {
		mode.path = undefined;
	},
};

function createConfig({ name, username, password, bytes, random }: ConfigRecipe): string {
	const hash = () => `5 $5$${random.text(6)}$${random.text(43)}`;
	const out = [
		`version 9.3(8) Bios:version 05.45
hostname ${name}
vdc ${name} id 1
  limit-resource vlan minimum 16 maximum 4094
  limit-resource vrf minimum 2 maximum 4096

feature ssh
feature bgp
feature interface-vlan
feature lldp

username admin password ${hash()}  role network-admin
username ${username === "admin" ? "backup" : username} password 0 ${password} role network-admin
ip domain-lookup
copp profile strict
snmp-server user ${username} network-admin auth md5 0x${random.text(32, "0123456789abcdef")} priv 0x${random.text(32, "0123456789abcdef")} localizedkey
snmp-server community ${random.text(12)} group network-operator
snmp-server community ${random.text(12)} group network-admin
ntp server 10.0.0.60 use-vrf management
tacacs-server key 7 "${random.text(16)}"

ip route 0.0.0.0/0 10.0.0.1
vlan 1,10,20,30,40`,
	];
	for (const vlan of [10, 20, 30, 40]) out.push(`vlan ${vlan}\n  name SEGMENT-${vlan}`);
	out.push(`\nvrf context management\n  ip route 0.0.0.0/0 10.1.0.1\n`);
	const interfaces: string[] = [];
	for (let port = 1; port <= 48; port++) {
		interfaces.push(`interface Ethernet1/${port}
  description ${random.pick(["host", "storage", "hypervisor", "firewall"])} ${random.text(6)}
  switchport access vlan ${random.between(1, 4) * 10}
  spanning-tree port type edge
`);
	}
	const tail = `interface mgmt0
  vrf member management
  ip address ${random.ip()}/24
line console
  exec-timeout 10
line vty
  exec-timeout 15
boot nxos bootflash:/nxos.9.3.8.bin
router bgp ${65_000 + random.between(1, 500)}
  router-id ${random.ip()}
  log-neighbor-changes
  address-family ipv4 unicast
  neighbor 192.0.2.1
    remote-as 64512
    password 3 ${random.text(16, "0123456789abcdef")}
    description upstream
    address-family ipv4 unicast
logging server 10.0.0.50 5 use-vrf management`;
	const ports = interfaces.join("\n");
	out.push("ip access-list FILTER");
	fill(
		out,
		bytes - tail.length - ports.length,
		(i) => `  ${(i + 1) * 10} permit ip ${random.ip()}/32 ${random.ip()}/32`,
	);
	return `${out.join("\n")}\n\n${ports}\n${tail}\n`;
}

export const ciscoNxos: SimPlatform = {
	id: "cisco_nxos",
	short_name: "nxos",
	terminal: { more: () => "\x1b[7m--More--\x1b[27m", eraseMore: "\r        \r" },
	pages: true,
	ssh_ident: "OpenSSH_7.6",
	login_banner: "User Access Verification\n",
	config_error: "% Permission denied for the role\n",
	createConfig,
	applyLines: (config, lines) => applyConfigLines(config, lines, syntax),
	withText: (config, lines) =>
		config.replace(/^line console$/m, () => `banner motd ^\n${lines.join("\n")}\n^\nline console`),
	start: (session) => startIndentedCli(session, dialect),
};
