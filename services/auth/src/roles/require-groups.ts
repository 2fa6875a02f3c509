import type { devicesApi } from "@netconductor/contracts/devices/api";
import { failed } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { Clients } from "@netconductor/runtime/host/service";

export interface GroupNeeds {
	devices: Clients<{ devices: typeof devicesApi }>["devices"];
	ownAccount(): CallerContext;
}

/**
 * Makes sure that these device groups are there, so that a slip does not make a role that covers nothing.
 * @throws device_groups.not_found
 */
export async function requireGroups({ devices, ownAccount }: GroupNeeds, group_ids: readonly string[]): Promise<void> {
	if (group_ids.length === 0) return;
	const { groups } = await devices.describeGroups({ body: { group_ids: [...group_ids] } }, ownAccount());
	const missing = group_ids.filter((id) => !groups.some((group) => group.id === id));
	if (missing.length === 0) return;
	throw failed("device_groups.not_found", {
		message: `There is no device group with the id ${missing.join(", ")}. The role was not changed.`,
		details: { groups: missing },
		errors: [{ path: "body.device_groups", message: "no such group" }],
	});
}
