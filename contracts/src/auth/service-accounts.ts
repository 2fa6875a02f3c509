import { z } from "zod";
import { Id, Timestamp } from "../kernel/ids.ts";
import { del, get, internal, patch, post } from "../kernel/operation.ts";
import { Page, PageQuery, QueryBoolean, sortBy } from "../kernel/page.ts";
import { ListTokens, PermissionGrant, RoleName, ShortText, Username } from "./model.ts";

/** Days that a secret of a service account works at most. There is none without an end: what nobody renews is used by nobody who would miss it. */
export const longest_token_days = 365;
/** Hours that the old secret goes on at most after a new one was made. */
export const longest_overlap_hours = 168;

/** An account of a program: it has no password and cannot sign in; it acts by its API tokens alone. */
export const ServiceAccount = z
	.object({
		id: Id,
		/** No user has the same, whatever its capital letters. */
		name: Username,
		description: z.string(),
		role: RoleName,
		disabled: z.boolean(),
		/** Whom to ask about it, which gives them no right to it; null since that user was deleted. */
		owner: z
			.object({
				id: Id,
				username: Username,
				/** False: disabled, or gone from where they sign in. */
				active: z.boolean(),
			})
			.nullable(),
		/** API tokens that work now, were the account not disabled. */
		tokens: z.int(),
		last_used_at: Timestamp.nullable(),
		created_at: Timestamp,
		updated_at: Timestamp,
	})
	.meta({ id: "ServiceAccount" });
export type ServiceAccount = z.infer<typeof ServiceAccount>;

export const NewServiceAccount = z.object({
	name: Username,
	description: ShortText.max(500).default(""),
	role: RoleName,
	/** Whoever makes it unless told. */
	owner_id: Id.optional(),
});
/** Fields that are left out stay as they are. */
export const ServiceAccountChange = z.object({
	description: ShortText.max(500).optional(),
	role: RoleName.optional(),
	owner_id: Id.optional(),
	disabled: z.boolean().optional(),
});
export const ListServiceAccounts = PageQuery.extend({
	role: RoleName.optional(),
	disabled: QueryBoolean.optional(),
	owner_id: Id.optional(),
	/** Whether nobody is there any more who could be asked about it: the owner was deleted, or is active no more. */
	ownerless: QueryBoolean.optional(),
	sort: sortBy(["name", "role", "last_used_at", "created_at"], "name"),
});

export const ServiceAccountToken = z
	.object({
		id: Id,
		service_account_id: Id,
		name: z.string(),
		/** First characters of the secret, to recognise it by. */
		prefix: z.string(),
		/** What it may do; never more than the account's role at the time of use. */
		permissions: z.array(z.string()),
		expires_at: Timestamp,
		last_used_at: Timestamp.nullable(),
		/** User name of who saw the secret when it was made; null since that user was deleted. */
		issued_by: z.string().nullable(),
		/** The secret before this one while it still goes on. */
		replaced: z
			.object({
				prefix: z.string(),
				expires_at: Timestamp,
				/** Since it was replaced: whether something still goes by it. */
				last_used_at: Timestamp.nullable(),
			})
			.nullable(),
		rotated_at: Timestamp.nullable(),
		created_at: Timestamp,
	})
	.meta({ id: "ServiceAccountToken" });
export type ServiceAccountToken = z.infer<typeof ServiceAccountToken>;

const expires_in_days = z.int().min(1).max(longest_token_days).default(90);

export const NewServiceAccountToken = z.object({
	name: ShortText.min(1).max(100),
	/** At most what the account's role grants; all of that unless told. */
	permissions: z.array(PermissionGrant).min(1).max(200).optional(),
	/** Days until it expires; at most 365, 90 unless told. */
	expires_in_days,
});
export const RotateServiceAccountToken = z.object({
	/** Hours that the old secret goes on, so that programs can be given the new one; with 0 it ends at once. Never longer than it would have. */
	overlap_hours: z.int().min(0).max(longest_overlap_hours).default(24),
	/** Days until the new secret expires; at most 365, 90 unless told. */
	expires_in_days,
});
/** The only answer that ever holds the secret itself. */
export const CreatedServiceAccountToken = z
	.object({ token: z.string(), api_token: ServiceAccountToken })
	.meta({ id: "CreatedServiceAccountToken" });
