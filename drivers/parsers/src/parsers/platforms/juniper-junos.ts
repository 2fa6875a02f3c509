import { numberOf, objectOf, readJsonObject, textOf } from "../json-output.ts";
import {
	afiOf,
	asNumber,
	bgpState,
	emptyInterface,
	macOf,
	ospfState,
	routeProtocol,
	speedOf,
	upDown,
	uptimeOf,
} from "../normalise.ts";
import { NotUnderstood, type Parser, type PlatformParsers, words } from "../parser.ts";
import { pingParser } from "../ping.ts";

type Row = Record<string, unknown>;

/** Junos wraps every element of its XML in a list. */
function all(value: Row, name: string): Row[] {
	const found = value[name];
	if (found === undefined) return [];
	if (!Array.isArray(found)) throw new NotUnderstood(`${name} is not a list`);
	return found.map((element) => objectOf(element, name));
}

/** The text of an element that is there once. */
function data(value: Row | undefined, name: string): string | null {
	return value === undefined ? null : textOf(all(value, name)[0]?.data);
}

function answer(output: string, element: string): Row[] {
	const value = readJsonObject(output);
	if (!(element in value)) throw new NotUnderstood(`there is no ${element}`);
	return all(value, element);
}

/** `blue.inet.0` is the table `inet.0` of the routing instance `blue`. */
function tableOf(name: string): { vrf: string; table: string } {
	const parts = /^(?:(.+)\.)?((?:inet6?|mpls|iso)\.\d+|bgp\.\w+\.\d+)$/.exec(name);
	return { vrf: parts?.[1] ?? "default", table: parts?.[2] ?? name };
}

const bgp: Parser<"bgp_summary"> = {
	commands: ({ vrf }) => [words("show bgp summary", vrf && `instance ${vrf}`, "| display json")],
	read: (output, params) =>
		answer(output, "bgp-information").flatMap((information) =>
			all(information, "bgp-peer").flatMap((peer) => {
				// A port is written behind the address where it is not the usual one.
				const neighbor = (data(peer, "peer-address") ?? "").replace(/\+\d+$/, "");
				const common = {
					neighbor,
					remote_as: asNumber(data(peer, "peer-as")),
					state: bgpState(data(peer, "peer-state") ?? ""),
					...uptimeOf(data(peer, "elapsed-time")),
				};
				const ribs = all(peer, "bgp-rib");
				if (ribs.length === 0) {
					const afi = neighbor.includes(":") ? "ipv6_unicast" : "ipv4_unicast";
					return [{ ...common, prefixes_received: null, afi, vrf: params.vrf ?? "default" }];
				}
				return ribs.map((rib) => {
					const { vrf, table } = tableOf(data(rib, "name") ?? "");
					return { ...common, prefixes_received: numberOf(data(rib, "received-prefix-count")), afi: afiOf(table), vrf };
				});
			}),
		),
};

const ospf: Parser<"ospf_neighbors"> = {
	commands: ({ vrf }) => [words("show ospf neighbor", vrf && `instance ${vrf}`, "| display json")],
	read: (output, params) =>
		answer(output, "ospf-neighbor-information").flatMap((information) =>
			all(information, "ospf-neighbor").map((neighbor) => ({
				neighbor_id: data(neighbor, "neighbor-id") ?? "",
				address: data(neighbor, "neighbor-address"),
				interface: data(neighbor, "interface-name"),
				state: ospfState(data(neighbor, "ospf-neighbor-state") ?? ""),
				// Only the `extensive` form has it, as addresses.
				role: null,
				priority: numberOf(data(neighbor, "neighbor-priority")),
				vrf: params.vrf ?? "default",
			})),
		),
};

const interfaces: Parser<"interfaces"> = {
	commands: () => ["show interfaces extensive | display json"],
	read: (output) =>
		answer(output, "interface-information").flatMap((information) =>
			all(information, "physical-interface").flatMap((physical) => {
				const traffic = all(physical, "traffic-statistics")[0];
				const row = {
					...emptyInterface((data(physical, "name") ?? "").trim()),
					admin: upDown(data(physical, "admin-status")),
					oper: upDown(data(physical, "oper-status")),
					description: data(physical, "description"),
					mac: macOf(data(physical, "current-physical-address")),
					mtu: numberOf(data(physical, "mtu")),
					speed_mbps: speedOf(data(physical, "speed")),
					in_errors: numberOf(data(all(physical, "input-error-list")[0], "input-errors")),
					out_errors: numberOf(data(all(physical, "output-error-list")[0], "output-errors")),
					in_packets: numberOf(data(traffic, "input-packets")),
					out_packets: numberOf(data(traffic, "output-packets")),
					in_bytes: numberOf(data(traffic, "input-bytes")),
					out_bytes: numberOf(data(traffic, "output-bytes")),
				};
				return [row, ...all(physical, "logical-interface").map((logical) => unitOf(logical, row))];
			}),
		),
};

/** A unit carries the addresses; it is up as far as the port below it is. */
function unitOf(logical: Row, { admin, oper }: { admin: "up" | "down" | "unknown"; oper: "up" | "down" | "unknown" }) {
	const families = all(logical, "address-family");
	const addresses = families.flatMap((family) =>
		all(family, "interface-address").flatMap((address) => {
			const local = data(address, "ifa-local");
			// A host address has no destination network.
			const length =
				/\/(\d+)$/.exec(data(address, "ifa-destination") ?? "")?.[1] ?? (local?.includes(":") ? "128" : "32");
			return local === null ? [] : [`${local}/${length}`];
		}),
	);
	const mtu = families.map((family) => numberOf(data(family, "mtu"))).find((size) => size !== null);
	return {
		...emptyInterface((data(logical, "name") ?? "").trim()),
		admin,
		oper,
		description: data(logical, "description"),
		addresses,
		mtu: mtu ?? null,
	};
}

const routes: Parser<"routes"> = {
	commands: ({ afi, vrf }) => [
		words("show route table", `${vrf ? `${vrf}.` : ""}${afi === "ipv6" ? "inet6.0" : "inet.0"}`, "| display json"),
	],
	read: (output) =>
		answer(output, "route-information").flatMap((information) =>
			all(information, "route-table").flatMap((table) =>
				all(table, "rt").flatMap((route) =>
					all(route, "rt-entry").map((entry) => ({
						prefix: data(route, "rt-destination") ?? "",
						protocol: routeProtocol(data(entry, "protocol-name") ?? ""),
						next_hops: hopsOf(entry),
						distance: numberOf(data(entry, "preference")),
						metric: numberOf(data(entry, "metric")),
						active: (data(entry, "active-tag") ?? "").startsWith("*"),
						vrf: tableOf(data(table, "table-name") ?? "").vrf,
					})),
				),
			),
		),
};

function hopsOf(entry: Row): { address: string | null; interface: string | null }[] {
	const hops = all(entry, "nh").map((hop) => ({
		address: data(hop, "to"),
		interface: data(hop, "via") ?? data(hop, "nh-local-interface"),
	}));
	if (hops.length > 0) return hops;
	return /discard|reject/i.test(data(entry, "nh-type") ?? "") ? [{ address: null, interface: null }] : [];
}

export const juniperJunos: PlatformParsers = {
	bgp_summary: bgp,
	ospf_neighbors: ospf,
	interfaces,
	routes,
	ping: pingParser(({ target, count, source, vrf }) => [
		words("ping", target, "count", String(count), source && `source ${source}`, vrf && `routing-instance ${vrf}`),
	]),
};
