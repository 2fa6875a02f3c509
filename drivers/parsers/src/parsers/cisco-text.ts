import type { ParsedCommandParams, ParsedRoute, ParsedRows } from "@netconductor/contracts/devices/parsed";
import {
	afiOf,
	asNumber,
	emptyInterface,
	macOf,
	routeProtocol,
	speedOf,
	stateAndRole,
	stateOrPrefixes,
	upDown,
	uptimeOf,
} from "./normalise.ts";
import { linesOf, NotUnderstood, notWhatWasAsked } from "./parser.ts";
import { readWithTemplate } from "./template-output.ts";

/** The tables that IOS, IOS XR and FortiOS (and whoever learnt from them) write alike. */
export function readCiscoBgp(output: string, params: ParsedCommandParams): ParsedRows["bgp_summary"] {
	// The prose above the table is not held against a list of what it may say; that it is a summary at all, is.
	if (!/^(?:Neighbor\s+(?:V|Spk)\s+AS\s|.*BGP router identifier|% *BGP )/m.test(output)) {
		throw notWhatWasAsked("it is no summary of BGP", output);
	}
	return readWithTemplate("bgp_summary", output).map((record) => ({
		// Cisco writes the digits of IPv6 in capitals; RFC 5952 does not.
		neighbor: record.text("Neighbor").toLowerCase(),
		remote_as: asNumber(record.text("As")),
		...stateOrPrefixes(record.text("State")),
		...uptimeOf(record.text("Uptime")),
		afi: record.text("Afi") === "" ? `${params.afi}_unicast` : afiOf(record.text("Afi")),
		vrf: vrfOf(record.optional("Vrf"), params),
	}));
}

export function readCiscoOspf(output: string, params: ParsedCommandParams): ParsedRows["ospf_neighbors"] {
	return readWithTemplate("ospf_neighbors", output).map((record) => ({
		neighbor_id: record.text("NeighborId"),
		address: record.text("Address"),
		interface: record.text("Interface"),
		...stateAndRole(record.text("State")),
		priority: record.number("Priority"),
		vrf: vrfOf(record.optional("Vrf"), params),
	}));
}

/** FortiOS numbers its VRFs, and 0 is the one that is always there. */
function vrfOf(written: string | null, { vrf }: ParsedCommandParams): string {
	return written === null || written === "0" ? (vrf ?? "default") : written;
}

export function readCiscoInterfaces(output: string): ParsedRows["interfaces"] {
	return readWithTemplate("cisco_interfaces", output).map((record) => {
		const bandwidth = record.number("BandwidthKbit");
		return {
			...emptyInterface(record.text("Name")),
			// A line protocol that is down without `administratively` is a fault, not a wish.
			admin: record.text("Admin") === "administratively down" ? "down" : "up",
			oper: record.text("Oper").startsWith("admin") ? "down" : upDown(record.text("Oper")),
			description: record.optional("Description"),
			addresses: record.list("Addresses"),
			mac: macOf(record.optional("Mac")),
			mtu: record.number("Mtu"),
			speed_mbps: speedOf(record.optional("Speed")) ?? (bandwidth ? bandwidth / 1_000 : null),
			in_errors: record.number("InErrors"),
			out_errors: record.number("OutErrors"),
			in_packets: record.number("InPackets"),
			out_packets: record.number("OutPackets"),
			in_bytes: record.number("InBytes"),
			out_bytes: record.number("OutBytes"),
		};
	});
}

