import type { Parser, PlatformParsers } from "../parser.ts";
import { words } from "../parser.ts";
import { pingParser, readPing } from "../ping.ts";
import { frrBgp, frrOspf, frrRoutes } from "./frr.ts";
import { linuxInterfaces } from "./linux.ts";

/** VyOS routes with FRR; its operational shell is a bash in which `vtysh` is a program, quoted as such. */
function throughVtysh<T extends Parser<"bgp_summary"> | Parser<"ospf_neighbors"> | Parser<"routes">>(parser: T): T {
	return { ...parser, commands: (params) => parser.commands(params).map((command) => `vtysh -c '${command}'`) };
}

export const vyos: PlatformParsers = {
	bgp_summary: throughVtysh(frrBgp),
	ospf_neighbors: throughVtysh(frrOspf),
	interfaces: linuxInterfaces,
	routes: throughVtysh(frrRoutes),
	ping: {
		...pingParser(({ target, count, source, vrf }) => [
			words("ping", target, "count", String(count), source && `source-address ${source}`, vrf && `vrf ${vrf}`),
		]),
		read: readPing,
	},
};
