import { iosTime, uptimeText } from "../clock-text.ts";
import type { Command } from "../command-table.ts";
import { armRevert, putBack } from "../commit.ts";
import { fill } from "../config-text.ts";
import {
	caret,
	closingCommands,
	enableCommands,
	type IndentedDialect,
	type IndentedSession,
	startIndentedCli,
	terminalCommands,
} from "../indented-cli.ts";
import { applyConfigLines, commonSingleSettings, type IndentedSyntax } from "../indented-config.ts";
import type { ConfigRecipe, DeviceState, SimPlatform } from "../platform.ts";

const syntax: IndentedSyntax = {
	indent: 1,
	section:
		/^(interface|router|line|vrf definition|ip vrf|vlan|class-map|policy-map|class|ip access-list|ipv6 access-list|route-map|address-family|crypto (?:isakmp|ikev2|ipsec) \S+|control-plane|archive|key chain|aaa group) ?/,
	single: commonSingleSettings,
	end: "end",
};

function hostname(device: DeviceState): string {
	return /^hostname (\S+)/m.exec(device.running)?.[1] ?? device.name;
}

function printedConfig(device: DeviceState): string {
	const body = device.running.replace(/^(?=ntp server)/m, () => `ntp clock-period ${17_179_000 + clockDrift()}\n`);
	const changed = iosTime(device.changed_at);
	const head = [
		"!",
		`! Last configuration change at ${changed} by ${device.changed_by}`,
		`! NVRAM config last updated at ${iosTime(device.saved_at)} by ${device.changed_by}`,
		"!",
		"",
	].join("\n");
	const text = head + body;
	return `Building configuration...\n\nCurrent configuration : ${text.length} bytes\n${text}\n`;
}

/** The clock period follows the oscillator: it differs from read to read. */
function clockDrift(): number {
	return Number(process.hrtime.bigint() % 900n);
}

function version(device: DeviceState): string {
	const name = hostname(device);
	return `Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(7)E4, RELEASE SOFTWARE (fc2)
Technical Support: http://www.cisco.com/techsupport
Copyright (c) 1986-2021 by Cisco Systems, Inc.
Compiled Mon 08-Mar-21 11:02 by prod_rel_team

ROM: Bootstrap program is C2960X boot loader
BOOTLDR: C2960X Boot Loader (C2960X-HBOOT-M) Version 15.2(3r)E1, RELEASE SOFTWARE (fc1)

${name} uptime is ${uptimeText(device.booted_at)}
System returned to ROM by power-on
System image file is "flash:/c2960x-universalk9-mz.152-7.E4.bin"

cisco WS-C2960X-24TS-L (APM86XXX) processor (revision A0) with 524288K bytes of memory.
Processor board ID ${device.serial}
Last reset from power-on
1 Virtual Ethernet interface
28 Gigabit Ethernet interfaces
The password-recovery mechanism is enabled.

512K bytes of flash-simulated non-volatile configuration memory.
Model number                    : WS-C2960X-24TS-L
System serial number            : ${device.serial}

Configuration register is 0xF

`;
}

const showCommands: Command<IndentedSession>[] = [
	{ words: "show version", run: (session) => session.answer(version(session.device)) },
	{ words: "show clock", run: (session) => session.answer(`*${iosTime(new Date())}\n`) },
	{ words: "show privilege", run: (s) => s.answer(`Current privilege level is ${s.mode.privileged ? 15 : 1}\n`) },
	{
		words: "show ip interface brief",
		run: (session) => session.answer(interfaceTable(session.device.running)),
	},
	{
		words: "ping WORD [LINE]",
		run: (session, [host = "", rest = ""]) =>
			session.terminal.print(pingAnswer(host, Number(/\brepeat (\d+)/.exec(rest)?.[1] ?? 5))),
	},
];

function interfaceTable(config: string): string {
	const rows = [...config.matchAll(/^interface (\S+)\n((?: .*\n)*)/gm)].map(([, name = "", body = ""]) => {
		const address = /^ ip address (\S+)/m.exec(body)?.[1] ?? "unassigned";
		const state = /^ shutdown/m.test(body) ? "administratively down down" : "up                    up";
		return `${name.padEnd(23)}${address.padEnd(16)}YES NVRAM  ${state}`;
	});
	return `Interface              IP-Address      OK? Method Status                Protocol\n${rows.join("\n")}\n`;
}

