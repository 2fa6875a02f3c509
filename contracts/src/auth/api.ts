import { z } from "zod";
import { Actor } from "../kernel/actor.ts";
import { Id } from "../kernel/ids.ts";
import { defineApi, del, get, internal, patch, post, put } from "../kernel/operation.ts";
import { Page } from "../kernel/page.ts";
import { Secret } from "../kernel/secret.ts";
import { loginMethodOperations } from "./login-method-operations.ts";
import {
	ApiToken,
	CreatedApiToken,
	Holder,
	KeyState,
	ListRoles,
	ListSessions,
	ListTokens,
	ListUsers,
	ListViews,
	Login,
	Me,
	NewApiToken,
	NewPassword,
	NewRole,
	NewUser,
	NewView,
	Role,
	RoleChange,
	RoleName,
	SavedView,
	Session,
	Settings,
	SettingsChange,
	SignIn,
	TokenPair,
	User,
	UserChange,
	ViewChange,
} from "./model.ts";
import { LoginAnswer } from "./second-factor.ts";
import { secondFactorOperations } from "./second-factor-operations.ts";
import { serviceAccountOperations } from "./service-accounts.ts";

const byId = z.object({ id: Id });
const byName = z.object({ name: RoleName });

export const authApi = defineApi("auth", {
	getSignIn: get("/api/auth/sign-in", {
		summary: "What the sign-in page shows",
		returns: SignIn,
		public: true,
	}),
	login: post("/api/auth/login", {
		summary: "Sign in",
		description:
			"Answers tokens, or for who has a second factor a challenge, to be sent to /api/auth/second-factor with a code or to /api/auth/second-factor/passkey with a passkey.",
		body: Login,
		returns: LoginAnswer,
		public: true,
		errors: ["auth.bad_credentials", "auth.throttled", "auth.not_provisioned", "auth.method_away"],
	}),
	refresh: post("/api/auth/refresh", {
		summary: "Exchange a refresh token for a new pair",
		body: z.object({ refresh_token: Secret() }),
		returns: TokenPair,
		public: true,
		changes: false,
		errors: ["auth.session_ended", "auth.refresh_reused"],
	}),
	logout: post("/api/auth/logout", { summary: "End this session", authenticated: true, scope: "none" }),
	getMe: get("/api/auth/me", {
		summary: "Who am I, and what may I do",
		returns: Me,
		authenticated: true,
		scope: "none",
	}),
	changePassword: post("/api/auth/password", {
		summary: "Change one's own password; other sessions end",
		body: z.object({ current_password: Secret(), new_password: NewPassword }),
		returns: TokenPair,
		authenticated: true,
		scope: "none",
		errors: ["auth.bad_credentials", "auth.weak_password", "auth.throttled", "users.external"],
	}),
	createWsTicket: post("/api/auth/ws-ticket", {
		summary: "A single-use ticket that opens one WebSocket within 30 seconds",
		returns: z.object({ ticket: z.string(), expires_in: z.int() }),
		authenticated: true,
		scope: "none",
		changes: false,
	}),
	getJwks: get("/api/auth/jwks", {
		summary: "Public keys that verify access tokens (RFC 7517)",
		returns: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }),
		public: true,
	}),

	listMySessions: get("/api/auth/sessions", {
		summary: "One's own open sessions",
		query: ListSessions,
		returns: Page(Session),
		authenticated: true,
		scope: "none",
	}),
	revokeOtherSessions: post("/api/auth/sessions/revoke-others", {
		summary: "End one's own sessions but this one",
		returns: z.object({ revoked: z.int() }),
		authenticated: true,
		scope: "none",
	}),
	revokeMySession: del("/api/auth/sessions/:id", {
		summary: "End one of one's own sessions, at once",
		params: byId,
		authenticated: true,
		scope: "none",
		errors: ["sessions.not_found"],
	}),

	listMyTokens: get("/api/auth/tokens", {
		summary: "One's own API tokens",
		query: ListTokens,
		returns: Page(ApiToken),
		authenticated: true,
		scope: "none",
	}),
	createToken: post("/api/auth/tokens", {
		summary: "Make an API token for oneself; it is shown once",
		body: NewApiToken,
		returns: CreatedApiToken,
		status: 201,
		authenticated: true,
		scope: "none",
		errors: ["roles.escalation"],
	}),
	revokeMyToken: del("/api/auth/tokens/:id", {
		summary: "Revoke one's own API token",
		params: byId,
		authenticated: true,
		scope: "none",
		errors: ["tokens.not_found"],
	}),

	listUsers: get("/api/users", {
		summary: "Users",
		query: ListUsers,
		returns: Page(User),
		permission: "users:read",
		scope: "none",
	}),
	createUser: post("/api/users", {
		summary: "Add a user",
		body: NewUser,
		returns: User,
		status: 201,
		permission: "users:write",
		scope: "none",
		errors: ["users.name_taken", "roles.not_found", "roles.escalation", "auth.weak_password"],
	}),
	getUser: get("/api/users/:id", {
		summary: "One user",
		params: byId,
		returns: User,
		permission: "users:read",
		scope: "none",
		errors: ["users.not_found"],
	}),
	updateUser: patch("/api/users/:id", {
		summary: "Change a user; disabling ends their sessions",
		params: byId,
		body: UserChange,
		returns: User,
		permission: "users:write",
		scope: "none",
		errors: ["users.not_found", "users.last_admin", "roles.not_found", "roles.escalation"],
	}),
	setUserPassword: post("/api/users/:id/password", {
		summary: "Set a one-time password for a user; their sessions end",
		params: byId,
		body: z.object({ password: NewPassword }),
		permission: "users:write",
		scope: "none",
		errors: ["users.not_found", "users.external", "roles.escalation", "auth.weak_password"],
	}),
	deleteUser: del("/api/users/:id", {
		summary: "Delete a user with their sessions and API tokens",
		params: byId,
		permission: "users:write",
		scope: "none",
		errors: ["users.not_found", "users.last_admin", "roles.escalation"],
	}),
	listUserSessions: get("/api/users/:id/sessions", {
		summary: "Open sessions of a user",
		params: byId,
		query: ListSessions,
		returns: Page(Session),
		permission: "users:read",
		scope: "none",
		errors: ["users.not_found"],
	}),
	revokeUserSession: del("/api/users/:id/sessions/:session_id", {
		summary: "End a session of a user, at once",
		params: z.object({ id: Id, session_id: Id }),
		permission: "users:write",
		scope: "none",
		errors: ["users.not_found", "sessions.not_found", "roles.escalation"],
	}),
	listUserTokens: get("/api/users/:id/tokens", {
		summary: "API tokens of a user",
		params: byId,
		query: ListTokens,
		returns: Page(ApiToken),
		permission: "tokens:read",
		scope: "none",
		errors: ["users.not_found"],
	}),
	revokeUserToken: del("/api/users/:id/tokens/:token_id", {
		summary: "Revoke a user's API token",
		params: z.object({ id: Id, token_id: Id }),
		permission: "tokens:write",
		scope: "none",
		errors: ["tokens.not_found"],
	}),

	...secondFactorOperations,
	...loginMethodOperations,
	...serviceAccountOperations,

	listRoles: get("/api/roles", {
		summary: "Roles",
		query: ListRoles,
		returns: Page(Role),
		permission: "roles:read",
		scope: "none",
	}),
	listPermissions: get("/api/roles/permissions", {
		summary: "Every permission and what it allows",
		returns: z.array(z.object({ name: z.string(), description: z.string() })),
		permission: "roles:read",
		scope: "none",
	}),
	createRole: post("/api/roles", {
		summary: "Add a role",
		body: NewRole,
		returns: Role,
		status: 201,
		permission: "roles:write",
		scope: "none",
		errors: ["roles.name_taken", "roles.escalation", "device_groups.not_found"],
	}),
	getRole: get("/api/roles/:name", {
		summary: "One role",
		params: byName,
		returns: Role,
		permission: "roles:read",
		scope: "none",
		errors: ["roles.not_found"],
	}),
	updateRole: patch("/api/roles/:name", {
		summary: "Change a custom role",
		params: byName,
		body: RoleChange,
		returns: Role,
		permission: "roles:write",
		scope: "none",
		errors: ["roles.not_found", "roles.preset", "roles.escalation", "device_groups.not_found"],
	}),
	deleteRole: del("/api/roles/:name", {
		summary: "Delete a custom role that nobody holds",
		params: byName,
		permission: "roles:write",
		scope: "none",
		errors: ["roles.not_found", "roles.preset", "roles.in_use", "roles.escalation"],
	}),

	listViews: get("/api/views", {
		summary: "Saved views of the web app's pages: one's own and the shared ones",
		query: ListViews,
		returns: Page(SavedView),
		authenticated: true,
		scope: "none",
	}),
	createView: post("/api/views", {
		summary: "Save a view of a page",
		body: NewView,
		returns: SavedView,
		status: 201,
		authenticated: true,
		scope: "none",
		errors: ["views.name_taken", "views.too_many"],
	}),
	updateView: put("/api/views/:id", {
		summary: "Change a saved view",
		params: byId,
		body: ViewChange,
		returns: SavedView,
		authenticated: true,
		scope: "none",
		errors: ["views.not_found", "views.not_yours", "views.name_taken"],
	}),
	deleteView: del("/api/views/:id", {
		summary: "Delete a saved view",
		params: byId,
		authenticated: true,
		scope: "none",
		errors: ["views.not_found", "views.not_yours"],
	}),

	getSettings: get("/api/settings", {
		summary: "Settings",
		returns: Settings,
		permission: "settings:read",
		scope: "none",
	}),
	updateSettings: put("/api/settings", {
		summary: "Change settings",
		body: SettingsChange,
		returns: Settings,
		permission: "settings:write",
	}),
	listKeys: get("/api/settings/keys", {
		summary: "Encryption keys of the services and their latest rotation",
		returns: z.array(KeyState),
		permission: "settings:read",
		scope: "none",
	}),
	rotateKeys: post("/api/settings/keys/rotate", {
		summary: "Rotate the encryption keys of every service and seal what is stored anew",
		returns: z.object({ rotation_id: Id }),
		status: 202,
		permission: "keys:rotate",
	}),

	/** What a credential stands for right now: permissions are looked up, not frozen in the token. Asked by the gateway, and by realtime of those who watch. */
	resolveActor: internal("/internal/auth/actor", {
		summary: "Actor behind a session or an API token",
		body: z.discriminatedUnion("kind", [
			z.object({ kind: z.literal("session"), session_id: z.string(), user_id: Id }),
			z.object({ kind: z.literal("api_token"), token: Secret() }),
			/** For a connection that was opened with the token and is still open. */
			z.object({ kind: z.literal("api_token_id"), token_id: Id }),
		]),
		returns: z.object({
			actor: Actor,
			must_change_password: z.boolean(),
			/** Of one's own, as the settings ask of local users. Not answered by the version before. */
			must_add_second_factor: z.boolean().default(false),
		}),
		errors: ["auth.unauthenticated", "auth.session_ended"],
	}),
	/** Users as they stand now, for those who must know whether what somebody said still counts. Unknown ones are left out. */
	describeUsers: internal("/internal/auth/users", {
		summary: "Users with what they may do now",
		body: z.object({
			user_ids: z.array(z.string().max(100)).max(1_000).default([]),
			usernames: z.array(z.string().max(64)).max(1_000).default([]),
		}),
		returns: z.object({ users: z.array(Holder) }),
	}),
	/** Enabled users who hold a permission on every device and, where some are named, are one of those or have one of those roles; by name. */
	listHolders: internal("/internal/auth/holders", {
		summary: "Who holds a permission now",
		body: z.object({
			permission: z.string(),
			among: z.object({ user_ids: z.array(Id).max(1_000), roles: z.array(RoleName).max(100) }).optional(),
			/** Also those whose role is limited to device groups. */
			limited: z.boolean().default(false),
			limit: z.int().min(0).max(1_000).default(100),
		}),
		returns: z.object({ users: z.array(Holder), total: z.int() }),
	}),
	redeemWsTicket: internal("/internal/auth/ws-ticket", {
		summary: "Actor behind a WebSocket ticket; the ticket is used up",
		body: z.object({ ticket: Secret() }),
		returns: z.object({ actor: Actor }),
		errors: ["auth.ticket_invalid"],
	}),
});
