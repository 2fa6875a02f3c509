import type { CallerContext } from "./call.ts";

/** The part of the devices service that knows which devices exist for whom. */
export interface KnowsScope {
	listDevicesInScope(
		input: { body: { among?: string[] } },
		caller: CallerContext,
	): Promise<{ device_ids: string[] | null }>;
}

/**
 * Ids of the devices that exist for whom a call is made, and of `among` where that is told; undefined: every device, which nobody needs to be asked
 * for. Asked at each call, so that a device that changes its group, or a role that is limited, counts at once.
 */
export async function devicesInScope(
	devices: KnowsScope,
	{ actor, signal, deadline_at, request_id }: CallerContext,
	among?: string[],
): Promise<string[] | undefined> {
	if (actor.device_groups === undefined) return undefined;
	const caller = {
		actor,
		...(signal && { signal }),
		...(deadline_at !== undefined && { deadline_at }),
		...(request_id !== undefined && { request_id }),
	};
	const { device_ids } = await devices.listDevicesInScope({ body: among === undefined ? {} : { among } }, caller);
	return device_ids ?? [];
}

/** One of our services on its own account, for which no more devices exist than for whom a call is made. */
export function withinScopeOf({ actor: { device_groups } }: CallerContext, own: CallerContext): CallerContext {
	return device_groups === undefined ? own : { ...own, actor: { ...own.actor, device_groups } };
}
