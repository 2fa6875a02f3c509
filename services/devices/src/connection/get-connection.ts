import type { Database } from "@netconductor/runtime/db/database";
import { findDevice, noDevice } from "../devices/device-store.ts";
import type { DevicesOperation } from "../operation.ts";
import { describeConnection, unseenHost } from "./connection.ts";
import { loadLayers } from "./connection-store.ts";

/** What a worker would be handed now, without the secrets. */
export function getConnection({ db }: { db: Database }): DevicesOperation<"getConnection"> {
	return async ({ params: { id }, actor }) => {
		await findDevice(db.orm, id, actor);
		const layersOf = await loadLayers(db.orm, [id], actor);
		const layers = layersOf(id);
		if (layers === undefined) throw noDevice(id);
		const { credential, jump_hosts, worker_pool, ...described } = describeConnection(layers, layersOf);
		return {
			...described,
			// Through a group that does not exist for whoever asks.
			worker_pool: { ...worker_pool, group: actor.device_groups === undefined ? worker_pool.group : null },
			credential: credential && { ...credential, group: credential.group || null },
			jump_hosts: jump_hosts.filter(({ device_name }) => device_name !== unseenHost),
		};
	};
}
