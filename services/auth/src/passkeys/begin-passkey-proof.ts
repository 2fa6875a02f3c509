import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import type { Operation } from "../operation.ts";
import { ownerOf } from "../second-factor/owner-proof.ts";
import { sessionOf } from "../sessions/session-operations.ts";
import { attempt_s, beginAttempt, passkeyRequest } from "./attempts.ts";
import { listPasskeysFor } from "./passkey-store.ts";
import { demandParty, type RelyingParty } from "./relying-party.ts";

interface Needs {
	db: Database;
	clock: Clock;
	party: RelyingParty | undefined;
}

/** Asks for one of the passkeys that their owner has for this address; none else is named to the browser. */
export function beginPasskeyProof({ db, clock, party: given }: Needs): Operation<"beginPasskeyProof"> {
	return async ({ actor }) => {
		const user = await ownerOf(db, actor);
		const party = demandParty(given);
		const of = await listPasskeysFor(db.orm, user.id, party);
		if (of.length === 0) {
			throw failed("passkeys.not_found", { message: "You have no passkey for this address. Give your password." });
		}
		const by = { user_id: user.id, session_id: sessionOf(actor.kind, actor.session_id) };
		const attempt = await beginAttempt(db.orm, clock, "proof", by);
		return { attempt, options: passkeyRequest(party, { attempt, purpose: "proof", of }), expires_in: attempt_s };
	};
}
