import { z } from "zod";
import { Id, Timestamp } from "../kernel/ids.ts";
import { Secret } from "../kernel/secret.ts";
import { TokenPair } from "./model.ts";
import { GivenPasskey, Passkey, PasskeyRequest } from "./passkeys.ts";

/** A passkey; a code of an app that shows one every 30 seconds (RFC 6238); or one of the list that was shown once. */
const FactorKind = z.enum(["passkey", "totp", "recovery_code"]);

/** What a password alone is answered with where a second factor is needed as well. */
export const SecondFactorAsked = z
	.object({
		second_factor: z.object({
			/** Goes back with the code or passkey; good for one session, for a few minutes and a few wrong codes. */
			challenge: z.string(),
			/** What will do. */
			kinds: z.array(FactorKind),
			/** What to ask a browser for where a passkey will do. */
			passkey: PasskeyRequest.optional(),
			/** Lifetime of the challenge in seconds. */
			expires_in: z.int(),
		}),
	})
	.meta({ id: "SecondFactorAsked" });
export type SecondFactorAsked = z.infer<typeof SecondFactorAsked>;

export const LoginAnswer = z.union([TokenPair, SecondFactorAsked]);
export type LoginAnswer = z.infer<typeof LoginAnswer>;

/** Whether the password was right and a second factor is needed as well. */
export function asksForCode<T extends object>(answer: T | SecondFactorAsked): answer is SecondFactorAsked {
	return "second_factor" in answer;
}

/**
 * The tokens that a password alone was answered with, for programs.
 * @throws TypeError — a code is needed as well, which programs do not have; they use an API token
 */
export function tokensOf(answer: LoginAnswer): TokenPair {
	if (asksForCode(answer)) throw new TypeError("This user signs in with a second factor; use an API token instead.");
	return answer;
}

/** Six digits of the app, or a recovery code; spaces, hyphens and capital letters make no difference. */
export const SignInCode = Secret(z.string().min(6).max(64));

export const CodeForChallenge = z.object({ challenge: Secret(z.string().min(1).max(100)), code: SignInCode });

/** That it is still the owner who sits there: their password, a code, or a passkey that was asked for to show it. */
export const OwnerProof = z
	.object({
		password: Secret(z.string().min(1).max(256)).optional(),
		code: SignInCode.optional(),
		passkey: GivenPasskey.optional(),
	})
	.refine(
		(proof) => Object.values(proof).filter((given) => given !== undefined).length === 1,
		"Give the password, a code or a passkey",
	);
export type OwnerProof = z.infer<typeof OwnerProof>;

/** A second factor that somebody signs in with. */
const SecondFactor = z
	.object({
		id: Id,
		kind: z.literal("totp"),
		created_at: Timestamp,
		last_used_at: Timestamp.nullable(),
	})
	.meta({ id: "SecondFactor" });

/** Without any, the password is enough. */
export const SecondFactors = z
	.object({
		factors: z.array(SecondFactor),
		passkeys: z.array(Passkey).default([]),
		recovery_codes_left: z.int(),
	})
	.meta({ id: "SecondFactors" });
export type SecondFactors = z.infer<typeof SecondFactors>;

/** The only answer that ever holds the secret. It counts for nothing until a first code has confirmed it. */
export const BegunSecondFactor = z
	.object({
		id: Id,
		/** Base32 (RFC 4648), for typing. */
		secret: z.string(),
		/** `otpauth://totp/…`, for a QR code. */
		uri: z.string(),
		/** Seconds in which it is to be confirmed. */
		expires_in: z.int(),
	})
	.meta({ id: "BegunSecondFactor" });

/** The only answer that ever holds them. Each is good once, in place of another second factor. */
export const RecoveryCodes = z.object({ recovery_codes: z.array(z.string()) }).meta({ id: "RecoveryCodes" });