const known = [
	/^Codes:/,
	/^ {2,}\S+(?: \S+)? - /,
	/^(?:Gateway of last resort|IPv6 Routing Table|Routing Table:|Routing table for VRF|% ?No (?:matching )?routes?)/,
	/^\S{3} \S{3}\s+\d+ [\d:.]+ \S+$/,
	/ is (?:variably )?subnetted,/,
	/^\s*$/,
];
const address = "[\\dA-Fa-f:.]+";
/** The letters of a protocol, the prefix, and whatever follows it. */
const routeLine = new RegExp(
	`^(?<code>[A-Za-z][A-Za-z*]*(?: ?[A-Za-z][A-Za-z0-9]?)?[*%+>]*)\\s+(?<prefix>${address}(?:/\\d+)?)(?:\\s+(?<rest>.*))?$`,
);
const continued = /^\s+(?<rest>(?:\[|via |is directly).*)$/;

/** `show ip route` and its kin: `O   10.0.2.2/32 [110/2] via 10.0.12.2, 01:45:12, Gi0/1`, further next hops below it. */
export function readCiscoRoutes(output: string, params: ParsedCommandParams): ParsedRoute[] {
	const routes: ParsedRoute[] = [];
	let vrf = params.vrf ?? "default";
	/** Older IOS writes the mask of a classful network's subnets once, above them. */
	let length = "";
	for (const [index, line] of linesOf(output).entries()) {
		vrf = /^Routing [Tt]able(?:: | for VRF=)(\S+)/.exec(line)?.[1]?.replace(/^0$/, "default") ?? vrf;
		length = /\/(\d+) is subnetted,/.exec(line)?.[1] ?? length;
		if (known.some((pattern) => pattern.test(line))) continue;
		const first = routeLine.exec(line)?.groups;
		const rest = first ? (first.rest ?? "") : continued.exec(line)?.groups?.rest;
		if (first) {
			const written = (first.prefix ?? "").toLowerCase();
			routes.push({
				prefix: written.includes("/") || length === "" ? written : `${written}/${length}`,
				protocol: routeProtocol(first.code ?? ""),
				next_hops: [],
				distance: null,
				metric: null,
				active: true,
				vrf,
			});
		}
		const route = routes.at(-1);
		if (rest === undefined || !route) throw new NotUnderstood("a line is not known", line.trim(), index + 1);
		if (!addHop(route, rest)) throw new NotUnderstood("a line is not known", line.trim(), index + 1);
	}
	const without = routes.find(({ next_hops }) => next_hops.length === 0);
	if (without) throw new NotUnderstood("a route has no next hop", without.prefix);
	return routes;
}

/** Whether it is a next hop, or a preference alone whose next hop is in the next line. */
function addHop(route: ParsedRoute, text: string): boolean {
	// `(recursive is directly connected, port1)`, `(nexthop in vrf blue)`: about the next hop, not the next hop.
	const rest = text.replaceAll(/\s*\([^)]*\)/g, "");
	const preference = /^\[(\d+)\/(\d+)\]/.exec(rest);
	if (preference) {
		route.distance = Number(preference[1]);
		route.metric = Number(preference[2]);
	}
	const directly = /is (?:directly connected|a summary),\s*(.*)$/.exec(rest)?.[1];
	const via = /\bvia (.*)$/.exec(rest)?.[1];
	const parts = (directly ?? via ?? "").split(/,\s*/).filter((part) => part !== "");
	if (parts.length === 0) return /^(?:\[\d+\/\d+\])?\s*$/.test(rest);
	if (!/^(?:\[\d+\/\d+\],?\s*)?(?:via|is directly|is a summary)\b/.test(rest)) return false;
	const isAddress = (part: string) => /^[\dA-Fa-f.]*[.:][\dA-Fa-f:.]*(?:%\S+)?$/.test(part) && !isTime(part);
	const isTime = (part: string) => /^(?:\d+:\d+:\d+|(?:\d+[ywdhm])+\d*)$/.test(part);
	const gateway = via === undefined ? undefined : parts.find(isAddress);
	const out = parts.find((part) => /^[A-Za-z][\w./:-]*$/.test(part) && !isTime(part) && !isAddress(part));
	if (directly !== undefined || (out !== undefined && gateway === undefined)) {
		route.distance ??= 0;
		route.metric ??= 0;
	}
	const isDropped = out !== undefined && /^Null0?$/i.test(out);
	if (gateway === undefined && out === undefined) return false;
	// What stands behind `via` is the next hop or, of IPv6, the interface.
	if (via !== undefined && parts[0] !== gateway && parts[0] !== out) return false;
	route.next_hops.push({ address: gateway?.toLowerCase() ?? null, interface: isDropped ? null : (out ?? null) });
	return true;
}
