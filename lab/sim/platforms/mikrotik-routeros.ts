import { timeParts } from "../clock-text.ts";
import { fill } from "../config-text.ts";
import type { Cli, ConfigRecipe, DeviceState, SessionContext, SimPlatform } from "../platform.ts";

/** Menus that exist; anything else is a bad command name. */
const menus = [
	"/interface bridge port",
	"/interface bridge",
	"/interface ethernet",
	"/interface vlan",
	"/interface",
	"/ip address",
	"/ip route",
	"/ip firewall filter",
	"/ip firewall nat",
	"/ip dns",
	"/ip service",
	"/ip",
	"/routing bgp peer",
	"/routing bgp instance",
	"/routing",
	"/snmp community",
	"/snmp",
	"/system clock",
	"/system identity",
	"/system ntp client",
	"/system resource",
	"/system routerboard",
	"/system",
	"/user",
	"/ppp secret",
	"/ppp",
	"/radius",
	"/tool",
];

function identity(device: DeviceState): string {
	return /^\/system identity\nset name=(\S+)/m.exec(device.running)?.[1]?.replaceAll('"', "") ?? device.name;
}

function exported(device: DeviceState, options: { terse: boolean; hide: boolean }): string {
	const { month, date_padded, year, time } = timeParts(new Date());
	let body = device.running;
	if (options.hide) body = body.replace(/ (password|secret|tcp-md5-key|authentication-password)=\S+/g, "");
	const text = options.terse ? terse(body) : body.split("\n").map(wrapped).join("\n");
	return `# ${month.toLowerCase()}/${date_padded}/${year} ${time} by RouterOS 6.49.10
# software id = ${device.serial.slice(3, 7)}-${device.serial.slice(7, 11)}
#
# model = RB4011iGS+
# serial number = ${device.serial}
${text}`;
}

/** RouterOS breaks lines at blanks so that they fit 80 columns. */
function wrapped(line: string): string {
	if (line.length <= 80 || line.startsWith("#")) return line;
	const rows: string[] = [];
	let rest = line;
	while (rest.length > 79) {
		const at = rest.lastIndexOf(" ", 78);
		if (at < 5) break;
		rows.push(`${rest.slice(0, at + 1)}\\`);
		rest = `    ${rest.slice(at + 1)}`;
	}
	return [...rows, rest].join("\n");
}

function terse(config: string): string {
	let menu = "";
	return config
		.split("\n")
		.flatMap((line) => {
			if (line.startsWith("/")) menu = line;
			return line.startsWith("/") ? [] : [line === "" || line.startsWith("#") ? line : `${menu} ${line}`];
		})
		.join("\n");
}

/** Carries out `add`, `set` or `remove` in a menu. */
function applyInMenu(config: string, menu: string, command: string): string {
	const lines = config.split("\n");
	let at = lines.indexOf(menu);
	if (at < 0) {
		at = lines.findLastIndex((line) => line !== "") + 1;
		lines.splice(at, 0, menu);
	}
	let end = at + 1;
	while (end < lines.length && lines[end] !== "" && !lines[end]?.startsWith("/")) end++;
	const [verb = "", ...rest] = command.split(" ");
	const selector = /\[ ?find ([^\]]*?) ?\]/.exec(command)?.[1] ?? rest[0] ?? "";
	if (verb === "remove") {
		const kept = lines.slice(at + 1, end).filter((line) => !line.includes(selector));
		lines.splice(at, end - at, ...(kept.length > 0 ? [menu, ...kept] : []));
		return lines.join("\n");
	}
	const same = lines.findIndex(
		(line, i) =>
			i > at && i < end && verb === "set" && (line.startsWith(`set [ find ${selector} ]`) || !command.includes("find")),
	);
	if (same < 0) lines.splice(end, 0, command);
	else lines[same] = merged(lines[same] ?? "", command);
	return lines.join("\n");
}

/** A `set` keeps what it does not mention. */
function merged(line: string, command: string): string {
	const pairs = command.replace(/^set (\[[^\]]*\])?/, "").match(/[\w-]+=(?:"[^"]*"|\S+)/g) ?? [];
	let text = line;
	for (const pair of pairs) {
		const key = pair.slice(0, pair.indexOf("="));
		const held = new RegExp(`(?<=[ ])${key}=(?:"[^"]*"|\\S+)`);
		text = held.test(text.replace(/\[[^\]]*\]/, "")) ? text.replace(held, () => pair) : `${text} ${pair}`;
	}
	return text;
}

