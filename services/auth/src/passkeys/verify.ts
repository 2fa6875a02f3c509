import type { NewPasskey, PasskeyAnswer } from "@netconductor/contracts/auth/passkeys";
import { failed } from "@netconductor/runtime/errors";
import type { RelyingParty } from "./relying-party.ts";

/** COSE numbers of the signatures that are taken: ES256, EdDSA, RS256. */
export const algorithms = [-7, -8, -257];

/** No key of these signatures is longer. */
const longest_key = 2_048;

interface Expected {
	party: RelyingParty;
	challenge: string;
}

interface VerifiedPasskey {
	credential_id: string;
	/** COSE, base64url. */
	public_key: string;
	sign_count: number;
	synced: boolean;
}

/**
 * What a browser made for us: for our challenge, domain and origin, by somebody whom their device recognised. Whatever attests the device is left
 * out unread: it was not asked for, and certificates of strangers are better not parsed.
 * @throws passkeys.invalid
 */
export async function verifyNewPasskey(
	{ id, clientDataJSON, attestationObject }: NewPasskey["credential"],
	{ party, challenge }: Expected,
): Promise<VerifiedPasskey> {
	// Thirty megabytes that most processes never need.
	const [{ verifyRegistrationResponse }, { decodeAttestationObject, isoBase64URL, isoCBOR }] = await Promise.all([
		import("@simplewebauthn/server"),
		import("@simplewebauthn/server/helpers"),
	]);
	try {
		refuseFrames(clientDataJSON);
		const authData = decodeAttestationObject(isoBase64URL.toBuffer(attestationObject)).get("authData");
		const bare = isoCBOR.encode(
			new Map<string, string | Uint8Array | Map<string, string>>([
				["fmt", "none"],
				["attStmt", new Map<string, string>()],
				["authData", authData],
			]),
		);
		const { verified, registrationInfo } = await verifyRegistrationResponse({
			response: {
				id,
				rawId: id,
				type: "public-key",
				clientExtensionResults: {},
				response: { clientDataJSON, attestationObject: isoBase64URL.fromBuffer(bare) },
			},
			expectedChallenge: challenge,
			expectedOrigin: party.origin,
			expectedRPID: party.id,
			requireUserVerification: true,
			supportedAlgorithmIDs: algorithms,
		});
		if (!verified || registrationInfo.credential.id !== id) throw new Error("the credential is not the one it says");
		const { publicKey, counter } = registrationInfo.credential;
		if (publicKey.byteLength > longest_key) throw new Error("the key is too long");
		return {
			credential_id: id,
			public_key: isoBase64URL.fromBuffer(publicKey),
			sign_count: counter,
			synced: registrationInfo.credentialBackedUp,
		};
	} catch (cause) {
		throw failed("passkeys.invalid", {
			message: `What the browser sent is not a passkey for ${party.origin}. Open this page there, and try again.`,
			cause,
		});
	}
}

/**
 * What a passkey's answer says, or undefined where it is none: signed by that key, for our challenge, domain and origin, by somebody whom their
 * device recognised. Its counter is for the caller to hold against the one before.
 */
export async function verifyAnswer(
	{ id, clientDataJSON, authenticatorData, signature }: PasskeyAnswer,
	public_key: string,
	{ party, challenge }: Expected,
): Promise<{ sign_count: number; synced: boolean } | undefined> {
	const { verifyAuthenticationResponse } = await import("@simplewebauthn/server");
	try {
		refuseFrames(clientDataJSON);
		const { verified, authenticationInfo } = await verifyAuthenticationResponse({
			response: {
				id,
				rawId: id,
				type: "public-key",
				clientExtensionResults: {},
				response: { clientDataJSON, authenticatorData, signature },
			},
			expectedChallenge: challenge,
			expectedOrigin: party.origin,
			expectedRPID: party.id,
			requireUserVerification: true,
			credential: { id, publicKey: Uint8Array.from(Buffer.from(public_key, "base64url")), counter: 0 },
		});
		if (!verified) return undefined;
		return { sign_count: authenticationInfo.newCounter, synced: authenticationInfo.credentialBackedUp };
	} catch {
		// Every way in which hostile bytes are no answer ends here; none of them tells a stranger anything.
		return undefined;
	}
}

/** A page of ours is never within another's, and who answers from within one was led there. */
function refuseFrames(clientDataJSON: string): void {
	const { crossOrigin } = JSON.parse(Buffer.from(clientDataJSON, "base64url").toString());
	if (crossOrigin === true) throw new Error("answered from within another site's page");
}
