import { z } from "zod";
import { Id } from "../kernel/ids.ts";
import { del, get, patch, post } from "../kernel/operation.ts";
import { TokenPair } from "./model.ts";
import {
	AddedPasskey,
	BegunPasskey,
	GivenPasskey,
	NewPasskey,
	Passkey,
	PasskeyAsked,
	PasskeyForChallenge,
	PasskeyName,
} from "./passkeys.ts";
import {
	BegunSecondFactor,
	CodeForChallenge,
	OwnerProof,
	RecoveryCodes,
	SecondFactors,
	SignInCode,
} from "./second-factor.ts";

const byId = z.object({ id: Id });

/** What comes of an `OwnerProof` that is none. */
const notProven = [
	"auth.bad_credentials",
	"auth.wrong_code",
	"auth.passkey_refused",
	"auth.passkey_copied",
	"auth.throttled",
	"passkeys.unavailable",
] as const;

/** Operations of the domain auth about what is asked for beside a password, or in its place. */
export const secondFactorOperations = {
	signInWithCode: post("/api/auth/second-factor", {
		summary: "Sign in with a code, after the password",
		body: CodeForChallenge,
		returns: TokenPair,
		public: true,
		errors: ["auth.challenge_over", "auth.wrong_code", "auth.throttled", "auth.bad_credentials"],
	}),
	listMySecondFactors: get("/api/auth/second-factors", {
		summary: "One's own second factors",
		returns: SecondFactors,
		authenticated: true,
		scope: "none",
	}),
	beginSecondFactor: post("/api/auth/second-factors", {
		summary: "Begin to sign in with codes of an app as well; a first code confirms it",
		body: OwnerProof,
		returns: BegunSecondFactor,
		status: 201,
		authenticated: true,
		scope: "none",
		errors: [...notProven, "users.external", "second_factors.exists"],
	}),
	confirmSecondFactor: post("/api/auth/second-factors/:id/confirm", {
		summary: "Confirm a second factor with a first code; answers ten recovery codes with the first second factor, once",
		params: byId,
		body: z.object({ code: SignInCode }),
		returns: RecoveryCodes,
		authenticated: true,
		scope: "none",
		errors: ["auth.wrong_code", "second_factors.not_found"],
	}),
	removeSecondFactor: post("/api/auth/second-factors/:id/remove", {
		summary: "Remove one's own second factor",
		params: byId,
		body: OwnerProof,
		authenticated: true,
		scope: "none",
		errors: [...notProven, "second_factors.not_found", "second_factors.required"],
	}),
	createRecoveryCodes: post("/api/auth/recovery-codes", {
		summary: "Make ten new recovery codes; the old ones are void",
		body: OwnerProof,
		returns: RecoveryCodes,
		authenticated: true,
		scope: "none",
		errors: [...notProven, "second_factors.not_found"],
	}),
	listUserSecondFactors: get("/api/users/:id/second-factors", {
		summary: "Second factors of a user",
		params: byId,
		returns: SecondFactors,
		permission: "users:read",
		scope: "none",
		errors: ["users.not_found"],
	}),
	removeUserSecondFactors: del("/api/users/:id/second-factors", {
		summary: "Remove the second factors of a user who lost theirs, passkeys included; their sessions end",
		params: byId,
		permission: "users:write",
		scope: "none",
		errors: ["users.not_found", "roles.escalation", "second_factors.not_found"],
	}),

	signInWithPasskeyAsWell: post("/api/auth/second-factor/passkey", {
		summary: "Sign in with a passkey, after the password",
		body: PasskeyForChallenge,
		returns: TokenPair,
		public: true,
		errors: [
			"auth.challenge_over",
			"auth.passkey_refused",
			"auth.passkey_copied",
			"auth.throttled",
			"passkeys.unavailable",
		],
	}),
	beginPasskeySignIn: post("/api/auth/passkey-sign-in/begin", {
		summary: "Begin to sign in with a passkey alone",
		description: "The same for everybody: whoever sits at the browser says who they are by the passkey they choose.",
		returns: PasskeyAsked,
		public: true,
		changes: false,
		errors: ["passkeys.unavailable"],
	}),
	signInWithPasskey: post("/api/auth/passkey-sign-in", {
		summary: "Sign in with a passkey alone",
		body: GivenPasskey,
		returns: TokenPair,
		public: true,
		errors: ["auth.passkey_refused", "auth.passkey_copied", "auth.throttled", "passkeys.unavailable"],
	}),
	beginPasskeyProof: post("/api/auth/passkey-proof/begin", {
		summary: "Begin to show with a passkey of one's own that it is still oneself who sits here",
		description:
			"What a browser answers to it does in place of the password wherever a second factor of one's own is added or removed, once, within the session that it was asked in.",
		returns: PasskeyAsked,
		authenticated: true,
		scope: "none",
		changes: false,
		errors: ["users.external", "passkeys.unavailable", "passkeys.not_found"],
	}),
	beginPasskey: post("/api/auth/passkeys/begin", {
		summary: "Begin to add a passkey for oneself, which a browser then makes",
		body: OwnerProof,
		returns: BegunPasskey,
		authenticated: true,
		scope: "none",
		errors: [...notProven, "users.external", "passkeys.too_many"],
	}),
	addPasskey: post("/api/auth/passkeys", {
		summary: "Add the passkey that a browser has made; answers ten recovery codes with the first second factor, once",
		body: NewPasskey,
		returns: AddedPasskey,
		status: 201,
		authenticated: true,
		scope: "none",
		errors: [
			"users.external",
			"passkeys.unavailable",
			"passkeys.attempt_over",
			"passkeys.invalid",
			"passkeys.exists",
			"passkeys.too_many",
		],
	}),
	renamePasskey: patch("/api/auth/passkeys/:id", {
		summary: "Rename one's own passkey",
		params: byId,
		body: z.object({ name: PasskeyName }),
		returns: Passkey,
		authenticated: true,
		scope: "none",
		errors: ["users.external", "passkeys.not_found"],
	}),
	removePasskey: post("/api/auth/passkeys/:id/remove", {
		summary: "Remove one's own passkey",
		params: byId,
		body: OwnerProof,
		authenticated: true,
		scope: "none",
		errors: [...notProven, "users.external", "passkeys.not_found", "second_factors.required"],
	}),
};
