import { createHmac, createPublicKey } from "node:crypto";
import { findEmbeddedPostgres } from "@netconductor/runtime/db/embedded-postgres";
import { createLog } from "@netconductor/runtime/log";
import { deriveKey, loadMasterKeys } from "@netconductor/runtime/master-key";
import { createVault, sealedContext } from "@netconductor/runtime/vault";
import {
	type CryptoKey,
	decodeJwt,
	decodeProtectedHeader,
	generateKeyPair,
	importPKCS8,
	type JWK,
	SignJWT,
} from "jose";
import pg from "pg";

/** Somebody's good access token, and what it is made from. */
export interface Forge {
	/** Signed by auth's own key, as auth would, with these claims and headers changed: proves that only what is changed is refused. */
	genuine(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
	/** Tokens that nobody may accept, by what is wrong with them. */
	bad(other: { user_id: string; session_id: string }): Promise<Record<string, string>>;
}

/** Takes auth's signing key out of the product's own data folder: what an attacker has who has everything, to make tokens that are nearly right. */
async function signingKey(data_dir: string, kid: string): Promise<CryptoKey> {
	const postgres = findEmbeddedPostgres(data_dir);
	if (postgres.state !== "running") throw new Error("PostgreSQL does not run");
	const pool = new pg.Pool({ connectionString: postgres.url, options: "-c search_path=auth" });
	try {
		const query = async <R extends pg.QueryResultRow>(text: string, values?: unknown[]) =>
			(await pool.query<R>(text, values)).rows;
		const master = await loadMasterKeys({ data_dir });
		const log = createLog({ level: "silent" });
		const vault = await createVault({ db: { pool, query, schema: "auth" }, master, service: "auth", log });
		const [row] = await query<{ private_key: string }>("select private_key from signing_keys where id = $1", [kid]);
		const pem = await vault.openText(row?.private_key ?? "", sealedContext("signing_keys", "private_key", kid));
		return await importPKCS8(pem, "EdDSA");
	} finally {
		await pool.end();
	}
}

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

export async function createForge(url: string, data_dir: string, good: string): Promise<Forge> {
	const header = decodeProtectedHeader(good);
	const claims = decodeJwt(good);
	const { kid = "" } = header;
	const key = await signingKey(data_dir, kid);
	const { keys } = (await (await fetch(`${url}/api/auth/jwks`)).json()) as { keys: JWK[] };
	const publicJwk = keys.find((one) => one.kid === kid);
	if (publicJwk === undefined) throw new Error("the key of the token is not published");
	const strangers = await generateKeyPair("EdDSA", { crv: "Ed25519" });
	const master = await loadMasterKeys({ data_dir });

	const sign = (changed: Record<string, unknown>, headers: Record<string, unknown>, by = key) =>
		new SignJWT({ ...claims, ...changed }).setProtectedHeader({ ...header, alg: "EdDSA", ...headers }).sign(by);
	const now = Math.floor(Date.now() / 1000);
	const [head, payload, signature] = good.split(".");
	const symmetric = (secret: string | Buffer) => {
		const text = `${encoded({ alg: "HS256", typ: "JWT", kid })}.${payload}`;
		return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
	};
	const pem = createPublicKey({ key: publicJwk, format: "jwk" }).export({ type: "spki", format: "pem" });

	return {
		genuine: (changed = {}, headers = {}) => sign(changed, headers),
		async bad(other) {
			const serviceKey = await servicePrivateKey(deriveKey(master.current, "service tokens"));
			return {
				"expired a moment ago": await sign({ iat: now - 700, exp: now - 1 }, {}),
				"expired a year ago": await sign({ iat: now - 31_536_700, exp: now - 31_536_000 }, {}),
				"not valid yet": await sign({ nbf: now + 600 }, {}),
				"without an end, of a session that is none": await sign({ exp: undefined, sid: crypto.randomUUID() }, {}),
				"for another audience": await sign({ aud: "service:devices" }, {}),
				"for nobody in particular": await sign({ aud: undefined }, {}),
				"of another issuer": await sign({ iss: "somebody" }, {}),
				"without a session": await sign({ sid: undefined }, {}),
				"of another's session for this user": await sign({ sid: other.session_id }, {}),
				"of this session for another user": await sign({ sub: other.user_id }, {}),
				"with names that are no ids": await sign({ sid: "' or 1=1 --", sub: "../admin" }, {}),
				"signed by a stranger": await sign({}, {}, strangers.privateKey),
				"signed by a stranger whose key it carries": await sign(
					{},
					{ jwk: { kty: "OKP", crv: "Ed25519", x: "AAAA" }, kid: undefined },
					strangers.privateKey,
				),
				"with a key id that is a path": await sign({}, { kid: "../../../../dev/null" }, strangers.privateKey),
				"of a service, for a service": await new SignJWT({ act: { kind: "user", id: "x", permissions: ["*"] } })
					.setProtectedHeader({ alg: "EdDSA" })
					.setIssuer("netconductor")
					.setAudience("service:devices")
					.setExpirationTime("1m")
					.sign(serviceKey),
				"with another payload under its signature": `${head}.${encoded({ ...claims, sub: other.user_id })}.${signature}`,
				"with its signature cut": `${head}.${payload}.${signature?.slice(0, -4)}`,
				"without a signature": `${head}.${payload}.`,
				"that says it needs none": `${encoded({ alg: "none", typ: "JWT" })}.${payload}.`,
				"that says so in capitals": `${encoded({ alg: "NONE", typ: "JWT", kid })}.${payload}.`,
				"signed with the public key as a shared one": symmetric(String(publicJwk.x)),
				"signed with the public key's bytes as a shared one": symmetric(Buffer.from(String(publicJwk.x), "base64url")),
				"signed with the public key's file as a shared one": symmetric(String(pem)),
				"that is empty": "..",
				"that is an API token nobody made": `nc_${"a".repeat(43)}`,
				"of 4,000 characters": `${head}.${"A".repeat(4_000 - (head?.length ?? 0))}`,
			};
		},
	};
}

/** The key by which our processes know each other; see the service tokens of the runtime. */
function servicePrivateKey(seed: Buffer): Promise<CryptoKey> {
	const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]).toString("base64");
	return importPKCS8(`-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----`, "EdDSA");
}
