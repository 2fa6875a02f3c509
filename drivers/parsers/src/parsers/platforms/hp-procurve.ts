import {
	asNumber,
	bgpState,
	emptyInterface,
	ospfRole,
	ospfState,
	routeProtocol,
	speedOf,
	upDown,
} from "../normalise.ts";
import { type PlatformParsers, words } from "../parser.ts";
import { pingParser } from "../ping.ts";
import { readWithTemplate } from "../template-output.ts";

/** ProCurve, now ArubaOS-Switch. It has no VRFs. */
export const hpProcurve: PlatformParsers = {
	bgp_summary: {
		commands: () => ["show ip bgp summary"],
		read: (output) =>
			readWithTemplate("hp_procurve_bgp_summary", output).map((record) => ({
				neighbor: record.text("Neighbor"),
				remote_as: asNumber(record.text("As")),
				state: bgpState(record.text("State")),
				// The summary has neither the prefixes nor the time.
				prefixes_received: null,
				uptime: null,
				uptime_seconds: null,
				afi: "ipv4_unicast",
				vrf: "default",
			})),
	},
	ospf_neighbors: {
		commands: () => ["show ip ospf neighbor"],
		read: (output) =>
			readWithTemplate("hp_procurve_ospf_neighbors", output).map((record) => ({
				neighbor_id: record.text("NeighborId"),
				address: record.text("Address"),
				interface: null,
				state: ospfState(record.text("State")),
				role: ospfRole(record.text("Role")),
				priority: record.number("Priority"),
				vrf: "default",
			})),
	},
	interfaces: {
		commands: () => ["show interfaces brief"],
		read: (output) =>
			readWithTemplate("hp_procurve_interfaces", output).map((record) => ({
				...emptyInterface(record.text("Name")),
				admin: upDown(record.text("Enabled")),
				oper: upDown(record.text("Status")),
				speed_mbps: speedOf(record.optional("Mode")),
			})),
	},
	routes: {
		commands: () => ["show ip route"],
		read: (output) =>
			readWithTemplate("hp_procurve_routes", output).map((record) => {
				const gateway = record.text("Gateway");
				const isAddress = /^[\d.]+$/.test(gateway);
				const isDropped = /^(?:reject|blackhole)$/.test(gateway);
				const vlan = record.optional("Vlan");
				return {
					prefix: record.text("Prefix"),
					protocol: routeProtocol(record.text("Type")),
					next_hops: [
						{
							address: isAddress ? gateway : null,
							interface: isDropped ? null : isAddress ? vlan && `VLAN${vlan}` : gateway,
						},
					],
					distance: record.number("Distance"),
					metric: record.number("Metric"),
					active: true,
					vrf: "default",
				};
			}),
	},
	ping: pingParser(({ target, count, source }) => [
		words("ping", target, "repetitions", String(count), source && `source ${source}`),
	]),
};
