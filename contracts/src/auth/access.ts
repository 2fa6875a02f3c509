import { z } from "zod";

/**
 * Ephemeral topic with which auth says, after the commit, that something else is open to somebody than before: a session ended, a token was revoked, a
 * user was disabled or has another role. Whoever remembers what it was told of them forgets it and asks again. Its payload is `AccessChange`.
 */
export const accessTopic = "auth.access";

export const AccessChange = z.object({
	/** Left out: everybody, as when a role changed. */
	user_id: z.string().optional(),
	/** Session or API token, where only one of the user's is meant. */
	session_id: z.string().optional(),
});
export type AccessChange = z.infer<typeof AccessChange>;

/** Whether a change concerns what is open to somebody by a session or an API token. */
export function concerns(change: AccessChange, who: { user_id: string; session_id: string | undefined }): boolean {
	return (
		(change.user_id === undefined || change.user_id === who.user_id) &&
		(change.session_id === undefined || change.session_id === who.session_id)
	);
}
