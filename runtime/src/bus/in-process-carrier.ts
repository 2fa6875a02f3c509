import { failed } from "../errors.ts";
import type { BusMessage, Carrier, Deliver } from "./carrier.ts";

interface Subscriber {
	names: ReadonlySet<string>;
	/** Undefined while it is away. */
	deliver: Deliver | undefined;
}

/**
 * Moves messages between the services of this process: straight from one's outbox into the other's inbox. It keeps nothing itself. While a subscriber is away, or has not come yet
 * though it is one of `services`, what it should get is refused and so stays in the publisher's outbox.
 */
export function createInProcessCarrier({ services = [] }: { services?: readonly string[] } = {}): Carrier {
	const subscribers = new Map<string, Subscriber>();
	let closed = false;

	async function hand(service: string, { names, deliver }: Subscriber, messages: BusMessage[]): Promise<void> {
		const wanted = messages.filter(({ name }) => names.has(name));
		if (wanted.length === 0) return;
		if (deliver === undefined) throw away(service);
		await deliver(wanted);
	}

	return {
		async publish(messages) {
			const missing = closed ? "this process" : services.find((service) => !subscribers.has(service));
			if (missing !== undefined) throw away(missing);
			const outcomes = await Promise.allSettled(
				[...subscribers].map(([service, subscriber]) => hand(service, subscriber, messages)),
			);
			for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
		},
		async subscribe(service, names, deliver) {
			const subscriber: Subscriber = { names: new Set(names), deliver };
			subscribers.set(service, subscriber);
			return {
				async close() {
					subscriber.deliver = undefined;
				},
			};
		},
		ping: async () => undefined,
		async close() {
			closed = true;
		},
	};
}

function away(service: string) {
	return failed("service.unavailable", {
		message: `${service} does not take events at the moment; they wait in the outbox.`,
		details: { service },
	});
}
