import { listOf, membersOf, numberOf, objectOf, readJsonObject, textOf } from "../json-output.ts";
import { asNumber, bgpState, emptyInterface, macOf, ospfRole, ospfState, routeProtocol, upDown } from "../normalise.ts";
import { type Parser, type PlatformParsers, words } from "../parser.ts";
import { pingParser } from "../ping.ts";

const vrfsOf = (output: string) => membersOf(readJsonObject(output).vrfs, "vrfs");

const bgp: Parser<"bgp_summary"> = {
	commands: ({ afi, vrf }) => [
		words("show", afi === "ipv6" ? "bgp ipv6 unicast" : "ip bgp", "summary vrf", vrf ?? "all", "| json"),
	],
	read: (output, { afi }) =>
		vrfsOf(output).flatMap(([vrf, inside]) =>
			membersOf(inside.peers, "peers").map(([neighbor, peer]) => {
				const state = bgpState(textOf(peer.peerState) ?? "");
				return {
					neighbor,
					remote_as: asNumber(peer.asn),
					state,
					prefixes_received: state === "Established" ? numberOf(peer.prefixReceived) : null,
					// EOS gives the moment of the last change by its own clock, which we cannot compare with.
					uptime: null,
					uptime_seconds: null,
					afi: `${afi}_unicast`,
					vrf,
				};
			}),
		),
};

const ospf: Parser<"ospf_neighbors"> = {
	commands: ({ vrf }) => [words("show ip ospf neighbor vrf", vrf ?? "all", "| json")],
	read: (output) =>
		vrfsOf(output).flatMap(([vrf, inside]) =>
			membersOf(inside.instList, "instances").flatMap(([, instance]) =>
				listOf(instance.ospfNeighborEntries, "neighbors").map((entry) => ({
					neighbor_id: textOf(entry.routerId) ?? "",
					address: textOf(entry.interfaceAddress),
					interface: textOf(entry.interfaceName),
					state: ospfState(textOf(entry.adjacencyState) ?? ""),
					role: ospfRole(textOf(entry.drState)),
					priority: numberOf(entry.priority),
					vrf,
				})),
			),
		),
};

const interfaces: Parser<"interfaces"> = {
	commands: () => ["show interfaces | json"],
	read: (output) =>
		membersOf(readJsonObject(output).interfaces, "interfaces").map(([name, face]) => {
			const counters = objectOf(face.interfaceCounters ?? {}, "counters");
			const packets = (direction: string) => {
				const kinds = ["Ucast", "Multicast", "Broadcast"].map((kind) => numberOf(counters[`${direction}${kind}Pkts`]));
				return kinds.every((count) => count === null)
					? null
					: kinds.reduce<number>((sum, count) => sum + (count ?? 0), 0);
			};
			const bandwidth = numberOf(face.bandwidth);
			return {
				...emptyInterface(name),
				admin: face.interfaceStatus === "disabled" ? "down" : "up",
				oper: upDown(face.lineProtocolStatus),
				description: textOf(face.description),
				addresses: listOf(face.interfaceAddress ?? [], "addresses").flatMap(addressesOf),
				mac: macOf(textOf(face.physicalAddress)),
				mtu: numberOf(face.mtu),
				speed_mbps: bandwidth ? bandwidth / 1e6 : null,
				in_errors: numberOf(counters.totalInErrors),
				out_errors: numberOf(counters.totalOutErrors),
				in_packets: packets("in"),
				out_packets: packets("out"),
				in_bytes: numberOf(counters.inOctets),
				out_bytes: numberOf(counters.outOctets),
			};
		}),
};

function addressesOf(entry: Record<string, unknown>): string[] {
	const all = [objectOf(entry.primaryIp ?? {}, "address"), ...listOf(entry.secondaryIpsOrderedList ?? [], "addresses")];
	return all.flatMap((one) => {
		const address = textOf(one.address);
		return address === null || address === "0.0.0.0" ? [] : [`${address}/${numberOf(one.maskLen)}`];
	});
}

const routes: Parser<"routes"> = {
	commands: ({ afi, vrf }) => [words("show", afi === "ipv6" ? "ipv6" : "ip", "route vrf", vrf ?? "all", "| json")],
	read: (output) =>
		vrfsOf(output).flatMap(([vrf, inside]) =>
			membersOf(inside.routes, "routes").map(([prefix, route]) => ({
				prefix,
				protocol: routeProtocol(textOf(route.routeType) ?? ""),
				next_hops: listOf(route.vias ?? [], "vias").map((via) => {
					const out = textOf(via.interface);
					return {
						address: textOf(via.nexthopAddr),
						interface: route.routeAction === "drop" || out === "Null0" ? null : out,
					};
				}),
				distance: numberOf(route.preference),
				metric: numberOf(route.metric),
				active: true,
				vrf,
			})),
		),
};

export const aristaEos: PlatformParsers = {
	bgp_summary: bgp,
	ospf_neighbors: ospf,
	interfaces,
	routes,
	ping: pingParser(({ target, count, source, vrf }) => [
		words("ping", vrf && `vrf ${vrf}`, target, "repeat", String(count), source && `source ${source}`),
	]),
};
