import { readCiscoBgp, readCiscoInterfaces, readCiscoOspf, readCiscoRoutes } from "../cisco-text.ts";
import { type PlatformParsers, words } from "../parser.ts";
import { pingParser } from "../ping.ts";

/** IOS and IOS XE. */
export const ciscoIos: PlatformParsers = {
	bgp_summary: {
		commands: ({ vrf, afi }) => [
			vrf ? `show bgp vpn${afi === "ipv6" ? "v6" : "v4"} unicast vrf ${vrf} summary` : "show bgp all summary",
		],
		read: readCiscoBgp,
	},
	ospf_neighbors: {
		// The process of a VRF is listed with the others, without its name.
		commands: () => ["show ip ospf neighbor"],
		read: readCiscoOspf,
	},
	interfaces: { commands: () => ["show interfaces"], read: readCiscoInterfaces },
	routes: {
		commands: ({ afi, vrf }) => [words("show", afi === "ipv6" ? "ipv6" : "ip", "route", vrf && `vrf ${vrf}`)],
		read: readCiscoRoutes,
	},
	ping: pingParser(({ target, count, source, vrf }) => [
		words("ping", vrf && `vrf ${vrf}`, target, "repeat", String(count), source && `source ${source}`),
	]),
};