export type CreatedServiceAccountToken = z.infer<typeof CreatedServiceAccountToken>;

const byId = z.object({ id: Id });
const ofToken = z.object({ id: Id, token_id: Id });

/** Operations of the domain auth. */
export const serviceAccountOperations = {
	listServiceAccounts: get("/api/service-accounts", {
		summary: "Service accounts: accounts of programs",
		query: ListServiceAccounts,
		returns: Page(ServiceAccount),
		permission: "service_accounts:read",
	}),
	createServiceAccount: post("/api/service-accounts", {
		summary: "Add a service account",
		body: NewServiceAccount,
		returns: ServiceAccount,
		status: 201,
		permission: "service_accounts:write",
		errors: ["service_accounts.name_taken", "service_accounts.no_owner", "roles.not_found", "roles.escalation"],
	}),
	getServiceAccount: get("/api/service-accounts/:id", {
		summary: "One service account",
		params: byId,
		returns: ServiceAccount,
		permission: "service_accounts:read",
		errors: ["service_accounts.not_found"],
	}),
	updateServiceAccount: patch("/api/service-accounts/:id", {
		summary: "Change a service account; disabling refuses its API tokens at once",
		params: byId,
		body: ServiceAccountChange,
		returns: ServiceAccount,
		permission: "service_accounts:write",
		errors: ["service_accounts.not_found", "service_accounts.no_owner", "roles.not_found", "roles.escalation"],
	}),
	deleteServiceAccount: del("/api/service-accounts/:id", {
		summary: "Delete a service account with its API tokens",
		params: byId,
		permission: "service_accounts:write",
		errors: ["service_accounts.not_found", "roles.escalation"],
	}),
	listServiceAccountTokens: get("/api/service-accounts/:id/tokens", {
		summary: "API tokens of a service account",
		params: byId,
		query: ListTokens,
		returns: Page(ServiceAccountToken),
		permission: "service_accounts:read",
		errors: ["service_accounts.not_found"],
	}),
	createServiceAccountToken: post("/api/service-accounts/:id/tokens", {
		summary: "Make an API token for a service account; it is shown once",
		description: "Only for people who are signed in: a token cannot make another.",
		params: byId,
		body: NewServiceAccountToken,
		returns: CreatedServiceAccountToken,
		status: 201,
		permission: "service_accounts:write",
		errors: ["service_accounts.not_found", "service_accounts.beyond_role", "roles.escalation"],
	}),
	rotateServiceAccountToken: post("/api/service-accounts/:id/tokens/:token_id/rotate", {
		summary: "Make a new secret for an API token of a service account; the old one goes on for the overlap",
		description:
			"The token keeps its id, name and permissions. A secret before the old one ends at once. Only for people who are signed in.",
		params: ofToken,
		body: RotateServiceAccountToken,
		returns: CreatedServiceAccountToken,
		permission: "service_accounts:write",
		errors: ["service_accounts.not_found", "tokens.not_found", "roles.escalation"],
	}),
	revokeServiceAccountToken: del("/api/service-accounts/:id/tokens/:token_id", {
		summary: "Revoke an API token of a service account, at once and with the secret before it",
		params: ofToken,
		permission: "service_accounts:write",
		errors: ["tokens.not_found"],
	}),
	/** For those who must know whether a person is behind what a program asks for. */
	describeServiceAccount: internal("/internal/auth/service-accounts", {
		summary: "Users who could act as a service account",
		body: z.object({ service_account_id: z.string().max(100) }),
		/** Its owner, and whoever saw a secret of it that works; nobody where there is no such account. */
		returns: z.object({ user_ids: z.array(Id) }),
	}),
};