function pingAnswer(host: string, count: number): string {
	return `Type escape sequence to abort.
Sending ${count}, 100-byte ICMP Echos to ${host}, timeout is 2 seconds:
${"!".repeat(count)}
Success rate is 100 percent (${count}/${count}), round-trip min/avg/max = 1/1/4 ms
`;
}

const execCommands: Command<IndentedSession>[] = [
	...enableCommands({ attempts: 3, refusal: "% Bad secrets\n\n" }),
	...closingCommands(),
	...terminalCommands(),
	...showCommands,
	{
		words: "show running-config",
		run: (session) => session.showConfig(printedConfig(session.device), session.filter),
	},
	{
		words: "show running-config interface WORD",
		run: (session, [name]) => session.answer(sectionText(session.device.running, `interface ${name}`)),
	},
	{
		words: "show startup-config",
		run: ({ device, answer }) => answer(`Using ${device.startup.length} out of 524288 bytes\n${device.startup}`),
	},
	{
		words: "configure terminal",
		async run({ mode, terminal }) {
			await terminal.print("Enter configuration commands, one per line.  End with CNTL/Z.\n");
			mode.path = [];
		},
	},
	{
		words: "configure terminal revert timer WORD",
		async run({ mode, device, terminal }, [minutes]) {
			if (!/^archive\n(?: .*\n)* path /m.test(device.running)) {
				await terminal.print("%Archive is not configured.\n");
				return;
			}
			armRevert(device, device.running, (Number(minutes) || 1) * 60_000);
			await terminal.print(
				`Rollback Confirmed Change: Backing up current running config to flash:archive-1\nEnter configuration commands, one per line.  End with CNTL/Z.\nRollback Confirmed Change: Rollback will begin in ${minutes} minutes.\nEnter "configure confirm" if you wish to keep what you've configured\n`,
			);
			mode.path = [];
		},
	},
	{
		words: "configure confirm",
		run: ({ device, terminal }) => {
			if (device.confirm === undefined) return terminal.print("%No Rollback Confirmed Change pending\n");
			device.confirm.cancel();
		},
	},
	{
		words: "configure revert now",
		run: ({ device, terminal }) => {
			if (device.confirm === undefined) return terminal.print("%No Rollback Confirmed Change pending\n");
			device.confirm.revert();
			return terminal.print("Rollback Confirmed Change: Rolling back to previous configuration\n");
		},
	},
	{
		words: "configure replace WORD force",
		run: ({ device, terminal, username }, [path = ""]) => {
			const text = device.files.get(path);
			if (text === undefined) return terminal.print(`%Error opening ${path} (File not found)\n`);
			putBack(device, text, username);
			return terminal.print("Total number of passes: 1\nRollback Done\n\n");
		},
	},
	{
		words: "copy running-config WORD",
		async run({ device, terminal, fault }, [path = ""]) {
			const [, name = ""] = /^flash:(\S+)$/.exec(path) ?? [];
			if (name === "") return terminal.print(`%Error opening ${path} (Invalid argument)\n`);
			await terminal.readLine(`Destination filename [${name}]? `);
			if (fault("no_space")) return terminal.print(`%Error opening ${path} (No space left on device)\n`);
			device.files.set(path, device.running);
			await terminal.print(`\n${device.running.length} bytes copied in 0.084 secs (142857 bytes/sec)\n`);
		},
	},
	{
		words: "delete /force WORD",
		run: ({ device }, [path = ""]) => void device.files.delete(path),
	},
	{
		words: "write [LINE]",
		run: ({ device, terminal }) => {
			save(device);
			return terminal.print("Building configuration...\n[OK]\n");
		},
	},
	{
		words: "copy running-config startup-config",
		async run({ device, terminal }) {
			await terminal.readLine("Destination filename [startup-config]? ");
			save(device);
			await terminal.print("Building configuration...\n[OK]\n");
		},
	},
];

