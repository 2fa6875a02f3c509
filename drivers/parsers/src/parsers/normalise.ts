import type {
	BgpState,
	OspfNeighbor,
	OspfState,
	ParsedInterface,
	RouteProtocol,
} from "@netconductor/contracts/devices/parsed";
import { NotUnderstood } from "./parser.ts";

/** Longer than any state or time that a device writes; what follows is no work on a hostile text. */
const maxWord = 100;

const bgpStates: Record<string, BgpState> = {
	idle: "Idle",
	connect: "Connect",
	active: "Active",
	opensent: "OpenSent",
	openconfirm: "OpenConfirm",
	established: "Established",
	establ: "Established",
	estab: "Established",
	// NX-OS between an established session and Idle.
	closing: "Idle",
	shut: "Idle",
	disabled: "Idle",
};

/** Vendors add why in parentheses, and leave out blanks. */
export function bgpState(text: string): BgpState {
	if (text.length > maxWord) throw new NotUnderstood(`'${text.slice(0, 60)}...' is not a state of BGP`);
	const state =
		bgpStates[
			text
				.replace(/\(.*\)/, "")
				.replace(/[^A-Za-z]/g, "")
				.toLowerCase()
		];
	if (!state) throw new NotUnderstood(`'${text.slice(0, 60)}' is not a state of BGP`);
	return state;
}

/** The column `State/PfxRcd`: a number when the session is established, else its state. */
export function stateOrPrefixes(text: string): { state: BgpState; prefixes_received: number | null } {
	if (/^\d+$/.test(text)) return { state: "Established", prefixes_received: Number(text) };
	return { state: bgpState(text), prefixes_received: null };
}

/** An AS number, also in the notation of two numbers (RFC 5396). */
export function asNumber(value: unknown): number | null {
	if (typeof value === "number") return value;
	const parts = /^(\d+)(?:\.(\d+))?$/.exec(typeof value === "string" ? value.trim() : "");
	if (!parts) return null;
	return parts[2] === undefined ? Number(parts[1]) : Number(parts[1]) * 65_536 + Number(parts[2]);
}

const ospfStates: Record<string, OspfState> = {
	down: "Down",
	attempt: "Attempt",
	init: "Init",
	twoway: "2-Way",
	"2way": "2-Way",
	"2ways": "2-Way",
	exstart: "ExStart",
	exchange: "Exchange",
	exchang: "Exchange",
	loading: "Loading",
	full: "Full",
};

export function ospfState(text: string): OspfState {
	const state = ospfStates[text.replace(/[^A-Za-z0-9]/g, "").toLowerCase()];
	if (!state) throw new NotUnderstood(`'${text.slice(0, 60)}' is not a state of OSPF`);
	return state;
}

const roles: Record<string, OspfNeighbor["role"]> = {
	dr: "DR",
	designatedrouter: "DR",
	bdr: "BDR",
	backup: "BDR",
	backupdr: "BDR",
	drother: "DROther",
	other: "DROther",
};

export function ospfRole(text: string | null | undefined): OspfNeighbor["role"] {
	return roles[(text ?? "").replace(/[^A-Za-z]/g, "").toLowerCase()] ?? null;
}

/** `FULL/DR`, `2WAY/DROTHER`, `FULL/  -`: the state and the role in one column. */
export function stateAndRole(text: string): Pick<OspfNeighbor, "state" | "role"> {
	const [state = "", role] = text.split("/");
	return { state: ospfState(state), role: ospfRole(role) };
}

const never = /^(?:never|n\/a|-+|0s?)$/i;
const units: Record<string, number> = { y: 31_536_000, w: 604_800, d: 86_400, h: 3_600, m: 60, s: 1 };

/** Seconds of `00:12:34`, `5:03` (minutes), `1d02h`, `3w2d 3:04:05`, `1y12w`, `2d3h4m5s`; null of `never`. */
export function uptimeOf(text: string | null | undefined): { uptime: string | null; uptime_seconds: number | null } {
	const written = (text ?? "").trim();
	if (written.length > maxWord) throw new NotUnderstood(`'${written.slice(0, 60)}...' is not a time`);
	if (written === "" || never.test(written)) return { uptime: null, uptime_seconds: null };
	let seconds = 0;
	// NX-OS writes a duration of ISO 8601 in its JSON: `P1DT2H3M4S`.
	const duration = written.startsWith("P") ? written.replaceAll(/[PT]/g, "").toLowerCase() : written;
	let rest = duration.replace(/(\d+)([ywdhms])/g, (_, count: string, unit: string) => {
		seconds += Number(count) * (units[unit] ?? 0);
		return "";
	});
	rest = rest.replace(
		/(?:(\d+):)?(\d+):(\d+)(?:\.\d+)?/,
		(_, hours: string | undefined, minutes: string, last: string) => {
			seconds += Number(hours ?? 0) * 3_600 + Number(minutes) * 60 + Number(last);
			return "";
		},
	);
	return { uptime: written, uptime_seconds: rest.trim() === "" ? seconds : null };
}

