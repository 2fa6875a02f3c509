import type { LoginMethod, MethodKind } from "@netconductor/contracts/auth/login-methods";
import type { Settings } from "@netconductor/contracts/auth/model";
import { instant } from "@netconductor/runtime/db/columns";
import { sql } from "drizzle-orm";
import {
	bigint,
	boolean,
	check,
	index,
	integer,
	jsonb,
	pgTable,
	primaryKey,
	smallint,
	text,
	uniqueIndex,
	uuid,
} from "drizzle-orm/pg-core";
import type { JWK } from "jose";

export const roles = pgTable("roles", {
	name: text().primaryKey(),
	label: text().notNull(),
	description: text().notNull(),
	permissions: text().array().notNull(),
	/** Groups of the devices service that it is limited to; null: every device. */
	device_groups: uuid().array(),
	preset: boolean().notNull(),
	created_at: instant().notNull(),
	updated_at: instant().notNull(),
});

export const loginMethods = pgTable(
	"login_methods",
	{
		id: uuid().primaryKey(),
		name: text().notNull(),
		kind: text().$type<MethodKind>().notNull(),
		enabled: boolean().notNull(),
		position: integer().notNull(),
		provision: boolean().notNull(),
		config: jsonb().$type<LoginMethod["config"]>().notNull(),
		/** Bind password or client secret, sealed. */
		secret: text(),
		created_at: instant().notNull(),
		updated_at: instant().notNull(),
	},
	(t) => [uniqueIndex("login_methods_name_key").on(t.name), index("login_methods_by_position").on(t.position, t.id)],
);

export const users = pgTable(
	"users",
	{
		id: uuid().primaryKey(),
		username: text().notNull(),
		display_name: text().notNull(),
		email: text(),
		role: text()
			.notNull()
			.references(() => roles.name),
		disabled: boolean().notNull().default(false),
		must_change_password: boolean().notNull(),
		/** Argon2id in PHC form; null for those whose password is kept elsewhere. */
		password_hash: text(),
		/** Name of the way they sign in; null: with the password that is kept here. */
		login_method: text().references(() => loginMethods.name, { onUpdate: "cascade" }),
		/** What they are known by there, and stay known by when they are renamed. */
		external_id: text(),
		/** Within what that id means them: see realm.ts. Null: came in before it was written down. */
		external_realm: text(),
		/** When the directory or the provider last said that they are still there. */
		confirmed_at: instant(),
		/** Since when they are not there any more; nothing is open to them until they sign in again. */
		absent_since: instant(),
		last_login_at: instant(),
		created_at: instant().notNull(),
		updated_at: instant().notNull(),
	},
	(t) => [
		// Names differ by more than case, so that nobody can pass for another.
		uniqueIndex("users_username_key").on(sql`lower(${t.username})`),
		uniqueIndex("users_external_key").on(t.login_method, t.external_id),
		check("users_sign_in_somewhere", sql`(${t.login_method} is null) = (${t.external_id} is null)`),
		check("users_password_not_twice", sql`${t.login_method} is null or ${t.password_hash} is null`),
		index("users_by_role").on(t.role, t.id),
		index("users_by_last_login").on(t.last_login_at, t.id),
		index("users_by_creation").on(t.created_at, t.id),
	],
);

export const sessions = pgTable(
	"sessions",
	{
		id: uuid().primaryKey(),
		user_id: uuid()
			.notNull()
			.references(() => users.id, { onDelete: "cascade" }),
		/** Network that the user signed in from (see address.ts); where they did so before, others' failures do not slow them. */
		network: text().notNull(),
		created_at: instant().notNull(),
		refreshed_at: instant().notNull(),
		/** Moves on with every refresh. */
		expires_at: instant().notNull(),
		ended_at: instant(),
		ended_reason: text(),
		/** What the identity provider calls this session, for when it ends there. */
		provider_session: text(),
		/** Refresh token of the identity provider, sealed: asked whether the person is still there. */
		provider_token: text(),
		/** What the program that signed in calls itself: its own word, for people to recognise it by. */
		user_agent: text(),
	},
	(t) => [
		index("sessions_open_by_user").on(t.user_id, t.refreshed_at, t.id).where(sql`${t.ended_at} is null`),
		index("sessions_by_user").on(t.user_id, t.network),
		index("sessions_by_provider").on(t.provider_session).where(sql`${t.provider_session} is not null`),
		index("sessions_by_expiry").on(t.expires_at),
		index("sessions_by_end").on(t.ended_at).where(sql`${t.ended_at} is not null`),
	],
);

