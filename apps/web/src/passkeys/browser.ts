import type { BegunPasskey, NewPasskey, PasskeyAnswer, PasskeyRequest } from "@netconductor/contracts/auth/passkeys";
import {
	browserSupportsWebAuthn,
	browserSupportsWebAuthnAutofill,
	startAuthentication,
	startRegistration,
	WebAuthnAbortService,
	WebAuthnError,
} from "@simplewebauthn/browser";

/** Whether a browser would take passkeys for this installation from the page as it was opened. */
export function takesPasskeys(origin: string | null | undefined): boolean {
	return origin === window.location.origin && browserSupportsWebAuthn();
}

/** The same for passkeys that were asked for by the server's answer, which names the domain alone. */
export function takesRequest(request: PasskeyRequest | undefined): request is PasskeyRequest {
	return request?.rpId === window.location.hostname && browserSupportsWebAuthn();
}

export function offersPasskeysInFields(): Promise<boolean> {
	return browserSupportsWebAuthnAutofill();
}

/** Lets the browser make a passkey: it asks its user, and which device. */
export async function makePasskey({ options }: BegunPasskey): Promise<NewPasskey["credential"]> {
	const { id, response } = await startRegistration({ optionsJSON: options });
	const { clientDataJSON, attestationObject, transports = [] } = response;
	return { id, clientDataJSON, attestationObject, transports };
}

/** Lets the browser ask for a passkey: at once, or among what it offers in the field for the user name. Another question takes its place. */
export async function askForPasskey(options: PasskeyRequest, { in_field = false } = {}): Promise<PasskeyAnswer> {
	const { id, response } = await startAuthentication({
		optionsJSON: options,
		useBrowserAutofill: in_field,
	});
	const { clientDataJSON, authenticatorData, signature, userHandle } = response;
	return { id, clientDataJSON, authenticatorData, signature, userHandle };
}

/** Takes back what the browser was asked. */
export function stopAsking(): void {
	WebAuthnAbortService.cancelCeremony();
}

/** What the browser, or whoever sits there, says no with; undefined where it was something else. */
export function passkeyTrouble(error: unknown): { title: string; detail: string } | undefined {
	if (!(error instanceof Error)) return undefined;
	const code = error instanceof WebAuthnError ? error.code : undefined;
	if (code === "ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED") {
		return {
			title: "This device holds a passkey of yours already",
			detail: "It is in the list. Choose another device or security key, or leave it at that.",
		};
	}
	if (code === "ERROR_AUTHENTICATOR_MISSING_USER_VERIFICATION_SUPPORT") {
		return {
			title: "This device cannot recognise you",
			detail: "A passkey needs a fingerprint, a face or a PIN: set one up on the device, or choose another.",
		};
	}
	if (error.name === "NotAllowedError" || error.name === "AbortError") {
		return {
			title: "No passkey was given",
			detail: "You cancelled it, it took too long, or no device with a passkey for this site was found.",
		};
	}
	if (!(error instanceof WebAuthnError) && error.name !== "SecurityError") return undefined;
	return { title: "The browser refused", detail: error.message };
}
