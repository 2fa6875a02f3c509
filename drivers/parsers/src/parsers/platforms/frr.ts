import { listOf, membersOf, numberOf, objectOf, readJson, readJsonObject, textOf } from "../json-output.ts";
import {
	afiOf,
	asNumber,
	bgpState,
	emptyInterface,
	macOf,
	ospfRole,
	ospfState,
	routeProtocol,
	upDown,
	uptimeOf,
} from "../normalise.ts";
import { type Parser, type PlatformParsers, words } from "../parser.ts";
import { pingParser } from "../ping.ts";

/** `show bgp vrf all summary json`: VRF, then address family, then peers. */
export const frrBgp: Parser<"bgp_summary"> = {
	commands: ({ vrf, afi }) => [words("show bgp vrf", vrf ?? "all", afi === "ipv6" && "ipv6 unicast", "summary json")],
	read(output, params) {
		const vrfs = membersOf(readJsonObject(output), "VRF");
		// Asked for one VRF or one family, FRR leaves that level out.
		const isFamily = (value: Record<string, unknown>) => "peers" in value;
		const families = vrfs.flatMap(([name, value]) => {
			if (isFamily(value)) {
				const asked = afiOf(params.afi === "ipv6" ? "ipv6Unicast" : "ipv4Unicast");
				const vrf = textOf(value.vrfName) ?? name;
				return [{ vrf, afi: vrf === name ? asked : afiOf(name), value }];
			}
			return membersOf(value, "address family").map(([family, inside]) => ({
				vrf: name,
				afi: afiOf(family),
				value: inside,
			}));
		});
		return families.flatMap(({ vrf, afi, value }) =>
			membersOf(value.peers, "peers").map(([neighbor, peer]) => {
				const state = bgpState(textOf(peer.state) ?? "");
				return {
					neighbor,
					remote_as: asNumber(peer.remoteAs),
					state,
					prefixes_received: state === "Established" ? numberOf(peer.pfxRcd) : null,
					...uptimeOf(textOf(peer.peerUptime)),
					afi,
					vrf,
				};
			}),
		);
	},
};

/** `show ip ospf vrf all neighbor json`: VRF, then neighbours by their identifier. */
export const frrOspf: Parser<"ospf_neighbors"> = {
	commands: ({ vrf }) => [words("show ip ospf vrf", vrf ?? "all", "neighbor json")],
	read(output) {
		return readJson(output).flatMap((value) => {
			const answer = objectOf(value, "the answer");
			const vrfs = "neighbors" in answer ? [answer] : membersOf(answer, "VRF").map(([, inside]) => inside);
			return vrfs.flatMap((vrf) =>
				Object.entries(objectOf(vrf.neighbors, "neighbors")).flatMap(([neighbor_id, links]) =>
					listOf(links, neighbor_id).map((link) => {
						const [state = "", role] = (textOf(link.nbrState) ?? textOf(link.state) ?? "").split("/");
						return {
							neighbor_id,
							address: textOf(link.ifaceAddress) ?? textOf(link.address),
							// With the own address behind a colon.
							interface: textOf(link.ifaceName)?.replace(/:[\d.]+$/, "") ?? null,
							state: ospfState(state),
							role: ospfRole(role),
							priority: numberOf(link.nbrPriority ?? link.priority),
							vrf: textOf(vrf.vrfName) ?? "default",
						};
					}),
				),
			);
		});
	},
};

const frrInterfaces: Parser<"interfaces"> = {
	commands: ({ vrf }) => [words("show interface vrf", vrf ?? "all", "json")],
	read: (output) =>
		membersOf(readJsonObject(output), "interface").map(([name, face]) => ({
			...emptyInterface(name),
			admin: upDown(face.administrativeStatus),
			oper: upDown(face.operationalStatus),
			description: textOf(face.description),
			addresses: listOf(face.ipAddresses ?? [], "addresses").flatMap((one) => textOf(one.address) ?? []),
			mac: macOf(textOf(face.hardwareAddress)),
			mtu: numberOf(face.mtu),
			// 0, and 2^32-1, say that the kernel does not know.
			speed_mbps: knownSpeed(numberOf(face.speed)),
		})),
};

function knownSpeed(speed: number | null): number | null {
	return speed === 0 || speed === 4_294_967_295 ? null : speed;
}

export const frrRoutes: Parser<"routes"> = {
	commands: ({ vrf, afi }) => [words("show", afi === "ipv6" ? "ipv6" : "ip", "route vrf", vrf ?? "all", "json")],
	read(output, params) {
		return readJson(output).flatMap((table) =>
			Object.entries(objectOf(table, "the answer")).flatMap(([prefix, entries]) =>
				listOf(entries, prefix).map((route) => ({
					prefix,
					protocol: routeProtocol(textOf(route.protocol) ?? ""),
					next_hops: listOf(route.nexthops ?? [], "nexthops").map((hop) => ({
						address: textOf(hop.ip),
						interface: textOf(hop.interfaceName),
					})),
					distance: numberOf(route.distance),
					metric: numberOf(route.metric),
					active: route.selected === true,
					vrf: textOf(route.vrfName) ?? params.vrf ?? "default",
				})),
			),
		);
	},
};

/** vtysh runs the system's own ping, which sends a packet each second, with nothing but a target: it ends when it is interrupted. */
const frrPing: Parser<"ping"> = {
	...pingParser(({ target }) => [words("ping", target)]),
	interruptAfter_ms: ({ count }) => count * 1_000 - 100,
	takesNo: ["source", "vrf"],
};

export const frr: PlatformParsers = {
	bgp_summary: frrBgp,
	ospf_neighbors: frrOspf,
	interfaces: frrInterfaces,
	routes: frrRoutes,
	ping: frrPing,
};
