import { z } from "zod";
import { Id, Timestamp } from "../kernel/ids.ts";
import { Secret } from "../kernel/secret.ts";

// Names within options and answers are those of WebAuthn (https://www.w3.org/TR/webauthn-3/): browsers take and give them as they are.

/** What its owner calls a passkey. */
export const PasskeyName = z
	.string()
	.trim()
	.min(1)
	.max(100)
	.regex(/^[^\p{Cc}]*$/u, "Control characters are not allowed");

/** A key that a phone, computer or security key holds for somebody, and gives only after it has recognised them. */
export const Passkey = z
	.object({
		id: Id,
		name: z.string(),
		created_at: Timestamp,
		last_used_at: Timestamp.nullable(),
		/** Network that it was last used from: an IPv4 address or an IPv6 /64. */
		last_used_from: z.string().nullable(),
		/** Whether more than one of its owner's devices hold it. */
		synced: z.boolean(),
		/** Domain that it was made for. Browsers give it to no other, so it is of no use once this installation is at another. */
		domain: z.string(),
	})
	.meta({ id: "Passkey" });
export type Passkey = z.infer<typeof Passkey>;

const base64Url = (longest: number) =>
	z
		.string()
		.min(1)
		.max(longest)
		.regex(/^[A-Za-z0-9_-]+$/, "Base64url without padding");

/** At most 1023 bytes, says WebAuthn. */
const CredentialId = base64Url(1_364);
const ClientData = Secret(base64Url(8_192));
/** What only the browser that began holds; each is good once. */
const Attempt = Secret(z.string().min(1).max(100));

const Credential = z.object({
	type: z.literal("public-key"),
	id: z.string(),
	transports: z.array(z.string()),
});

/** What a browser is to make a passkey of (`PublicKeyCredentialCreationOptionsJSON`). */
const PasskeyCreation = z.object({
	rp: z.object({ id: z.string(), name: z.string() }),
	user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
	challenge: z.string(),
	pubKeyCredParams: z.array(z.object({ type: z.literal("public-key"), alg: z.int() })),
	timeout: z.int(),
	excludeCredentials: z.array(Credential),
	authenticatorSelection: z.object({
		residentKey: z.literal("required"),
		requireResidentKey: z.literal(true),
		userVerification: z.literal("required"),
	}),
	attestation: z.literal("none"),
});

/** What a browser is to ask a passkey for (`PublicKeyCredentialRequestOptionsJSON`). Without `allowCredentials` whoever is there chooses. */
export const PasskeyRequest = z
	.object({
		challenge: z.string(),
		rpId: z.string(),
		timeout: z.int(),
		userVerification: z.literal("required"),
		allowCredentials: z.array(Credential),
	})
	.meta({ id: "PasskeyRequest" });
export type PasskeyRequest = z.infer<typeof PasskeyRequest>;

export const BegunPasskey = z
	.object({
		attempt: Attempt,
		options: PasskeyCreation,
		/** Seconds in which it is to be finished. */
		expires_in: z.int(),
	})
	.meta({ id: "BegunPasskey" });
export type BegunPasskey = z.infer<typeof BegunPasskey>;

/** What a passkey is asked for with: the attempt goes back with what the browser answers to the options. */
export const PasskeyAsked = z
	.object({ attempt: Attempt, options: PasskeyRequest, expires_in: z.int() })
	.meta({ id: "PasskeyAsked" });

/** A passkey that a browser has made (`AuthenticatorAttestationResponseJSON`, without what is in it twice). */
export const NewPasskey = z.object({
	attempt: Attempt,
	name: PasskeyName,
	credential: z.object({
		id: CredentialId,
		clientDataJSON: ClientData,
		attestationObject: Secret(base64Url(32_768)),
		transports: z
			.array(z.string().regex(/^[a-z-]{1,20}$/))
			.max(10)
			.default([]),
	}),
});
export type NewPasskey = z.infer<typeof NewPasskey>;

/** What a browser answers with a passkey (`AuthenticatorAssertionResponseJSON`). */
export const PasskeyAnswer = z.object({
	id: CredentialId,
	clientDataJSON: ClientData,
	authenticatorData: Secret(base64Url(8_192)),
	signature: Secret(base64Url(2_048)),
	/** Absent where a passkey was asked for by its id, with some. */
	userHandle: Secret(base64Url(128)).nullish(),
});
export type PasskeyAnswer = z.infer<typeof PasskeyAnswer>;

/** A passkey's answer with what it was asked for with. */
export const GivenPasskey = z.object({ attempt: Attempt, credential: PasskeyAnswer });
export type GivenPasskey = z.infer<typeof GivenPasskey>;

export const PasskeyForChallenge = z.object({
	challenge: Secret(z.string().min(1).max(100)),
	credential: PasskeyAnswer,
});

export const AddedPasskey = z
	.object({
		passkey: Passkey,
		/** Told with the first second factor only, and never again; empty for who has some already. */
		recovery_codes: z.array(z.string()),
	})
	.meta({ id: "AddedPasskey" });
