import type { MethodTestStep, OidcConfig } from "@netconductor/contracts/auth/login-methods";
import { failed, isAppError } from "@netconductor/runtime/errors";
import type { Outbound } from "@netconductor/runtime/http/outbound";
import {
	AuthorizationResponseError,
	allowInsecureRequests,
	authorizationCodeGrant,
	buildAuthorizationUrl,
	ClientError,
	type Configuration,
	calculatePKCECodeChallenge,
	clockTolerance,
	customFetch,
	discovery,
	fetchUserInfo,
	None,
	ResponseBodyError,
	refreshTokenGrant,
} from "openid-client";
import type { ExternalIdentity } from "../methods/identity.ts";
import { testSteps } from "../methods/test-steps.ts";
import type { AttemptSecrets } from "./attempt.ts";
import { identityFrom } from "./claims.ts";
import type { IssuerKeys } from "./issuer-keys.ts";
import { readLogoutToken, type SignedOut } from "./logout-token.ts";
import { causeOf, providerFetch, refuseInTheClear } from "./provider-requests.ts";

/** Somebody whom a provider recognised. */
export interface ProviderSignIn {
	identity: ExternalIdentity;
	/** What the provider calls their session there. */
	session: string | undefined;
	/** Says later whether they are still there. */
	refresh_token: string | undefined;
}

/** An OpenID Connect provider: authorization code flow with PKCE, state and nonce; everything that it says is verified. */
export interface Provider {
	/** Where to send the browser. @throws auth.method_away */
	authorizationUrl(secrets: AttemptSecrets): Promise<string>;
	/**
	 * Who came back.
	 * @throws auth.provider_refused — the provider says no, or what came back is not the answer to this attempt; auth.method_away
	 */
	signIn(query: string, secrets: AttemptSecrets): Promise<ProviderSignIn>;
	/** The same person later, with the token to ask with next time; undefined when the provider knows them no more. @throws auth.method_away */
	confirm(
		refresh_token: string,
		subject: string,
	): Promise<{ identity: ExternalIdentity; refresh_token: string } | undefined>;
	/**
	 * Who signed out there, as a logout token says.
	 * @throws auth.logout_refused — it is not this provider's for this installation, or no logout token; auth.method_away — its keys cannot be had
	 */
	readLogout(logout_token: string): Promise<SignedOut>;
	test(): Promise<MethodTestStep[]>;
}

