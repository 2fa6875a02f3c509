import { Id, Timestamp } from "@netconductor/contracts/kernel/ids";
import { z } from "zod";

/** An event on its way from the outbox of one service to the inbox of another. */
export const BusMessage = z.object({
	/** Of the event: the same however often it is delivered. */
	id: Id,
	name: z.string(),
	payload: z.unknown(),
	/** W3C trace context of what caused it. */
	traceparent: z.string().optional(),
	occurred_at: Timestamp,
});
export type BusMessage = z.infer<typeof BusMessage>;

export interface Subscription {
	/** Takes nothing more. What arrives meanwhile is kept for the next subscription of the same service. */
	close(): Promise<void>;
}

/** Stores messages in the service's inbox; resolves when they are durable. A message may come more than once. */
export type Deliver = (messages: BusMessage[]) => Promise<void>;

/** Moves messages between services: at least once, in each publisher's order. */
export interface Carrier {
	/**
	 * Resolves when the messages are durably accepted for every subscriber.
	 * @throws when it is not known to be so: the caller publishes all of them again
	 */
	publish(messages: BusMessage[]): Promise<void>;
	/** Takes the events of these names for a service. From the first time on they are kept while it is away. */
	subscribe(service: string, names: readonly string[], deliver: Deliver): Promise<Subscription>;
	/** Answers what a person ought to look at all the same. @throws service.unavailable when messages cannot move now */
	ping(): Promise<string | undefined>;
	close(): Promise<void>;
}
