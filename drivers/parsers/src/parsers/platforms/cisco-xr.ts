import { readCiscoBgp, readCiscoInterfaces, readCiscoOspf, readCiscoRoutes } from "../cisco-text.ts";
import { type PlatformParsers, words } from "../parser.ts";
import { pingParser } from "../ping.ts";

export const ciscoXr: PlatformParsers = {
	bgp_summary: {
		commands: ({ vrf, afi }) => [vrf ? `show bgp vrf ${vrf} ${afi} unicast summary` : "show bgp all all summary"],
		read: readCiscoBgp,
	},
	ospf_neighbors: { commands: ({ vrf }) => [words("show ospf", vrf && `vrf ${vrf}`, "neighbor")], read: readCiscoOspf },
	interfaces: { commands: () => ["show interfaces"], read: readCiscoInterfaces },
	routes: {
		commands: ({ afi, vrf }) => [words("show route", vrf && `vrf ${vrf}`, afi, "unicast")],
		read: readCiscoRoutes,
	},
	ping: pingParser(({ target, count, source, vrf }) => [
		words("ping", vrf && `vrf ${vrf}`, target, "count", String(count), source && `source ${source}`),
	]),
};
