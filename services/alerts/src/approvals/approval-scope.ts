import type { RunCover } from "@netconductor/contracts/alerts/approvals";
import type { devicesApi } from "@netconductor/contracts/devices/api";
import type { Client } from "@netconductor/contracts/kernel/client";
import { isCovered } from "@netconductor/runtime/db/cover";
import type { Database } from "@netconductor/runtime/db/database";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { devicesInScope } from "@netconductor/runtime/host/device-scope";
import { eq, type SQL } from "drizzle-orm";
import { approvals } from "../tables.ts";
import { notFound } from "./approval-store.ts";

export interface ScopeNeeds {
	db: Database;
	devices: Pick<Client<typeof devicesApi, CallerContext>, "listDevicesInScope" | "listGroups">;
	ownAccount(): CallerContext;
}

export interface ApprovalScope {
	/** Condition on approvals: they exist for whom the call is made. Undefined where all do. */
	of(call: CallerContext): Promise<SQL | undefined>;
	/** @throws approvals.not_found */
	require(id: string, call: CallerContext): Promise<void>;
}

/**
 * An approval exists for a role that is limited to some devices when its run does: all devices of the run are theirs, and whoever started a procedure
 * was limited to no more. One of whose run nobody said that exists for no such role.
 */
export function createApprovalScope(needs: ScopeNeeds): ApprovalScope {
	return {
		async of(call) {
			const device_ids = await devicesInScope(needs.devices, call);
			if (device_ids === undefined) return undefined;
			return isCovered(approvals, device_ids, call.actor);
		},
		async require(id, call) {
			if (!(await covering(needs, id)(call.actor.device_groups ?? null))) throw notFound(id);
		},
	};
}

/**
 * Whether an approval exists for those whose roles are limited to these device groups; null: to none, so that all do. Each limit is asked about once.
 * @throws service.unavailable
 */
export function covering(
	{ db, devices, ownAccount }: ScopeNeeds,
	id: string,
): (device_groups: readonly string[] | null) => Promise<boolean> {
	let cover: Promise<RunCover | undefined> | undefined;
	const answers = new Map<string, Promise<boolean>>();

	async function covers(limit: readonly string[]): Promise<boolean> {
		cover ??= readCover(db, id);
		const wanted = await cover;
		if (wanted === undefined || wanted.device_groups?.some((group) => !limit.includes(group))) return false;
		const own = ownAccount();
		const limited = { ...own, actor: { ...own.actor, device_groups: [...limit] } };
		const there = new Set(await devicesInScope(devices, limited, wanted.device_ids));
		return wanted.device_ids.every((device_id) => there.has(device_id));
	}

	return async (device_groups) => {
		if (device_groups === null) return true;
		const limit = JSON.stringify(device_groups.toSorted());
		const answer = answers.get(limit) ?? covers(device_groups);
		answers.set(limit, answer);
		return answer;
	};
}

async function readCover({ orm }: Database, id: string): Promise<RunCover | undefined> {
	const [found] = await orm
		.select({ device_ids: approvals.cover_device_ids, device_groups: approvals.cover_groups })
		.from(approvals)
		.where(eq(approvals.id, id));
	if (found === undefined || found.device_ids === null) return undefined;
	const { device_ids, device_groups } = found;
	return device_groups === null ? { device_ids } : { device_ids, device_groups };
}
