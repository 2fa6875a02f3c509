import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import type { Operation } from "../operation.ts";
import { refuseEscalation } from "../roles/manage-roles.ts";
import { idOfPerson } from "../tokens/manage-tokens.ts";
import { getUser, getUserForChange } from "../users/user-store.ts";
import { listOpenSessions } from "./list-sessions.ts";
import { sessionOf } from "./session-operations.ts";
import { type EndingNeeds, endSessions } from "./session-store.ts";

type Needs = EndingNeeds & { db: Database };

export function listMySessions({ db, clock }: Needs): Operation<"listMySessions"> {
	return ({ query, actor }) =>
		listOpenSessions(db.orm, { user_id: idOfPerson(actor), now: clock.now(), asking: actor }, query);
}

export function listUserSessions({ db, clock }: Needs): Operation<"listUserSessions"> {
	return async ({ params, query, actor }) => {
		await getUser(db.orm, params.id);
		return listOpenSessions(db.orm, { user_id: params.id, now: clock.now(), asking: actor }, query);
	};
}

/** An API token cannot: it would throw out its owner, who has no such power over it as long as they do not notice. */
export function revokeMySession({ db, ...ending }: Needs): Operation<"revokeMySession"> {
	return async ({ params, actor, note }) => {
		sessionOf(actor.kind, actor.session_id);
		note({ resource_type: "session", resource_id: params.id });
		const ended = await db.transaction((tx) =>
			endSessions(tx, ending, { user_id: actor.id, only: params.id }, "revoked"),
		);
		if (ended === 0) throw sessionNotFound(params.id);
		return undefined;
	};
}

export function revokeOtherSessions({ db, ...ending }: Needs): Operation<"revokeOtherSessions"> {
	return async ({ actor, note }) => {
		const except = sessionOf(actor.kind, actor.session_id);
		const revoked = await db.transaction((tx) => endSessions(tx, ending, { user_id: actor.id, except }, "revoked"));
		note({ resource_type: "user", resource_id: actor.id, resource_name: actor.name, after: { revoked } });
		return { revoked };
	};
}

export function revokeUserSession({ db, ...ending }: Needs): Operation<"revokeUserSession"> {
	return async ({ params, actor, note }) => {
		await db.transaction(async (tx) => {
			const { user, grants } = await getUserForChange(tx, params.id);
			note({ resource_type: "session", resource_id: params.session_id, resource_name: user.username });
			refuseEscalation(actor, grants, `end a session of ${user.username}`);
			const ended = await endSessions(tx, ending, { user_id: user.id, only: params.session_id }, "revoked");
			if (ended === 0) throw sessionNotFound(params.session_id);
		});
		return undefined;
	};
}

function sessionNotFound(id: string) {
	return failed("sessions.not_found", { message: `The user has no open session ${id}.`, details: { id } });
}
