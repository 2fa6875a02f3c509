import type { Consumer, Consumers } from "@netconductor/runtime/host/service";

/** Consumers of several parts of the service as those of one: an event goes to all that want it, in their order, in one transaction. */
export function joinConsumers(...parts: readonly Consumers[]): Consumers {
	const joined = new Map<string, Consumer<never>>();
	for (const part of parts) {
		for (const [name, consumer] of Object.entries(part)) {
			if (typeof consumer !== "function") throw new TypeError(`${name} is taken many at a time and cannot be shared`);
			const one = consumer as Consumer<never>;
			const before = joined.get(name);
			joined.set(
				name,
				before === undefined
					? one
					: async (payload, delivery) => {
							await before(payload, delivery);
							await one(payload, delivery);
						},
			);
		}
	}
	return Object.fromEntries(joined);
}
