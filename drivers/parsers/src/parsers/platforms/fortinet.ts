import { readCiscoBgp, readCiscoOspf, readCiscoRoutes } from "../cisco-text.ts";
import { emptyInterface, speedOf, upDown, withLength } from "../normalise.ts";
import type { PlatformParsers } from "../parser.ts";
import { pingParser } from "../ping.ts";
import { readWithTemplate } from "../template-output.ts";

/** FortiOS, in the VDOM that the session is in. */
export const fortinet: PlatformParsers = {
	bgp_summary: {
		commands: ({ afi }) => [afi === "ipv6" ? "get router info6 bgp summary" : "get router info bgp summary"],
		read: readCiscoBgp,
	},
	ospf_neighbors: { commands: () => ["get router info ospf neighbor"], read: readCiscoOspf },
	interfaces: {
		commands: () => ["get system interface physical"],
		read: (output) =>
			readWithTemplate("fortinet_interfaces", output).map((record) => {
				const addresses: string[] = [];
				// All zeros stand for none.
				if (!/^(?:0\.0\.0\.0)?$/.test(record.text("Address")))
					addresses.push(withLength(record.text("Address"), record.text("Mask")));
				if (!/^(?:::\/0)?$/.test(record.text("Address6"))) addresses.push(record.text("Address6"));
				return {
					...emptyInterface(record.text("Name")),
					oper: upDown(record.text("Status")),
					addresses,
					speed_mbps: speedOf(record.optional("Speed")),
				};
			}),
	},
	routes: {
		commands: ({ afi }) => [afi === "ipv6" ? "get router info6 routing-table" : "get router info routing-table all"],
		read: readCiscoRoutes,
	},
	ping: pingParser(({ target, count, source }) => [
		"execute ping-options reset",
		`execute ping-options repeat-count ${count}`,
		...(source ? [`execute ping-options source ${source}`] : []),
		`execute ping ${target}`,
	]),
};
