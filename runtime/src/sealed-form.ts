import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";

/** A sealed blob is this, the data key's id, then iv, ciphertext and tag. */
export const magic = Buffer.from("NCV1");
export const lengths = { key_id: 8, iv: 12, tag: 16, header: 4 + 8 };
const slice_bytes = 4 * 1024 * 1024;

/** AES-256-GCM (NIST SP 800-38D): iv, ciphertext, tag. Random ivs stay safe up to 2^32 messages under one key. */
export async function encrypt(key: Buffer, plaintext: Buffer, aad: Buffer): Promise<Buffer[]> {
	const iv = randomBytes(lengths.iv);
	const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(aad);
	const parts = [iv];
	for (let from = 0; from < plaintext.length; from += slice_bytes) {
		if (from > 0) await turn();
		parts.push(cipher.update(plaintext.subarray(from, from + slice_bytes)));
	}
	parts.push(cipher.final(), cipher.getAuthTag());
	return parts;
}

/** Nothing of the plaintext is handed out before the tag is verified. */
export async function decrypt(key: Buffer, sealed: Buffer, aad: Buffer): Promise<Buffer> {
	if (sealed.length < lengths.iv + lengths.tag) throw new RangeError("too short to be sealed content");
	const end = sealed.length - lengths.tag;
	const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, lengths.iv), { authTagLength: lengths.tag });
	decipher.setAAD(aad).setAuthTag(sealed.subarray(end));
	const parts: Buffer[] = [];
	for (let from = lengths.iv; from < end; from += slice_bytes) {
		if (from > lengths.iv) await turn();
		parts.push(decipher.update(sealed.subarray(from, Math.min(end, from + slice_bytes))));
	}
	parts.push(decipher.final());
	return Buffer.concat(parts);
}

/** The bytes of `content`, not copied. */
export function bytesOf(content: string | Uint8Array): Buffer {
	return typeof content === "string"
		? Buffer.from(content, "utf8")
		: Buffer.from(content.buffer, content.byteOffset, content.byteLength);
}
