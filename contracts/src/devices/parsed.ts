import { z } from "zod";

/** What a device can be asked and its answer read into rows that look the same on every platform. */
export const ParsedKind = z.enum(["bgp_summary", "ospf_neighbors", "interfaces", "routes", "ping"]);
export type ParsedKind = z.infer<typeof ParsedKind>;

const Counter = z.number().min(0).nullable();
const UpDown = z.enum(["up", "down", "unknown"]);

/** States of RFC 4271, section 8.2.2. */
export const BgpState = z.enum(["Idle", "Connect", "Active", "OpenSent", "OpenConfirm", "Established"]);
export type BgpState = z.infer<typeof BgpState>;

/** One BGP session in one address family. */
export const BgpNeighbor = z.object({
	neighbor: z.string().min(1),
	/** Null where the device does not say it. `1.10` is given as 65546. */
	remote_as: z.int().min(0).max(4_294_967_295).nullable(),
	state: BgpState,
	/** Null while the session is not established. */
	prefixes_received: z.int().min(0).nullable(),
	/** As the device writes it; null when the session never was in another state. */
	uptime: z.string().nullable(),
	uptime_seconds: z.int().min(0).nullable(),
	/** `ipv4_unicast`, `ipv6_unicast`, `vpnv4_unicast`, `l2vpn_evpn`, ... */
	afi: z.string(),
	vrf: z.string(),
});
export type BgpNeighbor = z.infer<typeof BgpNeighbor>;

/** States of RFC 2328, section 10.1. */
export const OspfState = z.enum(["Down", "Attempt", "Init", "2-Way", "ExStart", "Exchange", "Loading", "Full"]);
export type OspfState = z.infer<typeof OspfState>;

export const OspfNeighbor = z.object({
	neighbor_id: z.string().min(1),
	address: z.string().nullable(),
	interface: z.string().nullable(),
	state: OspfState,
	/** Null where the network has no designated router, or the device does not say. */
	role: z.enum(["DR", "BDR", "DROther"]).nullable(),
	priority: z.int().min(0).max(255).nullable(),
	vrf: z.string(),
});
export type OspfNeighbor = z.infer<typeof OspfNeighbor>;

export const ParsedInterface = z.object({
	name: z.string().min(1),
	admin: UpDown,
	oper: UpDown,
	description: z.string().nullable(),
	/** With the length of the prefix: `192.0.2.1/24`. */
	addresses: z.array(z.string()),
	mac: z.string().nullable(),
	mtu: z.int().min(0).nullable(),
	speed_mbps: z.number().min(0).nullable(),
	in_errors: Counter,
	out_errors: Counter,
	in_packets: Counter,
	out_packets: Counter,
	in_bytes: Counter,
	out_bytes: Counter,
});
export type ParsedInterface = z.infer<typeof ParsedInterface>;

export const RouteProtocol = z.enum([
	"connected",
	"local",
	"static",
	"bgp",
	"ospf",
	"isis",
	"rip",
	"eigrp",
	"kernel",
	"dhcp",
	"other",
]);
export type RouteProtocol = z.infer<typeof RouteProtocol>;

export const ParsedRoute = z.object({
	/** With its length; `0.0.0.0/0` for the default. */
	prefix: z.string().min(1),
	protocol: RouteProtocol,
	/** Both null: the traffic is dropped. */
	next_hops: z.array(z.object({ address: z.string().nullable(), interface: z.string().nullable() })),
	distance: z.int().min(0).nullable(),
	metric: z.number().min(0).nullable(),
	/** False: the device knows the route and uses a better one. */
	active: z.boolean(),
	vrf: z.string(),
});
export type ParsedRoute = z.infer<typeof ParsedRoute>;

export const PingResult = z.object({
	sent: z.int().min(0),
	received: z.int().min(0),
	loss_percent: z.number().min(0).max(100),
	/** Null when nothing came back, or the device does not say. */
	rtt_min_ms: z.number().min(0).nullable(),
	rtt_avg_ms: z.number().min(0).nullable(),
	rtt_max_ms: z.number().min(0).nullable(),
});
export type PingResult = z.infer<typeof PingResult>;

/** The row of each kind. A ping is one row. */
export const parsedRow = {
	bgp_summary: BgpNeighbor,
	ospf_neighbors: OspfNeighbor,
	interfaces: ParsedInterface,
	routes: ParsedRoute,
	ping: PingResult,
} as const satisfies Record<ParsedKind, z.ZodType>;

export type ParsedRows = { [Kind in ParsedKind]: z.infer<(typeof parsedRow)[Kind]>[] };

/** Nothing that could end a command, begin another one, or be read as an option. */
const name = (pattern: RegExp) => z.string().max(253).regex(pattern);

/** What a command may be asked for. Every field is of characters that no command line gives a meaning. */
export const ParsedCommandParams = z.strictObject({
	/** Address family of a BGP summary or of routes. */
	afi: z.enum(["ipv4", "ipv6"]).default("ipv4"),
	/** VRF, routing instance or routing table; absent: the global one, or all where the device can show all. */
	vrf: name(/^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,63}$/).optional(),
	/** Of a ping: an address or a host name. */
	target: name(/^[A-Za-z0-9:](?:[A-Za-z0-9.:_-]*[A-Za-z0-9:])?$/).optional(),
	/** Of a ping: packets. */
	count: z.int().min(1).max(100).default(5),
	/** Of a ping: an own address, or an interface where the platform takes one. */
	source: name(/^[A-Za-z0-9:][A-Za-z0-9.:/_-]{0,63}$/).optional(),
});
export type ParsedCommandParams = z.output<typeof ParsedCommandParams>;
