import type { ParsedCommandParams, ParsedRoute } from "@netconductor/contracts/devices/parsed";
import { listOf, numberOf, objectOf, readJson, textOf } from "../json-output.ts";
import { emptyInterface, routeProtocol, upDown } from "../normalise.ts";
import { NotUnderstood, type Parser, type PlatformParsers, words } from "../parser.ts";
import { pingParser } from "../ping.ts";

/** `ip -json` answers with a list; with nothing at all when there is nothing to list. */
function readList(output: string): Record<string, unknown>[] {
	if (output.trim() === "") return [];
	const [list, ...more] = readJson(output);
	if (more.length > 0) throw new NotUnderstood("it is more than one JSON value");
	return listOf(list, "the answer").filter((entry) => Object.keys(entry).length > 0);
}

export const linuxInterfaces: Parser<"interfaces"> = {
	commands: ({ vrf }) => [words("ip -json -statistics address show", vrf && `vrf ${vrf}`)],
	read: (output) =>
		readList(output).map((link) => {
			const flags = Array.isArray(link.flags) ? link.flags : [];
			const counters = objectOf(link.stats64 ?? link.stats ?? {}, "statistics");
			const [rx, tx] = [objectOf(counters.rx ?? {}, "rx"), objectOf(counters.tx ?? {}, "tx")];
			return {
				...emptyInterface(textOf(link.ifname) ?? ""),
				admin: upDown(flags.includes("UP")),
				// A loopback has no state of its own: `UNKNOWN` while its carrier is there.
				oper: link.operstate === "UNKNOWN" ? upDown(flags.includes("LOWER_UP")) : upDown(link.operstate),
				description: textOf(link.ifalias),
				addresses: listOf(link.addr_info ?? [], "addresses").flatMap((one) => {
					const address = textOf(one.local);
					return address === null ? [] : [`${address}/${numberOf(one.prefixlen)}`];
				}),
				mac: link.link_type === "ether" ? textOf(link.address) : null,
				mtu: numberOf(link.mtu),
				in_errors: numberOf(rx.errors),
				out_errors: numberOf(tx.errors),
				in_packets: numberOf(rx.packets),
				out_packets: numberOf(tx.packets),
				in_bytes: numberOf(rx.bytes),
				out_bytes: numberOf(tx.bytes),
			};
		}),
};

const linuxRoutes: Parser<"routes"> = {
	commands: ({ vrf, afi }) => [
		words("ip -json", afi === "ipv6" ? "-6" : "-4", "route show", vrf ? `vrf ${vrf}` : "table main"),
	],
	read: (output, params) => readList(output).map((route) => routeOf(route, params)),
};

function routeOf(route: Record<string, unknown>, { afi, vrf }: ParsedCommandParams): ParsedRoute {
	const written = textOf(route.dst) ?? "";
	const host = afi === "ipv6" ? "/128" : "/32";
	const dropped = ["blackhole", "unreachable", "prohibit"].includes(String(route.type));
	const isConnected = route.protocol === "kernel" && route.gateway === undefined;
	const hops = route.nexthops === undefined ? [route] : listOf(route.nexthops, "nexthops");
	return {
		prefix:
			written === "default"
				? afi === "ipv6"
					? "::/0"
					: "0.0.0.0/0"
				: written.includes("/")
					? written
					: written + host,
		protocol: isConnected
			? "connected"
			: route.protocol === "boot"
				? "static"
				: routeProtocol(textOf(route.protocol) ?? "static"),
		next_hops: hops.map((hop) => ({
			address: textOf(hop.gateway) ?? textOf((hop.via as { host?: unknown } | undefined)?.host),
			interface: dropped ? null : textOf(hop.dev),
		})),
		distance: null,
		metric: numberOf(route.metric) ?? 0,
		active: !(Array.isArray(route.flags) && route.flags.some((flag) => flag === "linkdown" || flag === "dead")),
		vrf: vrf ?? "default",
	};
}

/** iputils. `-n`: no names are looked up; `-W 2`: an answer is waited for two seconds. */
export const linuxPing = pingParser(({ target, count, source, vrf }) => [
	words(vrf && `ip vrf exec ${vrf}`, "ping -n -q -W 2 -c", String(count), source && `-I ${source}`, target),
]);

export const linux: PlatformParsers = {
	bgp_summary: "Linux itself speaks no BGP; a host with FRRouting is a device of the type frr",
	ospf_neighbors: "Linux itself speaks no OSPF; a host with FRRouting is a device of the type frr",
	interfaces: linuxInterfaces,
	routes: linuxRoutes,
	ping: linuxPing,
};
