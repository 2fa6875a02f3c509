import type { Permission } from "@netconductor/contracts/auth/permissions";
import type { Selection } from "@netconductor/contracts/devices/model";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { Clients, Needs } from "@netconductor/runtime/host/service";
import type { z } from "zod";

/** One occurrence, about to start. */
export interface Start<P> {
	params: P;
	/** Id of the occurrence. The same one again must answer the same run. */
	key: string;
	/** What the run is called, where the kind has no better name. */
	title: string;
	/** When its devices are held back again; null where that is not in sight. What waits for an approval until then must not begin any more. */
	not_after: string | null;
	/** For whom: the owner, with the permissions they hold now. */
	caller: CallerContext;
}

/** A kind of run that can be scheduled. A file of `kinds/` that exports one is all it takes. */
export interface ScheduleKind<P = unknown, N extends Needs = Needs> {
	kind: string;
	label: string;
	/** What it takes to schedule it, and to hold when it is due. */
	permission: Permission;
	/** Whether calendars hold it back, where it does not only read. */
	changes_devices: boolean;
	params: z.ZodType<P>;
	/** Contracts of the services that it calls. */
	needs: N;
	/** Whether it reads only, with these parameters, although its kind may change devices. */
	only_reads?(params: P, clients: Clients<N>, caller: CallerContext): Promise<boolean>;
	/** Refuses what may be started and not scheduled. @throws schedules.bad_params */
	refuse?(params: P, clients: Clients<N>, caller: CallerContext): Promise<void>;
	/** Every selection among its parameters, also of what is left out: devices that they name must exist for whoever saves it. */
	named(params: P): Selection[];
	/** Devices that it touches, for calendars and conflicts; all unless told. */
	select?(params: P, clients: Clients<N>, caller: CallerContext): Promise<Selection>;
	/** @throws what the service that starts it does */
	start(given: Start<P>, clients: Clients<N>): Promise<{ run_id: string }>;
}

/** Any kind, whatever its parameters; for the registry. */
// biome-ignore lint/suspicious/noExplicitAny: a registry holds kinds of different parameters and needs, which vary in both directions
export type AnyKind = ScheduleKind<any, any>;

/** Whether calendars hold it back: a freeze is for changes. */
export async function isHeldBack(
	kind: AnyKind,
	params: unknown,
	clients: Clients<Needs>,
	caller: CallerContext,
): Promise<boolean> {
	return kind.changes_devices && !(await kind.only_reads?.(params, clients, caller));
}

export function defineKind<P, const N extends Needs>(kind: ScheduleKind<P, N>): ScheduleKind<P, N> {
	return kind;
}
