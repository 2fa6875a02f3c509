import { uptimeText } from "../clock-text.ts";
import { commitCandidate } from "../commit.ts";
import { changedLines, fill } from "../config-text.ts";
import type { Cli, ConfigRecipe, DeviceState, SessionContext, SimPlatform } from "../platform.ts";
import {
	applySetLines,
	deleteStatement,
	parseStatements,
	printSetCommands,
	printStatements,
	type StatementSyntax,
	setStatement,
	splitStatement,
	statementsAt,
} from "../statement-config.ts";

const topBlocks = "system interfaces protocols service policy firewall nat vpn high-availability container qos".split(
	" ",
);

const syntax: StatementSyntax = {
	semicolons: false,
	blocks: new Set([
		...topBlocks,
		..."login authentication ssh snmp ntp syslog static bgp ospf ipv4 ipv6 source destination parameters address-family ipv4-unicast tables options".split(
			" ",
		),
	]),
	keyed: new Set(
		"ethernet bridge dummy loopback vif user neighbor route next-hop community host server facility rule name group network-group address-group listen-address prefix-list route-map".split(
			" ",
		),
	),
	named: new Set(),
	repeated: new Set(["address", "name-server", "network", "allow-client"]),
	quote: (value) => `'${value.replace(/^["'](.*)["']$/, "$1")}'`,
};

function hostname(device: DeviceState): string {
	return /^ {4}host-name (\S+)$/m.exec(device.running)?.[1]?.replaceAll('"', "") ?? device.name;
}

function version(device: DeviceState): string {
	return `Version:          VyOS 1.4.0
Release train:    sagitta

Built by:         autobuild@vyos.net
Built on:         Mon 03 Jun 2024 16:05 UTC
Build UUID:       8a6d7d1a-2a1c-4b1c-9c1b-0a4b8e0e2c7e

Architecture:     x86_64
Boot via:         installed image
System type:      KVM guest

Hardware vendor:  QEMU
Hardware model:   Standard PC (Q35 + ICH9, 2009)
Hardware S/N:     ${device.serial}
Hardware UUID:    4b7e2d9e-3f1f-4c8a-8d4e-${device.serial.toLowerCase().padEnd(12, "0")}

Copyright:        VyOS maintainers and contributors
`;
}

const commitFailure = "[[system]] failed\nCommit failed\n";

