import { uptimeText } from "../clock-text.ts";
import type { Command } from "../command-table.ts";
import { commitCandidate } from "../commit.ts";
import { changedLines, fill } from "../config-text.ts";
import {
	closingCommands,
	enableCommands,
	type IndentedDialect,
	type IndentedSession,
	startIndentedCli,
} from "../indented-cli.ts";
import { applyConfigLines, commonSingleSettings, type IndentedSyntax } from "../indented-config.ts";
import type { ConfigRecipe, DeviceState, SimPlatform } from "../platform.ts";

const syntax: IndentedSyntax = {
	indent: 3,
	section:
		/^(interface|router|line|vrf instance|vlan|class-map|policy-map|class|ip access-list|route-map|address-family|management \S+|mlag configuration|role) ?/,
	single: commonSingleSettings,
	end: "end",
};

function hostname(device: DeviceState): string {
	return /^hostname (\S+)/m.exec(device.running)?.[1] ?? device.name;
}

function printedConfig(device: DeviceState): string {
	return `! Command: show running-config\n! device: ${hostname(device)} (DCS-7050SX3-48YC8, EOS-4.29.2F)\n!\n${device.running}`;
}

function version(device: DeviceState): string {
	return `Arista DCS-7050SX3-48YC8
Hardware version: 11.00
Serial number: ${device.serial}
Hardware MAC address: 2899.3abc.de01
System MAC address: 2899.3abc.de01

Software image version: 4.29.2F
Architecture: x86_64
Internal build version: 4.29.2F-30640700.4292F
Internal build ID: 4d8b8a4b-0d4c-4c9b-9d8e-7c6c7e0a6f4f

Uptime: ${uptimeText(device.booted_at)}
Total memory: 8099732 kB
Free memory: 5922048 kB

`;
}

function versionJson(device: DeviceState): string {
	return `${JSON.stringify(
		{
			modelName: "DCS-7050SX3-48YC8",
			serialNumber: device.serial,
			version: "4.29.2F",
			architecture: "x86_64",
			uptime: (Date.now() - device.booted_at.getTime()) / 1_000,
		},
		null,
		4,
	)}\n`;
}

const unprivileged: Command<IndentedSession>[] = [
	...enableCommands({ attempts: 3, refusal: "% Bad secret\n\n" }),
	...closingCommands(),
	{
		words: "terminal length WORD",
		async run({ terminal }, [rows]) {
			if (!terminal.always_pages) terminal.page_rows = Number(rows) || 0;
			await terminal.print(Number(rows) === 0 ? "Pagination disabled.\n" : `Pagination set to ${rows} lines.\n`);
		},
	},
	{
		words: "terminal width WORD",
		async run({ terminal }, [columns]) {
			terminal.columns = Number(columns) || 0;
			await terminal.print(`Width set to ${columns} columns.\n`);
		},
	},
	{ words: "show version", run: (session) => session.answer(version(session.device)) },
	{
		words: "show hostname",
		run: ({ device, answer }) =>
			answer(`Hostname: ${hostname(device)}\nFQDN:     ${hostname(device)}.lab.example.net\n`),
	},
];

const exec: Command<IndentedSession>[] = [
	...unprivileged,
	{
		words: "show running-config",
		run: ({ device, showConfig, filter }) => showConfig(printedConfig(device), filter),
	},
	{
		words: "show startup-config",
		run: ({ device, answer }) =>
			answer(
				`! Command: show startup-config\n! Startup-config last modified at ${device.saved_at.toUTCString()} by root\n!\n${device.startup}`,
			),
	},
	...["configure", "configure terminal"].map((words) => ({
		words,
		run({ mode }: IndentedSession) {
			mode.path = [];
		},
	})),
	{
		words: "configure session WORD",
		run({ mode, device }, [name = ""]) {
			const pending = device.sessions.get(name) ?? { base: device.running, text: device.running };
			device.sessions.set(name, pending);
			mode.path = [];
			mode.session = name;
			mode.candidate = pending.text;
		},
	},
	{
		words: "configure session WORD commit",
		async run({ device, changed }, [name = ""]) {
			device.confirm?.cancel();
			device.sessions.delete(name);
			await changed();
		},
	},
	{
		words: "configure session WORD abort",
		run({ device }, [name = ""]) {
			// A session that waits for its confirmation is taken back.
			device.confirm?.revert();
			device.sessions.delete(name);
		},
	},
	...["write memory", "write", "copy running-config startup-config"].map((words) => ({
		words,
		async run({ device, terminal }: IndentedSession) {
			device.startup = device.running;
			device.saved_at = new Date();
			await terminal.print("Copy completed successfully.\n");
		},
	})),
];

