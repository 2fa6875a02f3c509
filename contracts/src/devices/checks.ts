import { z } from "zod";
import { ParsedCommandParams, RouteProtocol } from "./parsed.ts";

const { afi, vrf, target, count, source } = ParsedCommandParams.shape;
const Word = z.string().regex(/^[^\s\p{Cc}]{1,253}$/u, "One word");
/** How long it may take until it holds, in seconds: sessions come up, routes are learnt. */
const within_s = z.int().min(0).max(600).default(60);

/** Something that a device must know: asked and read in the same way on every platform that has a parser for it. It reads only. */
export const DeviceCheck = z
	.discriminatedUnion("kind", [
		/** Each of the neighbours is Established, with at least so many prefixes. */
		z.object({
			kind: z.literal("bgp"),
			neighbors: z.array(Word).min(1).max(100),
			min_prefixes: z.int().min(0).default(0),
			afi,
			vrf,
			within_s,
		}),
		/** Each of the neighbours, by router id or address, is Full (or 2-Way with one that is not designated). */
		z.object({ kind: z.literal("ospf"), neighbors: z.array(Word).min(1).max(100), vrf, within_s }),
		/** Each of the interfaces is up. */
		z.object({ kind: z.literal("interfaces"), names: z.array(Word).min(1).max(100), within_s }),
		/** Each of the prefixes has an active route, learnt by this protocol where one is named. */
		z.object({
			kind: z.literal("routes"),
			prefixes: z.array(Word).min(1).max(100),
			protocol: RouteProtocol.optional(),
			afi,
			vrf,
			within_s,
		}),
		/** The target answers, with at most so much loss. */
		z.object({
			kind: z.literal("ping"),
			target: target.unwrap(),
			count,
			source,
			vrf,
			most_loss_percent: z.number().min(0).max(100).default(0),
			within_s,
		}),
	])
	.meta({ id: "DeviceCheck" });
export type DeviceCheck = z.output<typeof DeviceCheck>;
