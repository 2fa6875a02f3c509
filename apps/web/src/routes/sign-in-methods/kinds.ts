import { LdapConfig, type LoginMethod } from "@netconductor/contracts/auth/login-methods";

export type LdapMethod = Extract<LoginMethod, { kind: "ldap" }>;
export type OidcMethod = Extract<LoginMethod, { kind: "oidc" }>;

export const kindWords: Record<LoginMethod["kind"], string> = {
	ldap: "LDAP directory",
	oidc: "OpenID Connect",
};

/** Where people of it are looked up, in a line. */
export function whereOf(method: LoginMethod): string {
	return method.kind === "ldap" ? method.config.servers.join(", ") : method.config.issuer;
}

/** What an LDAP directory is asked unless told otherwise. */
export const ldapDefaults: LdapConfig = {
	...LdapConfig.parse({ servers: ["ldaps://placeholder"], user_base: "placeholder" }),
	servers: [],
	user_base: "",
};

/** The same for Active Directory: disabled accounts are not found, and groups in groups are its own to resolve. */
export const activeDirectoryDefaults: LdapConfig = {
	...ldapDefaults,
	user_filter: "(&(objectClass=user)(sAMAccountName={username})(!(userAccountControl:1.2.840.113556.1.4.803:=2)))",
	attributes: { username: "sAMAccountName", display_name: "displayName", email: "mail", id: "objectGUID" },
	nested_groups: "active_directory",
};
