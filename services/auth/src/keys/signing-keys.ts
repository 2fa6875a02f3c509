import { accessToken } from "@netconductor/contracts/auth/access-token";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database, Orm, Tx } from "@netconductor/runtime/db/database";
import { sealedContext, type Vault } from "@netconductor/runtime/vault";
import type { SealedColumn } from "@netconductor/runtime/vault-rotation";
import { and, desc, eq, gt, isNull, lte, max, or, sql } from "drizzle-orm";
import {
	type CryptoKey,
	calculateJwkThumbprint,
	exportJWK,
	exportPKCS8,
	generateKeyPair,
	importPKCS8,
	type JWK,
	SignJWT,
} from "jose";
import { keyStates, signingKeys } from "../tables.ts";

/** The column that key rotation seals anew. */
export const sealedSigningKeys: SealedColumn = { table: "signing_keys", column: "private_key" };

const times = {
	/** A new key is published this long before it signs: verifiers look at most every 30 s for a key they do not know. */
	publish_ahead_ms: 60_000,
	/** The longest life of an access token that settings allow, and a minute for clocks that differ. */
	longest_token_ms: 3_660_000,
};

export interface SigningKeys {
	/** Makes the first key where there is none. */
	ensure(): Promise<void>;
	/**
	 * Puts a new key in the place of the current one when the service's encryption key was rotated since that was made. What it replaces stays
	 * published until the tokens it signed have expired.
	 */
	followRotation(): Promise<void>;
	/** An access token (JWT, EdDSA). */
	sign(claims: { user_id: string; session_id: string }, lifetime_seconds: number): Promise<string>;
	/** Public keys that verify access tokens, newest first. */
	published(): Promise<{ keys: Record<string, unknown>[] }>;
	/** Deletes keys whose tokens have all expired. */
	prune(): Promise<void>;
}

interface NewSigningKey {
	id: string;
	public_jwk: JWK;
	private_key: string;
}

export function createSigningKeys({ db, vault, clock }: { db: Database; vault: Vault; clock: Clock }): SigningKeys {
	// Private keys do not change under their id, so what was opened once stays good.
	const opened = new Map<string, Promise<CryptoKey>>();
	const after = (ms: number) => new Date(clock.now().getTime() + ms).toISOString();

	function open(id: string, sealed: string): Promise<CryptoKey> {
		let key = opened.get(id);
		if (key === undefined) {
			key = vault
				.openText(sealed, sealedContext("signing_keys", "private_key", id))
				.then((pem) => importPKCS8(pem, accessToken.algorithm));
			key.catch(() => opened.delete(id));
			opened.set(id, key);
		}
		return key;
	}

	/** Done before a transaction is opened: sealing may ask the database. */
	async function prepare(): Promise<NewSigningKey> {
		const pair = await generateKeyPair(accessToken.algorithm, { crv: "Ed25519", extractable: true });
		const jwk = await exportJWK(pair.publicKey);
		const id = await calculateJwkThumbprint(jwk);
		const pem = await exportPKCS8(pair.privateKey);
		return {
			id,
			public_jwk: { ...jwk, kid: id, alg: accessToken.algorithm, use: "sig" },
			private_key: await vault.seal(pem, sealedContext("signing_keys", "private_key", id)),
		};
	}

	async function insert(tx: Tx, key: NewSigningKey, signs_from: string): Promise<void> {
		await tx.insert(signingKeys).values({ ...key, created_at: clock.now().toISOString(), signs_from });
	}

	/** Processes that come to the same conclusion at the same time make one key. */
	async function lock(tx: Tx): Promise<void> {
		await tx.execute(sql`select pg_advisory_xact_lock(hashtext('auth.signing_keys'))`);
	}

	return {
		async ensure() {
			const [any] = await db.orm.select({ id: signingKeys.id }).from(signingKeys).limit(1);
			if (any !== undefined) return;
			const key = await prepare();
			await db.transaction(async (tx) => {
				await lock(tx);
				const [made] = await tx.select({ id: signingKeys.id }).from(signingKeys).limit(1);
				if (made === undefined) await insert(tx, key, clock.now().toISOString());
			});
		},
		async followRotation() {
			if (!(await isRotationAhead(db.orm))) return;
			const key = await prepare();
			await db.transaction(async (tx) => {
				await lock(tx);
				if (!(await isRotationAhead(tx))) return;
				await tx
					.update(signingKeys)
					.set({ expires_at: after(times.publish_ahead_ms + times.longest_token_ms) })
					.where(isNull(signingKeys.expires_at));
				await insert(tx, key, after(times.publish_ahead_ms));
			});
		},
		async sign({ user_id, session_id }, lifetime_seconds) {
			const now = clock.now();
			const [current] = await db.orm
				.select({ id: signingKeys.id, private_key: signingKeys.private_key })
				.from(signingKeys)
				.where(lte(signingKeys.signs_from, now.toISOString()))
				.orderBy(desc(signingKeys.signs_from))
				.limit(1);
			if (current === undefined) throw new TypeError("auth has no key to sign access tokens with");
			const issued_at = Math.floor(now.getTime() / 1000);
			return new SignJWT({ sid: session_id })
				.setProtectedHeader({ alg: accessToken.algorithm, kid: current.id, typ: "JWT" })
				.setIssuer(accessToken.issuer)
				.setAudience(accessToken.audience)
				.setSubject(user_id)
				.setIssuedAt(issued_at)
				.setExpirationTime(issued_at + lifetime_seconds)
				.sign(await open(current.id, current.private_key));
		},
		async published() {
			const keys = await db.orm
				.select({ public_jwk: signingKeys.public_jwk })
				.from(signingKeys)
				.where(or(isNull(signingKeys.expires_at), gt(signingKeys.expires_at, clock.now().toISOString())))
				.orderBy(desc(signingKeys.signs_from));
			return { keys: keys.map((key) => ({ ...key.public_jwk })) };
		},
		async prune() {
			const gone = await db.orm
				.delete(signingKeys)
				.where(lte(signingKeys.expires_at, clock.now().toISOString()))
				.returning({ id: signingKeys.id });
			for (const { id } of gone) opened.delete(id);
		},
	};
}

async function isRotationAhead(orm: Orm): Promise<boolean> {
	const newestKey = orm.select({ at: max(signingKeys.created_at) }).from(signingKeys);
	const [ahead] = await orm
		.select({ service: keyStates.service })
		.from(keyStates)
		.where(and(eq(keyStates.service, "auth"), sql`${keyStates.rotated_at} > ${newestKey}`));
	return ahead !== undefined;
}