function finishSession({ mode, device }: IndentedSession, keep: boolean) {
	if (mode.session !== undefined && !keep) device.sessions.delete(mode.session);
	else if (mode.session !== undefined && mode.candidate !== undefined) {
		device.sessions.set(mode.session, { base: device.running, text: mode.candidate });
	}
	mode.path = undefined;
	mode.candidate = undefined;
	mode.session = undefined;
}

const commitFailure = "% Commit of session failed: configuration could not be applied\n";

const config: Command<IndentedSession>[] = [
	{
		words: "commit",
		async run(session) {
			if (session.mode.candidate === undefined) return session.terminal.print("% Invalid input\n");
			if (session.fault("commit_fails")) return session.terminal.print(commitFailure);
			commitCandidate(session.device, session.mode.candidate, session.username);
			finishSession(session, false);
			await session.changed();
		},
	},
	{
		words: "commit timer WORD",
		async run(session, [clock = ""]) {
			const [hours = 0, minutes = 0, seconds = 0] = clock.split(":").map(Number);
			const confirm_ms = ((hours * 60 + minutes) * 60 + seconds) * 1_000;
			if (session.mode.candidate === undefined || !(confirm_ms > 0)) return session.terminal.print("% Invalid input\n");
			if (session.fault("commit_fails")) return session.terminal.print(commitFailure);
			commitCandidate(session.device, session.mode.candidate, session.username, { confirm_ms });
			finishSession(session, true);
			await session.changed();
		},
	},
	{ words: "abort", run: (session) => finishSession(session, false) },
	{
		words: "show session-config diffs",
		run({ mode, device, answer }) {
			const { removed, added, at } = changedLines(device.running, mode.candidate ?? device.running);
			if (removed.length + added.length === 0) return;
			const lines = [...removed.map((line) => `-${line}`), ...added.map((line) => `+${line}`)];
			const header = device.running
				.split("\n")
				.slice(0, at)
				.findLast((line) => /^\S/.test(line) && line !== "!");
			return answer(
				`--- system:/running-config\n+++ session:/${mode.session}-session-config\n@@ -${at + 1},${removed.length} +${at + 1},${added.length} @@\n ${header ?? ""}\n${lines.join("\n")}\n`,
			);
		},
	},
	{
		words: "show session-config",
		run: ({ mode, answer, device }) => answer(mode.candidate ?? device.running),
	},
	{
		words: "rollback clean-config",
		run({ mode }) {
			if (mode.candidate !== undefined) mode.candidate = "!\nend\n";
		},
	},
];