function start(session: SessionContext): Cli {
	const { device, terminal } = session;
	let candidate: string | undefined;
	/** The configuration before that a session loaded last. */
	let earlier: string | undefined;
	let path: string[] = [];

	function prompt(): string {
		// bash 5 announces that it understands pasted text.
		const paste = "\x1b[?2004h";
		const user = `${session.username}@${hostname(device)}`;
		if (candidate === undefined) return `${paste}${user}:~$ `;
		return `[edit${path.map((word) => ` ${word}`).join("")}]\n${paste}${user}# `;
	}

	async function runOperational(line: string): Promise<boolean> {
		const [command = "", pipe] = line.split(/\s*\|\s*/);
		const words = command.split(/\s+/);
		const unpaged = pipe?.startsWith("no-more") || pipe?.startsWith("cat");
		const rows = terminal.page_rows;
		if (unpaged && !terminal.always_pages) terminal.page_rows = 0;
		const filter = (text: string) => {
			const wanted = /^(?:match|grep) (.+)$/.exec(pipe ?? "")?.[1];
			if (wanted === undefined) return text;
			return text
				.split("\n")
				.filter((row) => row.includes(wanted))
				.map((row) => `${row}\n`)
				.join("");
		};
		const full = words.join(" ");
		if (full === "exit" || full === "logout") return false;
		if (full === "configure" || full === "conf") {
			candidate = device.running;
			path = [];
		} else if (full === "show configuration") await session.showConfig(device.running, filter);
		else if (full === "show configuration commands") {
			await session.showConfig(device.running, (text) => filter(printSetCommands(parseStatements(text), syntax)));
		} else if (full === "show version") await terminal.page(filter(version(device)));
		else if (full === "show system uptime") await terminal.page(`Uptime: ${uptimeText(device.booted_at)}\n`);
		else if (full === "show host name") await terminal.page(`${hostname(device)}\n`);
		else if (/^(set )?terminal (length|width) \d+$/.test(full)) {
			const value = Number(words.at(-1));
			if (words.at(-2) === "width") terminal.columns = value;
			else if (!terminal.always_pages) terminal.page_rows = value;
		} else if (words[0] === "show" || words[0] === "set" || words[0] === "reset") {
			await terminal.print(`\n  Invalid command: ${words.length === 1 ? "" : `${words[0]} `}[${words.at(-1)}]\n\n`);
			if (unpaged) terminal.page_rows = rows;
			return true;
		} else await terminal.print(`\n  Invalid command: [${words[0]}]\n\n`);
		if (unpaged) terminal.page_rows = rows;
		return true;
	}

	async function runConfiguration(line: string, current: string): Promise<void> {
		const [verb = "", ...rest] = splitStatement(line);
		switch (verb) {
			case "set":
			case "delete": {
				const rejected = session.fault("reject_line");
				if (rejected !== undefined && line.includes(rejected.line)) {
					return terminal.print(rejected.text ?? "\n  Invalid value\n  Value validation failed\n  Set failed\n\n");
				}
				const target = [...path, ...rest.map((word) => word.replace(/^'(.*)'$/, '"$1"'))];
				if (!topBlocks.includes(target[0] ?? "") || target.length < 2) {
					return terminal.print(
						`\n  Configuration path: [${target.join(" ")}] is not valid\n  ${verb === "set" ? "Set" : "Delete"} failed\n\n`,
					);
				}
				const root = parseStatements(current);
				if (verb === "set") setStatement(root, target, syntax);
				else if (!deleteStatement(root, target)) {
					return terminal.print("\n  Nothing to delete (the specified node does not exist)\n\n");
				}
				candidate = printStatements(root, syntax);
				return;
			}
			case "commit": {
				if (current === device.running) return terminal.print("No configuration changes to commit\n");
				if (session.fault("commit_fails")) return terminal.print(commitFailure);
				commitCandidate(device, current, session.username, { is_earlier: current === earlier });
				return session.changed();
			}
			case "commit-confirm": {
				const minutes = Number(rest[0]) || 10;
				await terminal.print(`commit confirm will be automatically reboot in ${minutes} minutes unless confirmed\n`);
				if ((await terminal.readLine("Proceed? [confirm][y]")).startsWith("n")) return;
				if (session.fault("commit_fails")) return terminal.print(commitFailure);
				commitCandidate(device, current, session.username, { confirm_ms: minutes * 60_000 });
				return session.changed();
			}
			case "confirm":
				device.confirm?.cancel();
				return;
			case "compare": {
				if (current === device.running)
					return terminal.print("No changes between working and active configurations.\n");
				if (rest[0] === "commands") {
					const commands = [device.running, current].map((text) => printSetCommands(parseStatements(text), syntax));
					const { removed, added } = changedLines(commands[0] ?? "", commands[1] ?? "");
					const rows = [
						...removed.map((text) => `${text.replace(/^set/, "delete")}\n`),
						...added.map((text) => `${text}\n`),
					];
					return void (await terminal.page(rows.join("")));
				}
				const { removed, added } = changedLines(device.running, current);
				const rows = [...removed.map((text) => `- ${text}\n`), ...added.map((text) => `+ ${text}\n`)];
				return void (await terminal.page(rows.join("")));
			}
			case "rollback": {
				const text = device.history[Number(rest[0] ?? 0) - 1]?.text;
				if (text === undefined) return terminal.print("\n  Invalid rollback revision\n\n");
				candidate = text;
				earlier = text;
				return;
			}
			case "save":
				device.startup = device.running;
				device.saved_at = new Date();
				return terminal.print("Saving configuration to '/config/config.boot'...\nDone\n");
			case "discard":
				candidate = device.running;
				return terminal.print("Changes have been discarded\n");
			case "show": {
				const part = statementsAt(parseStatements(current), [...path, ...rest]);
				if (part === undefined) return terminal.print("Configuration under specified path is empty\n");
				return void (await terminal.page(printStatements(part, syntax)));
			}
			case "edit":
				path = [...path, ...rest];
				return;
			case "up":
				path = path.slice(0, -1);
				return;
			case "top":
				path = [];
				return;
			case "run":
				await runOperational(rest.join(" "));
				return;
			case "exit":
				if (path.length > 0) path = [];
				else if (current !== device.running && rest[0] !== "discard") {
					await terminal.print(
						"Cannot exit: configuration modified.\nUse 'exit discard' to discard the changes and exit.\n",
					);
				} else {
					candidate = undefined;
					await terminal.print("exit\n");
				}
				return;
			default:
				return terminal.print(`\n  Invalid command: [${verb}]\n\n`);
		}
	}

	return {
		greeting: "Welcome to VyOS!\n\nCheck out project news at https://blog.vyos.io\n\n",
		prompt,
		async run(line) {
			await terminal.print("\x1b[?2004l");
			const trimmed = line.trim();
			if (trimmed === "" || trimmed === "\x1a") return true;
			if (candidate === undefined) return runOperational(trimmed);
			await runConfiguration(trimmed, candidate);
			return true;
		},
	};
}

