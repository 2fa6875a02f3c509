import { z } from "zod";
import { Id, Timestamp } from "../kernel/ids.ts";
import { PageQuery, QueryBoolean, sortBy } from "../kernel/page.ts";
import { Secret } from "../kernel/secret.ts";
import { permissions } from "./permissions.ts";

export const Username = z
	.string()
	.min(1)
	.max(64)
	.regex(/^[A-Za-z0-9][A-Za-z0-9._@-]*$/, "Letters, digits and . _ @ - only");

export const NewPassword = Secret(z.string().min(12, "At least 12 characters").max(256));

/** Text for people on one line or a few: no control characters, which PostgreSQL (NUL) and terminals do not take well. */
export const ShortText = z.string().regex(/^[^\p{Cc}]*$/u, "Control characters are not allowed");

/** A permission, or a wildcard over one resource (`devices:*`), over one action (`*:read`), or over everything (`*`). */
export const PermissionGrant = z.string().refine((grant) => {
	const known = Object.keys(permissions);
	if (grant === "*" || known.includes(grant)) return true;
	const [resource, action, ...more] = grant.split(":");
	if (more.length > 0) return false;
	if (action === "*") return known.some((name) => name.startsWith(`${resource}:`));
	return resource === "*" && known.some((name) => name.endsWith(`:${action}`));
}, "There is no such permission");

export const RoleName = z
	.string()
	.min(1)
	.max(64)
	.regex(/^[a-z0-9][a-z0-9_-]*$/, "Lower-case letters, digits, _ and - only");

export const Role = z
	.object({
		name: RoleName,
		label: z.string(),
		description: z.string(),
		permissions: z.array(z.string()),
		/** Ids of the groups whose devices alone it covers; null: every device. A group that is deleted stays here, and holds none. */
		device_groups: z.array(Id).nullable(),
		preset: z.boolean(),
		users: z.int(),
		created_at: Timestamp,
		updated_at: Timestamp,
	})
	.meta({ id: "Role" });
export type Role = z.infer<typeof Role>;
export const ListRoles = PageQuery.extend({ sort: sortBy(["name", "label", "created_at"], "name") });

/** Ids of device groups that a role is limited to; null: every device. */
const DeviceGroups = z.array(Id).max(100).nullable();

export const NewRole = z.object({
	name: RoleName,
	label: ShortText.min(1).max(100),
	description: ShortText.max(500).default(""),
	permissions: z.array(PermissionGrant).max(200),
	device_groups: DeviceGroups.default(null),
});
/** Fields that are left out stay as they are. */
export const RoleChange = z.object({
	label: ShortText.min(1).max(100).optional(),
	description: ShortText.max(500).optional(),
	permissions: z.array(PermissionGrant).max(200).optional(),
	device_groups: DeviceGroups.optional(),
});

export const User = z
	.object({
		id: Id,
		username: Username,
		display_name: z.string(),
		email: z.string().nullable(),
		role: RoleName,
		disabled: z.boolean(),
		must_change_password: z.boolean(),
		/** Name of the way they sign in; null for local users. */
		login_method: z.string().nullable(),
		/** Since when the directory or provider that they sign in by knows them no more: as good as disabled until they sign in again. */
		absent_since: Timestamp.nullable(),
		last_login_at: Timestamp.nullable(),
		created_at: Timestamp,
		updated_at: Timestamp,
	})
	.meta({ id: "User" });
export type User = z.infer<typeof User>;

/** A user as other services know them: who they are and what they may do now. */
export const Holder = z.object({
	id: Id,
	username: Username,
	display_name: z.string(),
	role: RoleName,
	disabled: z.boolean(),
	permissions: z.array(z.string()),
	/** Ids of the device groups that their role is limited to; null, or not answered by the version before: every device. */
	device_groups: z.array(z.string()).nullable().default(null),
});
export type Holder = z.infer<typeof Holder>;

/** Who asks, with what they may do. */
export const Me = z
	.object({
		/** Null where a service account asks. */
		user: User.nullable(),
		/** The service account whose API token asks. */
		service_account: z.object({ id: Id, name: z.string(), role: RoleName }).nullable().default(null),
		permissions: z.array(z.string()),
		/** Until they have added a second factor nothing else is open to them. */
		must_add_second_factor: z.boolean().default(false),
		/** Ids of the device groups that their role is limited to; null: every device. */
		device_groups: z.array(z.string()).nullable().default(null),
	})
	.meta({ id: "Me" });

