/** Runs `work` while no other tab of this browser runs work of the same name. */
export type WithLock = <T>(name: string, work: () => Promise<T>) => Promise<T>;

const lease_ms = 15_000;
const settle_ms = 40;

/**
 * The browser's own locks; a page that came over plain HTTP from another machine has none, so there a lease in shared storage stands
 * in. Two tabs that write it in the same moment both wait for it to settle, and the later one wins.
 */
export function createLock(storage: Storage): WithLock {
	if ("locks" in navigator) {
		return (name, work) => navigator.locks.request(name, work) as ReturnType<typeof work>;
	}
	const own = Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("");
	return async (name, work) => {
		const key = `${name}.lease`;
		for (;;) {
			const holder = readLease(storage.getItem(key));
			if (holder === undefined || holder.until < Date.now()) {
				storage.setItem(key, JSON.stringify({ own, until: Date.now() + lease_ms }));
				await pause(settle_ms);
				if (readLease(storage.getItem(key))?.own === own) break;
			}
			await pause(settle_ms * (1 + Math.random()));
		}
		try {
			return await work();
		} finally {
			storage.removeItem(key);
		}
	};
}

function readLease(text: string | null): { own: string; until: number } | undefined {
	try {
		const lease = JSON.parse(text ?? "null");
		return typeof lease?.own === "string" && typeof lease.until === "number" ? lease : undefined;
	} catch {
		return undefined;
	}
}

function pause(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}
