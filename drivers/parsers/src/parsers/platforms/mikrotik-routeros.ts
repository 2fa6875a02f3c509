import type { ParsedRows } from "@netconductor/contracts/devices/parsed";
import { asNumber, bgpState, emptyInterface, macOf, ospfRole, ospfState, uptimeOf } from "../normalise.ts";
import { linesOf, NotUnderstood, type PlatformParsers, words } from "../parser.ts";
import { pingParser } from "../ping.ts";

/** One entry of `print detail`. */
interface Entry {
	flags: string;
	comment: string | null;
	values: Map<string, string>;
}

const head = /^\s{0,3}\d*\s+(?:(?<flags>[A-Za-z+*]{1,8}(?: [A-Za-z+*]{1,4}){0,3})(?:\s+|$))?(?=;;;|[a-z][\w.-]*=|$)/;
const pair = /^(?<key>\.?[a-z][\w.-]*)=(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<plain>\S*))\s*/;

/**
 * Entries of `print detail`: a number and flags, perhaps a comment, then `key=value` over as many lines as it takes, and a blank line.
 * `.as=` means the group of the last dotted key (`remote.as`); thousands are set apart by blanks.
 */
function readEntries(output: string): Entry[] {
	const entries: Entry[] = [];
	let entry: Entry | undefined;
	let group = "";
	let inLegend = false;
	for (const [index, line] of linesOf(output).entries()) {
		// The legend of the flags takes as many lines as it needs, none of which begins as an entry does.
		if (/^Flags: /.test(line)) inLegend = true;
		if (/^Flags: |^Columns: /.test(line) || (inLegend && /^\S/.test(line))) continue;
		inLegend = false;
		if (line.trim() === "") {
			entry = undefined;
			continue;
		}
		let rest = line;
		const found = /^\s{0,3}\d+\s/.test(line) || !entry ? head.exec(line) : undefined;
		if (found) {
			entry = { flags: (found.groups?.flags ?? "").replaceAll(" ", ""), comment: null, values: new Map() };
			group = "";
			rest = line.slice(found[0].length);
			entries.push(entry);
		}
		if (!entry) throw new NotUnderstood("a line is not known", line.trim(), index + 1);
		group = readPairs(
			rest.trim(),
			entry,
			group,
			() => new NotUnderstood("a line is not known", line.trim(), index + 1),
		);
	}
	return entries.filter(({ values }) => values.size > 0);
}

function readPairs(text: string, entry: Entry, before: string, wrong: () => NotUnderstood): string {
	let group = before;
	let rest = text;
	let last = "";
	if (rest.startsWith(";;;")) {
		entry.comment = rest.slice(3).trim();
		return group;
	}
	while (rest !== "") {
		const found = pair.exec(rest);
		if (!found) {
			const word = /^(\S+)\s*/.exec(rest);
			const value = entry.values.get(last);
			if (!word || value === undefined) throw wrong();
			// `rx-byte=10 234`; any other word belongs to a value that RouterOS does not quote.
			entry.values.set(last, /^\d{3}$/.test(word[1] ?? "") ? value + word[1] : `${value} ${word[1]}`);
			rest = rest.slice(word[0].length);
			continue;
		}
		const key = found.groups?.key ?? "";
		if (!key.startsWith(".") && key.includes(".")) group = key.slice(0, key.indexOf("."));
		last = key.startsWith(".") ? group + key : key;
		entry.values.set(last, found.groups?.quoted?.replaceAll(/\\(.)/g, "$1") ?? found.groups?.plain ?? "");
		rest = rest.slice(found[0].length);
	}
	return group;
}

function numberIn(entry: Entry | undefined, key: string): number | null {
	const value = entry?.values.get(key)?.replaceAll(" ", "");
	return value !== undefined && /^\d+$/.test(value) ? Number(value) : null;
}

/** RouterOS calls `main` what others call default. */
function vrfOf(written: string | undefined): string {
	return written === undefined || written === "main" ? "default" : written;
}

function readBgp(output: string): ParsedRows["bgp_summary"] {
	return readEntries(output).map((entry) => {
		const { values, flags } = entry;
		const isUp = flags.includes("E") || values.get("state") === "established";
		const neighbor = values.get("remote.address") ?? values.get("remote-address");
		if (neighbor === undefined) throw new NotUnderstood("a session has no remote address");
		return {
			neighbor: neighbor.split("@")[0] ?? neighbor,
			remote_as: asNumber(values.get("remote.as") ?? values.get("remote-as")),
			// RouterOS 7 has a flag for established sessions and no word for the others.
			state: isUp ? "Established" : bgpState(values.get("state") ?? "idle"),
			prefixes_received: isUp ? numberIn(entry, "prefix-count") : null,
			...uptimeOf(isUp ? values.get("uptime")?.replace(/\d+ms$/, "") : null),
			afi:
				/ipv6/.test(values.get("remote.afi") ?? "") && !/\bip\b/.test(values.get("remote.afi") ?? "")
					? "ipv6_unicast"
					: "ipv4_unicast",
			vrf: vrfOf(values.get("vrf")),
		};
	});
}

