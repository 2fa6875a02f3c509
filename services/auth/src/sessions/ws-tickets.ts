import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { failed, isAppError } from "@netconductor/runtime/errors";
import { eq } from "drizzle-orm";
import type { Operation } from "../operation.ts";
import { newSecret, secretHash } from "../secrets.ts";
import { wsTickets } from "../tables.ts";
import { idOfPerson } from "../tokens/manage-tokens.ts";
import { actorOfSession, actorOfTokenId } from "./resolve-actor.ts";

interface Needs {
	db: Database;
	clock: Clock;
}

const lifetime_s = 30;

/** A browser cannot send headers when it opens a WebSocket, and an access token has no place in a URL: this ticket may be seen in one. */
export function createWsTicket({ db, clock }: Needs): Operation<"createWsTicket"> {
	return async ({ actor }) => {
		const program = actor.kind === "service_account";
		const user_id = program ? null : idOfPerson(actor);
		if (actor.session_id === undefined) throw failed("auth.forbidden", { message: `${actor.name} has no session` });
		const ticket = newSecret("nct_");
		const origin = program
			? { service_account_token_id: actor.session_id }
			: actor.kind === "token"
				? { api_token_id: actor.session_id }
				: { session_id: actor.session_id };
		await db.orm.insert(wsTickets).values({
			hash: secretHash(ticket),
			user_id,
			...origin,
			ip: actor.ip ?? null,
			expires_at: new Date(clock.now().getTime() + lifetime_s * 1000).toISOString(),
		});
		return { ticket, expires_in: lifetime_s };
	};
}

export function redeemWsTicket(needs: Needs): Operation<"redeemWsTicket"> {
	const { db, clock } = needs;
	return async ({ body }) => {
		// Deleted first: of two who redeem it at once only one gets the row.
		const [ticket] = await db.orm
			.delete(wsTickets)
			.where(eq(wsTickets.hash, secretHash(body.ticket)))
			.returning();
		if (ticket === undefined || new Date(ticket.expires_at) <= clock.now()) throw ticketInvalid();
		const { user_id, session_id, api_token_id, service_account_token_id, ip } = ticket;
		try {
			const { actor, must_change_password, must_add_second_factor } =
				session_id === null
					? await actorOfTokenId(needs, api_token_id ?? service_account_token_id ?? "")
					: await actorOfSession(needs, session_id, user_id ?? "");
			if (must_change_password || must_add_second_factor) throw ticketInvalid();
			return { actor: { ...actor, ...(ip !== null && { ip }) } };
		} catch (error) {
			throw isAppError(error) && error.kind === "unauthenticated" ? ticketInvalid() : error;
		}
	};
}

function ticketInvalid() {
	return failed("auth.ticket_invalid", {
		message: "The ticket is unknown, used or older than 30 s. Ask for a new one.",
	});
}
