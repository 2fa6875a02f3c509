import { timeParts } from "../clock-text.ts";
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

const syntax: StatementSyntax = {
	semicolons: true,
	blocks: new Set(
		"system interfaces protocols routing-options policy-options firewall snmp services login syslog ntp authentication root-authentication bgp ospf lldp static then from ssh netconf chassis virtual-chassis security vlans routing-instances".split(
			" ",
		),
	),
	keyed: new Set(
		"unit family group neighbor policy-statement term user community prefix-list filter area file host class security-zone tacplus-server radius-server".split(
			" ",
		),
	),
	named: new Set(["interfaces", "vlans", "routing-instances"]),
	repeated: new Set([
		"address",
		"route",
		"server",
		"name-server",
		"source-address",
		"destination-address",
		"community",
		"export",
		"import",
		"member",
	]),
	quote: (value) => value,
};

function hostname(device: DeviceState): string {
	return /^ {4}host-name (\S+);/m.exec(device.running)?.[1] ?? device.name;
}

function stamp(date: Date): string {
	const { year, month_number, date_padded, time } = timeParts(date);
	return `${year}-${month_number}-${date_padded} ${time} UTC`;
}

function version(device: DeviceState): string {
	return `Hostname: ${hostname(device)}
Model: mx204
Junos: 20.4R3.8
JUNOS OS Kernel 64-bit  [20210826.115045_builder_stable_11]
JUNOS OS libs [20210826.115045_builder_stable_11]
JUNOS OS runtime [20210826.115045_builder_stable_11]
JUNOS Packet Forwarding Engine Support (MX Common) [20210913.182838_builder_junos_204_r3]
`;
}

const topWords = [
	"show",
	"configure",
	"set",
	"exit",
	"quit",
	"request",
	"ping",
	"start",
	"clear",
	"edit",
	"help",
	"monitor",
];
const showWords = ["configuration", "version", "chassis", "system", "interfaces", "route", "bgp", "cli", "log"];
const topStatements = [
	"system",
	"interfaces",
	"protocols",
	"routing-options",
	"policy-options",
	"firewall",
	"snmp",
	"services",
	"chassis",
	"virtual-chassis",
	"security",
	"vlans",
	"routing-instances",
	"version",
	"groups",
	"apply-groups",
	"class-of-service",
	"forwarding-options",
	"event-options",
	"access",
	"applications",
	"bridge-domains",
];

