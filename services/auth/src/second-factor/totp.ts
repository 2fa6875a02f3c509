import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** What every authenticator app takes without being told: SHA-1, six digits, a new code every 30 seconds. */
const totp = { digits: 6, period_s: 30, secret_bytes: 20 } as const;

/** Steps either side of now whose codes are taken too: clocks differ, and typing takes a while (RFC 6238, 5.2). */
const window = 1;

export function newTotpSecret(): string {
	return base32(randomBytes(totp.secret_bytes));
}

/** Number of the time step that `at` lies in (RFC 6238, 4.2). */
export function stepAt(at: Date): number {
	return Math.floor(at.getTime() / 1000 / totp.period_s);
}

/** The code of a time step (RFC 4226, 5.3). `key` is the secret as bytes. */
export function totpCode(key: Uint8Array, step: number, digits: number = totp.digits): string {
	const counter = Buffer.alloc(8);
	counter.writeBigUInt64BE(BigInt(step));
	const mac = createHmac("sha1", key).update(counter).digest();
	const offset = (mac[mac.length - 1] ?? 0) & 0x0f;
	const number = mac.readUInt32BE(offset) & 0x7fff_ffff;
	return String(number % 10 ** digits).padStart(digits, "0");
}

/** The time step whose code this is, within the window around now; undefined for none. How long it takes tells nothing of the code. */
export function matchingStep(secret: string, code: string, now: Date): number | undefined {
	if (!/^[0-9]{6}$/.test(code)) return undefined;
	const key = bytesOfBase32(secret);
	const given = Buffer.from(code);
	const current = stepAt(now);
	let match: number | undefined;
	for (let step = current - window; step <= current + window; step++) {
		if (timingSafeEqual(given, Buffer.from(totpCode(key, step)))) match = step;
	}
	return match;
}

/** What a QR code says to an authenticator app (the Key Uri Format that Google's app began). */
export function otpauthUri(secret: string, { issuer, account }: { issuer: string; account: string }): string {
	const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`;
	const query = new URLSearchParams({
		secret,
		issuer,
		algorithm: "SHA1",
		digits: String(totp.digits),
		period: String(totp.period_s),
	});
	return `otpauth://totp/${label}?${query}`;
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** RFC 4648, 6, without padding. */
export function base32(bytes: Uint8Array): string {
	let bits = "";
	for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
	let text = "";
	for (let at = 0; at < bits.length; at += 5) {
		text += alphabet[Number.parseInt(bits.slice(at, at + 5).padEnd(5, "0"), 2)];
	}
	return text;
}

function bytesOfBase32(text: string): Buffer {
	let bits = "";
	for (const letter of text) bits += alphabet.indexOf(letter).toString(2).padStart(5, "0");
	const bytes: number[] = [];
	for (let at = 0; at + 8 <= bits.length; at += 8) bytes.push(Number.parseInt(bits.slice(at, at + 8), 2));
	return Buffer.from(bytes);
}
