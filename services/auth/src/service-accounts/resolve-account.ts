import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { commonGrants } from "../roles/grants.ts";
import { type AccountTokenUse, noteAccountTokenUse } from "./account-token-store.ts";

/**
 * The program behind a token, with what both the token and the account's role permit now.
 * @param hash of the secret that was shown; undefined where the token is only named, as by a view that it opened
 * @throws auth.unauthenticated
 */
export async function actorOfAccount(
	{ db, clock }: { db: Database; clock: Clock },
	found: AccountTokenUse | undefined,
	hash?: string,
): Promise<Actor> {
	const now = clock.now();
	const by = found === undefined || hash === undefined || hash === found.hash ? "secret" : "replaced";
	// Named only, it goes on while either of its secrets does.
	const ends = [
		...(by === "secret" ? [found?.expires_at] : []),
		...(by === "replaced" || hash === undefined ? [found?.replaced_expires_at] : []),
	];
	const works = ends.some((end) => end != null && new Date(end) > now);
	if (found === undefined || found.disabled || !works) {
		throw failed("auth.unauthenticated", { message: "The API token is unknown, revoked or expired." });
	}
	await noteAccountTokenUse(db, found, by, now);
	const { account, device_groups } = found;
	return {
		kind: "service_account",
		id: account.id,
		name: `${account.name}/${found.name}`,
		role: account.role,
		permissions: commonGrants(found.permissions, found.role_permissions),
		...(device_groups !== null && { device_groups }),
		session_id: found.id,
	};
}
