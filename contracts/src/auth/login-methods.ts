import { z } from "zod";
import { Id, Timestamp } from "../kernel/ids.ts";
import { Secret } from "../kernel/secret.ts";
import { RoleName, Username } from "./model.ts";

/** Text on one line as directories and identity providers know it. */
const Line = z
	.string()
	.min(1)
	.max(500)
	.regex(/^[^\p{Cc}]*$/u, "Control characters are not allowed");

/** A name as it stands in the addresses of the method: `/sign-in/corporate`. */
export const MethodName = z
	.string()
	.min(1)
	.max(40)
	.regex(/^[a-z0-9][a-z0-9-]*$/, "Lower-case letters, digits and - only")
	.refine((name) => name !== "local", "Local users are a method of their own");

/** Distinguished name (RFC 4514), as text. */
const Dn = Line.max(1_000);

/** `ldap://host[:port]` or `ldaps://host[:port]`. */
const LdapUrl = z
	.string()
	.max(300)
	.regex(/^ldaps?:\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?\/?$/, "ldap://host:port or ldaps://host:port");

/** A search filter (RFC 4515) in which `{username}`, or `{user_dn}`, stands for the escaped value. */
const Filter = (placeholder: string) =>
	z
		.string()
		.min(3)
		.max(1_000)
		.refine((filter) => filter.includes(placeholder), `Needs ${placeholder}`);

const Attribute = z
	.string()
	.max(100)
	.regex(/^[A-Za-z][A-Za-z0-9;-]*$/, "An attribute's name");

/** What people of this method may do: the first group that one is in decides. */
const roleFields = {
	/** Groups by their name, or in a directory by their distinguished name, whichever it is written as; upper and lower case count as the same. */
	role_map: z
		.array(z.object({ group: Line.max(1_000), role: RoleName }))
		.max(200)
		.default([]),
	/** For those whom the map does not name; null refuses them. */
	default_role: RoleName.nullable().default(null),
};

export const LdapConfig = z.object({
	/** Tried in this order; the next one only when one cannot be reached. */
	servers: z.array(LdapUrl).min(1).max(10),
	/** Encrypts connections that begin as `ldap://`. */
	start_tls: z.boolean().default(true),
	/** Lets passwords go over the network as they are. For a directory on the same machine only. */
	allow_plaintext: z.boolean().default(false),
	/** Certificates (PEM) that the servers' are checked against, in place of those of the system. */
	ca_certificates: z.string().max(65_536).nullable().default(null),
	/** `service` looks people up as `bind_dn` first; `direct` signs in at once as what `user_dn_template` comes to. */
	bind: z.enum(["service", "direct"]).default("service"),
	bind_dn: Dn.nullable().default(null),
	/** `uid={username},ou=people,dc=example,dc=com`, or `{username}@example.com` in Active Directory. */
	user_dn_template: Filter("{username}").nullable().default(null),
	user_base: Dn,
	user_filter: Filter("{username}").default("(uid={username})"),
	attributes: z
		.object({
			username: Attribute.default("uid"),
			display_name: Attribute.default("cn"),
			email: Attribute.default("mail"),
			/** What stays when somebody is renamed: `entryUUID`, or `objectGUID` in Active Directory. */
			id: Attribute.default("entryUUID"),
		})
		.prefault({}),
	/** Null: groups are not looked up. */
	group_base: Dn.nullable().default(null),
	group_filter: Filter("{user_dn}").default("(member={user_dn})"),
	group_name: Attribute.default("cn"),
	/** Groups in groups: followed one by one, or by Active Directory's own matching rule. */
	nested_groups: z.enum(["no", "follow", "active_directory"]).default("no"),
	/** Milliseconds for each answer of a server. */
	timeout_ms: z.int().min(200).max(30_000).default(5_000),
	...roleFields,
});
export type LdapConfig = z.infer<typeof LdapConfig>;

const Claim = z
	.string()
	.min(1)
	.max(200)
	.regex(/^[^\p{Cc}]*$/u, "Control characters are not allowed");

