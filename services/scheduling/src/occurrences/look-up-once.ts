import { type HoldNeeds, loadCalendars } from "../calendars/hold.ts";
import type { Concerned } from "../calendars/holding.ts";
import type { Owner } from "../tables.ts";
import { type Acting, actingFor, type OwnerNeeds } from "./owner.ts";

/** What occurrences that were taken together ask alike. */
export interface Lookups {
	/** Who it runs for, as they are now. */
	acting(owner: Owner): Promise<Acting>;
	/** The calendars that count. */
	calendars(): Promise<Concerned[]>;
}

/** Asks each question once for all occurrences that were taken together: what is due at one moment is judged by one look at users and calendars. */
export function lookUpOnce(needs: OwnerNeeds & HoldNeeds): Lookups {
	const owners = new Map<string, Promise<Acting>>();
	let calendars: Promise<Concerned[]> | undefined;
	return {
		acting(owner) {
			const key = JSON.stringify([owner.kind, owner.id, owner.session_id, owner.name]);
			const asked = owners.get(key) ?? actingFor(needs, owner);
			owners.set(key, asked);
			return asked;
		},
		calendars() {
			calendars ??= loadCalendars(needs);
			return calendars;
		},
	};
}