export const NewUser = z.object({
	username: Username,
	display_name: ShortText.max(200).default(""),
	email: z.email().nullable().default(null),
	role: RoleName,
	password: NewPassword,
	must_change_password: z.boolean().default(true),
});
export const UserChange = z.object({
	display_name: ShortText.max(200).optional(),
	email: z.email().nullable().optional(),
	role: RoleName.optional(),
	disabled: z.boolean().optional(),
});
export const ListUsers = PageQuery.extend({
	role: RoleName.optional(),
	disabled: QueryBoolean.optional(),
	sort: sortBy(["username", "role", "last_login_at", "created_at"], "username"),
});

export const Login = z.object({ username: z.string().min(1).max(64), password: Secret(z.string().min(1).max(256)) });
export const TokenPair = z
	.object({
		/** JWT (EdDSA), for `Authorization: Bearer`. */
		access_token: z.string(),
		/** Opaque, single use: each refresh answers a new one, and using an old one again ends the session. */
		refresh_token: z.string(),
		token_type: z.literal("Bearer"),
		/** Lifetime of the access token in seconds. */
		expires_in: z.int(),
		user: User,
	})
	.meta({ id: "TokenPair" });
export type TokenPair = z.infer<typeof TokenPair>;

export const ApiToken = z
	.object({
		id: Id,
		name: z.string(),
		user_id: Id,
		username: z.string(),
		/** First characters, to recognise it by. */
		prefix: z.string(),
		/** What it may do; never more than its owner at the time of use. */
		permissions: z.array(z.string()),
		expires_at: Timestamp.nullable(),
		last_used_at: Timestamp.nullable(),
		created_at: Timestamp,
	})
	.meta({ id: "ApiToken" });
export type ApiToken = z.infer<typeof ApiToken>;
export const ListTokens = PageQuery.extend({
	sort: sortBy(["name", "created_at", "last_used_at", "expires_at"], "-created_at"),
});

export const NewApiToken = z.object({
	name: ShortText.min(1).max(100),
	permissions: z.array(PermissionGrant).min(1).max(200),
	/** Days until it expires; at most 365, 90 unless told. */
	expires_in_days: z.int().min(1).max(365).default(90),
});
/** The only answer that ever holds the token itself. */
export const CreatedApiToken = z.object({ token: z.string(), api_token: ApiToken }).meta({ id: "CreatedApiToken" });

/** An open session: somebody who signed in and has not been signed out since. */
export const Session = z
	.object({
		id: Id,
		user_id: Id,
		/** The one that asks. */
		current: z.boolean(),
		created_at: Timestamp,
		/** When its tokens were last renewed, which a page in use does every few minutes. */
		refreshed_at: Timestamp,
		/** When it ends unless it is used again. */
		expires_at: Timestamp,
		/** IPv4 address or IPv6 /64 that the user signed in from; `unknown` where there was none. */
		network: z.string(),
		/** Name of the way they signed in; null: with a password that is kept here. */
		login_method: z.string().nullable(),
		/** What the program that signed in calls itself: its own word, not proof of anything. */
		user_agent: z.string().nullable(),
	})
	.meta({ id: "Session" });
export type Session = z.infer<typeof Session>;
export const ListSessions = PageQuery.extend({
	sort: sortBy(["created_at", "refreshed_at", "expires_at"], "-refreshed_at"),
});

export const Settings = z
	.object({
		/** Lifetime of an access token, in seconds. */
		access_token_seconds: z.int().min(60).max(3600).default(600),
		/** A session that is not refreshed for this long ends, in hours. */
		session_idle_hours: z.int().min(1).max(720).default(72),
		/**
		 * API tokens of people whom nobody can be asked about (of identity providers that give no refresh token, of directories that are signed in to
		 * directly) work for so many hours after their sign-in, and again when they sign in again.
		 */
		token_unconfirmed_hours: z.int().min(1).max(168).default(24),
		/** Shortest password accepted for local users. */
		password_min_length: z.int().min(12).max(64).default(12),
		/**
		 * Local users add a second factor before anything else is open to them, at once also to who is signed in. API tokens go on: programs have no
		 * phone.
		 */
		require_second_factor: z.boolean().default(false),
		/** Text above the sign-in form. */
		login_banner: z
			.string()
			.max(2000)
			.regex(/^[^\0]*$/, "NUL is not allowed")
			.default(""),
	})
	.meta({ id: "Settings" });
