import type { Client } from "@netconductor/contracts/kernel/client";
import type { schedulingApi } from "@netconductor/contracts/scheduling/api";
import type { WaitingFor } from "@netconductor/contracts/tasks/model";
import type { Clock } from "@netconductor/runtime/clock";
import { isAppError } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";

export interface HoldNeeds {
	scheduling: Pick<Client<typeof schedulingApi, CallerContext>, "findHold">;
	ownAccount(): CallerContext;
	clock: Clock;
}

/** What held a change back when that was asked, and when to ask again; times are ISO 8601. */
export interface Held {
	waiting_for: Extract<WaitingFor, { kind: "calendar" }>;
	ask_again_at: string;
}

/** Which devices are in a group changes without a word. */
const askAgain_ms = 60_000;
const unanswered_ms = 5_000;

/**
 * Whether calendars hold changes of these devices back now, whoever started them. Where nobody answers they are held: that a freeze could not be asked
 * for does not lift it.
 * @param since since when it is held, where it was before
 */
export async function askHold(
	{ scheduling, ownAccount, clock }: HoldNeeds,
	device_ids: string[],
	since: string | undefined,
): Promise<Held | undefined> {
	const now = clock.now();
	const after = (ms: number) => new Date(now.getTime() + ms).toISOString();
	const held = { kind: "calendar" as const, since: since ?? now.toISOString() };
	try {
		const { hold } = await scheduling.findHold({ body: { device_ids } }, ownAccount());
		if (hold === null) return undefined;
		const later = after(askAgain_ms);
		return {
			waiting_for: { ...held, ...hold },
			ask_again_at: hold.until !== null && hold.until < later ? hold.until : later,
		};
	} catch (error) {
		if (!isAppError(error)) throw error;
		const why = "Nobody answers whether a calendar holds it";
		return { waiting_for: { ...held, calendar: null, why, until: null }, ask_again_at: after(unanswered_ms) };
	}
}
