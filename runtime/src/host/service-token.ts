import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { Actor } from "@netconductor/contracts/kernel/actor";
import { jwtVerify, SignJWT } from "jose";
import { failed } from "../errors.ts";

/** Proves to another process that a call comes from one of our services, and on whose behalf. */
export interface ServiceTokens {
	/** A token for one callee, valid for a minute. */
	issue(audience: string, actor: Actor): Promise<string>;
	/** @throws auth.unauthenticated — not ours, expired, or meant for another service */
	verify(token: string, audience: string): Promise<{ actor: Actor; service: string }>;
}

const lifetime_s = 60;
const mostVerified = 1_000;
// RFC 8410: an Ed25519 private key in PKCS #8 is this header and the 32-byte seed.
const pkcs8Header = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * Tokens between our own processes: EdDSA with a key that every process derives from the master key, bound to one callee.
 * @param seed 32 bytes, derived from the master key
 */
export function createServiceTokens(service: string, seed: Buffer): ServiceTokens {
	const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8Header, seed]), format: "der", type: "pkcs8" });
	const publicKey: KeyObject = createPublicKey(privateKey);
	// One actor makes many calls in a row (a run's operations): signing each would be the dearest part of a small call.
	const issued = new WeakMap<Actor, Map<string, { token: string; until: number }>>();
	// And so would be checking the same one again. Ours alone get in here, and a process has few callers.
	const verified = new Map<string, { actor: Actor; service: string; expires_at: number }>();

	return {
		async issue(audience, actor) {
			const forActor = issued.get(actor) ?? new Map<string, { token: string; until: number }>();
			issued.set(actor, forActor);
			const known = forActor.get(audience);
			if (known !== undefined && known.until > Date.now()) return known.token;
			const token = await new SignJWT({ act: actor })
				.setProtectedHeader({ alg: "EdDSA" })
				.setIssuer("netconductor")
				.setSubject(`service:${service}`)
				.setAudience(`service:${audience}`)
				.setIssuedAt()
				.setExpirationTime(`${lifetime_s}s`)
				.sign(privateKey);
			forActor.set(audience, { token, until: Date.now() + (lifetime_s / 2) * 1000 });
			return token;
		},
		async verify(token, audience) {
			const key = `${audience} ${token}`;
			const known = verified.get(key);
			if (known !== undefined && known.expires_at > Date.now()) return known;
			try {
				const { payload } = await jwtVerify(token, publicKey, {
					algorithms: ["EdDSA"],
					issuer: "netconductor",
					audience: `service:${audience}`,
					clockTolerance: 30,
				});
				const service = String(payload.sub).replace(/^service:/, "");
				const found = { actor: Actor.parse(payload.act), service, expires_at: (payload.exp ?? 0) * 1000 };
				if (verified.size >= mostVerified) verified.clear();
				verified.set(key, found);
				return found;
			} catch (cause) {
				throw failed("auth.unauthenticated", { message: "The service token is not valid here", cause });
			}
		},
	};
}
