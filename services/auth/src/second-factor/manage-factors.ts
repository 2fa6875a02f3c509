import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import type { Operation } from "../operation.ts";
import { refuseEscalation } from "../roles/manage-roles.ts";
import { type EndingNeeds, endSessions } from "../sessions/session-store.ts";
import { idOfPerson } from "../tokens/manage-tokens.ts";
import type { UserRow } from "../users/user.ts";
import { getUser, getUserForChange } from "../users/user-store.ts";
import { wrongCode } from "./codes.ts";
import {
	confirmFactor,
	describeFactors,
	factorSecretContext,
	findFactor,
	findUnconfirmed,
	hasSecondFactor,
	insertFactor,
	leaveFactors,
	removeApp,
	removeFactors,
} from "./factor-store.ts";
import { ownerOf, type ProofNeeds, provenOwner } from "./owner-proof.ts";
import { replaceRecoveryCodes } from "./recovery-codes.ts";
import { matchingStep, newTotpSecret, otpauthUri } from "./totp.ts";

/** How long a first code is waited for. */
export const unconfirmed_s = 900;

interface Needs extends EndingNeeds, ProofNeeds {}

export function listMySecondFactors({ db }: Needs): Operation<"listMySecondFactors"> {
	return ({ actor }) => describeFactors(db.orm, idOfPerson(actor));
}

/** What was begun before and never confirmed is void. */
export function beginSecondFactor(needs: Needs): Operation<"beginSecondFactor"> {
	const { db, vault, clock } = needs;
	return async ({ body, actor, note }) => {
		const user = await provenOwner(needs, actor, body);
		note(about(user));
		const id = newId();
		const secret = newTotpSecret();
		await insertFactor(db.orm, {
			id,
			user_id: user.id,
			kind: "totp",
			secret: await vault.seal(secret, factorSecretContext(id)),
			last_step: null,
			created_at: clock.now().toISOString(),
			confirmed_at: null,
			last_used_at: null,
		});
		const uri = otpauthUri(secret, { issuer: "NetConductor", account: user.username });
		return { id, secret, uri, expires_in: unconfirmed_s };
	};
}

/** From here on the password is not enough. Who had a second factor before keeps the recovery codes that came with it. */
export function confirmSecondFactor(needs: Needs): Operation<"confirmSecondFactor"> {
	const { db, vault, outbox, clock } = needs;
	return async ({ params, body, actor, note }) => {
		const user = await ownerOf(db, actor);
		note(about(user));
		const now = clock.now();
		const since = new Date(now.getTime() - unconfirmed_s * 1000).toISOString();
		const factor = await findUnconfirmed(db.orm, { id: params.id, user_id: user.id, since });
		if (factor === undefined) throw noSuchFactor();
		const secret = await vault.openText(factor.secret, factorSecretContext(factor.id));
		const step = matchingStep(secret, body.code.replace(/\s/g, ""), now);
		if (step === undefined) throw wrongCode();
		const recovery_codes = await db.transaction(async (tx) => {
			await getUserForChange(tx, user.id);
			const isFirst = !(await hasSecondFactor(tx, user.id));
			if (!(await confirmFactor(tx, factor.id, step, now.toISOString()))) throw noSuchFactor();
			await outbox.publish(tx, "user.changed.v1", { user_id: user.id, username: user.username, change: "updated" });
			return isFirst ? replaceRecoveryCodes(tx, user.id) : [];
		});
		note({ after: { second_factor: "totp" } });
		return { recovery_codes };
	};
}

/** Where it was the last second factor the password is enough from here on, and the recovery codes are gone. */
export function removeSecondFactor(needs: Needs): Operation<"removeSecondFactor"> {
	const { db, outbox } = needs;
	return async ({ params, body, actor, note }) => {
		const owner = await ownerOf(db, actor);
		note(about(owner));
		if ((await findFactor(db.orm, owner.id))?.id !== params.id) throw noSuchFactor();
		const user = await provenOwner(needs, actor, body);
		await db.transaction(async (tx) => {
			await getUserForChange(tx, user.id);
			await removeApp(tx, user.id);
			await leaveFactors(tx, user.id);
			await outbox.publish(tx, "user.changed.v1", { user_id: user.id, username: user.username, change: "updated" });
		});
		note({ before: { second_factor: "totp" } });
		return undefined;
	};
}

export function createRecoveryCodes(needs: Needs): Operation<"createRecoveryCodes"> {
	const { db } = needs;
	return async ({ body, actor, note }) => {
		const owner = await ownerOf(db, actor);
		note(about(owner));
		if (!(await hasSecondFactor(db.orm, owner.id))) throw noSuchFactor();
		const user = await provenOwner(needs, actor, body);
		return { recovery_codes: await db.transaction((tx) => replaceRecoveryCodes(tx, user.id)) };
	};
}

export function listUserSecondFactors({ db }: Needs): Operation<"listUserSecondFactors"> {
	return async ({ params }) => {
		await getUser(db.orm, params.id);
		return describeFactors(db.orm, params.id);
	};
}

/** For who lost theirs: passkeys and recovery codes go as well. Whoever is signed in as them until now is so no more. */
export function removeUserSecondFactors(needs: Needs): Operation<"removeUserSecondFactors"> {
	const { db, outbox } = needs;
	return async ({ params, actor, note }) => {
		await db.transaction(async (tx) => {
			const { user, grants } = await getUserForChange(tx, params.id);
			note({ ...about(user), before: { second_factor: "totp" } });
			refuseEscalation(actor, grants, `remove the second factor of ${user.username}`);
			if (!(await removeFactors(tx, user.id))) throw noSuchFactor();
			await endSessions(tx, needs, { user_id: user.id }, "second_factor_removed");
			await outbox.publish(tx, "user.changed.v1", { user_id: user.id, username: user.username, change: "updated" });
		});
		return undefined;
	};
}

function about(user: UserRow) {
	return { resource_type: "user", resource_id: user.id, resource_name: user.username };
}

function noSuchFactor() {
	return failed("second_factors.not_found", {
		message: "There is no such second factor: it was removed, replaced, or not confirmed in time.",
	});
}
