import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes, scrypt } from "node:crypto";
import { open } from "node:fs/promises";
import { z } from "zod";
import { failed } from "../errors.ts";
import type { MasterKeys } from "../master-key.ts";

/**
 * A sealed file: magic, length and text of a header that anybody may read, then frames. A frame is its length (the highest bit marks the
 * last one), up to 256 KB sealed with AES-256-GCM, and the tag. The nonce counts the frames and says which is the last, as in the STREAM
 * construction (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance, 2015), so that
 * none can be left out, doubled, put elsewhere or added. The key is of this file alone and follows from the header, too.
 */

const magic = Buffer.from("NCSB0001");
const frame_bytes = 256 * 1024;
const tag_bytes = 16;
const last_bit = 0x8000_0000;
const most_header_bytes = 16 * 1024;

const Header = z.strictObject({
	/** Of the product that wrote it. */
	version: z.string(),
	made_at: z.iso.datetime(),
	key: z.discriminatedUnion("kind", [
		z.strictObject({ kind: z.literal("master_key"), id: z.string() }),
		// scrypt, RFC 7914, with N = 2^17, r = 8, p = 1: 128 MB and part of a second for each guess.
		z.strictObject({ kind: z.literal("passphrase") }),
	]),
	salt: z.hex().length(64),
});
export type SealedHeader = z.output<typeof Header>;

/** What seals a file: the master key, or a passphrase where there is one. */
export interface SealingSecret {
	master: MasterKeys;
	passphrase: string | undefined;
}

/** Everything before the frames, and the key of the frames. */
interface Opening {
	header: SealedHeader;
	key: Buffer;
	/** Where the frames begin. */
	offset: number;
}

/** Makes the beginning of a new file. */
export async function beginSealedFile(
	secret: SealingSecret,
	{ version, made_at }: { version: string; made_at: string },
): Promise<{ beginning: Buffer; key: Buffer }> {
	const header: SealedHeader = {
		version,
		made_at,
		key:
			secret.passphrase === undefined ? { kind: "master_key", id: secret.master.current.id } : { kind: "passphrase" },
		salt: randomBytes(32).toString("hex"),
	};
	const text = Buffer.from(JSON.stringify(header));
	const length = Buffer.alloc(4);
	length.writeUInt32BE(text.length);
	return { beginning: Buffer.concat([magic, length, text]), key: await fileKey(header, text, secret) };
}

/**
 * Reads the beginning of a file and works out its key.
 * @throws system.backup_damaged — no such file, or none of ours; system.backup_key_wrong — sealed with a key that is not at hand
 */
export async function openSealedFile(path: string, secret: SealingSecret): Promise<Opening> {
	const file = await open(path).catch((cause: NodeJS.ErrnoException) => {
		throw failed("system.backup_damaged", { message: `${path} cannot be read (${cause.code}).`, cause });
	});
	try {
		const beginning = Buffer.alloc(magic.length + 4 + most_header_bytes);
		const { bytesRead } = await file.read(beginning, 0, beginning.length, 0);
		const length = bytesRead < magic.length + 4 ? 0 : beginning.readUInt32BE(magic.length);
		const offset = magic.length + 4 + length;
		if (!beginning.subarray(0, magic.length).equals(magic) || length > most_header_bytes || offset > bytesRead) {
			throw damaged("It does not begin as a backup of this system does.");
		}
		const text = beginning.subarray(magic.length + 4, offset);
		const header = readHeader(text);
		return { header, key: await fileKey(header, text, secret), offset };
	} finally {
		await file.close();
	}
}

function readHeader(text: Buffer): SealedHeader {
	try {
		return Header.parse(JSON.parse(text.toString("utf8")));
	} catch {
		throw damaged("Its header cannot be read.");
	}
}

async function fileKey(header: SealedHeader, text: Buffer, { master, passphrase }: SealingSecret): Promise<Buffer> {
	const salt = Buffer.from(header.salt, "hex");
	const info = Buffer.concat([Buffer.from("netconductor system backup "), createHash("sha256").update(text).digest()]);
	return Buffer.from(hkdfSync("sha256", await secretOf(header, salt, master, passphrase), salt, info, 32));
}

