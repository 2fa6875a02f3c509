import { announceChange } from "@netconductor/runtime/bus/announce-change";
import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Consumer } from "@netconductor/runtime/bus/inbox";
import { afterCommit } from "@netconductor/runtime/db/database";
import type { Log } from "@netconductor/runtime/log";
import { sql } from "drizzle-orm";
import { keyStates } from "../tables.ts";
import type { SigningKeys } from "./signing-keys.ts";

/** Keeps each service's latest rotation for the list of keys; after auth's own the key that signs access tokens is replaced too. */
export function noteRotation({
	keys,
	ephemeral,
	log,
}: {
	keys: SigningKeys;
	ephemeral: Ephemeral;
	log: Log;
}): Consumer<"keys.rotated.v1"> {
	return async (rotated, { tx }) => {
		const state = {
			current_key_id: rotated.key_id,
			rotation_id: rotated.rotation_id,
			rotated_at: rotated.finished_at,
			resealed: rotated.resealed,
		};
		await tx
			.insert(keyStates)
			.values({ service: rotated.service, ...state })
			.onConflictDoUpdate({
				target: keyStates.service,
				set: state,
				// An older one that arrives late changes nothing.
				setWhere: sql`${keyStates.rotated_at} <= excluded.rotated_at`,
			});
		afterCommit(tx, () => announceChange(ephemeral, "keys", rotated.service));
		if (rotated.service !== "auth") return;
		afterCommit(tx, () => {
			keys
				.followRotation()
				.catch((err: unknown) => log.warn({ err }, "replacing the signing key failed; it is tried again in a minute"));
		});
	};
}
