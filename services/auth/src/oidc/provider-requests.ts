import type { OidcConfig } from "@netconductor/contracts/auth/login-methods";
import { isAppError } from "@netconductor/runtime/errors";
import type { Outbound } from "@netconductor/runtime/http/outbound";
import { ClientError, type CustomFetch, type ServerMetadata } from "openid-client";

/** Whether what goes to an address can be read on the way; within this machine nobody is. */
export function isInTheClear(address: string): boolean {
	const url = new URL(address);
	return url.protocol === "http:" && !/^(?:localhost|\[::1\]|127(?:\.\d+){3})$/.test(url.hostname);
}

/** Addresses that a provider's document sends this installation, or a browser, to. */
const endpoints = ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"] as const;

/** @throws Error — an address of a provider is not encrypted, and that is not allowed */
export function refuseInTheClear(config: OidcConfig, found: ServerMetadata): void {
	if (config.allow_plaintext) return;
	for (const endpoint of endpoints) {
		const address = found[endpoint];
		if (address !== undefined && isInTheClear(address)) {
			throw new Error(`the discovery document names a ${endpoint} in the clear: ${address} is not encrypted`);
		}
	}
}

/**
 * How a provider is asked: as all else outside is, so that nobody makes it a way to what only this machine reaches. Redirects are not followed:
 * an answer is the issuer's own.
 */
export function providerFetch(outbound: Outbound, timeout_ms: number): CustomFetch {
	return async (url, { method, headers, body, signal }) => {
		const answer = await outbound.request({
			method,
			url,
			headers,
			...(body != null && { body: await new Response(body).text() }),
			timeout_ms,
			connect_timeout_ms: timeout_ms,
			max_redirects: 0,
			...(signal !== undefined && { signal }),
		});
		const { status } = answer;
		const has_body = status !== 204 && status !== 205 && status !== 304;
		return new Response(has_body ? new Uint8Array(answer.body) : null, { status, headers: answer.headers });
	};
}

/** What went wrong with a request, in place of "something" that openid-client says of errors that are not its own. */
export function causeOf(error: unknown): unknown {
	return error instanceof ClientError && isAppError(error.cause) ? error.cause : error;
}