export type Settings = z.infer<typeof Settings>;

/** Settings that are left out stay as they are. */
export const SettingsChange = z.object({
	access_token_seconds: Settings.shape.access_token_seconds.unwrap().optional(),
	session_idle_hours: Settings.shape.session_idle_hours.unwrap().optional(),
	token_unconfirmed_hours: Settings.shape.token_unconfirmed_hours.unwrap().optional(),
	password_min_length: Settings.shape.password_min_length.unwrap().optional(),
	require_second_factor: Settings.shape.require_second_factor.unwrap().optional(),
	login_banner: Settings.shape.login_banner.unwrap().optional(),
});
export type SettingsChange = z.infer<typeof SettingsChange>;

/** State of the encryption keys of one service. */
export const KeyState = z
	.object({
		service: z.string(),
		current_key_id: z.string(),
		/** The rotation that the service finished last. */
		rotation_id: Id,
		rotated_at: Timestamp,
		/** Values re-encrypted by the latest rotation. */
		resealed: z.int(),
	})
	.meta({ id: "KeyState" });
export type KeyState = z.infer<typeof KeyState>;

/** What a stranger at the door is shown, and who must choose a password before anything else is open. */
export const SignIn = z
	.object({
		product: z.string(),
		login_banner: Settings.shape.login_banner.unwrap(),
		password_min_length: Settings.shape.password_min_length.unwrap(),
		/** Ways to sign in without a password of ours, in the order of their buttons. */
		buttons: z.array(z.object({ name: z.string(), label: z.string() })),
		/** Origin (`https://netconductor.example`) at which browsers take passkeys for this installation; null: at none. */
		passkey_origin: z.string().nullable().default(null),
	})
	.meta({ id: "SignIn" });

/** Word by which the web app knows one of its pages: `devices`, `device-types`. */
export const PageWord = z
	.string()
	.min(1)
	.max(40)
	.regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "Lower-case words joined by - only");

/** A query string as RFC 3986 writes it, without the question mark, whose escapes are whole UTF-8 and no NUL. */
export const SearchText = z
	.string()
	.max(4_000)
	.regex(/^(?:[A-Za-z0-9._~!$&'()*+,;=:@/?[\]-]|%[0-9A-Fa-f]{2})*$/, "A query string, without ? at its start")
	.refine((text) => !text.startsWith("?") && isDecodable(text), "A query string, without ? at its start");

function isDecodable(text: string): boolean {
	try {
		return !decodeURIComponent(text).includes("\0");
	} catch {
		return false;
	}
}

/** Filters, order and columns of a page, kept under a name. */
export const SavedView = z
	.object({
		id: Id,
		page: PageWord,
		name: z.string(),
		search: z.string(),
		/** Everybody sees it; its owner and whoever holds settings:write may change it. */
		shared: z.boolean(),
		owner_id: Id,
		/** User name. */
		owner: z.string(),
		/** Views of a page stand in this order, those with the same number by name. */
		position: z.int(),
		created_at: Timestamp,
		updated_at: Timestamp,
	})
	.meta({ id: "SavedView" });
export type SavedView = z.infer<typeof SavedView>;

const viewFields = {
	name: ShortText.min(1).max(100),
	search: SearchText,
	shared: z.boolean(),
	position: z.int().min(0).max(10_000),
};
export const NewView = z.object({
	page: PageWord,
	...viewFields,
	shared: viewFields.shared.default(false),
	position: viewFields.position.default(0),
});
/** Fields that are left out stay as they are. */
export const ViewChange = z.object(viewFields).partial();
/** One's own views and those that are shared. */
export const ListViews = PageQuery.extend({
	/** Those of one page of the web app; `page` counts pages of the list. */
	of_page: PageWord.optional(),
	/** Only one's own, or only those of others. */
	own: QueryBoolean.optional(),
	sort: sortBy(["position", "name", "updated_at"], "position"),
});