function start(session: SessionContext): Cli {
	const { device, terminal } = session;
	let candidate: string | undefined;
	/** The configuration before that a session loaded last. */
	let earlier: string | undefined;
	let path: string[] = [];
	let first = true;

	/** The prompt's last line; what stands above it is not counted when a caret is placed. */
	const promptLine = () => `${session.username}@${hostname(device)}${candidate === undefined ? "> " : "# "}`;
	const role = () => (device.running.includes("\nvirtual-chassis {") ? "{master:0}" : "");

	function prompt(): string {
		const above = [role(), candidate === undefined ? "" : `[edit${path.map((word) => ` ${word}`).join("")}]`].join("");
		const blank = first && candidate === undefined ? "" : "\n";
		first = false;
		return `${blank}${above === "" ? "" : `${above}\n`}${promptLine()}`;
	}

	const failAt = (at: number, message: string) =>
		terminal.print(`${" ".repeat(promptLine().length + at)}^\n${message}\n`);

	/** Junos pipes can be chained; `undefined` for one that does not exist. */
	function throughPipes(text: string, pipes: string[]): string | undefined {
		let shown = text;
		for (const pipe of pipes) {
			const [verb = "", ...rest] = pipe.split(/\s+/);
			const wanted = rest.join(" ").replace(/^"(.*)"$/, "$1");
			const lines = shown.replace(/\n$/, "").split("\n");
			if (verb === "no-more" || verb === "trim") continue;
			if (verb === "display" && wanted === "set") shown = printSetCommands(parseStatements(shown), syntax);
			else if (verb === "display" && wanted === "omit") continue;
			else if (verb === "match")
				shown = lines
					.filter((line) => line.includes(wanted))
					.map((l) => `${l}\n`)
					.join("");
			else if (verb === "except")
				shown = lines
					.filter((line) => !line.includes(wanted))
					.map((l) => `${l}\n`)
					.join("");
			else if (verb === "count") shown = `Count: ${lines.length} lines\n`;
			else return undefined;
		}
		return shown;
	}

	async function showConfiguration(config: string, words: string[], pipes: string[], header: string): Promise<void> {
		const wholeText = words.length === 0;
		const part = wholeText ? undefined : statementsAt(parseStatements(config), words);
		if (!wholeText && part === undefined) return;
		const text = header + (part === undefined ? config : printStatements(part, syntax));
		if (throughPipes("", pipes) === undefined) return terminal.print("syntax error, expecting <pipe>.\n");
		const unpaged = pipes.includes("no-more");
		const rows = terminal.page_rows;
		if (unpaged && !terminal.always_pages) terminal.page_rows = 0;
		await session.showConfig(text, pipes.length === 0 ? undefined : (given) => throughPipes(given, pipes) ?? given);
		terminal.page_rows = rows;
	}

	async function answer(text: string, pipes: string[]) {
		const shown = throughPipes(text, pipes);
		if (shown === undefined) return terminal.print("syntax error, expecting <pipe>.\n");
		await terminal.page(shown);
	}

	async function runOperational(line: string): Promise<boolean> {
		const [command = "", ...pipes] = line.split(/\s*\|\s*/);
		const words = [...command.matchAll(/\S+/g)].map((match) => ({ text: match[0], at: match.index }));
		const [verb, object] = words;
		const is = (word: { text: string } | undefined, full: string) => word !== undefined && full.startsWith(word.text);
		const rest = (from: number) => words.slice(from).map(({ text }) => text);
		if (!verb || !topWords.some((word) => is(verb, word))) {
			await failAt(verb?.at ?? 0, "unknown command.");
		} else if (is(verb, "exit") || is(verb, "quit")) {
			return false;
		} else if (is(verb, "configure")) {
			await terminal.print("Entering configuration mode\n");
			if (rest(1)[0] === "private") await terminal.print("warning: uncommitted changes will be discarded on exit\n");
			candidate = device.running;
			path = [];
		} else if (is(verb, "set") && rest(1)[0] === "cli") {
			const [, setting, value = ""] = rest(1);
			if (setting === "screen-length") {
				if (!terminal.always_pages) terminal.page_rows = Number(value) || 0;
				await terminal.print(`Screen length set to ${value}\n`);
			} else if (setting === "screen-width") {
				terminal.columns = Number(value) || 0;
				await terminal.print(`Screen width set to ${value}\n`);
			} else if (setting === "complete-on-space") await terminal.print("Disabling complete-on-space\n");
			else if (setting === "timestamp") await terminal.print("CLI timestamp disabled\n");
			else await failAt(words[2]?.at ?? command.length, "syntax error, expecting <command>.");
		} else if (is(verb, "show") && object && showWords.some((word) => is(object, word))) {
			if (is(object, "configuration")) {
				const header =
					rest(2).length === 0 ? `## Last commit: ${stamp(device.changed_at)} by ${device.changed_by}\n` : "";
				await showConfiguration(device.running, rest(2), pipes, header);
			} else if (is(object, "version")) await answer(version(device), pipes);
			else if (is(object, "chassis")) {
				await answer(
					`Hardware inventory:\nItem             Version  Part number  Serial number     Description\nChassis                                ${device.serial}       JNP204 [MX204]\n`,
					pipes,
				);
			} else if (is(object, "system") && rest(2)[0]?.startsWith("up")) {
				await answer(
					`Current time: ${stamp(new Date())}\nSystem booted: ${stamp(device.booted_at)} (10w0d 00:00 ago)\nLast configured: ${stamp(device.changed_at)} by ${device.changed_by}\n`,
					pipes,
				);
			} else if (is(object, "system") && rest(2)[0] === "commit") {
				await answer(
					[{ at: device.changed_at, by: device.changed_by }, ...device.history]
						.map(({ at, by }, i) => `${i}   ${stamp(at)} by ${by} via cli\n`)
						.join(""),
					pipes,
				);
			} else await answer("", pipes);
		} else if (is(verb, "show")) {
			await failAt(object?.at ?? command.length, "syntax error, expecting <command>.");
		} else {
			await failAt(object?.at ?? command.length, "syntax error, expecting <command>.");
		}
		return true;
	}

	async function runConfiguration(line: string, current: string): Promise<void> {
		const [command = "", ...pipes] = /^(set|delete)\s/.test(line) ? [line] : line.split(/\s*\|\s*/);
		const words = splitStatement(command);
		const [verb = "", ...rest] = words;
		const second = command.indexOf(rest[0] ?? "\0");
		const at = second < 0 ? command.length : second;
		switch (verb) {
			case "set":
			case "delete": {
				const rejected = session.fault("reject_line");
				if (rejected !== undefined && line.includes(rejected.line)) {
					if (rejected.text !== undefined) return terminal.print(rejected.text);
					return failAt(at, "syntax error.");
				}
				const target = [...path, ...rest];
				if (!topStatements.includes(target[0] ?? "")) return failAt(at, "syntax error.");
				const bad = rest.find(
					(word) =>
						word.split(/[./]/).length >= 4 &&
						/^(\d+\.){3}\d+/.test(word) &&
						word
							.split(/[./]/)
							.slice(0, 4)
							.some((octet) => Number(octet) > 255),
				);
				if (bad !== undefined) return failAt(command.indexOf(bad), `invalid value '${bad}' in ip address: '${bad}'`);
				const root = parseStatements(current);
				if (verb === "set") setStatement(root, target, syntax);
				else if (!deleteStatement(root, target)) return terminal.print("warning: statement not found\n");
				candidate = printStatements(root, syntax);
				return;
			}
			case "show": {
				if (pipes[0]?.startsWith("compare")) {
					const { removed, added } = changedLines(device.running, current);
					return answer(
						[...removed.map((text) => `- ${text}\n`), ...added.map((text) => `+ ${text}\n`)].join(""),
						pipes.slice(1),
					);
				}
				return showConfiguration(current, [...path, ...rest], pipes, "");
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
			case "commit":
				return commit(current, rest);
			case "rollback": {
				const number = Number(rest[0] ?? 0);
				const text = number === 0 ? device.running : device.history[number - 1]?.text;
				if (text === undefined) return terminal.print("error: could not open configuration file: no such file\n");
				candidate = text;
				earlier = text;
				return terminal.print("load complete\n");
			}
			case "load":
				return load(current, rest);
			case "run":
				await runOperational(command.slice(4) + pipes.map((pipe) => ` | ${pipe}`).join(""));
				return;
			case "exit":
			case "quit":
				if (path.length > 0 && rest[0] !== "configuration-mode") {
					path = [];
					return;
				}
				if (current !== device.running) {
					await terminal.print("The configuration has been changed but not committed\n");
					const reply = (await terminal.readLine("Exit with uncommitted changes? [yes,no] (yes) ")).trim();
					if (reply.startsWith("n")) return;
				}
				candidate = undefined;
				path = [];
				return terminal.print("Exiting configuration mode\n");
			default:
				return failAt(0, "unknown command.");
		}
	}

	async function commit(current: string, words: string[]) {
		if (words[0] === "check") return terminal.print("configuration check succeeds\n");
		const dangling = /^ *export (\S+);/m.exec(current)?.[1];
		if (dangling !== undefined && !current.includes(`policy-statement ${dangling} {`)) {
			return terminal.print(
				`[edit protocols]\n  'bgp'\n    Policy error: Policy ${dangling} referenced but not defined\nerror: configuration check-out failed\n`,
			);
		}
		if (session.fault("commit_fails")) return terminal.print("error: configuration check-out failed\n");
		const minutes = words[0] === "confirmed" ? Number(words[1]) || 10 : undefined;
		const comment = words.includes("comment") ? words.slice(words.indexOf("comment") + 1).join(" ") : undefined;
		if (current === device.running) device.confirm?.cancel();
		else {
			const confirm_ms = minutes === undefined ? undefined : minutes * 60_000;
			commitCandidate(device, current, session.username, { confirm_ms, comment, is_earlier: current === earlier });
			await session.changed();
		}
		if (minutes !== undefined) {
			await terminal.print(
				`commit confirmed will be automatically rolled back in ${minutes} minutes unless confirmed\n`,
			);
		}
		await terminal.print("commit complete\n");
		if (words.at(-1) === "and-quit") {
			candidate = undefined;
			path = [];
			await terminal.print("Exiting configuration mode\n");
		}
	}

	async function load(current: string, [mode = "", source = ""]: string[]) {
		if (source !== "terminal") return terminal.print(`error: could not open '${source}': No such file or directory\n`);
		await terminal.print("[Type ^D at a new line to end input]\n");
		const lines: string[] = [];
		for (;;) {
			const line = await terminal.readLine("", { eof: true });
			if (line === "\x04") break;
			lines.push(line);
		}
		if (mode === "set")
			candidate = applySetLines(
				current,
				lines.filter((line) => line.trim() !== ""),
				syntax,
			);
		else if (mode === "override") candidate = printStatements(parseStatements(lines.join("\n")), syntax);
		else {
			const added = printSetCommands(parseStatements(lines.join("\n")), syntax)
				.split("\n")
				.filter(Boolean);
			candidate = applySetLines(current, added, syntax);
		}
		await terminal.print("load complete\n");
	}

	return {
		greeting: "--- JUNOS 20.4R3.8 Kernel 64-bit  JNPR-11.0-20210826.f0d7d4c_buil\n",
		prompt,
		async run(line) {
			const trimmed = line.trim();
			if (trimmed === "" || trimmed === "\x1a" || trimmed.startsWith("#")) return true;
			if (candidate === undefined) return runOperational(trimmed);
			await runConfiguration(trimmed, candidate);
			return true;
		},
	};
}

function createConfig({ name, username, password, bytes, random }: ConfigRecipe): string {
	const sha512 = () => `"$6$${random.text(8)}$${random.text(86)}"`;
	const scrambled = (length: number) => `"$9$${random.text(length)}"`;
	const statements = [
		"set version 20.4R3.8",
		`set system host-name ${name}`,
		`set system root-authentication encrypted-password ${sha512()}`,
		`set system login message "Authorised use only. Call 555-0100 > ext. 7 (passphrase ${password} is retired)"`,
		`set system login user ${username} uid 2000`,
		`set system login user ${username} class super-user`,
		`set system login user ${username} authentication encrypted-password ${sha512()}`,
		"set system services ssh root-login deny",
		"set system services netconf ssh",
		`set system tacplus-server 10.0.0.49 secret ${scrambled(24)}`,
		"set system syslog host 10.0.0.50 any notice",
		"set system ntp server 10.0.0.60",
	];
	for (let port = 0; port < 8; port++) {
		statements.push(
			`set interfaces xe-0/1/${port} description "${random.pick(["peer", "customer", "transit", "core"])} ${random.text(6)}"`,
			`set interfaces xe-0/1/${port} unit 0 family inet address ${random.ip()}/30`,
		);
	}
	statements.push(
		`set interfaces fxp0 unit 0 family inet address ${random.ip()}/24`,
		`set snmp location "rack ${random.between(1, 40)}"`,
		`set snmp community ${random.text(12)} authorization read-only`,
		"set policy-options policy-statement EXPORT term all then accept",
		`set routing-options autonomous-system ${65_000 + random.between(1, 500)}`,
		"set routing-options static route 0.0.0.0/0 next-hop 10.0.0.1",
		"set protocols bgp group upstream type external",
		`set protocols bgp group upstream neighbor 192.0.2.1 authentication-key ${scrambled(20)}`,
		"set protocols bgp group upstream neighbor 192.0.2.1 peer-as 64512",
		"set protocols bgp group upstream export EXPORT",
		"set protocols lldp interface all",
	);
	if (random.next() < 0.5) statements.push("set virtual-chassis no-split-detection");
	const text = applySetLines("", statements, syntax);
	const parts = [text, "firewall {", "    family inet {", "        filter PROTECT {"];
	fill(
		parts,
		bytes,
		(i) =>
			`            term ${i + 1} {\n                from {\n                    source-address ${random.ip()}/32;\n                }\n                then accept;\n            }`,
	);
	return `${parts.join("\n").replace("\n\n", "\n")}\n        }\n    }\n}\n`;
}

export const juniperJunos: SimPlatform = {
	id: "juniper_junos",
	short_name: "junos",
	terminal: {
		more: (percent) => `---(more${percent > 0 ? ` ${percent}%` : ""})---`,
		eraseMore: `\r${" ".repeat(40)}\r`,
	},
	pages: true,
	ssh_ident: "OpenSSH_7.5",
	login_banner: "Authorised use only. Call 555-0100 > ext. 7\n",
	config_error: "error: permission denied: configuration\n",
	createConfig,
	applyLines: (config, lines) => applySetLines(config, lines, syntax),
	withText: (config, lines) => config.replace(/^snmp \{$/m, () => `/*\n${lines.join("\n")}\n*/\nsnmp {`),
	start,
};
