import { Selection } from "@netconductor/contracts/devices/model";
import { type Actor, isPermitted } from "@netconductor/contracts/kernel/actor";
import type { ScheduleInput } from "@netconductor/contracts/scheduling/model";
import { failed } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { z } from "zod";
import type { HoldNeeds } from "../calendars/hold.ts";
import type { AnyKind } from "../kind.ts";
import type { Kinds } from "../load-kinds.ts";

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
	if (isPermitted(actor, kind.permission)) return;
	throw failed("auth.forbidden", {
		message: `${actor.name} does not hold the permission ${kind.permission}, which this takes (${kind.label})`,
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