async function secretOf(
	{ key }: SealedHeader,
	salt: Buffer,
	master: MasterKeys,
	passphrase: string | undefined,
): Promise<Buffer> {
	if (key.kind === "passphrase") {
		if (passphrase === undefined) {
			throw failed("system.backup_key_wrong", {
				message: "This backup is sealed with a passphrase: name the file that holds it with --passphrase-file.",
			});
		}
		return stretch(passphrase, salt);
	}
	const found = [master.current, master.previous].find((each) => each?.id === key.id);
	if (found !== undefined) return found.bytes;
	throw failed("system.backup_key_wrong", {
		message: `This backup is sealed with the master key ${key.id}; the one here is ${master.current.id}. Put that one in place: as master.key in the data directory or as NETCONDUCTOR_MASTER_KEY.`,
		details: { needed: key.id, found: master.current.id },
	});
}

function stretch(passphrase: string, salt: Buffer): Promise<Buffer> {
	return new Promise((resolve, reject) => {
		scrypt(
			passphrase.normalize("NFKC"),
			salt,
			32,
			{ N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 },
			(error, derived) => (error === null ? resolve(derived) : reject(error)),
		);
	});
}

/** Content to frames. */
export async function* sealFrames(key: Buffer, content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
	let count = 0;
	let waiting: Buffer[] = [];
	let size = 0;
	for await (const piece of content) {
		waiting.push(piece);
		size += piece.length;
		if (size <= frame_bytes) continue;
		const all = Buffer.concat(waiting);
		let from = 0;
		// One always waits: only the end tells which is the last.
		for (; all.length - from > frame_bytes; from += frame_bytes) {
			yield sealFrame(key, count++, false, all.subarray(from, from + frame_bytes));
		}
		waiting = [all.subarray(from)];
		size = all.length - from;
	}
	yield sealFrame(key, count, true, Buffer.concat(waiting));
}

function sealFrame(key: Buffer, count: number, isLast: boolean, plaintext: Buffer): Buffer {
	const cipher = createCipheriv("aes-256-gcm", key, nonce(count, isLast));
	const sealed = cipher.update(plaintext);
	cipher.final();
	const length = Buffer.alloc(4);
	length.writeUInt32BE((sealed.length | (isLast ? last_bit : 0)) >>> 0);
	return Buffer.concat([length, sealed, cipher.getAuthTag()]);
}

/**
 * Frames to content; each is verified before anything of it is handed out.
 * @throws system.backup_damaged — changed, cut, reordered or with something added, or the wrong passphrase
 */
export async function* openFrames(key: Buffer, file: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
	let count = 0;
	let isEnded = false;
	let waiting: Buffer = Buffer.alloc(0);
	for await (const piece of file) {
		waiting = waiting.length === 0 ? piece : Buffer.concat([waiting, piece]);
		let from = 0;
		while (waiting.length - from >= 4) {
			if (isEnded) throw damaged("Something was added at its end.");
			const word = waiting.readUInt32BE(from);
			const isLast = word >= last_bit;
			const length = isLast ? word - last_bit : word;
			if (length > frame_bytes) throw damaged(unreadable(count));
			const end = from + 4 + length + tag_bytes;
			if (waiting.length < end) break;
			yield openFrame(key, count, isLast, waiting.subarray(from + 4, end));
			count++;
			isEnded = isLast;
			from = end;
		}
		waiting = waiting.subarray(from);
	}
	if (isEnded && waiting.length > 0) throw damaged("Something was added at its end.");
	if (!isEnded) throw damaged("Its end is missing.");
}

function openFrame(key: Buffer, count: number, isLast: boolean, sealed: Buffer): Buffer {
	const end = sealed.length - tag_bytes;
	const decipher = createDecipheriv("aes-256-gcm", key, nonce(count, isLast), { authTagLength: tag_bytes });
	decipher.setAuthTag(sealed.subarray(end));
	const plaintext = decipher.update(sealed.subarray(0, end));
	try {
		decipher.final();
	} catch {
		throw damaged(unreadable(count));
	}
	return plaintext;
}

/** A wrong passphrase and a changed beginning cannot be told apart. */
function unreadable(count: number): string {
	return count === 0 ? "It was changed, or the passphrase is not its own." : `It was changed (part ${count + 1}).`;
}

function nonce(count: number, isLast: boolean): Buffer {
	const bytes = Buffer.alloc(12);
	bytes.writeUInt32BE(count, 7);
	bytes[11] = isLast ? 1 : 0;
	return bytes;
}

export function damaged(why: string): Error {
	return failed("system.backup_damaged", {
		message: `This file is not a whole backup. ${why} Nothing was restored from it; take another copy of it, or another backup.`,
	});
}
