import { ctime, timeParts, uptimeText } from "../clock-text.ts";
import type { Command } from "../command-table.ts";
import { commitCandidate } from "../commit.ts";
import { changedLines, fill } from "../config-text.ts";
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
	indent: 1,
	section:
		/^(interface|router|line|vrf \S+$|class-map|policy-map|class|ipv4 access-list|ipv6 access-list|address-family|neighbor \S+$|neighbor-group|area|username|route-policy|prefix-set|ntp$|ssh server$|control-plane) ?/,
	single: commonSingleSettings,
	end: "end",
};

function hostname(device: DeviceState): string {
	return /^hostname (\S+)/m.exec(device.running)?.[1] ?? device.name;
}

/** XR prints the time above every answer. */
function stamp(): string {
	const { day, month, date, time, milliseconds } = timeParts(new Date());
	return `${day} ${month} ${date.padStart(2)} ${time}.${milliseconds} UTC\n`;
}

function printedConfig(device: DeviceState): string {
	return `${stamp()}Building configuration...
!! IOS XR Configuration 7.3.2
!! Last configuration change at ${ctime(device.changed_at)} by ${device.changed_by}
!
${device.running}
`;
}

function version(device: DeviceState): string {
	return `${stamp()}Cisco IOS XR Software, Version 7.3.2
Copyright (c) 2013-2021 by Cisco Systems, Inc.

Build Information:
 Built By     : ingunawa
 Built On     : Wed Oct 13 20:00:36 PDT 2021
 Version      : 7.3.2
 Location     : /opt/cisco/XR/packages/
 Label        : 7.3.2

cisco ASR9K () processor
System uptime is ${uptimeText(device.booted_at).replaceAll(",", "")}

`;
}

const execCommands: Command<IndentedSession>[] = [
	...closingCommands(),
	...terminalCommands(),
	{ words: "show version", run: (session) => session.answer(version(session.device)) },
	{
		words: "show inventory",
		run: ({ device, answer }) =>
			answer(
				`${stamp()}NAME: "Rack 0", DESCR: "ASR-9006 AC Chassis"\nPID: ASR-9006-AC, VID: V01, SN: ${device.serial}\n\n`,
			),
	},
	{
		words: "show running-config",
		run: ({ device, showConfig, filter }) => showConfig(printedConfig(device), filter),
	},
	{
		words: "show configuration commit list",
		run: ({ device, answer }) =>
			answer(
				`${stamp()}SNo. Label/ID              User      Line                Client      Time Stamp\n~~~~ ~~~~~~~~              ~~~~      ~~~~                ~~~~~~      ~~~~~~~~~~\n${device.history
					.map(
						(_, i) =>
							`${i + 1}    ${1_000_000_000 + device.history.length - i}            ${device.changed_by}     vty0:node0_RP0_CPU0 CLI         ${ctime(device.changed_at)}\n`,
					)
					.join("")}`,
			),
	},
	{
		words: "rollback configuration last WORD",
		async run({ device, terminal, username }, [count]) {
			const revision = device.history[Number(count) - 1];
			if (!revision) {
				await terminal.print(`${stamp()}% Invalid commit number\n`);
				return;
			}
			commitCandidate(device, revision.text, username, { is_earlier: true });
			await terminal.print(
				`${stamp()}\nLoading Rollback Changes.\nLoaded Rollback Changes in 1 sec \nCommitting.\n1 items committed in 1 sec (1)items/sec\nUpdating.\nUpdated Commit database in 1 sec \nConfiguration successfully rolled back ${count} commits.\n`,
			);
		},
	},
	{
		words: "configure [LINE]",
		async run({ mode, terminal, device }) {
			await terminal.print(stamp());
			mode.path = [];
			mode.candidate = device.running;
		},
	},
];

async function commit(session: IndentedSession, options: { confirm_ms?: number; comment?: string } = {}) {
	const { mode, device, terminal, username } = session;
	await terminal.print(stamp());
	const candidate = mode.candidate ?? device.running;
	if (candidate === device.running) {
		if (device.confirm) device.confirm.cancel();
		else await terminal.print("% No configuration changes to commit.\n");
		return;
	}
	const tooSmall = /^ mtu (\d|[1-5]\d)$/m.exec(candidate);
	if (tooSmall || session.fault("commit_fails")) {
		await terminal.print(
			"\n% Failed to commit one or more configuration items during a pseudo-atomic operation. All changes made have been reverted. Please issue 'show configuration failed [inheritance]' from this session to view the errors\n",
		);
		return;
	}
	commitCandidate(device, candidate, username, options);
	await session.changed();
}

const configCommands: Command<IndentedSession>[] = [
	{ words: "commit", run: (session) => commit(session) },
	{ words: "commit comment LINE", run: (session, [comment]) => commit(session, { comment }) },
	{
		words: "commit confirmed WORD",
		run: (session, [seconds]) => commit(session, { confirm_ms: (Number(seconds) || 600) * 1_000 }),
	},
	{
		words: "abort",
		run({ mode }) {
			mode.path = undefined;
			mode.candidate = undefined;
		},
	},
	{
		words: "clear",
		run({ mode, device }) {
			mode.candidate = device.running;
		},
	},
	{
		words: "root",
		run({ mode }) {
			mode.path = [];
		},
	},
	{
		words: "show commit changes diff",
		run({ mode, device, answer }) {
			const { removed, added } = changedLines(device.running, mode.candidate ?? device.running);
			const lines = [...removed.map((line) => `-  ${line}`), ...added.map((line) => `+  ${line}`)];
			return answer(`${stamp()}Building configuration...\n!! IOS XR Configuration 7.3.2\n${lines.join("\n")}\nend\n\n`);
		},
	},
	{
		words: "show configuration",
		run({ mode, device, answer }) {
			const { removed, added } = changedLines(device.running, mode.candidate ?? device.running);
			const lines = [...removed.filter((line) => !added.includes(line)).map((line) => `no ${line.trim()}`), ...added];
			return answer(`${stamp()}Building configuration...\n!! IOS XR Configuration 7.3.2\n${lines.join("\n")}\nend\n\n`);
		},
	},
	{
		words: "show running-config",
		run: ({ device, showConfig, filter }) => showConfig(printedConfig(device), filter),
	},
];

