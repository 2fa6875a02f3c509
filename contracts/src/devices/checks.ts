import { z } from "zod";
import { ParsedCommandParams, RouteProtocol } from "./parsed.ts";

const { target, count } = ParsedCommandParams.shape;
const Word = z.string().regex(/^[^\s\p{Cc}]{1,253}$/u, "One word");
/** How long it may take until it holds, in seconds: sessions come up, routes are learnt. */
const within_s = z
	.int()
	.min(0)
	.max(600)
	.default(60)
	.describe("How long it may take until it holds, in seconds; it is asked again and again.");
const afi = ParsedCommandParams.shape.afi.describe("Address family.");
const vrf = ParsedCommandParams.shape.vrf.describe(
	"VRF, routing instance or routing table; left out: the global one, or all where the device can show all.",
);

/** What each kind of check is told. */
export const deviceChecks = {
	/** Each of the neighbours is Established, with at least so many prefixes. */
	bgp: z.object({
		neighbors: z.array(Word).min(1).max(100).describe("Addresses of the neighbours, as the device shows them."),
		min_prefixes: z.int().min(0).default(0).describe("Prefixes that each of them sends at least."),
		afi,
		vrf,
		within_s,
	}),
	/** Each of the neighbours, by router id or address, is Full (or 2-Way with one that is not designated). */
	ospf: z.object({
		neighbors: z.array(Word).min(1).max(100).describe("Router ids or addresses of the neighbours."),
		vrf,
		within_s,
	}),
	/** Each of the interfaces is up. */
	interfaces: z.object({
		names: z.array(Word).min(1).max(100).describe("Interfaces that are up, by their full names."),
		within_s,
	}),
	/** Each of the prefixes has an active route, learnt by this protocol where one is named. */
	routes: z.object({
		prefixes: z.array(Word).min(1).max(100).describe("Prefixes with their lengths: `203.0.113.0/24`."),
		protocol: RouteProtocol.optional().describe("How the routes are learnt."),
		afi,
		vrf,
		within_s,
	}),
	/** The target answers, with at most so much loss. */
	ping: z.object({
		target: target.unwrap().describe("Address or host name."),
		count: count.describe("Packets."),
		source: ParsedCommandParams.shape.source.describe("An own address, or an interface where the platform takes one."),
		vrf,
		most_loss_percent: z.number().min(0).max(100).default(0).describe("Loss that still counts as an answer."),
		within_s,
	}),
} as const;

/** Something that a device must know: asked and read in the same way on every platform that has a parser for it. It reads only. */
export const DeviceCheck = z
	.discriminatedUnion("kind", [
		z.object({ kind: z.literal("bgp"), ...deviceChecks.bgp.shape }),
		z.object({ kind: z.literal("ospf"), ...deviceChecks.ospf.shape }),
		z.object({ kind: z.literal("interfaces"), ...deviceChecks.interfaces.shape }),
		z.object({ kind: z.literal("routes"), ...deviceChecks.routes.shape }),
		z.object({ kind: z.literal("ping"), ...deviceChecks.ping.shape }),
	])
	.meta({ id: "DeviceCheck" });
export type DeviceCheck = z.output<typeof DeviceCheck>;
