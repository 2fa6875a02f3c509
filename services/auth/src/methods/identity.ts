import type { LdapConfig, MethodTestStep, OidcConfig } from "@netconductor/contracts/auth/login-methods";

/** Somebody as a directory or an identity provider knows them. */
export interface ExternalIdentity {
	/** What they stay known by when they are renamed. */
	external_id: string;
	username: string;
	display_name: string;
	email: string | null;
	/** Names and distinguished names of the groups that they are in, nested ones too. */
	groups: readonly string[];
}

/** Where passwords are kept elsewhere. Every call ends within the configured time for an answer, times the servers that may be tried. */
export interface Directory {
	/** Whether people can be looked up who are not signing in. */
	readonly finds: boolean;
	/**
	 * `unknown`: nobody has this name there; `refused`: the password is wrong, or the account may not sign in.
	 * @throws auth.method_away — no server answered as it should
	 */
	signIn(username: string, password: string): Promise<ExternalIdentity | "unknown" | "refused">;
	/**
	 * The person as they are now; undefined when they are gone, or may not sign in any more.
	 * @throws auth.method_away
	 */
	find(external_id: string): Promise<ExternalIdentity | undefined>;
	/** Does what signing in does, and says of each step how it went. Ends at the first that fails. */
	test(as: { username?: string; password?: string }): Promise<MethodTestStep[]>;
}

/** The role that a method gives to somebody in these groups; undefined: they are refused. */
export function roleFor(
	{ role_map, default_role }: Pick<LdapConfig | OidcConfig, "role_map" | "default_role">,
	groups: readonly string[],
): string | undefined {
	const held = new Set(groups.map((group) => group.toLowerCase()));
	return role_map.find(({ group }) => held.has(group.toLowerCase()))?.role ?? default_role ?? undefined;
}