const dialect: IndentedDialect = {
	syntax,
	startsPrivileged: true,
	greeting: () => "\n\n",
	prompt({ device, mode }) {
		const base = `RP/0/RP0/CPU0:${hostname(device)}`;
		if (mode.path === undefined) return `${base}#`;
		const labels: Record<string, string> = {
			interface: "if",
			router: mode.path[0]?.split(" ")[1] ?? "router",
			neighbor: "nbr",
			"address-family": mode.path.some((header) => header.startsWith("neighbor")) ? "nbr-af" : "af",
			vrf: "vrf",
			username: "un",
			line: "line",
			area: "ar",
			"route-policy": "rpl",
		};
		const words = mode.path.map((header) => labels[header.split(" ")[0] ?? ""] ?? header.split(" ")[0]);
		return `${base}(${["config", ...words].join("-")})#`;
	},
	exec: execCommands,
	unprivileged: execCommands,
	config: configCommands,
	configWords:
		/^(hostname|interface|router|ipv4|ipv6|snmp-server|username|logging|ntp|line|vrf|banner|aaa|clock|route-policy|prefix-set|policy-map|class-map|domain|cdp|lldp|ssh|telnet|tacacs-server|radius-server|control-plane|mpls|multicast-routing|end-policy|end-set|no)\b/,
	sectionWords:
		/^(description|ipv4|ipv6|shutdown|mtu|bandwidth|encapsulation|bundle|vrf|neighbor|network|redistribute|address-family|bgp|router-id|remote-as|password|update-source|route-policy|send-community|area|interface|cost|passive|group|secret|exec-timeout|transport|server|v2|vrf|permit|deny|\d+ (permit|deny|remark)|if|pass|drop|set|endif|else|end-policy)\b/,
	invalid: (prompt, at) => `${caret(prompt, at)}\n% Invalid input detected at '^' marker.\n`,
	incomplete: () => "% Incomplete command.\n",
	ambiguous: (line) => `% Ambiguous command:  "${line}"\n`,
	takesDo: true,
	execInConfig: false,
	async leaveConfig(session) {
		const { mode, device, terminal } = session;
		if (mode.candidate !== undefined && mode.candidate !== device.running) {
			const question = "Uncommitted changes found, commit them before exiting(yes/no/cancel)? [cancel]:";
			const answer = (await terminal.readLine(question)).trim().toLowerCase();
			if (answer.startsWith("y")) await commit(session);
			else if (!answer.startsWith("n")) return;
		}
		mode.path = undefined;
		mode.candidate = undefined;
	},
};

function createConfig({ name, username, password, bytes, random }: ConfigRecipe): string {
	const out = [
		`hostname ${name}
logging console disable
logging 10.0.0.50 vrf default severity info
username ${username}
 group root-lr
 group cisco-support
 secret 10 $6$${random.text(16)}$${random.text(86)}
!
username backup
 group root-lr
 password 7 ${random.text(18, "0123456789ABCDEF")}
!
username legacy
 group operator
 password 0 ${password}
!
domain name lab.example.net
ntp
 server 10.0.0.60
!
snmp-server community ${random.text(12)} RO
snmp-server community ${random.text(12)} RW
snmp-server location rack ${random.between(1, 40)}
line default
 exec-timeout 10 0
 transport input ssh
!
ipv4 access-list FILTER`,
	];
	let tail = "!\n";
	for (let port = 0; port < 16; port++) {
		tail += `interface GigabitEthernet0/0/0/${port}
 description ${random.pick(["peer", "customer", "transit", "core"])} ${random.text(6)}
 mtu 9192
 ipv4 address ${random.ip()} 255.255.255.252
!
`;
	}
	tail += `interface MgmtEth0/RP0/CPU0/0
 ipv4 address ${random.ip()} 255.255.255.0
!
route-policy PASS
  pass
end-policy
!
router static
 address-family ipv4 unicast
  0.0.0.0/0 10.0.0.1
 !
!
router bgp ${65_000 + random.between(1, 500)}
 bgp router-id ${random.ip()}
 address-family ipv4 unicast
 !
 neighbor 192.0.2.1
  remote-as 64512
  password encrypted ${random.text(22, "0123456789ABCDEF")}
  description upstream
  address-family ipv4 unicast
   route-policy PASS in
   route-policy PASS out
  !
 !
!
ssh server v2
end
`;
	fill(out, bytes - tail.length, (i) => ` ${(i + 1) * 10} permit ipv4 host ${random.ip()} host ${random.ip()}`);
	return `${out.join("\n")}\n${tail}`;
}

export const ciscoXr: SimPlatform = {
	id: "cisco_xr",
	short_name: "xr",
	terminal: { more: () => " --More-- ", eraseMore: `\r${" ".repeat(10)}\r` },
	pages: true,
	ssh_ident: "Cisco-2.0",
	login_banner: "",
	config_error: "% This command is not authorized\n",
	createConfig,
	applyLines: (config, lines) => applyConfigLines(config, lines, syntax),
	withText: (config, lines) =>
		config.replace(/^line default$/m, () => `banner motd ^\n${lines.join("\n")}\n^\nline default`),
	start: (session) => startIndentedCli(session, dialect),
};
