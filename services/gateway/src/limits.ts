import { normalizeIP } from "@fastify/rate-limit";
import { type Actor, isByApiToken } from "@netconductor/contracts/kernel/actor";
import { type AppError, failed } from "@netconductor/runtime/errors";
import { anonymous } from "@netconductor/runtime/host/invoke";
import type { Counters } from "@netconductor/runtime/limits/counters";

const minute_ms = 60_000;

interface Needs {
	config: { requests_per_minute: number; anonymous_requests_per_minute: number };
	counters: Counters;
}

/** What one more request comes to. */
interface Limited {
	/** `RateLimit-Policy` and `RateLimit` of draft-ietf-httpapi-ratelimit-headers-10: the limit, and what is left of it for how long. */
	headers: Record<string, string>;
	/** Why this request is one too many. */
	exceeded: AppError | undefined;
}

/** Limits by user and API token, and by address for those who are nobody yet. */
export function createLimits({ config, counters }: Needs) {
	return {
		/** The address is unknown of a client that is gone already. */
		async count(actor: Actor | undefined, address: string | undefined): Promise<Limited> {
			const isKnown = actor !== undefined && actor.id !== anonymous.id;
			const policy = isKnown ? actor.kind : "address";
			const most = isKnown ? config.requests_per_minute : config.anonymous_requests_per_minute;
			const key = isKnown ? `${actor.kind}:${limited(actor)}` : `address:${normalizeIP(address ?? "unknown")}`;
			const { count, left_ms } = await counters.count(key, minute_ms);
			const left_s = Math.max(1, Math.ceil(left_ms / 1000));
			return {
				headers: {
					"ratelimit-policy": `"${policy}";q=${most};w=${minute_ms / 1000}`,
					ratelimit: `"${policy}";r=${Math.max(0, most - count)};t=${left_s}`,
				},
				exceeded: count > most ? tooMany(left_s) : undefined,
			};
		},
		/** Whether an address may try a ticket once more. */
		async mayTryTicket(address: string): Promise<boolean> {
			const { count } = await counters.count(`ticket:${normalizeIP(address)}`, minute_ms);
			return count <= config.anonymous_requests_per_minute;
		},
	};
}

/** A token acts for its owner, whose other tokens and sessions have limits of their own. */
function limited(actor: Actor): string {
	return isByApiToken(actor) && actor.session_id !== undefined ? actor.session_id : actor.id;
}

function tooMany(retry_after_s: number): AppError {
	return failed("request.rate_limited", {
		message: `Too many requests; try again in ${retry_after_s} s`,
		details: { retry_after_s },
	});
}
