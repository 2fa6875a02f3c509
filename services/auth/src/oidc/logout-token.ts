import type { OidcConfig } from "@netconductor/contracts/auth/login-methods";
import { failed } from "@netconductor/runtime/errors";
import { errors, type JWTVerifyGetKey, type JWTVerifyResult, jwtVerify } from "jose";

/** Who signed out at a provider. */
export interface SignedOut {
	/** `jti`: no two tokens have the same. */
	token_id: string;
	/** Who, where it says so. */
	subject: string | undefined;
	/** What the provider calls the session that ended; undefined: all of theirs. */
	session: string | undefined;
	/** From then on the token would be too old. */
	expires_at: string;
}

const event = "http://schemas.openid.net/event/backchannel-logout";
/** Seconds since it was made. Providers give them two minutes. */
const oldest_s = 300;
const asymmetric = [
	"RS256",
	"RS384",
	"RS512",
	"PS256",
	"PS384",
	"PS512",
	"ES256",
	"ES384",
	"ES512",
	"EdDSA",
	"Ed25519",
];

/**
 * Verifies a logout token (OpenID Connect Back-Channel Logout 1.0, 2.6).
 * @throws auth.logout_refused; what asking for the keys throws
 */
export async function readLogoutToken(
	token: string,
	{ issuer, client_id, clock_skew_s }: OidcConfig,
	keys: () => Promise<JWTVerifyGetKey>,
): Promise<SignedOut> {
	const { payload, protectedHeader } = await verify(token, await keys(), {
		issuer,
		audience: client_id,
		clockTolerance: clock_skew_s,
		maxTokenAge: oldest_s,
		algorithms: asymmetric,
		requiredClaims: ["jti", "iat", "events"],
	});
	const { jti, sub, sid, events, nonce, iat = 0 } = payload;
	// Tokens of other kinds are signed with the same keys.
	if (!/^(?:application\/)?(?:logout\+)?jwt$/i.test(protectedHeader.typ ?? "JWT"))
		throw refused("it is of another type");
	if (!isObject(events) || !Object.hasOwn(events, event) || !isObject(events[event]))
		throw refused("it tells of no logout");
	if (nonce !== undefined) throw refused("it has a nonce, as identity tokens do");
	if (typeof jti !== "string" || jti === "") throw refused("it has no id");
	if (sid !== undefined && (typeof sid !== "string" || sid === "")) throw refused("its session is none");
	if (sub === undefined && sid === undefined) throw refused("it names nobody and no session");
	const expires_at = new Date((iat + oldest_s + clock_skew_s) * 1000).toISOString();
	return { token_id: jti, subject: sub, session: sid, expires_at };
}

async function verify(
	token: string,
	keys: JWTVerifyGetKey,
	options: Parameters<typeof jwtVerify>[2],
): Promise<JWTVerifyResult> {
	try {
		return await jwtVerify(token, keys, options);
	} catch (error) {
		const away = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid;
		const ours = error instanceof errors.JOSEError && error.code !== "ERR_JOSE_GENERIC";
		throw ours && !away ? refused(error.message, error) : error;
	}
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function refused(why: string, cause: unknown = new Error(why)) {
	return failed("auth.logout_refused", { message: `The logout token is refused: ${why}.`, cause });
}
