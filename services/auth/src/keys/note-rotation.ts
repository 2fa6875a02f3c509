import type { Consumer } from "@netconductor/runtime/bus/inbox";
import { sql } from "drizzle-orm";
import { keyStates } from "../tables.ts";

/** Keeps each service's latest rotation for the list of keys. An older one that arrives late changes nothing. */
export const noteRotation: Consumer<"keys.rotated.v1"> = async (rotated, { tx }) => {
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
			setWhere: sql`${keyStates.rotated_at} <= excluded.rotated_at`,
		});
};
