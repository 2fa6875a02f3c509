import type { devicesApi } from "@netconductor/contracts/devices/api";
import type { PlatformDefinition } from "@netconductor/contracts/devices/platform";
import type { Client } from "@netconductor/contracts/kernel/client";
import { createBatch } from "@netconductor/runtime/batch";
import type { Clock } from "@netconductor/runtime/clock";
import { failed } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";

/** Definitions of device types, remembered for a while. */
export type PlatformsOf = (device_types: readonly string[]) => Promise<Map<string, PlatformDefinition>>;

const remembered_ms = 30_000;
/** Stands in for a device type that was deleted while its device was being read: nothing collected is lost for that. */
const fallback = "generic_cli";

export function createPlatformCache(needs: {
	devices: Pick<Client<typeof devicesApi, CallerContext>, "getPlatforms">;
	ownAccount(): CallerContext;
	clock: Clock;
}): PlatformsOf {
	const known = new Map<string, { definition: PlatformDefinition; until: number }>();
	// Hundreds ask at the moment at which what is remembered grows old.
	const load = createBatch<string, void>({
		async perform(missing) {
			const until = needs.clock.elapsed_ms() + remembered_ms;
			const ids = [...new Set([...missing, fallback])];
			const { platforms } = await needs.devices.getPlatforms({ body: { ids } }, needs.ownAccount());
			const byId = new Map(platforms.map((definition) => [definition.id, definition]));
			for (const id of ids) {
				const definition = byId.get(id) ?? byId.get(fallback);
				if (definition !== undefined) known.set(id, { definition, until });
			}
			return [];
		},
	});
	return async (device_types) => {
		const now = needs.clock.elapsed_ms();
		const wanted = [...new Set(device_types)];
		await Promise.all(wanted.filter((id) => (known.get(id)?.until ?? 0) <= now).map(load));
		return new Map(
			wanted.map((id) => {
				const found = known.get(id);
				if (found === undefined)
					throw failed("devices.unknown_type", { message: `There is no device type ${id} and no ${fallback}` });
				return [id, found.definition];
			}),
		);
	};
}
