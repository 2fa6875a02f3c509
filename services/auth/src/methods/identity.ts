import type { LdapConfig, MethodTestStep, OidcConfig } from "@netconductor/contracts/auth/login-methods";
import { dnKey } from "../ldap/dn.ts";

/** Somebody as a directory or an identity provider knows them. */
export interface ExternalIdentity {
	/** What they stay known by when they are renamed. */
	external_id: string;
	username: string;
	display_name: string;
	email: string | null;
	groups: HeldGroups;
}

/** The groups that somebody is in, nested ones too. */
export interface HeldGroups {
	names: readonly string[];
	/** Undefined where groups have none: there a name may look like one. */
	dns: readonly string[] | undefined;
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

/**
 * The role that a method gives to somebody in these groups; undefined: they are refused. What the map names by its distinguished name is no
 * group that just calls itself so: many may choose a group's name, its place only who administers that place.
 */
export function roleFor(
	{ role_map, default_role }: Pick<LdapConfig | OidcConfig, "role_map" | "default_role">,
	{ names, dns }: HeldGroups,
): string | undefined {
	const byName = new Set(names.map((name) => name.toLowerCase()));
	const byDn = dns && new Set(dns.map(dnKey));
	const holds = (group: string) => {
		const key = byDn && dnKey(group);
		return byDn === undefined || key === undefined ? byName.has(group.toLowerCase()) : byDn.has(key);
	};
	return role_map.find(({ group }) => holds(group))?.role ?? default_role ?? undefined;
}
