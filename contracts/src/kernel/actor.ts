import { z } from "zod";

/** On whose behalf an operation runs. Travels with every call and every run; a worker acts for the one who started the run. */
export const Actor = z.object({
	/**
	 * `user` signed in, `token` an API token of a user, `service_account` an API token of a program's own account, `service` one of our services on
	 * its own account, `system` the first start.
	 */
	kind: z.enum(["user", "token", "service_account", "service", "system"]),
	id: z.string(),
	/** User name, token name or service name, for people. */
	name: z.string(),
	role: z.string().optional(),
	permissions: z.array(z.string()),
	/** Ids of the device groups whose devices alone exist for them; left out: every device. None, or only deleted ones: no device. */
	device_groups: z.array(z.string()).optional(),
	/** Session or API token that authenticated the request. */
	session_id: z.string().optional(),
	/** Address the request came from, as the gateway saw it. */
	ip: z.string().optional(),
	/** What the program calls itself, one line of at most 200 characters; only where somebody signs in. */
	user_agent: z.string().max(200).optional(),
});
export type Actor = z.infer<typeof Actor>;

/** Whether `session_id` is that of an API token, a user's or a service account's. */
export function isByApiToken({ kind }: Pick<Actor, "kind">): boolean {
	return kind === "token" || kind === "service_account";
}

/** Whether it is a person who acts, themselves or by an API token of theirs. */
export function isPerson({ kind }: Pick<Actor, "kind">): boolean {
	return kind === "user" || kind === "token";
}

/**
 * Whether holding `held` means holding `wanted`, now and with whatever permissions are added later: `*` is everything, `devices:*` every
 * action on devices, `*:read` reading everything.
 */
export function covers(held: string, wanted: string): boolean {
	if (held === "*" || held === wanted) return true;
	const [resource, action] = held.split(":");
	const [wantedResource, wantedAction] = wanted.split(":");
	return (
		(action === "*" && resource === wantedResource) ||
		(resource === "*" && action === wantedAction && wantedAction !== undefined)
	);
}

/** Whether an actor holds a permission, by itself or through a wildcard. */
export function isPermitted(actor: Pick<Actor, "permissions">, permission: string): boolean {
	return actor.permissions.some((held) => covers(held, permission));
}
