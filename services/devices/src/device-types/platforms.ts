import type { PlatformDefinition } from "@netconductor/contracts/devices/platform";
import { builtInPlatforms } from "@netconductor/driver-platforms/platforms";
import { sql } from "drizzle-orm";
import type { Statements } from "../operation.ts";
import { anyOf } from "../sql.ts";
import { deviceTypes } from "../tables.ts";

const builtIn: ReadonlyMap<string, PlatformDefinition> = new Map(
	builtInPlatforms.map((platform) => [platform.id, platform]),
);

export const builtInTypes: readonly PlatformDefinition[] = builtInPlatforms;

export function isBuiltIn(id: string): boolean {
	return builtIn.has(id);
}

/** Definitions of these device types; ids that do not exist are left out. */
export async function platformsOf(on: Statements, ids: readonly string[]): Promise<PlatformDefinition[]> {
	const asked = [...new Set(ids)];
	const custom = asked.filter((id) => !isBuiltIn(id));
	const stored =
		custom.length === 0
			? []
			: await on
					.select({ definition: deviceTypes.definition })
					.from(deviceTypes)
					.where(sql`${deviceTypes.id} = ${anyOf(custom, "text")}`);
	return [...asked.flatMap((id) => builtIn.get(id) ?? []), ...stored.map(({ definition }) => definition)];
}