function sectionText(config: string, header: string): string {
	const lines = config.split("\n");
	const from = lines.indexOf(header);
	if (from < 0) return "";
	let to = from + 1;
	while (lines[to]?.startsWith(" ")) to++;
	const body = `!\n${lines.slice(from, to).join("\n")}\nend\n`;
	return `Building configuration...\n\nCurrent configuration : ${body.length} bytes\n${body}\n`;
}

function save(device: DeviceState) {
	device.startup = device.running;
	device.saved_at = new Date();
}

const sectionModes: [RegExp, string][] = [
	[/^interface .*\.\d+$/, "config-subif"],
	[/^interface /, "config-if"],
	[/^address-family /, "config-router-af"],
	[/^router /, "config-router"],
	[/^line /, "config-line"],
	[/^vlan /, "config-vlan"],
	[/^(vrf definition|ip vrf) /, "config-vrf"],
	[/^ip access-list extended /, "config-ext-nacl"],
	[/^ip access-list /, "config-std-nacl"],
	[/^route-map /, "config-route-map"],
	[/^class-map /, "config-cmap"],
	[/^class /, "config-pmap-c"],
	[/^policy-map /, "config-pmap"],
];

const dialect: IndentedDialect = {
	syntax,
	startsPrivileged: false,
	greeting: ({ device }) => `\n${motd(device.running)}`,
	prompt({ device, mode }) {
		const name = hostname(device).slice(0, 20);
		if (mode.path === undefined) return `${name}${mode.privileged ? "#" : ">"}`;
		const section = mode.path.at(-1) ?? "";
		const label =
			section === "" ? "config" : (sectionModes.find(([pattern]) => pattern.test(section))?.[1] ?? "config");
		return `${name}(${label})#`;
	},
	exec: execCommands,
	unprivileged: execCommands.filter(({ words }) =>
		/^(enable|exit|logout|quit|terminal|show (version|clock|privilege|ip)|ping)/.test(words),
	),
	config: [
		{
			words: "no username WORD",
			async run({ device, terminal, mode, username, changed }, [name]) {
				const answer = await terminal.readLine(
					"This operation will remove all username related configurations with same name.Do you want to continue? [confirm]",
				);
				if (answer.startsWith("n")) return;
				device.change(applyConfigLines(device.running, [`no username ${name}`], syntax), username);
				if (!mode.pushed) device.pushes++;
				mode.pushed = true;
				await changed();
			},
		},
	],
	configWords:
		/^(hostname|interface|router|ip|ipv6|snmp-server|username|enable|logging|ntp|line|vlan|vrf|access-list|banner|service|aaa|clock|route-map|policy-map|class-map|spanning-tree|archive|boot|cdp|lldp|crypto|key|radius|radius-server|tacacs|tacacs-server|errdisable|vtp|alias|control-plane|mls|no)\b/,
	sectionWords:
		/^(description|ip|ipv6|shutdown|mtu|bandwidth|speed|duplex|delay|switchport|encapsulation|channel-group|spanning-tree|service-policy|vrf|load-interval|cdp|lldp|storm-control|neighbor|network|redistribute|address-family|exit-address-family|bgp|timers|passive-interface|router-id|area|exec-timeout|login|password|transport|logging|access-class|permit|deny|remark|match|set|class|priority|police|name|rd|route-target|standby|negotiation|media-type|power|authentication|\d+ (permit|deny))\b/,
	invalid: (prompt, at) => `${caret(prompt, at)}\n% Invalid input detected at '^' marker.\n\n`,
	incomplete: () => "% Incomplete command.\n\n",
	ambiguous: (line) => `% Ambiguous command:  "${line}"\n`,
	takesDo: true,
	execInConfig: false,
	async leaveConfig({ mode }) {
		mode.path = undefined;
	},
};

function motd(config: string): string {
	return /^banner motd \^C([\s\S]*?)\^C/m.exec(config.slice(0, 200_000))?.[1] ?? "";
}

