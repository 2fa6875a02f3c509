import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import type { BegunPasskey, NewPasskey, PasskeyAnswer, PasskeyRequest } from "@netconductor/contracts/auth/passkeys";

/** What a test makes go wrong, or go another way. */
interface Wishes {
	origin?: string;
	rp_id?: string;
	challenge?: string;
	type?: string;
	cross_origin?: boolean;
	verified?: boolean;
	present?: boolean;
	count?: number;
	user_handle?: string | null;
	/** Put in the place of the CBOR that it would be. */
	attestation?: Buffer;
	/** In the place of the COSE key within. */
	cose?: Buffer;
	credential_id?: string;
}

/** A passkey as a device holds it. */
export interface HeldPasskey {
	id: string;
	/** What to send to add it. */
	made: NewPasskey["credential"];
	answer(request: PasskeyRequest, wishes?: Wishes): PasskeyAnswer;
}

type Algorithm = "ES256" | "EdDSA" | "RS256";

const origin = "https://nc.example.org";

/**
 * A device that makes a passkey as WebAuthn 3 says (6.1 and 6.5: authenticator data, none attestation) and answers with it. It counts its
 * signatures unless told, and has recognised its owner unless told.
 */
export function makePasskey(
	{ options }: BegunPasskey,
	{ algorithm = "ES256", ...wishes }: Wishes & { algorithm?: Algorithm } = {},
): HeldPasskey {
	const { publicKey, privateKey } = keysFor(algorithm);
	const id = wishes.credential_id ?? randomBytes(32).toString("base64url");
	const raw = Buffer.from(id, "base64url");
	let count = 0;
	const attested = Buffer.concat([
		Buffer.alloc(16),
		Buffer.from([raw.length >> 8, raw.length & 255]),
		raw,
		wishes.cose ?? coseKey(publicKey, algorithm),
	]);
	const authData = authenticatorData(options.rp.id, 0, wishes, attested);
	const attestation = cbor(
		new Map<string, Cbor>([
			["fmt", "none"],
			["attStmt", new Map()],
			["authData", authData],
		]),
	);
	return {
		id,
		made: {
			id,
			clientDataJSON: clientData("webauthn.create", options.challenge, wishes),
			attestationObject: (wishes.attestation ?? attestation).toString("base64url"),
			transports: ["internal"],
		},
		answer(request, wanted = {}) {
			count = wanted.count ?? count + 1;
			const data = authenticatorData(request.rpId, count, wanted);
			const client = clientData("webauthn.get", request.challenge, wanted);
			const signed = Buffer.concat([data, sha256(Buffer.from(client, "base64url"))]);
			const user_handle = wanted.user_handle === undefined ? options.user.id : wanted.user_handle;
			return {
				id: wanted.credential_id ?? id,
				clientDataJSON: client,
				authenticatorData: data.toString("base64url"),
				signature: sign(algorithm === "EdDSA" ? null : "sha256", signed, privateKey).toString("base64url"),
				userHandle: user_handle,
			};
		},
	};
}

function keysFor(algorithm: Algorithm): { publicKey: KeyObject; privateKey: KeyObject } {
	if (algorithm === "ES256") return generateKeyPairSync("ec", { namedCurve: "P-256" });
	if (algorithm === "EdDSA") return generateKeyPairSync("ed25519");
	return generateKeyPairSync("rsa", { modulusLength: 2048 });
}

/** RFC 9053. */
function coseKey(key: KeyObject, algorithm: Algorithm): Buffer {
	const jwk = createPublicKey({ key: key.export({ type: "spki", format: "der" }), type: "spki", format: "der" }).export(
		{
			format: "jwk",
		},
	);
	const bytes = (text = "") => Buffer.from(text, "base64url");
	const fields: Record<Algorithm, [number, Cbor][]> = {
		ES256: [
			[1, 2],
			[3, -7],
			[-1, 1],
			[-2, bytes(jwk.x)],
			[-3, bytes(jwk.y)],
		],
		EdDSA: [
			[1, 1],
			[3, -8],
			[-1, 6],
			[-2, bytes(jwk.x)],
		],
		RS256: [
			[1, 3],
			[3, -257],
			[-1, bytes(jwk.n)],
			[-2, bytes(jwk.e)],
		],
	};
	return cbor(new Map(fields[algorithm]));
}

function clientData(type: string, challenge: string, wishes: Wishes): string {
	const said = {
		type: wishes.type ?? type,
		challenge: wishes.challenge ?? challenge,
		origin: wishes.origin ?? origin,
		crossOrigin: wishes.cross_origin ?? false,
	};
	return Buffer.from(JSON.stringify(said)).toString("base64url");
}

function authenticatorData(rp_id: string, count: number, wishes: Wishes, attested = Buffer.alloc(0)): Buffer {
	const flags =
		(wishes.present === false ? 0 : 1) | (wishes.verified === false ? 0 : 4) | (attested.length > 0 ? 64 : 0);
	const counter = Buffer.alloc(4);
	counter.writeUInt32BE(wishes.count ?? count);
	return Buffer.concat([sha256(Buffer.from(wishes.rp_id ?? rp_id)), Buffer.from([flags]), counter, attested]);
}

function sha256(bytes: Buffer): Buffer {
	return createHash("sha256").update(bytes).digest();
}

type Cbor = number | string | Buffer | Map<string | number, Cbor>;

/** RFC 8949, as much of it as authenticators write. */
function cbor(value: Cbor): Buffer {
	if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value);
	if (typeof value === "string") return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
	if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
	return Buffer.concat([head(5, value.size), ...[...value].flatMap(([key, item]) => [cbor(key), cbor(item)])]);
}

function head(major: number, n: number): Buffer {
	if (n < 24) return Buffer.from([(major << 5) | n]);
	if (n < 256) return Buffer.from([(major << 5) | 24, n]);
	return Buffer.from([(major << 5) | 25, n >> 8, n & 255]);
}