export const oidcAttempts = pgTable(
	"oidc_attempts",
	{
		/** SHA-256 of what the browser holds, hex; state, nonce and code verifier follow from that, and are kept nowhere. */
		hash: text().primaryKey(),
		login_method_id: uuid()
			.notNull()
			.references(() => loginMethods.id, { onDelete: "cascade" }),
		expires_at: instant().notNull(),
	},
	(t) => [index("oidc_attempts_by_expiry").on(t.expires_at), index("oidc_attempts_by_method").on(t.login_method_id)],
);

export const logoutTokens = pgTable(
	"logout_tokens",
	{
		/** SHA-256 of issuer and `jti`, hex: each is good once. */
		hash: text().primaryKey(),
		/** When it would be too old anyway. */
		expires_at: instant().notNull(),
	},
	(t) => [index("logout_tokens_by_expiry").on(t.expires_at)],
);

export const secondFactors = pgTable(
	"second_factors",
	{
		id: uuid().primaryKey(),
		user_id: uuid()
			.notNull()
			.references(() => users.id, { onDelete: "cascade" }),
		kind: text().$type<"totp">().notNull(),
		/** Sealed. */
		secret: text().notNull(),
		/** Time step (RFC 6238) of the latest code that was taken: only later ones are good. */
		last_step: integer(),
		created_at: instant().notNull(),
		/** Null until a first code was right; until then it counts for nothing. */
		confirmed_at: instant(),
		last_used_at: instant(),
	},
	(t) => [
		uniqueIndex("second_factors_user_key").on(t.user_id, t.kind),
		index("second_factors_unconfirmed").on(t.created_at).where(sql`${t.confirmed_at} is null`),
	],
);

export const passkeyOwners = pgTable(
	"passkey_owners",
	{
		user_id: uuid()
			.primaryKey()
			.references(() => users.id, { onDelete: "cascade" }),
		/** What devices know the user by (`user.id` of WebAuthn): random, base64url. */
		handle: text().notNull(),
	},
	(t) => [uniqueIndex("passkey_owners_handle_key").on(t.handle)],
);

export const passkeys = pgTable(
	"passkeys",
	{
		id: uuid().primaryKey(),
		user_id: uuid()
			.notNull()
			.references(() => users.id, { onDelete: "cascade" }),
		name: text().notNull(),
		/** Base64url. */
		credential_id: text().notNull(),
		/** COSE (RFC 9052), base64url. */
		public_key: text().notNull(),
		/** Signatures that the device has counted, as it said last; 0 where it does not count. */
		sign_count: bigint({ mode: "number" }).notNull(),
		transports: text().array().notNull(),
		/** More than one device holds it. */
		synced: boolean().notNull(),
		/** Relying party that it was made for: no browser gives it to another. */
		domain: text().notNull(),
		created_at: instant().notNull(),
		last_used_at: instant(),
		/** Network (see address.ts). */
		last_used_from: text(),
	},
	(t) => [
		uniqueIndex("passkeys_credential_key").on(t.credential_id),
		index("passkeys_by_user").on(t.user_id, t.created_at),
	],
);

export const passkeyAttempts = pgTable(
	"passkey_attempts",
	{
		/** SHA-256 of what the browser that began holds, hex; the challenge follows from that, and is kept nowhere. */
		hash: text().primaryKey(),
		purpose: text().$type<"add" | "sign_in" | "proof">().notNull(),
		/** Who adds a passkey or shows one, and in which session; null for a sign-in, in which nobody has said yet who they are. */
		user_id: uuid().references(() => users.id, { onDelete: "cascade" }),
		session_id: uuid(),
		expires_at: instant().notNull(),
	},
	(t) => [index("passkey_attempts_by_user").on(t.user_id), index("passkey_attempts_by_expiry").on(t.expires_at)],
);

export const recoveryCodes = pgTable(
	"recovery_codes",
	{
		user_id: uuid()
			.notNull()
			.references(() => users.id, { onDelete: "cascade" }),
		/** SHA-256 of the code, hex. The row goes when it is used. */
		hash: text().notNull(),
	},
	(t) => [primaryKey({ columns: [t.user_id, t.hash] })],
);

