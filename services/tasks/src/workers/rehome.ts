import type { devicesApi } from "@netconductor/contracts/devices/api";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { Database } from "@netconductor/runtime/db/database";
import type { CallerContext } from "@netconductor/runtime/host/call";

export interface RehomeNeeds {
	db: Database;
	devices: Pick<Client<typeof devicesApi, CallerContext>, "listWorkerPools">;
	ownAccount(): CallerContext;
	/** Called when operations wait for workers of another pool than before. */
	onMoved(): void;
}

const mostDevices = 1_000;

/**
 * Looks at devices for which operations wait in pools of which no worker takes work, some at each call, one after another: where another pool reaches
 * a device by now, its operations are that one's. In a pool that is served a worker takes them up, is refused, and leaves them to the other.
 */
export function rehome({ db, devices, ownAccount, onMoved }: RehomeNeeds): () => Promise<void> {
	let last = "00000000-0000-0000-0000-000000000000";

	return async () => {
		const waiting = await db.query<{ device_id: string }>(
			`select distinct device_id from operations
			where status = 'pending' and ready and device_id > $1 and worker_pool in (
				with recursive pools as (
					(select worker_pool from operations where status = 'pending' and ready order by worker_pool limit 1)
					union all
					select (select worker_pool from operations where status = 'pending' and ready and worker_pool > pools.worker_pool order by worker_pool limit 1)
					from pools where pools.worker_pool is not null
				)
				select worker_pool from pools where worker_pool is not null
					and not exists (select from workers where pool = worker_pool and status = 'online' and lease_until > now())
			) order by device_id limit $2`,
			[last, mostDevices],
		);
		const device_ids = waiting.map(({ device_id }) => device_id);
		last = device_ids.length < mostDevices ? "00000000-0000-0000-0000-000000000000" : (device_ids.at(-1) ?? last);
		if (device_ids.length === 0) return;
		const { pools } = await devices.listWorkerPools({ body: { device_ids } }, ownAccount());
		const moved = await db.query(
			`update operations o set worker_pool = p.worker_pool
			from unnest($1::uuid[], $2::text[]) as p (device_id, worker_pool)
			where o.device_id = p.device_id and o.status = 'pending' and o.worker_pool <> p.worker_pool returning o.id`,
			[pools.map(({ device_id }) => device_id), pools.map(({ worker_pool }) => worker_pool)],
		);
		if (moved.length > 0) onMoved();
	};
}
