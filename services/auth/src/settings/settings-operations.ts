import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { newId } from "@netconductor/runtime/id";
import { asc } from "drizzle-orm";
import { readProviders } from "../methods/method-store.ts";
import type { Operation } from "../operation.ts";
import type { RelyingParty } from "../passkeys/relying-party.ts";
import { keyStates } from "../tables.ts";
import { readSettings, readSettingsForChange, writeSettings } from "./settings-store.ts";

interface Needs {
	db: Database;
	outbox: Outbox;
	clock: Clock;
}

export function getSettings({ db }: Needs): Operation<"getSettings"> {
	return () => readSettings(db.orm);
}

/** What anybody may know: a stranger learns neither the version nor who signs in here. */
export function getSignIn({ db, party }: Needs & { party: RelyingParty | undefined }): Operation<"getSignIn"> {
	return async () => {
		const { login_banner, password_min_length } = await readSettings(db.orm);
		const providers = await readProviders(db.orm);
		const buttons = providers.map(({ name, config }) => ({ name, label: config.button }));
		const passkey_origin = party?.origin ?? null;
		return { product: "NetConductor", login_banner, password_min_length, buttons, passkey_origin };
	};
}

export function updateSettings({ db, clock }: Needs): Operation<"updateSettings"> {
	return ({ body, note }) =>
		db.transaction(async (tx) => {
			const now = clock.now().toISOString();
			const before = await readSettingsForChange(tx, now);
			const after = { ...before, ...body };
			await writeSettings(tx, after, now);
			note({ resource_type: "settings", before, after });
			return after;
		});
}

export function listKeys({ db }: Needs): Operation<"listKeys"> {
	return () => db.orm.select().from(keyStates).orderBy(asc(keyStates.service));
}

/** Asks every service for a new key; each answers with `keys.rotated.v1` when it has sealed everything anew. */
export function rotateKeys({ db, outbox }: Needs): Operation<"rotateKeys"> {
	return async ({ actor, note }) => {
		const rotation_id = newId();
		note({ resource_type: "key_rotation", resource_id: rotation_id });
		await db.transaction((tx) =>
			outbox.publish(tx, "keys.rotation_requested.v1", { rotation_id, requested_by: actor.name }),
		);
		return { rotation_id };
	};
}
