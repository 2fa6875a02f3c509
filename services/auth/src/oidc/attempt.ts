import { createHmac } from "node:crypto";

/** What an attempt to sign in at a provider goes by, all of it following from what only the browser holds. */
export interface AttemptSecrets {
	state: string;
	nonce: string;
	/** PKCE (RFC 7636): 43 characters. */
	code_verifier: string;
}

export function attemptSecrets(attempt: string): AttemptSecrets {
	const derive = (what: string) => createHmac("sha256", attempt).update(`oidc ${what}`).digest("base64url");
	return { state: derive("state"), nonce: derive("nonce"), code_verifier: derive("code verifier") };
}
