import type { SystemState } from "@netconductor/contracts/system/model";

/** What one look found, before anybody asks since when. */
export interface Finding {
	state: SystemState;
	detail: string;
	ms: number | null;
}

const order: readonly SystemState[] = ["failed", "degraded", "unknown", "ok"];

/** The worst of several states; `ok` where there are none. */
export function worst(states: Iterable<SystemState>): SystemState {
	const seen = new Set(states);
	return order.find((state) => seen.has(state)) ?? "ok";
}

const MiB = 1024 * 1024;
const least_bytes = 200 * MiB;
const wanted_bytes = 2_048 * MiB;

/** Below 200 MiB the database stops writing soon; below 2 GiB somebody should make room. */
export function judgeDisk({
	free_bytes,
	total_bytes,
}: {
	free_bytes: number;
	total_bytes: number;
}): Omit<Finding, "ms"> {
	const detail = `${sizeOf(free_bytes)} of ${sizeOf(total_bytes)} free`;
	if (free_bytes < least_bytes) return { state: "failed", detail: `${detail}: too little to go on with. Make room.` };
	if (free_bytes < wanted_bytes) return { state: "degraded", detail: `${detail}, which is little` };
	return { state: "ok", detail };
}

interface WorkerLoad {
	workers_online: number;
	running: number;
	pending: number;
	by_pool: readonly { pool: string; workers_online: number; waiting: number }[];
}

/** Without a worker nothing touches a device: runs wait. So they do in a pool of which none is online. */
export function judgeWorkers({ workers_online, running, pending, by_pool }: WorkerLoad): Omit<Finding, "ms"> {
	const load = `${running} running, ${pending} waiting`;
	if (workers_online === 0)
		return { state: "failed", detail: `no worker is online: nothing reaches the devices; ${load}` };
	const unserved = by_pool.filter((pool) => pool.workers_online === 0 && pool.waiting > 0);
	if (unserved.length > 0) {
		const named = unserved.map(({ pool, waiting }) => `${waiting} in the pool ${pool}`).join(", ");
		return { state: "degraded", detail: `no worker takes what waits in some pools: ${named}; ${load}` };
	}
	return { state: "ok", detail: `${workers_online} online; ${load}` };
}

function sizeOf(bytes: number): string {
	const gib = bytes / 1024 / MiB;
	return gib >= 10 ? `${Math.round(gib)} GiB` : gib >= 1 ? `${gib.toFixed(1)} GiB` : `${Math.round(bytes / MiB)} MiB`;
}