function readOspf(output: string): ParsedRows["ospf_neighbors"] {
	return readEntries(output).map((entry) => {
		const { values } = entry;
		const address = values.get("address")?.split("%")[0] ?? null;
		const dr = values.get("dr") ?? values.get("dr-address");
		const bdr = values.get("bdr") ?? values.get("backup-dr-address");
		const hasRouter = dr !== undefined && dr !== "0.0.0.0";
		return {
			neighbor_id: values.get("router-id") ?? "",
			address,
			interface: values.get("interface") ?? values.get("address")?.split("%")[1] ?? null,
			state: ospfState(values.get("state") ?? ""),
			role: !hasRouter ? null : ospfRole(address === dr ? "DR" : address === bdr ? "BDR" : "DROther"),
			priority: numberIn(entry, "priority"),
			vrf: vrfOf(values.get("vrf")),
		};
	});
}

/** Three listings in one text: the interfaces, their counters, and the addresses. */
function readInterfaces(output: string): ParsedRows["interfaces"] {
	const entries = readEntries(output);
	const isAddress = (entry: Entry) => entry.values.has("address") && entry.values.has("interface");
	return entries
		.filter(({ values }) => values.has("name") && values.has("type"))
		.map((entry) => {
			const { values, flags, comment } = entry;
			const name = values.get("name") ?? "";
			const counters = entries.find((other) => other.values.get("name") === name && other.values.has("rx-byte"));
			return {
				...emptyInterface(name),
				admin: flags.includes("X") ? "down" : "up",
				oper: flags.includes("R") ? "up" : "down",
				description: comment,
				addresses: entries
					.filter((other) => isAddress(other) && other.values.get("interface") === name && !other.flags.includes("X"))
					.map((other) => other.values.get("address") ?? ""),
				mac: macOf(values.get("mac-address") ?? null),
				mtu: numberIn(entry, "actual-mtu") ?? numberIn(entry, "mtu"),
				in_errors: numberIn(counters, "rx-error"),
				out_errors: numberIn(counters, "tx-error"),
				in_packets: numberIn(counters, "rx-packet"),
				out_packets: numberIn(counters, "tx-packet"),
				in_bytes: numberIn(counters, "rx-byte"),
				out_bytes: numberIn(counters, "tx-byte"),
			};
		});
}

const protocolOfFlag: Record<string, ParsedRows["routes"][number]["protocol"]> = {
	c: "connected",
	C: "connected",
	s: "static",
	S: "static",
	b: "bgp",
	o: "ospf",
	r: "rip",
	d: "dhcp",
	i: "isis",
};

function readRoutes(output: string): ParsedRows["routes"] {
	return readEntries(output).map((entry) => {
		const { values, flags } = entry;
		const prefix = values.get("dst-address");
		if (prefix === undefined) throw new NotUnderstood("a route has no dst-address");
		const gateways = [...(values.get("gateway") ?? "").split(",")].filter((gateway) => gateway !== "");
		// The first flags are of the entry's life (D, X, I, A); the protocol's letter comes behind them.
		const letter = [...flags.replace(/^[DXIA]+/, "")].find((flag) => flag in protocolOfFlag);
		return {
			prefix,
			protocol: letter === undefined ? (flags.includes("D") ? "other" : "static") : (protocolOfFlag[letter] ?? "other"),
			next_hops:
				"blackhole" in Object.fromEntries(values) || flags.includes("B")
					? [{ address: null, interface: null }]
					: hopsOf(gateways, values),
			distance: numberIn(entry, "distance"),
			metric: numberIn(entry, "metric"),
			active: flags.includes("A"),
			vrf: vrfOf(values.get("routing-table")),
		};
	});
}

function hopsOf(gateways: string[], values: ReadonlyMap<string, string>) {
	// `10.0.12.2%ether1`: the gateway as it was found, with the interface behind it.
	const immediate = (values.get("immediate-gw") ?? "").split(",");
	return gateways.map((gateway) => {
		const [first = "", out] = gateway.split("%");
		const isAddress = /^[\dA-Fa-f.]*[.:]/.test(first);
		const found = immediate.find((one) => one.startsWith(`${first}%`))?.split("%")[1];
		return { address: isAddress ? first : null, interface: out ?? (isAddress ? (found ?? null) : first) };
	});
}

/** RouterOS 7. */
export const mikrotikRouteros: PlatformParsers = {
	bgp_summary: { commands: () => ["/routing bgp session print detail without-paging"], read: readBgp },
	ospf_neighbors: { commands: () => ["/routing ospf neighbor print detail without-paging"], read: readOspf },
	interfaces: {
		commands: () => [
			"/interface print detail without-paging",
			"/interface print stats-detail without-paging",
			"/ip address print detail without-paging",
			"/ipv6 address print detail without-paging",
		],
		read: readInterfaces,
	},
	routes: {
		commands: ({ afi, vrf }) => [
			words(afi === "ipv6" ? "/ipv6" : "/ip", "route print detail without-paging", vrf && `where routing-table=${vrf}`),
		],
		read: readRoutes,
	},
	ping: pingParser(({ target, count, source, vrf }) => [
		words(`/ping address=${target} count=${count}`, source && `src-address=${source}`, vrf && `vrf=${vrf}`),
	]),
};