export const OidcConfig = z.object({
	/** As the provider's discovery document says, to the letter. */
	issuer: z.url({ protocol: /^https?$/ }).max(500),
	/** Lets a provider be asked without TLS. For one on the same machine only. */
	allow_plaintext: z.boolean().default(false),
	client_id: Line,
	/** Address of this installation's web app with `/sign-in/callback` at its end, as it is registered at the provider. */
	redirect_uri: z
		.url({ protocol: /^https?$/ })
		.max(500)
		.refine((uri) => new URL(uri).pathname.endsWith("/sign-in/callback"), "Ends with /sign-in/callback"),
	scopes: z
		.array(
			z
				.string()
				.max(100)
				.regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, "A scope (RFC 6749)"),
		)
		.max(20)
		.default(["openid", "profile", "email"]),
	claims: z
		.object({
			username: Claim.default("preferred_username"),
			display_name: Claim.default("name"),
			email: Claim.default("email"),
			/** A list of names; dots lead into objects: `realm_access.roles`. */
			groups: Claim.default("groups"),
		})
		.prefault({}),
	/** Whether an e-mail address counts that the provider has not verified. */
	allow_unverified_email: z.boolean().default(false),
	/** Seconds that the provider's clock may differ by. */
	clock_skew_s: z.int().min(0).max(300).default(30),
	/** Text of the button on the sign-in page. */
	button: Line.max(60).default("Sign in with single sign-on"),
	/** Milliseconds for each answer of the provider. */
	timeout_ms: z.int().min(200).max(30_000).default(5_000),
	...roleFields,
});
export type OidcConfig = z.infer<typeof OidcConfig>;

const common = {
	id: Id,
	name: MethodName,
	enabled: z.boolean(),
	/** Those with a lower number are asked first. */
	position: z.int(),
	/** Whether people who sign in for the first time become users; if not, only those are let in who did so before. */
	provision: z.boolean(),
	/** Whether a secret (the bind password, the client secret) is stored. */
	has_secret: z.boolean(),
	/** Users who sign in by it. */
	users: z.int(),
	created_at: Timestamp,
	updated_at: Timestamp,
};

/** A way to sign in beside local users. */
export const LoginMethod = z
	.discriminatedUnion("kind", [
		z.object({ ...common, kind: z.literal("ldap"), config: LdapConfig }),
		z.object({ ...common, kind: z.literal("oidc"), config: OidcConfig }),
	])
	.meta({ id: "LoginMethod" });
export type LoginMethod = z.infer<typeof LoginMethod>;
export type MethodKind = LoginMethod["kind"];

const newFields = {
	name: MethodName,
	enabled: z.boolean().default(false),
	provision: z.boolean().default(true),
	/** Of the account that looks people up, or of this installation at the identity provider. */
	secret: Secret(z.string().min(1).max(4_096)).optional(),
};
export const NewLoginMethod = z.discriminatedUnion("kind", [
	z.object({ ...newFields, kind: z.literal("ldap"), config: LdapConfig }),
	z.object({ ...newFields, kind: z.literal("oidc"), config: OidcConfig }),
]);

const changeFields = {
	name: MethodName.optional(),
	enabled: z.boolean().optional(),
	provision: z.boolean().optional(),
	/** Null takes it away. */
	secret: Secret(z.string().min(1).max(4_096)).nullable().optional(),
};
/** Fields that are left out stay as they are; a configuration is given whole. The kind is the method's own. */
export const LoginMethodChange = z.discriminatedUnion("kind", [
	z.object({ ...changeFields, kind: z.literal("ldap"), config: LdapConfig.optional() }),
	z.object({ ...changeFields, kind: z.literal("oidc"), config: OidcConfig.optional() }),
]);

/** Every method once, in the order in which they are asked. */
export const LoginMethodOrder = z.object({ ids: z.array(Id).max(50) });

/** One step of a test, in the order in which it was done. */
export const MethodTestStep = z.object({
	name: z.string(),
	outcome: z.enum(["passed", "failed", "skipped"]),
	/** What was found, or what is wrong and what to do about it. */
	detail: z.string(),
	duration_ms: z.int(),
});
export type MethodTestStep = z.infer<typeof MethodTestStep>;

/** With a user's name and password the test signs them in as well, without a session. */
export const TryMethod = z.object({
	username: Username.optional(),
	password: Secret(z.string().min(1).max(256)).optional(),
});
export const MethodTest = z.object({ passed: z.boolean(), steps: z.array(MethodTestStep) }).meta({ id: "MethodTest" });
export type MethodTest = z.infer<typeof MethodTest>;

/** Where to send the browser, and what only this browser knows of the attempt: it shows it again when it comes back. */
export const OidcAttempt = z.object({ authorization_url: z.string(), attempt: Secret() }).meta({ id: "OidcAttempt" });

/** What the provider sent the browser back with: the query of the address, as it is. */
export const OidcAnswer = z.object({
	attempt: Secret(z.string().max(100)),
	query: Secret(z.string().max(8_192)),
});

/** A token in which a provider says who signed out there. Other fields that it sends are of no account. */
export const OidcLogout = z.object({ logout_token: Secret(z.string().max(16_384)) });
