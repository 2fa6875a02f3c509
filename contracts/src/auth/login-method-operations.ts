import { z } from "zod";
import { Id } from "../kernel/ids.ts";
import { del, get, patch, post, put } from "../kernel/operation.ts";
import {
	LoginMethod,
	LoginMethodChange,
	LoginMethodOrder,
	MethodName,
	MethodTest,
	NewLoginMethod,
	OidcAnswer,
	OidcAttempt,
	OidcLogout,
	TryMethod,
} from "./login-methods.ts";
import { TokenPair } from "./model.ts";

const byId = z.object({ id: Id });
const methodErrors = [
	"login_methods.name_taken",
	"login_methods.incomplete",
	"roles.not_found",
	"roles.escalation",
] as const;

/** Operations of the domain auth about directories and identity providers, and signing in at these. */
export const loginMethodOperations = {
	beginOidc: post("/api/auth/oidc/:name/begin", {
		summary: "Begin to sign in at an identity provider",
		params: z.object({ name: MethodName }),
		returns: OidcAttempt,
		public: true,
		changes: false,
		errors: ["login_methods.not_found", "auth.method_away"],
	}),
	finishOidc: post("/api/auth/oidc/finish", {
		summary: "Sign in with what the identity provider sent the browser back with",
		body: OidcAnswer,
		returns: TokenPair,
		public: true,
		errors: ["auth.provider_refused", "auth.not_provisioned", "auth.method_away"],
	}),
	endOidcSession: post("/api/auth/oidc/:name/back-channel-logout", {
		summary: "Told by an identity provider that somebody signed out there (OpenID Connect Back-Channel Logout 1.0)",
		description: "Ends the sessions that its logout token names, at once. Its address is registered at the provider.",
		params: z.object({ name: MethodName }),
		body: OidcLogout,
		forms: true,
		public: true,
		errors: ["login_methods.not_found", "auth.logout_refused", "auth.method_away"],
	}),
	listLoginMethods: get("/api/auth/methods", {
		summary: "Ways to sign in beside local users, in the order in which they are asked",
		returns: z.array(LoginMethod),
		permission: "login_methods:read",
	}),
	createLoginMethod: post("/api/auth/methods", {
		summary: "Add a way to sign in",
		body: NewLoginMethod,
		returns: LoginMethod,
		status: 201,
		permission: "login_methods:write",
		errors: [...methodErrors, "login_methods.too_many"],
	}),
	orderLoginMethods: put("/api/auth/methods/order", {
		summary: "Say in which order the ways to sign in are asked",
		body: LoginMethodOrder,
		returns: z.array(LoginMethod),
		permission: "login_methods:write",
		errors: ["login_methods.bad_order", "roles.escalation"],
	}),
	getLoginMethod: get("/api/auth/methods/:id", {
		summary: "One way to sign in",
		params: byId,
		returns: LoginMethod,
		permission: "login_methods:read",
		errors: ["login_methods.not_found"],
	}),
	updateLoginMethod: patch("/api/auth/methods/:id", {
		summary: "Change a way to sign in; disabling it, or asking somebody else, ends the sessions of its users",
		params: byId,
		body: LoginMethodChange,
		returns: LoginMethod,
		permission: "login_methods:write",
		errors: ["login_methods.not_found", "login_methods.other_kind", "users.last_admin", ...methodErrors],
	}),
	deleteLoginMethod: del("/api/auth/methods/:id", {
		summary: "Delete a way to sign in that nobody uses",
		params: byId,
		permission: "login_methods:write",
		errors: ["login_methods.not_found", "login_methods.in_use", "roles.escalation"],
	}),
	testLoginMethod: post("/api/auth/methods/:id/test", {
		summary: "Try a way to sign in step by step; nobody is signed in",
		params: byId,
		body: TryMethod,
		returns: MethodTest,
		permission: "login_methods:write",
		timeout_ms: 90_000,
		errors: ["login_methods.not_found", "roles.escalation", "auth.throttled"],
	}),
};
