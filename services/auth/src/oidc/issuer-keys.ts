import type { Clock } from "@netconductor/runtime/clock";
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from "jose";
import type { Configuration, CustomFetch } from "openid-client";

const times = {
	/** Where an issuer's keys are is asked again after this long; which keys there are, jose asks again for by itself, at most twice a minute. */
	kept_ms: 10 * 60_000,
	/** An issuer that could not be asked is left alone this long. */
	left_alone_ms: 30_000,
};

/** Keys by which issuers sign what they send without being asked. Kept: what strangers send must not make us ask the issuer each time. */
export interface IssuerKeys {
	/** @throws what asking the issuer throws */
	of(issuer: string, ask: CustomFetch, discover: () => Promise<Configuration>): Promise<JWTVerifyGetKey>;
}

export function createIssuerKeys({ clock }: { clock: Clock }): IssuerKeys {
	const kept = new Map<string, { keys: Promise<JWTVerifyGetKey>; until: number }>();
	return {
		of(issuer, ask, discover) {
			const now = clock.elapsed_ms();
			for (const [old, { until }] of kept) if (until <= now) kept.delete(old);
			const known = kept.get(issuer);
			if (known !== undefined) return known.keys;
			const keys = discover().then((found) => keysOf(found, ask));
			const entry = { keys, until: now + times.kept_ms };
			kept.set(issuer, entry);
			keys.catch(() => {
				entry.until = now + times.left_alone_ms;
			});
			return keys;
		},
	};
}

function keysOf(found: Configuration, ask: CustomFetch): JWTVerifyGetKey {
	const { jwks_uri } = found.serverMetadata();
	if (jwks_uri === undefined) throw new Error("the discovery document names no keys");
	return createRemoteJWKSet(new URL(jwks_uri), {
		[customFetch]: (url, { headers, method, redirect, signal }) =>
			ask(url, { headers: Object.fromEntries(headers), method, redirect, signal, body: undefined }),
	});
}
