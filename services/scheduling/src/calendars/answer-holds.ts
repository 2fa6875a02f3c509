import type { Selection } from "@netconductor/contracts/devices/model";
import type { CalendarHold } from "@netconductor/contracts/scheduling/model";
import type { Clock } from "@netconductor/runtime/clock";
import { isHeldBack } from "../kind.ts";
import type { Kinds } from "../load-kinds.ts";
import type { Operation } from "../operation.ts";
import { kindOf, parseParams, requirePermission } from "../schedules/check-schedule.ts";
import { type HoldNeeds, holdOf, loadCalendars } from "./hold.ts";
import { findHold, type Hold } from "./holding.ts";

interface Needs extends HoldNeeds {
	clock: Clock;
	kinds: Kinds;
}

/** For the engine, before each batch of a change, whoever started it. */
export function answerHold(needs: Needs): Operation<"findHold"> {
	return async ({ body: { device_ids, at } }) => {
		const calendars = await loadCalendars(needs);
		return { hold: toHold(findHold(device_ids, calendars, instantOf(needs, at))) };
	};
}

/**
 * For a person who is about to start a change by hand. The devices are those that a schedule of it would have.
 * @throws auth.forbidden — they may not start it
 */
export function previewHold(needs: Needs): Operation<"previewHold"> {
	return async (call) => {
		const kind = kindOf(needs.kinds, call.body.kind);
		requirePermission(call.actor, kind);
		const params = parseParams(kind, call.body.params);
		const calendars = kind.changes_devices ? await loadCalendars(needs) : [];
		if (calendars.length === 0 || !(await isHeldBack(kind, params, needs.clients, call))) return { hold: null };
		const select: Selection = call.body.select ?? (await kind.select?.(params, needs.clients, call)) ?? { all: true };
		const { hold } = await holdOf(needs, calendars, select, instantOf(needs, call.body.at), call);
		return { hold: toHold(hold) };
	};
}

function instantOf({ clock }: Needs, at: string | undefined): number {
	return at === undefined ? clock.now().getTime() : Date.parse(at);
}

function toHold(hold: Hold | undefined): CalendarHold | null {
	if (hold === undefined) return null;
	const { calendar, why, until } = hold;
	return { calendar, why, until: until === undefined ? null : new Date(until).toISOString() };
}
