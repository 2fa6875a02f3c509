import type { SharedStore } from "./shared-store.ts";

/** Runs `work` while no other tab of this browser runs work of the same name. */
export type WithLock = <T>(name: string, work: () => Promise<T>) => Promise<T>;

const lease_ms = 15_000;
const lookEvery_ms = 50;

/**
 * The browser's own locks; a page that came over plain HTTP from another machine is not given any, so there a lease stands in, which
 * runs out when its tab was closed.
 */
export function createLock(store: SharedStore): WithLock {
	if ("locks" in navigator) {
		return (name, work) => navigator.locks.request(name, work) as ReturnType<typeof work>;
	}
	const own = Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("");
	return async (name, work) => {
		const key = `lease ${name}`;
		const take = (held: unknown): Lease => (isFree(held) ? { own, until: Date.now() + lease_ms } : (held as Lease));
		while ((await store.update(key, take)).own !== own) {
			await new Promise((resolve) => setTimeout(resolve, lookEvery_ms));
		}
		try {
			return await work();
		} finally {
			await store.update(key, (held) => ((held as Lease | undefined)?.own === own ? undefined : held));
		}
	};
}

interface Lease {
	own: string;
	until: number;
}

function isFree(held: unknown): boolean {
	return held === undefined || (held as Lease).until < Date.now();
}
