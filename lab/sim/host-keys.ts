import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";

export interface HostKey {
	/** OpenSSH or PEM private key text, as ssh2 reads it. */
	private_key: string;
	/** `SHA256:` and base64 without padding, as OpenSSH prints it. */
	fingerprint: string;
}

/**
 * An Ed25519 host key derived from `seed`: a lab that is started again presents the keys its clients already know. For labs only:
 * anyone who knows the seed has the key.
 */
export function hostKeyFromSeed(seed: string): HostKey {
	const secret = createHash("sha256").update(`netconductor lab host key ${seed}`).digest();
	// RFC 8410: an Ed25519 private key in PKCS #8 is this fixed prefix and the 32 bytes of the seed.
	const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), secret]);
	const privateKey = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
	const point = Buffer.from(String(createPublicKey(privateKey).export({ format: "jwk" }).x), "base64url");
	const publicBlob = Buffer.concat([sshString("ssh-ed25519"), sshString(point)]);
	return { private_key: openSshPrivateKey(secret, point, publicBlob), fingerprint: fingerprintOf(publicBlob) };
}

let legacyKey: HostKey | undefined;

/** One RSA key for every device that only speaks `ssh-rsa`; made on first use, because it takes a tenth of a second. */
export function legacyHostKey(): HostKey {
	if (legacyKey) return legacyKey;
	const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
	const jwk = publicKey.export({ format: "jwk" });
	const integer = (value: unknown) => {
		const bytes = Buffer.from(String(value), "base64url");
		// RFC 4251 mpint: a leading zero keeps a number with its top bit set positive.
		return sshString((bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
	};
	const publicBlob = Buffer.concat([sshString("ssh-rsa"), integer(jwk.e), integer(jwk.n)]);
	legacyKey = {
		private_key: privateKey.export({ format: "pem", type: "pkcs1" }).toString(),
		fingerprint: fingerprintOf(publicBlob),
	};
	return legacyKey;
}

function fingerprintOf(publicBlob: Buffer): string {
	return `SHA256:${createHash("sha256").update(publicBlob).digest("base64").replace(/=+$/, "")}`;
}

function sshString(value: string | Buffer): Buffer {
	const bytes = Buffer.from(value);
	const length = Buffer.alloc(4);
	length.writeUInt32BE(bytes.length);
	return Buffer.concat([length, bytes]);
}

/** OpenSSH's PROTOCOL.key, unencrypted. */
function openSshPrivateKey(secret: Buffer, point: Buffer, publicBlob: Buffer): string {
	const check = Buffer.alloc(8, 0x5a);
	let inner = Buffer.concat([
		check,
		sshString("ssh-ed25519"),
		sshString(point),
		sshString(Buffer.concat([secret, point])),
		sshString("lab"),
	]);
	const padding = (8 - (inner.length % 8)) % 8;
	inner = Buffer.concat([inner, Buffer.from(Array.from({ length: padding }, (_, i) => i + 1))]);
	const body = Buffer.concat([
		Buffer.from("openssh-key-v1\0"),
		sshString("none"),
		sshString("none"),
		sshString(""),
		Buffer.from([0, 0, 0, 1]),
		sshString(publicBlob),
		sshString(inner),
	]);
	const lines = body.toString("base64").match(/.{1,70}/g) ?? [];
	return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join("\n")}\n-----END OPENSSH PRIVATE KEY-----\n`;
}