export const signInChallenges = pgTable(
	"sign_in_challenges",
	{
		/** SHA-256 of the challenge, hex. */
		hash: text().primaryKey(),
		/** Who gave the right password, and now owes a code. */
		user_id: uuid()
			.notNull()
			.references(() => users.id, { onDelete: "cascade" }),
		/** The session that it opens: no challenge opens two. */
		session_id: uuid().notNull(),
		attempts: integer().notNull(),
		expires_at: instant().notNull(),
	},
	(t) => [index("sign_in_challenges_by_user").on(t.user_id), index("sign_in_challenges_by_expiry").on(t.expires_at)],
);

export const refreshTokens = pgTable(
	"refresh_tokens",
	{
		/** SHA-256 of the token, hex. */
		hash: text().primaryKey(),
		session_id: uuid()
			.notNull()
			.references(() => sessions.id, { onDelete: "cascade" }),
		created_at: instant().notNull(),
		expires_at: instant().notNull(),
		/** Set once; a second use ends the session. */
		used_at: instant(),
	},
	(t) => [index("refresh_tokens_by_session").on(t.session_id), index("refresh_tokens_by_expiry").on(t.expires_at)],
);

export const apiTokens = pgTable(
	"api_tokens",
	{
		id: uuid().primaryKey(),
		user_id: uuid()
			.notNull()
			.references(() => users.id, { onDelete: "cascade" }),
		name: text().notNull(),
		prefix: text().notNull(),
		/** SHA-256 of the whole token, hex. */
		hash: text().notNull(),
		permissions: text().array().notNull(),
		expires_at: instant(),
		last_used_at: instant(),
		created_at: instant().notNull(),
	},
	(t) => [uniqueIndex("api_tokens_hash_key").on(t.hash), index("api_tokens_by_user").on(t.user_id, t.created_at)],
);

/** Accounts of programs. Apart from users, so that nothing which lets people in ever finds one. */
export const serviceAccounts = pgTable(
	"service_accounts",
	{
		id: uuid().primaryKey(),
		name: text().notNull(),
		description: text().notNull(),
		role: text()
			.notNull()
			.references(() => roles.name),
		/** Whom to ask; a program goes on when its owner leaves. */
		owner_id: uuid().references(() => users.id, { onDelete: "set null" }),
		disabled: boolean().notNull().default(false),
		last_used_at: instant(),
		created_at: instant().notNull(),
		updated_at: instant().notNull(),
	},
	(t) => [
		uniqueIndex("service_accounts_name_key").on(sql`lower(${t.name})`),
		index("service_accounts_by_role").on(t.role, t.id),
		index("service_accounts_by_owner").on(t.owner_id, t.id),
		index("service_accounts_by_use").on(t.last_used_at, t.id),
		index("service_accounts_by_creation").on(t.created_at, t.id),
	],
);

export const serviceAccountTokens = pgTable(
	"service_account_tokens",
	{
		id: uuid().primaryKey(),
		service_account_id: uuid()
			.notNull()
			.references(() => serviceAccounts.id, { onDelete: "cascade" }),
		name: text().notNull(),
		prefix: text().notNull(),
		/** SHA-256 of the whole token, hex. */
		hash: text().notNull(),
		permissions: text().array().notNull(),
		expires_at: instant().notNull(),
		last_used_at: instant(),
		/** Who saw the secret. */
		issued_by: uuid().references(() => users.id, { onDelete: "set null" }),
		rotated_at: instant(),
		/** The secret before this one, which goes on until programs were given the new one. */
		replaced_hash: text(),
		replaced_prefix: text(),
		replaced_expires_at: instant(),
		replaced_last_used_at: instant(),
		created_at: instant().notNull(),
	},
	(t) => [
		uniqueIndex("service_account_tokens_hash_key").on(t.hash),
		uniqueIndex("service_account_tokens_replaced_key").on(t.replaced_hash).where(sql`${t.replaced_hash} is not null`),
		index("service_account_tokens_by_account").on(t.service_account_id, t.created_at, t.id),
		index("service_account_tokens_by_issuer").on(t.issued_by).where(sql`${t.issued_by} is not null`),
		check(
			"service_account_tokens_replaced_whole",
			sql`num_nonnulls(${t.replaced_hash}, ${t.replaced_prefix}, ${t.replaced_expires_at}) in (0, 3)`,
		),
	],
);