const protocols: [pattern: RegExp, protocol: RouteProtocol][] = [
	[/^(?:c|connected|direct|connect|dac)$/i, "connected"],
	[/^(?:l|local)$/i, "local"],
	[/^(?:s\*?|static|u|access[- ].*)$/i, "static"],
	[/^(?:[ei]?bgp(?:-.*)?|b)$/i, "bgp"],
	[/^(?:ospf.*|o|ia|n1|n2|e1|e2|oi?a?|o [ein].*)$/i, "ospf"],
	[/^(?:is-?is.*|i|i l[12]|i ia|i su)$/i, "isis"],
	[/^(?:ripn?g?|r)$/i, "rip"],
	[/^(?:eigrp.*|d|d ex)$/i, "eigrp"],
	[/^(?:kernel|k)$/i, "kernel"],
	[/^(?:dhcp)$/i, "dhcp"],
];

/** A protocol by the name or the letters that platforms give it. */
export function routeProtocol(text: string): RouteProtocol {
	// `O*E2`, `S*`, `i*L1`: marks of IOS between the letters, or behind them.
	const written = text
		.replaceAll(/[*>%+!&]/g, " ")
		.replaceAll(/\s+/g, " ")
		.trim();
	return protocols.find(([pattern]) => pattern.test(written))?.[1] ?? "other";
}

/** Length of a prefix of a netmask, `255.255.255.0` or `0xffffff00`; null when it is none. */
export function prefixLength(mask: string): number | null {
	const octets = mask.startsWith("0x")
		? (mask.slice(2).padStart(8, "0").match(/../g) ?? []).map((two) => Number.parseInt(two, 16))
		: mask.split(".").map(Number);
	if (octets.length !== 4 || octets.some((octet) => !(octet >= 0 && octet <= 255))) return null;
	const bits = octets.map((octet) => octet.toString(2).padStart(8, "0")).join("");
	return /^1*0*$/.test(bits) ? bits.lastIndexOf("1") + 1 : null;
}

/** `192.0.2.1` and `255.255.255.0` as `192.0.2.1/24`. */
export function withLength(address: string, mask: string): string {
	const length = /^\d{1,3}$/.test(mask) ? Number(mask) : prefixLength(mask);
	if (length === null) throw new NotUnderstood(`'${mask.slice(0, 60)}' is not a netmask`);
	return `${address}/${length}`;
}

/** Megabits per second of `1000Mb/s`, `10 Gbit/s`, `1Gbps`, `100000 Kbit`, `1000FDx`, `auto-speed`. */
export function speedOf(text: string | null | undefined): number | null {
	const found = /(\d+(?:\.\d+)?)\s*([kmgt]?)/i.exec(text ?? "");
	if (!found) return null;
	const scale: Record<string, number> = { k: 0.001, m: 1, "": 1, g: 1_000, t: 1_000_000 };
	return Number(found[1]) * (scale[(found[2] ?? "").toLowerCase()] ?? 1);
}

/** What is not known of an interface, to be filled in. */
export function emptyInterface(name: string): ParsedInterface {
	return {
		name,
		admin: "unknown",
		oper: "unknown",
		description: null,
		addresses: [],
		mac: null,
		mtu: null,
		speed_mbps: null,
		in_errors: null,
		out_errors: null,
		in_packets: null,
		out_packets: null,
		in_bytes: null,
		out_bytes: null,
	};
}

/** `5254.0012.3456`, `52-54-00-12-34-56` as `52:54:00:12:34:56`. */
export function macOf(text: string | null): string | null {
	const digits = (text ?? "").replaceAll(/[.:-]/g, "").toLowerCase();
	return /^[0-9a-f]{12}$/.test(digits) ? (digits.match(/../g) ?? []).join(":") : text;
}

export function upDown(value: unknown): ParsedInterface["oper"] {
	if (value === true) return "up";
	if (value === false) return "down";
	const text = String(value ?? "").toLowerCase();
	if (/^(?:up|connected|yes|enabled|true)\b/.test(text)) return "up";
	return /^(?:down|notconnect|no|disabled|admin|false|err|lowerlayerdown|dormant|not)/.test(text) ? "down" : "unknown";
}

/** `IPv4 Unicast`, `ipv4Unicast`, `inet.0`, `VPNv4 Unicast` as `ipv4_unicast`, ... */
export function afiOf(text: string): string {
	const junos: Record<string, string> = {
		"inet.0": "ipv4_unicast",
		"inet6.0": "ipv6_unicast",
		"bgp.l3vpn.0": "vpnv4_unicast",
		"bgp.evpn.0": "l2vpn_evpn",
		"inet.2": "ipv4_multicast",
	};
	const known = junos[text];
	if (known) return known;
	return text
		.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
		.trim()
		.replaceAll(/[\s/-]+/g, "_")
		.toLowerCase();
}
