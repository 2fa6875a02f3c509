import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Tx } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import type { Operation } from "../operation.ts";
import { hasSecondFactor, leaveFactors } from "../second-factor/factor-store.ts";
import { ownerOf, type ProofNeeds, provenOwner } from "../second-factor/owner-proof.ts";
import { replaceRecoveryCodes } from "../second-factor/recovery-codes.ts";
import { sessionOf } from "../sessions/session-operations.ts";
import type { UserRow } from "../users/user.ts";
import { getUserForChange } from "../users/user-store.ts";
import { attempt_s, beginAttempt, challengeOf, takeAttempt } from "./attempts.ts";
import {
	deletePasskey,
	handleOf,
	insertPasskey,
	listPasskeys,
	noSuchPasskey,
	toDescriptor,
	toPasskey,
	writePasskeyName,
} from "./passkey-store.ts";
import { demandParty } from "./relying-party.ts";
import { algorithms, verifyNewPasskey } from "./verify.ts";

/** Of one user; so many are listed as they are, and named to a browser that is to make another. */
const most_passkeys = 20;

interface Needs extends ProofNeeds {
	outbox: Outbox;
}

/** What the browser is told to make: a key that can be found without a name, for who is recognised by the device. Nothing of the device is asked. */
export function beginPasskey(needs: Needs): Operation<"beginPasskey"> {
	const { db, clock } = needs;
	return async ({ body, actor, note }) => {
		const party = demandParty(needs.party);
		const user = await provenOwner(needs, actor, body);
		note(about(user));
		const own = await listPasskeys(db.orm, user.id);
		refuseTooMany(own.length);
		const handle = await handleOf(db.orm, user.id);
		const by = { user_id: user.id, session_id: sessionOf(actor.kind, actor.session_id) };
		const attempt = await beginAttempt(db.orm, clock, "add", by);
		return {
			attempt,
			expires_in: attempt_s,
			options: {
				rp: { id: party.id, name: "NetConductor" },
				user: { id: handle, name: user.username, displayName: user.display_name || user.username },
				challenge: challengeOf(attempt, "add"),
				pubKeyCredParams: algorithms.map((alg) => ({ type: "public-key" as const, alg })),
				timeout: attempt_s * 1000,
				excludeCredentials: own.map(toDescriptor),
				authenticatorSelection: {
					residentKey: "required" as const,
					requireResidentKey: true as const,
					userVerification: "required" as const,
				},
				attestation: "none" as const,
			},
		};
	};
}

/** From here on it signs its owner in by itself, and the password is not enough. */
export function addPasskey(needs: Needs): Operation<"addPasskey"> {
	const { db, outbox, clock } = needs;
	return async ({ body: { attempt, name, credential }, actor, note }) => {
		const party = demandParty(needs.party);
		const owner = await ownerOf(db, actor);
		note(about(owner));
		const begun = await takeAttempt(db.orm, clock, "add", attempt);
		if (begun === undefined || begun.user_id !== owner.id || begun.session_id !== actor.session_id) throw attemptOver();
		const made = await verifyNewPasskey(credential, { party, challenge: challengeOf(attempt, "add") });
		const passkey = {
			...made,
			id: newId(),
			user_id: owner.id,
			name,
			transports: credential.transports,
			domain: party.id,
			created_at: clock.now().toISOString(),
			last_used_at: null,
			last_used_from: null,
		};
		const recovery_codes = await db.transaction(async (tx) => {
			const { user } = await getUserForChange(tx, owner.id);
			refuseTooMany((await listPasskeys(tx, user.id)).length);
			const isFirst = !(await hasSecondFactor(tx, user.id));
			await insertPasskey(tx, passkey);
			await publishChange(tx, outbox, user);
			return isFirst ? replaceRecoveryCodes(tx, user.id) : [];
		});
		note({ after: { passkey: name } });
		return { passkey: toPasskey(passkey), recovery_codes };
	};
}

export function renamePasskey({ db }: Needs): Operation<"renamePasskey"> {
	return async ({ params, body, actor, note }) => {
		const owner = await ownerOf(db, actor);
		note(about(owner));
		const { before, after } = await db.transaction((tx) =>
			writePasskeyName(tx, { id: params.id, user_id: owner.id, name: body.name }),
		);
		note({ before: { passkey: before.name }, after: { passkey: after.name } });
		return toPasskey(after);
	};
}

/** The recovery codes go with the last factor. */
export function removePasskey(needs: Needs): Operation<"removePasskey"> {
	const { db, outbox } = needs;
	return async ({ params, body, actor, note }) => {
		const owner = await ownerOf(db, actor);
		note(about(owner));
		// Found out before a code is spent.
		if (!(await listPasskeys(db.orm, owner.id)).some(({ id }) => id === params.id)) throw noSuchPasskey();
		await provenOwner(needs, actor, body);
		const gone = await db.transaction(async (tx) => {
			const { user } = await getUserForChange(tx, owner.id);
			const passkey = await deletePasskey(tx, params.id, user.id);
			await leaveFactors(tx, user.id);
			await publishChange(tx, outbox, user);
			return passkey;
		});
		note({ before: { passkey: gone.name } });
		return undefined;
	};
}

async function publishChange(tx: Tx, outbox: Outbox, user: UserRow): Promise<void> {
	await outbox.publish(tx, "user.changed.v1", { user_id: user.id, username: user.username, change: "updated" });
}

function about(user: UserRow) {
	return { resource_type: "user", resource_id: user.id, resource_name: user.username };
}

function refuseTooMany(count: number): void {
	if (count < most_passkeys) return;
	throw failed("passkeys.too_many", { message: `Nobody has more than ${most_passkeys} passkeys. Remove one first.` });
}

function attemptOver() {
	return failed("passkeys.attempt_over", {
		message: "Adding the passkey took too long, was finished before, or was begun by somebody else. Begin again.",
	});
}