function createConfig({ name, username, password, enable_password, bytes, random }: ConfigRecipe): string {
	const hash = () => `$1$${random.text(4)}$${random.text(22)}`;
	const asn = 65_000 + random.between(1, 500);
	const out: string[] = [
		`version 15.2
no service pad
service timestamps debug datetime msec
service timestamps log datetime msec
service password-encryption
!
hostname ${name}
!
boot-start-marker
boot-end-marker
!
logging buffered 64000
enable secret 5 ${hash()}
enable password ${enable_password}
!
username ${username} privilege 15 password 0 ${password}
username backup privilege 15 secret 5 ${hash()}
username operator privilege 1 password 7 ${random.text(18, "0123456789ABCDEF")}
aaa new-model
!
aaa authentication login default local
aaa authorization exec default local
!
aaa session-id common
clock timezone CET 1 0
ip domain-name lab.example.net
no ip domain-lookup
!
spanning-tree mode rapid-pvst
spanning-tree extend system-id
!`,
	];
	for (let vlan = 10; vlan <= 80; vlan += 10) out.push(`vlan ${vlan}\n name SEGMENT-${vlan}\n!`);
	const ports = 24;
	for (let port = 1; port <= ports; port++) {
		out.push(`interface GigabitEthernet1/0/${port}
 description ${random.pick(["desk", "printer", "camera", "access point", "phone", "server"])} ${random.text(6)}
 switchport access vlan ${random.between(1, 8) * 10}
 switchport mode access
 spanning-tree portfast
!`);
	}
	out.push(`interface GigabitEthernet1/0/25
 description uplink to core
 switchport mode trunk
!
interface Vlan1
 no ip address
 shutdown
!
interface Vlan10
 description management
 ip address ${random.ip()} 255.255.255.0
!
router bgp ${asn}
 bgp router-id ${random.ip()}
 bgp log-neighbor-changes
 neighbor 192.0.2.1 remote-as 64512
 neighbor 192.0.2.1 password 7 ${random.text(22, "0123456789ABCDEF")}
 neighbor 192.0.2.1 description upstream
!
ip default-gateway 10.0.0.1
no ip http server
ip route 0.0.0.0 0.0.0.0 10.0.0.1
!
ip access-list extended MGMT
 permit tcp 10.0.0.0 0.255.255.255 any eq 22
 deny   ip any any log
!`);
	const tail = `logging host 10.0.0.50
snmp-server community ${random.text(12)} RO
snmp-server community ${random.text(12)} RW MGMT
snmp-server location building ${random.between(1, 9)}
snmp-server host 10.0.0.51 version 2c ${random.text(10)}
tacacs-server key 7 ${random.text(20, "0123456789ABCDEF")}
!
banner motd ^C
*** Authorised use only. Ticket #4711: call 555-0100 > help desk ***
^C
!
line con 0
 exec-timeout 5 0
line vty 0 4
 password 7 ${random.text(16, "0123456789ABCDEF")}
 transport preferred none
 transport input ssh
line vty 5 15
 transport input none
!
ntp server 10.0.0.60
ntp server 10.0.0.61
end
`;
	fill(
		out,
		bytes - tail.length,
		(i) => `access-list ${2000 + (i % 600)} permit ip host ${random.ip()} host ${random.ip()}`,
	);
	out.push("!");
	return `${out.join("\n")}\n${tail}`;
}

export const ciscoIos: SimPlatform = {
	id: "cisco_ios",
	short_name: "ios",
	terminal: {
		more: () => " --More-- ",
		eraseMore: `${"\b".repeat(9)}${" ".repeat(8)}${"\b".repeat(9)}`,
		scrollsLongLines: true,
	},
	pages: true,
	ssh_ident: "Cisco-1.25",
	login_banner: "",
	config_error: "Command authorization failed.\n\n",
	createConfig,
	applyLines: (config, lines) => applyConfigLines(config, lines, syntax),
	withText: (config, lines) =>
		config.replace(/^line con 0$/m, () => `banner exec ^C\n${lines.join("\n")}\n^C\n!\nline con 0`),
	start: (session) => startIndentedCli(session, dialect),
};
