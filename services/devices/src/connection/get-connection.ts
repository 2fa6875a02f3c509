import type { Database } from "@netconductor/runtime/db/database";
import { noDevice } from "../devices/device-store.ts";
import type { DevicesOperation } from "../operation.ts";
import { describeConnection } from "./connection.ts";
import { loadLayers } from "./connection-store.ts";

/** What a worker would be handed now, without the secrets. */
export function getConnection({ db }: { db: Database }): DevicesOperation<"getConnection"> {
	return async ({ params: { id } }) => {
		const layersOf = await loadLayers(db.orm, [id]);
		const layers = layersOf(id);
		if (layers === undefined) throw noDevice(id);
		return describeConnection(layers, layersOf);
	};
}