function createConfig({ name, username, password, bytes, random }: ConfigRecipe): string {
	const lines = [
		`set system host-name ${name}`,
		`set system login user ${username} authentication encrypted-password "$6$${random.text(8)}$${random.text(86)}"`,
		`set system login user legacy authentication plaintext-password "${password}"`,
		"set system syslog host 10.0.0.50 facility all level notice",
		"set system name-server 10.0.0.53",
		"set service ssh port 22",
		"set service ntp server 10.0.0.60",
		`set service snmp community ${random.text(12)} authorization ro`,
		`set service snmp location "rack ${random.between(1, 40)}"`,
	];
	for (let port = 0; port < 4; port++) {
		lines.push(
			`set interfaces ethernet eth${port} address ${random.ip()}/24`,
			`set interfaces ethernet eth${port} description "${random.pick(["uplink", "branch", "lab", "core"])} ${random.text(6)}"`,
		);
	}
	lines.push(
		"set protocols static route 0.0.0.0/0 next-hop 10.0.0.1",
		`set protocols bgp system-as ${65_000 + random.between(1, 500)}`,
		"set protocols bgp neighbor 192.0.2.1 remote-as 64512",
		`set protocols bgp neighbor 192.0.2.1 password ${random.text(14)}`,
	);
	const parts = [applySetLines("", lines, syntax).trimEnd(), "firewall {", "    ipv4 {", "        name FILTER {"];
	fill(
		parts,
		bytes,
		(i) =>
			`            rule ${(i + 1) * 10} {\n                action accept\n                source {\n                    address ${random.ip()}\n                }\n            }`,
	);
	return `${parts.join("\n")}\n        }\n    }\n}\n`;
}

export const vyos: SimPlatform = {
	id: "vyos",
	short_name: "vyos",
	// `less`, which is what VyOS pages with.
	terminal: { more: () => ":", eraseMore: "\r\x1b[K" },
	pages: true,
	ssh_ident: "OpenSSH_9.2p1",
	login_banner: "Welcome to VyOS\n",
	config_error: "\n  Invalid command: show [configuration]\n\n",
	createConfig,
	applyLines: (config, lines) =>
		applySetLines(
			config,
			lines.map((line) => line.replace(/'([^']*)'/g, '"$1"')),
			syntax,
		),
	withText: (config, lines) => config.replace(/^firewall \{$/m, () => `/*\n${lines.join("\n")}\n*/\nfirewall {`),
	start,
};
