import { createHash } from "node:crypto";
import { type AccessChange, concerns } from "@netconductor/contracts/auth/access";
import type { authApi } from "@netconductor/contracts/auth/api";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Client } from "@netconductor/contracts/kernel/client";
import { Id } from "@netconductor/contracts/kernel/ids";
import type { Clock } from "@netconductor/runtime/clock";
import { failed, hasCode } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { anonymous } from "@netconductor/runtime/host/invoke";
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from "jose";
import { z } from "zod";

/** Who a request comes from. */
export interface Identity {
	actor: Actor;
	/** Until the one-time password is changed, nothing else is allowed. */
	must_change_password: boolean;
	/** Until a second factor is added, nothing else is allowed. */
	must_add_second_factor: boolean;
}

export type Authenticate = (authorization: string | undefined) => Promise<Identity>;

export interface Authentication {
	authenticate: Authenticate;
	/** Has whom a change concerns asked for anew, also those of whom the answer is still on its way. */
	forget(change: AccessChange): void;
}

interface Known {
	identity: Promise<Identity>;
	until: number;
	/** Whom it is about; undefined while an API token was not answered yet. */
	who: { user_id: string; session_id: string | undefined } | undefined;
}

/** A token of ours always has an end. */
const AccessClaims = z.object({ sid: Id, sub: Id, exp: z.number() });

interface Needs {
	auth: Pick<Client<typeof authApi, CallerContext>, "getJwks" | "resolveActor">;
	/** The gateway's own account. */
	account: CallerContext;
	clock: Clock;
}

// Whatever is withdrawn is told at once, and then forgotten here. Where that word was lost, it may still work for so long.
const freshFor_ms = 5_000;
const mostRemembered = 10_000;

/**
 * Turns a bearer token into an actor. Access tokens are verified here with auth's public keys; what the actor may do is always
 * auth's word, asked again every five seconds, and at once when auth says that it is another (`forget`).
 */
export function createAuthentication({ auth, account, clock }: Needs): Authentication {
	let keys: { verify: ReturnType<typeof createLocalJWKSet>; ids: Set<string>; at: number } | undefined;
	const verified = new Map<string, { session_id: string; user_id: string; until: number }>();
	const known = new Map<string, Known>();

	async function loadKeys(kid: string | undefined) {
		const now = clock.elapsed_ms();
		// An unknown key id may be a new key, or made up: auth is asked at most once a second.
		if (keys !== undefined && (kid === undefined || keys.ids.has(kid) || now - keys.at < 1_000)) return keys;
		const set = (await auth.getJwks({}, account)) as unknown as JSONWebKeySet;
		keys = { verify: createLocalJWKSet(set), ids: new Set(set.keys.map((key) => String(key.kid))), at: now };
		return keys;
	}

	async function verify(token: string) {
		const digest = fingerprint(token);
		const before = verified.get(digest);
		if (before !== undefined && before.until > clock.now().getTime()) return before;
		try {
			const { verify: keyOf } = await loadKeys(decodeProtectedHeader(token).kid);
			const { payload } = await jwtVerify(token, keyOf, {
				algorithms: ["EdDSA"],
				issuer: "netconductor",
				audience: "netconductor",
				currentDate: clock.now(),
			});
			const { sid, sub, exp } = AccessClaims.parse(payload);
			const claims = { session_id: sid, user_id: sub, until: exp * 1000 };
			remember(verified, digest, claims);
			return claims;
		} catch (cause) {
			if (hasCode(cause, "service.unavailable")) throw cause;
			throw failed("auth.unauthenticated", { message: "The access token is not valid or has expired", cause });
		}
	}

	/** Requests that come at the same time share one question to auth. */
	function resolve(key: string, who: Known["who"], ask: () => Promise<Identity>): Promise<Identity> {
		// Not by the clock of the wall: set back, it would keep a withdrawn permission alive.
		const now = clock.elapsed_ms();
		const before = known.get(key);
		if (before !== undefined && before.until > now) return before.identity;
		const identity = ask();
		const entry: Known = { identity, until: now + freshFor_ms, who };
		remember(known, key, entry);
		// A failure is asked again, and so is a state that ends with the next request: the change of the one-time password, the second factor.
		const drop = () => known.get(key) === entry && known.delete(key);
		identity.then(({ actor, must_change_password, must_add_second_factor }) => {
			entry.who = { user_id: actor.id, session_id: actor.session_id };
			if (must_change_password || must_add_second_factor) drop();
		}, drop);
		return identity;
	}

	async function authenticate(authorization: string | undefined): Promise<Identity> {
		if (authorization === undefined)
			return { actor: anonymous, must_change_password: false, must_add_second_factor: false };
		const [scheme, token, ...rest] = authorization.split(" ");
		if (scheme?.toLowerCase() !== "bearer" || !token || rest.length > 0 || token.length > 4096) {
			throw failed("auth.unauthenticated", { message: "Send the token as `Authorization: Bearer …`" });
		}
		if (token.startsWith("nc_")) {
			const ask = () => auth.resolveActor({ body: { kind: "api_token", token } }, account);
			return resolve(fingerprint(token), undefined, ask);
		}
		const { session_id, user_id } = await verify(token);
		const key = `${session_id} ${user_id}`;
		const ask = () => auth.resolveActor({ body: { kind: "session", session_id, user_id } }, account);
		return resolve(key, { user_id, session_id }, ask);
	}

	return {
		authenticate,
		forget(change) {
			for (const [key, { who }] of known) if (who === undefined || concerns(change, who)) known.delete(key);
		},
	};
}

function fingerprint(token: string): string {
	return createHash("sha256").update(token).digest("base64");
}

/** Keeps the newest entries only, so that made-up tokens cannot fill the memory. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
	map.delete(key);
	map.set(key, value);
	if (map.size > mostRemembered) map.delete(map.keys().next().value as string);
}
