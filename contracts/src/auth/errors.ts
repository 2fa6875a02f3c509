import { defineErrors } from "../kernel/errors.ts";

export const authErrors = defineErrors({
	"auth.bad_credentials": { kind: "unauthenticated", title: "User name or password is wrong" },
	"auth.throttled": { kind: "rate_limited", title: "Too many attempts to sign in", retryable: true },
	"auth.session_ended": { kind: "unauthenticated", title: "The session has ended" },
	"auth.refresh_reused": { kind: "unauthenticated", title: "A refresh token was used twice; the session was ended" },
	"auth.password_change_required": { kind: "forbidden", title: "Change the one-time password first" },
	"auth.weak_password": { kind: "invalid", title: "The password is too weak" },
	"auth.ticket_invalid": { kind: "unauthenticated", title: "The ticket is unknown, used or expired" },
	"users.not_found": { kind: "not_found", title: "There is no such user" },
	"users.name_taken": { kind: "conflict", title: "A user with this name exists already" },
	"users.last_admin": { kind: "conflict", title: "The last active administrator cannot be removed" },
	"roles.not_found": { kind: "not_found", title: "There is no such role" },
	"roles.name_taken": { kind: "conflict", title: "A role with this name exists already" },
	"roles.preset": { kind: "conflict", title: "Preset roles cannot be changed or deleted" },
	"roles.in_use": { kind: "conflict", title: "Users hold this role" },
	"roles.escalation": { kind: "forbidden", title: "Nobody can grant more than they hold" },
	"tokens.not_found": { kind: "not_found", title: "There is no such API token" },
	"views.not_found": { kind: "not_found", title: "There is no such saved view" },
	"views.name_taken": { kind: "conflict", title: "You have a view of this page with this name already" },
	"views.too_many": { kind: "conflict", title: "You have as many saved views as one person may have" },
	"views.not_yours": { kind: "forbidden", title: "The view belongs to somebody else" },
});