const dialect: IndentedDialect = {
	syntax,
	startsPrivileged: false,
	greeting: () => "",
	prompt({ device, mode }) {
		const name = hostname(device);
		if (mode.path === undefined) return `${name}${mode.privileged ? "#" : ">"}`;
		const section = mode.path.at(-1) ?? "";
		const [kind = "", argument = ""] = section.split(" ");
		const short = argument
			.replace(/^Ethernet/, "Et")
			.replace(/^Loopback/, "Lo")
			.replace(/^Management/, "Ma")
			.replace(/^Vlan/, "Vl");
		const label = { interface: `if-${short}`, router: "router-bgp", vlan: `vlan-${argument}`, "": "" }[kind] ?? kind;
		// The prompt shows no more than six characters of a session's name.
		const session = mode.session === undefined ? "config" : `config-s-${mode.session.slice(0, 6)}`;
		return `${name}(${label === "" ? session : `${session}-${label}`})#`;
	},
	exec,
	unprivileged,
	config,
	configWords:
		/^(hostname|interface|router|ip|ipv6|snmp-server|username|enable|logging|ntp|line|vlan|vrf|banner|aaa|clock|route-map|policy-map|class-map|spanning-tree|boot|lldp|management|mlag|dns|transceiver|service|queue-monitor|role|tacacs-server|radius-server|daemon|event-handler|switchport|no|default)\b/,
	sectionWords:
		/^(description|ip|ipv6|shutdown|mtu|bandwidth|speed|switchport|encapsulation|channel-group|spanning-tree|service-policy|vrf|neighbor|network|redistribute|address-family|router-id|maximum-paths|timers|update|bgp|permit|deny|remark|match|set|class|name|rd|route-target|load-interval|idle-timeout|protocol|\d+ (permit|deny))\b/,
	invalid: () => "% Invalid input\n",
	incomplete: () => "% Incomplete command\n",
	ambiguous: () => "% Ambiguous command\n",
	takesDo: false,
	execInConfig: true,
	async leaveConfig(session) {
		finishSession(session, true);
	},
};

function createConfig({ name, username, password, enable_password, bytes, random }: ConfigRecipe): string {
	const sha512 = () => `$6$${random.text(16)}$${random.text(86)}`;
	const out = [
		`! boot system flash:/EOS-4.29.2F.swi
!
no aaa root
!
username ${username} privilege 15 role network-admin secret 0 ${password}
username backup privilege 15 role network-admin secret sha512 ${sha512()}
enable password 0 ${enable_password}
!
transceiver qsfp default-mode 4x10G
!
service routing protocols model multi-agent
!
hostname ${name}
ip name-server vrf default 10.0.0.53
dns domain lab.example.net
!
snmp-server community ${random.text(12)} ro
snmp-server community ${random.text(12)} rw
!
spanning-tree mode mstp
!
vlan 10,20,30,40
!`,
	];
	for (let port = 1; port <= 32; port++) {
		out.push(`interface Ethernet${port}
   description ${random.pick(["leaf", "server", "storage", "edge"])} ${random.text(6)}
   switchport access vlan ${random.between(1, 4) * 10}
!`);
	}
	const tail = `!
interface Loopback0
   ip address ${random.ip()}/32
!
interface Management1
   ip address ${random.ip()}/24
!
ip routing
!
ip route 0.0.0.0/0 10.0.0.1
!
router bgp ${65_000 + random.between(1, 500)}
   router-id ${random.ip()}
   neighbor 192.0.2.1 remote-as 64512
   neighbor 192.0.2.1 password 7 ${random.text(20)}==
   neighbor 192.0.2.1 description upstream
!
tacacs-server key 7 ${random.text(16, "0123456789ABCDEF")}
!
banner login
Authorised use only > call 555-0100
EOF
!
management ssh
   idle-timeout 60
!
end
`;
	out.push("ip access-list FILTER");
	fill(out, bytes - tail.length, (i) => `   ${(i + 1) * 10} permit ip host ${random.ip()} host ${random.ip()}`);
	return `${out.join("\n")}\n${tail}`;
}

export const aristaEos: SimPlatform = {
	id: "arista_eos",
	short_name: "eos",
	terminal: { more: () => "\x1b[7m --More-- \x1b[27m", eraseMore: "\r\x1b[K" },
	pages: true,
	ssh_ident: "OpenSSH_8.7",
	login_banner: "Authorised use only > call 555-0100\n",
	config_error: "% Authorization denied for command 'show running-config'\n",
	createConfig,
	applyLines: (config, lines) => applyConfigLines(config, lines, syntax),
	withText: (config, lines) =>
		config.replace(/^management ssh$/m, () => `banner motd\n${lines.join("\n")}\nEOF\n!\nmanagement ssh`),
	start(session) {
		const cli = startIndentedCli(session, dialect);
		return {
			...cli,
			async run(line) {
				if (/^\s*sh(ow?)? ver(sion?)? *\| *json\s*$/.test(line)) {
					await session.terminal.page(versionJson(session.device));
					return true;
				}
				return cli.run(line);
			},
		};
	},
};
