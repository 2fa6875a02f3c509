import { numberOf, objectOf, readJsonObject, textOf } from "../json-output.ts";
import {
	afiOf,
	asNumber,
	bgpState,
	emptyInterface,
	macOf,
	ospfRole,
	ospfState,
	routeProtocol,
	speedOf,
	upDown,
	uptimeOf,
} from "../normalise.ts";
import { NotUnderstood, type Parser, type PlatformParsers, words } from "../parser.ts";
import { pingParser } from "../ping.ts";

type Row = Record<string, unknown>;

/** NX-OS writes a table as `TABLE_x: {ROW_x: ...}`: a list, but one row alone without its list, and none not at all. */
function rowsOf(value: Row, table: string): Row[] {
	const found = value[`TABLE_${table}`];
	if (found === undefined || found === "") return [];
	const tables = Array.isArray(found) ? found : [found];
	return tables.flatMap((one) => {
		const rows = objectOf(one, `TABLE_${table}`)[`ROW_${table}`];
		if (rows === undefined) throw new NotUnderstood(`TABLE_${table} has no ROW_${table}`);
		return (Array.isArray(rows) ? rows : [rows]).map((row) => objectOf(row, `ROW_${table}`));
	});
}

/** The answer's outermost table. Nothing at all is what NX-OS says when the feature has nothing to show. */
function answer(output: string, table: string): Row[] {
	if (output.trim() === "") return [];
	const value = readJsonObject(output);
	if (Object.keys(value).length > 0 && !(`TABLE_${table}` in value))
		throw new NotUnderstood(`there is no TABLE_${table}`);
	return rowsOf(value, table);
}

const bgp: Parser<"bgp_summary"> = {
	commands: ({ afi, vrf }) => [words("show bgp vrf", vrf ?? "all", afi, "unicast summary | json")],
	read: (output) =>
		answer(output, "vrf").flatMap((vrf) =>
			rowsOf(vrf, "af").flatMap((family) =>
				rowsOf(family, "saf").flatMap((sub) =>
					rowsOf(sub, "neighbor").map((row) => {
						const state = bgpState(textOf(row.state) ?? "");
						return {
							neighbor: textOf(row.neighborid) ?? "",
							remote_as: asNumber(row.neighboras),
							state,
							prefixes_received: state === "Established" ? numberOf(row.prefixreceived) : null,
							...uptimeOf(textOf(row.neighbortime)),
							afi: afiOf(textOf(sub["af-name"]) ?? ""),
							vrf: textOf(vrf["vrf-name-out"]) ?? "",
						};
					}),
				),
			),
		),
};

const ospf: Parser<"ospf_neighbors"> = {
	commands: ({ vrf }) => [words("show ip ospf neighbors vrf", vrf ?? "all", "| json")],
	read: (output) =>
		answer(output, "ctx").flatMap((process) =>
			rowsOf(process, "nbr").map((row) => ({
				neighbor_id: textOf(row.rid) ?? "",
				address: textOf(row.addr),
				interface: textOf(row.intf),
				state: ospfState(textOf(row.state) ?? ""),
				role: ospfRole(textOf(row.drstate)),
				priority: numberOf(row.priority),
				vrf: textOf(process.cname) ?? "default",
			})),
		),
};

const interfaces: Parser<"interfaces"> = {
	commands: () => ["show interface | json"],
	read: (output) =>
		answer(output, "interface").map((row) => {
			// A VLAN's interface has names of its own for what the others have.
			const either = (name: string, ofVlan = `svi_${name}`) => row[`eth_${name}`] ?? row[ofVlan];
			const address = textOf(either("ip_addr"));
			const bandwidth = numberOf(either("bw"));
			return {
				...emptyInterface(textOf(row.interface) ?? ""),
				admin: upDown(row.admin_state ?? row.svi_admin_state),
				oper: upDown(row.state ?? row.svi_line_proto),
				description: textOf(row.desc ?? row.svi_desc),
				addresses: address === null ? [] : [`${address}/${numberOf(either("ip_mask"))}`],
				mac: macOf(textOf(row.eth_hw_addr ?? row.svi_mac)),
				mtu: numberOf(either("mtu")),
				speed_mbps: speedOf(textOf(row.eth_speed)) ?? (bandwidth === null ? null : bandwidth / 1_000),
				in_errors: numberOf(row.eth_inerr),
				out_errors: numberOf(row.eth_outerr),
				in_packets: numberOf(row.eth_inpkts ?? row.svi_ucast_pkts_in),
				out_packets: numberOf(row.eth_outpkts ?? row.svi_ucast_pkts_out),
				in_bytes: numberOf(row.eth_inbytes ?? row.svi_ucast_bytes_in),
				out_bytes: numberOf(row.eth_outbytes ?? row.svi_ucast_bytes_out),
			};
		}),
};

const routes: Parser<"routes"> = {
	commands: ({ afi, vrf }) => [words("show", afi === "ipv6" ? "ipv6" : "ip", "route vrf", vrf ?? "all", "| json")],
	read: (output) =>
		answer(output, "vrf").flatMap((vrf) =>
			rowsOf(vrf, "addrf").flatMap((family) =>
				rowsOf(family, "prefix").flatMap((row) => {
					const paths = rowsOf(row, "path");
					// One row for each protocol that offers the prefix: several paths of one are its next hops.
					const clients = [...new Set(paths.map((path) => textOf(path.clientname) ?? ""))];
					return clients.map((client) => {
						const own = paths.filter((path) => (textOf(path.clientname) ?? "") === client);
						return {
							prefix: textOf(row.ipprefix) ?? "",
							protocol: routeProtocol(client === "am" ? "connected" : client),
							next_hops: own.map((path) => ({
								address: textOf(path.ipnexthop),
								interface: textOf(path.ifname) === "Null0" ? null : textOf(path.ifname),
							})),
							distance: numberOf(own[0]?.pref),
							metric: numberOf(own[0]?.metric),
							active: own.some((path) => String(path.ubest) === "true"),
							vrf: textOf(vrf["vrf-name-out"]) ?? "default",
						};
					});
				}),
			),
		),
};

export const ciscoNxos: PlatformParsers = {
	bgp_summary: bgp,
	ospf_neighbors: ospf,
	interfaces,
	routes,
	ping: pingParser(({ target, count, source, vrf }) => [
		words("ping", target, "count", String(count), source && `source ${source}`, vrf && `vrf ${vrf}`),
	]),
};
