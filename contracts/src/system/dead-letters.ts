import { z } from "zod";
import { Id, Timestamp } from "../kernel/ids.ts";
import { defineApi, internal } from "../kernel/operation.ts";
import { CursorPage, CursorQuery } from "../kernel/page.ts";

/** An event that a service took in and could not apply. */
export const DeadLetter = z
	.object({
		/** Of the event: the same in each service that could not apply it. */
		id: Id,
		/** `backup.completed.v1` */
		name: z.string(),
		occurred_at: Timestamp,
		/** When it was put aside. */
		dead_at: Timestamp,
		attempts: z.int(),
		/** What the last attempt came to. */
		last_error: z.string().nullable(),
	})
	.meta({ id: "DeadLetter" });
export type DeadLetter = z.infer<typeof DeadLetter>;

const ServiceName = z.string().regex(/^[a-z]{1,32}$/);

/** One in the list of all services. */
export const ServiceDeadLetter = DeadLetter.extend({ service: ServiceName }).meta({ id: "ServiceDeadLetter" });
export type ServiceDeadLetter = z.infer<typeof ServiceDeadLetter>;

export const ListDeadLetters = CursorQuery.extend({
	/** Of this service only. */
	service: ServiceName.optional(),
});

export const DeadLetterPage = CursorPage(ServiceDeadLetter).extend({
	/** Services that did not answer: what they put aside is not in the list. */
	silent_services: z.array(z.string()),
});
export type DeadLetterPage = z.infer<typeof DeadLetterPage>;

export const DeadLetterParams = z.object({ service: ServiceName, id: Id });

/** With what it says. */
export const DeadLetterDetail = ServiceDeadLetter.extend({
	payload: z.unknown(),
	/** Trace of what caused it. */
	traceparent: z.string().nullable(),
}).meta({ id: "DeadLetterDetail" });
export type DeadLetterDetail = z.infer<typeof DeadLetterDetail>;

const someIds = z.array(Id).min(1).max(500);

export const ReplayDeadLetters = z.object({
	service: ServiceName,
	/** Left out: all of that service's. */
	ids: someIds.optional(),
});

export const DiscardDeadLetters = z.object({ service: ServiceName, ids: someIds });

export const DeadLetterCount = z.object({
	/** Of those that were named, so many were there. */
	count: z.int(),
});

/** A place in the order of `dead_at` and `id`. */
export const DeadLetterPlace = z.object({ dead_at: Timestamp, id: Id, included: z.boolean() });
export type DeadLetterPlace = z.infer<typeof DeadLetterPlace>;

/** What every service that takes events answers about those that it could not apply, besides its own contract. */
export function deadLettersApi(service: string) {
	return defineApi(service, {
		listOwnDeadLetters: internal(`/internal/dead-letters/${service}/list`, {
			summary: "Events put aside, the oldest first",
			body: z.object({
				/** Only those from here on. */
				from: DeadLetterPlace.optional(),
				limit: z.int().min(1).max(501),
			}),
			returns: z.array(DeadLetter),
			changes: false,
		}),
		getOwnDeadLetter: internal(`/internal/dead-letters/${service}/get`, {
			summary: "An event put aside, with what it says",
			body: z.object({ id: Id }),
			returns: DeadLetterDetail.omit({ service: true }).nullable(),
			changes: false,
		}),
		replayOwnDeadLetters: internal(`/internal/dead-letters/${service}/replay`, {
			summary: "Give events put aside another ten attempts",
			body: ReplayDeadLetters.pick({ ids: true }),
			returns: DeadLetterCount,
		}),
		discardOwnDeadLetters: internal(`/internal/dead-letters/${service}/discard`, {
			summary: "Have events put aside count as handled",
			body: DiscardDeadLetters.pick({ ids: true }),
			returns: DeadLetterCount,
		}),
	});
}