function splitMenu(line: string, current: string): { menu: string; rest: string } {
	const text = line.startsWith("/")
		? `/${line
				.slice(1)
				.trim()
				.replace(/^([\w-]+(?:\/[\w-]+)+)/, (path) => path.replaceAll("/", " "))}`
		: `${current === "" ? "/" : `${current} `}${line}`;
	const menu = menus.find((name) => text === name || text.startsWith(`${name} `)) ?? "";
	return { menu, rest: text.slice(menu.length).replace(/^\//, "").trim() };
}

function applyLines(config: string, lines: string[]): string {
	let text = config;
	let current = "";
	for (const line of lines) {
		const { menu, rest } = splitMenu(line.trim(), current);
		if (menu === "") throw new Error(`not a menu of RouterOS: ${line}`);
		if (rest === "") current = menu;
		else text = applyInMenu(text, menu, rest);
	}
	return text;
}

function start(session: SessionContext, options: string): Cli {
	const { device, terminal } = session;
	const colours = !/c/.test(options);
	const detects = !/t/.test(options);
	let current = "";

	function prompt(): string {
		const place = current === "" ? "" : ` ${current}`;
		const plain = `[${session.username}@${identity(device)}]${place} > `;
		const shown = colours ? `\x1b[m\x1b[32m[${session.username}@${identity(device)}]\x1b[m${place} > ` : plain;
		return `${detects ? "\x1b[9999B" : ""}\r${shown}`;
	}

	const bad = (line: string, word: string) =>
		terminal.print(`bad command name ${word} (line 1 column ${line.indexOf(word) + 1})\n`);

	async function run(line: string): Promise<boolean> {
		if (line === "quit" || line === "/quit") {
			await terminal.print("interrupted\n");
			return false;
		}
		if (line === "/" || line === "..") {
			current = line === "/" ? "" : current.replace(/ [^ ]+$|^\/\S+$/, "");
			return true;
		}
		const { menu, rest } = splitMenu(line, current);
		const [verb = "", ...args] = rest.split(/\s+/);
		if (verb === "export") {
			const unknown = args.find((arg) => !/^(terse|verbose|compact|hide-sensitive|show-sensitive)$/.test(arg));
			if (unknown) {
				await terminal.print(`expected end of command (line 1 column ${line.indexOf(unknown) + 1})\n`);
				return true;
			}
			await session.showConfig(
				exported(device, { terse: args.includes("terse"), hide: args.includes("hide-sensitive") }),
			);
		} else if (menu === "") await bad(line, verb === "" ? line : (line.match(/[^\s/]+/)?.[0] ?? verb));
		else if (rest === "") current = menu;
		else if (verb === "print") await print(menu);
		else if (menu === "/system identity" && verb === "set" && !args[0]?.startsWith("name=")) {
			await terminal.print(`expected end of command (line 1 column ${line.indexOf(args[0] ?? "") + 1})\n`);
		} else if (verb === "add" || verb === "set" || verb === "remove") {
			const octets = /=(\d+)\.(\d+)\.(\d+)\.(\d+)/.exec(rest);
			if (octets?.slice(1).some((octet) => Number(octet) > 255)) {
				await terminal.print(`invalid value for argument ${rest.slice(0, octets.index).split(" ").at(-1)}\n`);
			} else device.change(applyInMenu(device.running, menu, rest), session.username);
		} else await bad(line, verb);
		return true;
	}

	async function print(menu: string) {
		if (menu === "/system identity") return terminal.print(`  name: ${identity(device)}\n`);
		if (menu === "/system resource") {
			const minutes = Math.floor((Date.now() - device.booted_at.getTime()) / 60_000);
			return terminal.print(
				`                   uptime: ${Math.floor(minutes / 1440)}d${Math.floor(minutes / 60) % 24}h${minutes % 60}m\n                  version: 6.49.10 (long-term)\n               build-time: May/02/2023 11:51:21\n              free-memory: 942.5MiB\n             total-memory: 1024.0MiB\n                      cpu: ARM\n        architecture-name: arm\n               board-name: RB4011iGS+\n                 platform: MikroTik\n`,
			);
		}
		if (menu === "/system routerboard") {
			return terminal.print(
				`       routerboard: yes\n             model: RB4011iGS+\n     serial-number: ${device.serial}\n     firmware-type: al2\n  current-firmware: 6.49.10\n`,
			);
		}
		const lines = device.running.split("\n");
		const at = lines.indexOf(menu);
		let table = "Flags: X - disabled, I - invalid, D - dynamic \n";
		for (let i = at + 1; at >= 0 && lines[i] && !lines[i]?.startsWith("/"); i++) {
			table += ` ${String(i - at - 1).padStart(2)}   ${lines[i]?.replace(/^(add|set) /, "")}\n`;
		}
		await terminal.page(table);
	}

	return {
		greeting: `${detects ? "\x1b[c\x1bZ\x1b[6n" : ""}\n\n\n\n  MMM      MMM       KKK                          TTTTTTTTTTT      KKK\n  MMM MMMM MMM  III  KKKKK     RRR  RRR  OOO  OOO     TTT     III  KKKKK\n\n  MikroTik RouterOS 6.49.10 (c) 1999-2023       http://www.mikrotik.com/\n\n`,
		prompt,
		async run(line) {
			const trimmed = line.trim();
			if (trimmed === "" || trimmed === "\x1a" || trimmed.startsWith("#")) return true;
			const goesOn = await run(trimmed);
			// An answer is followed by an empty line.
			if (goesOn) await terminal.print("\n");
			return goesOn;
		},
	};
}

function createConfig({ name, username, password, bytes, random }: ConfigRecipe): string {
	const out = [
		"/interface bridge",
		`add name=bridge1 comment="${random.pick(["office", "warehouse", "branch"])} ${random.text(4)}"`,
		"/interface ethernet",
	];
	for (let port = 1; port <= 10; port++) {
		out.push(
			`set [ find default-name=ether${port} ] comment="${random.pick(["desk", "camera", "uplink"])} ${random.text(6)}"`,
		);
	}
	out.push(
		"/snmp community",
		`set [ find default=yes ] addresses=10.0.0.0/8 name=${random.text(12)} authentication-password=${random.text(12)}`,
		"/ppp secret",
		`add name=${username} password=${password} service=l2tp`,
		"/interface bridge port",
		...Array.from({ length: 8 }, (_, i) => `add bridge=bridge1 interface=ether${i + 2}`),
		"/ip address",
		`add address=${random.ip()}/24 interface=bridge1 network=10.0.0.0`,
		"/ip dns",
		"set servers=10.0.0.53",
		"/ip firewall filter",
	);
	const tail = [
		"/ip route",
		"add distance=1 gateway=10.0.0.1",
		"/radius",
		`add address=10.0.0.49 secret=${random.text(16)} service=login`,
		"/routing bgp peer",
		`add name=upstream remote-address=192.0.2.1 remote-as=64512 tcp-md5-key=${random.text(14)}`,
		"/system clock",
		"set time-zone-name=Europe/Berlin",
		"/system identity",
		`set name=${name}`,
		"/system ntp client",
		"set enabled=yes primary-ntp=10.0.0.60",
		"",
	].join("\n");
	fill(
		out,
		bytes - tail.length,
		(i) =>
			`add action=accept chain=forward comment="rule ${i} ${random.text(8)}" dst-address=${random.ip()} src-address=${random.ip()}`,
	);
	return `${out.join("\n")}\n${tail}`;
}

export const mikrotikRouteros: SimPlatform = {
	id: "mikrotik_routeros",
	short_name: "routeros",
	terminal: { more: () => "-- [Q quit|D dump|down]", eraseMore: "\r\x1b[K" },
	// Only long `print` answers are paged on a real one, never an export.
	pages: false,
	ssh_ident: "ROSSSH",
	login_banner: "",
	config_error: "not enough permissions (9)\n",
	createConfig,
	applyLines,
	parseUsername(username) {
		const at = username.indexOf("+");
		return at < 0
			? { username, options: "" }
			: { username: username.slice(0, at), options: username.slice(at + 1).replace(/[wh]?\d+[wh]?/g, "") };
	},
	withText: (config, lines) =>
		config.replace(/^\/ip route$/m, () => `${lines.map((l) => `# ${l}\n${l}`).join("\n")}\n/ip route`),
	start,
};
