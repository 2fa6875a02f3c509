import { isOpenTo, whyNotOpen } from "@netconductor/contracts/auth/permissions";
import { Selection } from "@netconductor/contracts/devices/model";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { ScheduleInput } from "@netconductor/contracts/scheduling/model";
import { failed } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { z } from "zod";
import type { HoldNeeds } from "../calendars/hold.ts";
import { joinSelections, selectsNothing } from "../join-selections.ts";
import type { AnyKind } from "../kind.ts";
import type { Kinds } from "../load-kinds.ts";
import type { ScheduleRow } from "./schedule.ts";

/** @throws schedules.unknown_kind */
export function kindOf(kinds: Kinds, name: string): AnyKind {
	const kind = kinds.get(name);
	if (kind !== undefined) return kind;
	throw failed("schedules.unknown_kind", {
		message: `Nothing of the kind "${name}" can be scheduled; there are ${[...kinds.keys()].join(", ")}.`,
		errors: [{ path: "body.kind", message: "no such kind" }],
	});
}

/** Nobody has something run for them by schedule that they may not run themselves. @throws auth.forbidden */
export function requirePermission(actor: Actor, kind: AnyKind): void {
	if (isOpenTo(actor, kind.permission)) return;
	throw failed("auth.forbidden", {
		message: `${kind.label} takes the permission ${kind.permission}, ${whyNotOpen(actor, kind.permission)}`,
		details: { permission: kind.permission },
	});
}

/**
 * What the kind makes of the parameters, defaults filled in; the devices that they name are there.
 * @throws schedules.bad_params, devices.not_found, device_groups.not_found
 */
export async function checkParams(
	{ devices, clients }: Pick<HoldNeeds, "devices" | "clients">,
	kind: AnyKind,
	params: z.output<typeof ScheduleInput>["params"],
	caller: CallerContext,
): Promise<Record<string, unknown>> {
	const parsed = parseParams(kind, params);
	await kind.refuse?.(parsed, clients, caller);
	const select = Selection.safeParse(await kind.select?.(parsed, clients, caller));
	if (select.success) await devices.listTargets({ body: { select: select.data } }, caller);
	return parsed;
}

/** What of a schedule decides for which limited roles it exists, as its columns have it. */
export type Cover = Pick<ScheduleRow, "cover_device_ids" | "cover_groups">;

/**
 * Whoever is limited to device groups names no device outside, also where parameters only leave it out.
 * @throws devices.not_found
 */
export async function coverOf(
	{ devices }: Pick<HoldNeeds, "devices">,
	kind: AnyKind,
	params: Record<string, unknown>,
	caller: CallerContext,
): Promise<Cover> {
	const { device_groups } = caller.actor;
	if (device_groups === undefined) return { cover_device_ids: null, cover_groups: null };
	const { device_ids, names } = joinSelections(
		// What is in groups and tags each firing finds out for its owner.
		kind.named(params).map(({ device_ids = [], names = [] }) => ({ device_ids, names })),
	);
	const select = { device_ids, names };
	const { targets } = selectsNothing(select)
		? { targets: [] }
		: await devices.listTargets({ body: { select } }, caller);
	return { cover_device_ids: targets.map(({ device_id }) => device_id), cover_groups: device_groups };
}

/** The parameters with defaults filled in. @throws schedules.bad_params */
export function parseParams(kind: AnyKind, params: Record<string, unknown>): Record<string, unknown> {
	const parsed = kind.params.safeParse(params);
	if (parsed.success) return parsed.data as Record<string, unknown>;
	const [first] = parsed.error.issues;
	throw failed("schedules.bad_params", {
		message: `${["params", ...(first?.path ?? [])].join(".")}: ${first?.message}`,
		errors: parsed.error.issues
			.slice(0, 100)
			.map((issue) => ({ path: ["body.params", ...issue.path.map(String)].join("."), message: issue.message })),
	});
}