/** Users who saw a secret of a service account, and so could have acted as it. */
export const serviceAccountInsiders = pgTable(
	"service_account_insiders",
	{
		service_account_id: uuid()
			.notNull()
			.references(() => serviceAccounts.id, { onDelete: "cascade" }),
		user_id: uuid()
			.notNull()
			.references(() => users.id, { onDelete: "cascade" }),
		/** Some time after the secret would have ended, revoked or not: what was begun with it may be waiting until then. */
		until: instant().notNull(),
	},
	(t) => [
		primaryKey({ columns: [t.service_account_id, t.user_id] }),
		index("service_account_insiders_by_user").on(t.user_id),
		index("service_account_insiders_by_end").on(t.until),
	],
);

export const wsTickets = pgTable(
	"ws_tickets",
	{
		/** SHA-256 of the ticket, hex. */
		hash: text().primaryKey(),
		/** Null where a service account asked. */
		user_id: uuid().references(() => users.id, { onDelete: "cascade" }),
		/** What the ticket's owner was signed in with; it must still hold when the ticket is redeemed. */
		session_id: uuid().references(() => sessions.id, { onDelete: "cascade" }),
		api_token_id: uuid().references(() => apiTokens.id, { onDelete: "cascade" }),
		service_account_token_id: uuid().references(() => serviceAccountTokens.id, { onDelete: "cascade" }),
		ip: text(),
		expires_at: instant().notNull(),
	},
	(t) => [
		index("ws_tickets_by_expiry").on(t.expires_at),
		index("ws_tickets_by_user").on(t.user_id),
		index("ws_tickets_by_session").on(t.session_id),
		index("ws_tickets_by_api_token").on(t.api_token_id),
		index("ws_tickets_by_service_account_token").on(t.service_account_token_id),
		check(
			"ws_tickets_one_origin",
			sql`num_nonnulls(${t.session_id}, ${t.api_token_id}, ${t.service_account_token_id}) = 1
				and (${t.user_id} is null) = (${t.service_account_token_id} is not null)`,
		),
	],
);

export const loginAttempts = pgTable(
	"login_attempts",
	{
		/** `<kind>:<hash>` of the account or network, keyed: names that were typed, which may be passwords, are not kept. */
		key: text().primaryKey(),
		/** Attempts since the last success, or since the last quiet time. */
		attempts: integer().notNull(),
		last_at: instant().notNull(),
		blocked_until: instant().notNull(),
	},
	(t) => [index("login_attempts_by_time").on(t.last_at)],
);

export const signingKeys = pgTable(
	"signing_keys",
	{
		/** Key id in the header of tokens: the key's JWK thumbprint (RFC 7638). */
		id: text().primaryKey(),
		public_jwk: jsonb().$type<JWK>().notNull(),
		/** PKCS #8 PEM, sealed. */
		private_key: text().notNull(),
		created_at: instant().notNull(),
		/** Published before it signs, so that every verifier knows it by then. */
		signs_from: instant().notNull(),
		/** When the last token it signed has expired; null while nothing replaced it. */
		expires_at: instant(),
	},
	(t) => [index("signing_keys_by_start").on(t.signs_from)],
);

export const settings = pgTable(
	"settings",
	{
		id: smallint().primaryKey().default(1),
		value: jsonb().$type<Partial<Settings>>().notNull(),
		updated_at: instant().notNull(),
	},
	(t) => [check("settings_single_row", sql`${t.id} = 1`)],
);

export const keyStates = pgTable("key_states", {
	service: text().primaryKey(),
	current_key_id: text().notNull(),
	rotation_id: uuid().notNull(),
	rotated_at: instant().notNull(),
	resealed: integer().notNull(),
});

export const views = pgTable(
	"views",
	{
		id: uuid().primaryKey(),
		user_id: uuid()
			.notNull()
			.references(() => users.id, { onDelete: "cascade" }),
		page: text().notNull(),
		name: text().notNull(),
		search: text().notNull(),
		shared: boolean().notNull(),
		position: integer().notNull(),
		created_at: instant().notNull(),
		updated_at: instant().notNull(),
	},
	(t) => [
		uniqueIndex("views_name_key").on(t.user_id, t.page, sql`lower(${t.name})`),
		index("views_shared").on(t.page, t.position).where(sql`${t.shared}`),
	],
);
