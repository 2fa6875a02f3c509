import { createHash, randomBytes } from "node:crypto";

/** A secret of 256 bits that nobody can guess: `<prefix><base64url>`. */
export function newSecret(prefix: string): string {
	return prefix + randomBytes(32).toString("base64url");
}

/** How such a secret is stored. A plain SHA-256 is enough for 256 random bits; what people choose goes through Argon2id. */
export function secretHash(secret: string): string {
	return createHash("sha256").update(secret).digest("hex");
}
