import type { devicesApi } from "@netconductor/contracts/devices/api";
import type { Selection } from "@netconductor/contracts/devices/model";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { Database } from "@netconductor/runtime/db/database";
import { hasCode } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { withinScopeOf } from "@netconductor/runtime/host/device-scope";
import type { Clients, Needs } from "@netconductor/runtime/host/service";
import { eq } from "drizzle-orm";
import { selectsNothing } from "../join-selections.ts";
import { calendars } from "../tables.ts";
import { type Concerned, findHold, type Hold, nextHoldOf } from "./holding.ts";

export interface HoldNeeds {
	db: Database;
	devices: Pick<Client<typeof devicesApi, CallerContext>, "listTargets">;
	/** Of all services that kinds call. */
	clients: Clients<Needs>;
	ownAccount(): CallerContext;
}

/** What of these calendars holds changes of these devices back at an instant, or when the next one does: of those that exist for who makes the change. */
export async function holdOf(
	needs: Pick<HoldNeeds, "devices" | "ownAccount">,
	concerned: readonly Concerned[],
	select: Selection,
	at: number,
	caller: CallerContext,
): Promise<{ hold: Hold } | { hold?: undefined; next: number | undefined }> {
	const { targets } = selectsNothing(select)
		? { targets: [] }
		: await needs.devices.listTargets({ body: { select } }, withinScopeOf(caller, needs.ownAccount()));
	const ids = targets.map(({ device_id }) => device_id);
	const hold = findHold(ids, concerned, at);
	return hold === undefined ? { next: nextHoldOf(ids, concerned, at) } : { hold };
}

/**
 * The calendars that count, each with its devices as they are now. A freeze of a group that was deleted or renamed concerns all devices: nobody should
 * find out by a change that it had ended.
 */
export async function loadCalendars({ db, devices, ownAccount }: HoldNeeds): Promise<Concerned[]> {
	const rows = await db.orm.select().from(calendars).where(eq(calendars.enabled, true)).orderBy(calendars.created_at);
	const members = new Map<string, Promise<string[] | undefined>>();
	const membersOf = (group: string): Promise<string[] | undefined> => {
		const known = members.get(group) ?? readMembers(group);
		members.set(group, known);
		return known;
	};
	async function readMembers(group: string): Promise<string[] | undefined> {
		try {
			const { targets } = await devices.listTargets({ body: { select: { groups: [group] } } }, ownAccount());
			return targets.map(({ device_id }) => device_id);
		} catch (error) {
			if (hasCode(error, "device_groups.not_found")) return undefined;
			throw error;
		}
	}
	return Promise.all(
		rows.map(async ({ groups, ...row }) => {
			if (groups === null) return { ...row, devices: null };
			const found = await Promise.all(groups.map(membersOf));
			if (row.kind === "freeze" && found.includes(undefined)) return { ...row, devices: null };
			return { ...row, devices: new Set(found.flatMap((ids) => ids ?? [])) };
		}),
	);
}