export function createProvider(
	config: OidcConfig,
	client_secret: string | undefined,
	{ outbound, keys }: { outbound: Outbound; keys: IssuerKeys },
): Provider {
	const ask = providerFetch(outbound, config.timeout_ms);

	async function configuration(): Promise<Configuration> {
		const metadata = { [clockTolerance]: config.clock_skew_s };
		const found = await discovery(
			new URL(config.issuer),
			config.client_id,
			client_secret === undefined ? metadata : { ...metadata, client_secret },
			client_secret === undefined ? None() : undefined,
			{
				[customFetch]: ask,
				timeout: Math.ceil(config.timeout_ms / 1000),
				execute: config.issuer.startsWith("http:") ? [allowInsecureRequests] : [],
			},
		).catch((error: unknown) => {
			throw causeOf(error);
		});
		refuseInTheClear(config, found.serverMetadata());
		return found;
	}

	/** Claims of the identity token, and what the provider adds when it is asked. */
	async function claimsOf(
		client: Configuration,
		tokens: { access_token: string; claims(): Record<string, unknown> | undefined },
		subject: string,
	): Promise<Record<string, unknown> & { sub: string }> {
		const said = tokens.claims() ?? {};
		const more =
			client.serverMetadata().userinfo_endpoint === undefined
				? {}
				: await fetchUserInfo(client, tokens.access_token, subject);
		return { ...said, ...more, sub: subject };
	}

	async function keysAt(jwks_uri: string): Promise<unknown[]> {
		const answer = await ask(jwks_uri, { method: "GET", headers: {}, body: undefined, redirect: "manual" });
		// What is no JSON may be anything, and whoever tests a provider need not be allowed to read it.
		const { keys } = (await answer.json().catch(() => {
			throw new Error(`${jwks_uri} answers with what is no JSON`);
		})) as { keys?: unknown };
		if (!answer.ok || !Array.isArray(keys) || keys.length === 0) throw new Error(`${jwks_uri} holds no keys`);
		return keys;
	}

	return {
		async authorizationUrl({ state, nonce, code_verifier }) {
			const client = await reaching(configuration());
			const url = buildAuthorizationUrl(client, {
				redirect_uri: config.redirect_uri,
				scope: config.scopes.join(" "),
				state,
				nonce,
				code_challenge: await calculatePKCECodeChallenge(code_verifier),
				code_challenge_method: "S256",
			});
			return url.href;
		},
		async signIn(query, { state, nonce, code_verifier }) {
			const client = await reaching(configuration());
			const returned = new URL(config.redirect_uri);
			returned.search = query;
			return answering(
				(async () => {
					const tokens = await authorizationCodeGrant(client, returned, {
						expectedState: state,
						expectedNonce: nonce,
						pkceCodeVerifier: code_verifier,
						idTokenExpected: true,
					});
					const subject = tokens.claims()?.sub ?? "";
					const claims = await claimsOf(client, tokens, subject);
					return {
						identity: identityFrom(config, claims),
						session: typeof claims.sid === "string" ? claims.sid : undefined,
						refresh_token: tokens.refresh_token,
					};
				})(),
			);
		},
		async confirm(refresh_token, subject) {
			const client = await reaching(configuration());
			try {
				const tokens = await refreshTokenGrant(client, refresh_token);
				const claims = await claimsOf(client, tokens, subject);
				return { identity: identityFrom(config, claims), refresh_token: tokens.refresh_token ?? refresh_token };
			} catch (error) {
				if (error instanceof ResponseBodyError && error.error === "invalid_grant") return undefined;
				throw away(causeOf(error));
			}
		},
		readLogout: (logout_token) =>
			readLogoutToken(logout_token, config, () => keys.of(config.issuer, ask, configuration)).catch(
				(error: unknown) => {
					throw isAppError(error) && error.code === "auth.logout_refused" ? error : away(causeOf(error));
				},
			),
		test: () =>
			testSteps(async (step) => {
				const client = await step("discovery", async () => {
					const value = await configuration();
					const { issuer, authorization_endpoint, token_endpoint } = value.serverMetadata();
					if (authorization_endpoint === undefined || token_endpoint === undefined) {
						throw new Error("the discovery document names no authorization or no token endpoint");
					}
					return { value, detail: `${issuer} answers; signs in at ${authorization_endpoint}` };
				});
				await step("code and PKCE", async () => {
					const { response_types_supported: types, code_challenge_methods_supported: methods } =
						client.serverMetadata();
					if (types !== undefined && !types.includes("code"))
						throw new Error("the provider does not know the code flow");
					const detail = methods?.includes("S256")
						? "the provider knows both"
						: "the provider does not say whether it knows PKCE with S256";
					return { value: undefined, detail };
				});
				await step("keys", async () => {
					const { jwks_uri } = client.serverMetadata();
					if (jwks_uri === undefined) throw new Error("the discovery document names no keys");
					const keys = await keysAt(jwks_uri);
					return { value: undefined, detail: `${keys.length} at ${jwks_uri}` };
				});
			}),
	};
}

/** @throws auth.method_away — whatever goes wrong before anybody has signed in is the provider's, or the network's */
async function reaching<T>(work: Promise<T>): Promise<T> {
	try {
		return await work;
	} catch (error) {
		throw away(error);
	}
}

/** @throws auth.provider_refused, or auth.method_away where the provider did not answer at all */
async function answering<T>(work: Promise<T>): Promise<T> {
	try {
		return await work;
	} catch (error) {
		if (isSilence(error)) throw away(causeOf(error));
		throw failed("auth.provider_refused", {
			message: "The identity provider did not confirm who this is. Begin again at the sign-in page.",
			cause: error instanceof ResponseBodyError || error instanceof AuthorizationResponseError ? said(error) : error,
		});
	}
}

/** The error as the provider names it (RFC 6749, 5.2), for the log. */
function said({ error, error_description }: { error: string; error_description?: string | undefined }): Error {
	const says = error_description === undefined ? error : `${error}: ${error_description}`;
	return new Error(`the provider says ${says.slice(0, 500)}`);
}

function isSilence(error: unknown): boolean {
	if (error instanceof ClientError && error.code === "OAUTH_TIMEOUT") return true;
	return isAppError(causeOf(error));
}

function away(cause: unknown) {
	return failed("auth.method_away", {
		message: "The identity provider cannot be asked at this moment. Try again, or sign in as a local user.",
		cause,
	});
}
