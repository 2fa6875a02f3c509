import type { TokenPair } from "@netconductor/contracts/auth/model";
import type { SigningKeys } from "../keys/signing-keys.ts";
import { toUser, type UserRow } from "../users/user.ts";

/** What a successful sign-in answers. */
export async function createTokenPair(
	keys: SigningKeys,
	signedIn: { user: UserRow; session_id: string; refresh_token: string; lifetime_seconds: number },
): Promise<TokenPair> {
	const { user, session_id, refresh_token, lifetime_seconds } = signedIn;
	return {
		access_token: await keys.sign({ user_id: user.id, session_id }, lifetime_seconds),
		refresh_token,
		token_type: "Bearer",
		expires_in: lifetime_seconds,
		user: toUser(user),
	};
}

/** When a session that is used at `now` ends unless it is used again. */
export function idleEnd(now: Date, session_idle_hours: number): string {
	return new Date(now.getTime() + session_idle_hours * 3_600_000).toISOString();
}
