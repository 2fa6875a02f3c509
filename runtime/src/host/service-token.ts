import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { Actor } from "@netconductor/contracts/kernel/actor";
import { WorkerPool } from "@netconductor/contracts/kernel/worker-pool";
import { decodeProtectedHeader, jwtVerify, SignJWT } from "jose";
import { failed } from "../errors.ts";

/** Proves to another process that a call comes from one of our services, and on whose behalf. */
export interface ServiceTokens {
	/** A token for one callee, valid for a minute. */
	issue(audience: string, actor: Actor): Promise<string>;
	/** @throws auth.unauthenticated — not ours, expired, or meant for another service */
	verify(token: string, audience: string): Promise<Caller>;
}

/** Who calls, as a token proves. */
export interface Caller {
	actor: Actor;
	service: string;
	/** Of a worker: its pool. */
	worker_pool: string | undefined;
	/** It holds keys of a worker alone (`worker-keys.ts`): it acts for itself, and may call what a worker of a site needs. */
	is_remote: boolean;
}

interface TokenOptions {
	/** Pool of the worker that these tokens are for. */
	worker_pool?: string | undefined;
	/** Seed of the tokens of workers of a pool that hold no other key. */
	seedOfPool?(pool: string): Buffer;
}

const lifetime_s = 60;
const mostVerified = 1_000;
// RFC 8410: an Ed25519 private key in PKCS #8 is this header and the 32-byte seed.
const pkcs8Header = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * Tokens between our own processes: EdDSA with a key that every process derives from the master key, bound to one callee.
 * @param seed 32 bytes, derived from the master key
 */
export function createServiceTokens(
	service: string,
	seed: Buffer,
	{ worker_pool, seedOfPool }: TokenOptions = {},
): ServiceTokens {
	const privateKey = privateKeyOf(seed);
	const publicKey: KeyObject = createPublicKey(privateKey);
	// One actor makes many calls in a row (a run's operations): signing each would be the dearest part of a small call.
	const issued = new WeakMap<Actor, Map<string, { token: string; until: number }>>();
	// And so would be checking the same one again. Ours alone get in here, and a process has few callers.
	const verified = new Map<string, Caller & { expires_at: number }>();
	const remoteKeys = new Map<string, KeyObject>();

	function remoteKey(pool: string): KeyObject {
		if (seedOfPool === undefined || !WorkerPool.safeParse(pool).success) throw new TypeError("no key of that name");
		const key = remoteKeys.get(pool) ?? createPublicKey(privateKeyOf(seedOfPool(pool)));
		if (remoteKeys.size < mostVerified) remoteKeys.set(pool, key);
		return key;
	}

	return {
		async issue(audience, actor) {
			const forActor = issued.get(actor) ?? new Map<string, { token: string; until: number }>();
			issued.set(actor, forActor);
			const known = forActor.get(audience);
			if (known !== undefined && known.until > Date.now()) return known.token;
			const token = await new SignJWT({ act: actor, ...(worker_pool !== undefined && { pool: worker_pool }) })
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
				const remote_pool = poolOfKey(decodeProtectedHeader(token).kid);
				const { payload } = await jwtVerify(token, remote_pool === undefined ? publicKey : remoteKey(remote_pool), {
					algorithms: ["EdDSA"],
					issuer: "netconductor",
					audience: `service:${audience}`,
					clockTolerance: 30,
				});
				const expires_at = (payload.exp ?? 0) * 1000;
				const found =
					remote_pool === undefined
						? {
								actor: Actor.parse(payload.act),
								service: String(payload.sub).replace(/^service:/, ""),
								worker_pool: payload.pool === undefined ? undefined : WorkerPool.parse(payload.pool),
								is_remote: false,
								expires_at,
							}
						: // Whatever it says of itself.
							{ actor: remoteWorker, service: "worker", worker_pool: remote_pool, is_remote: true, expires_at };
				if (verified.size >= mostVerified) verified.clear();
				verified.set(key, found);
				return found;
			} catch (cause) {
				throw failed("auth.unauthenticated", { message: "The service token is not valid here", cause });
			}
		},
	};
}

/** Whom services take a worker for that holds keys of a worker alone. */
const remoteWorker: Actor = { kind: "service", id: "service:worker", name: "worker", permissions: ["*"] };

/**
 * Tokens of a worker that holds keys of a worker alone: signed with a key of its pool. It answers nobody, so it takes none.
 * @param seed 32 bytes, of the pool
 */
export function createRemoteWorkerTokens(pool: string, seed: Buffer): ServiceTokens {
	const privateKey = privateKeyOf(seed);
	const issued = new Map<string, { token: string; until: number }>();
	return {
		async issue(audience) {
			const known = issued.get(audience);
			if (known !== undefined && known.until > Date.now()) return known.token;
			const token = await new SignJWT({})
				.setProtectedHeader({ alg: "EdDSA", kid: `${remoteKeyPrefix}${pool}` })
				.setIssuer("netconductor")
				.setSubject("service:worker")
				.setAudience(`service:${audience}`)
				.setIssuedAt()
				.setExpirationTime(`${lifetime_s}s`)
				.sign(privateKey);
			issued.set(audience, { token, until: Date.now() + (lifetime_s / 2) * 1000 });
			return token;
		},
		async verify() {
			throw failed("auth.unauthenticated", { message: "A worker answers no calls" });
		},
	};
}

const remoteKeyPrefix = "worker/";

function poolOfKey(kid: string | undefined): string | undefined {
	return kid?.startsWith(remoteKeyPrefix) ? kid.slice(remoteKeyPrefix.length) : undefined;
}

function privateKeyOf(seed: Buffer): KeyObject {
	return createPrivateKey({ key: Buffer.concat([pkcs8Header, seed]), format: "der", type: "pkcs8" });
}
