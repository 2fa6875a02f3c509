import { createHash, hkdfSync, randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { failed } from "./errors.ts";

/** The key that everything secret depends on. It is never stored beside what it protects, and encrypts nothing but data keys. */
export interface MasterKey {
	/** First 8 hexadecimal digits of the SHA-256 of the key: tells keys apart, reveals nothing. */
	id: string;
	bytes: Buffer;
	/** Where it came from, for people: a setting's name or a file. */
	source: string;
}

export interface MasterKeys {
	current: MasterKey;
	/** The one before, while data keys are moved over to the current one. */
	previous: MasterKey | undefined;
}

/** 32 bytes from 64 hexadecimal digits or from base64 (either alphabet, padding optional); undefined for anything else. */
export function parseMasterKey(text: string): Buffer | undefined {
	const trimmed = text.trim();
	if (/^[0-9a-f]{64}$/i.test(trimmed)) return Buffer.from(trimmed, "hex");
	// Buffer reads both alphabets. 43 digits hold 258 bits; the last two must be unused.
	if (/^[\w+/-]{42}[AEIMQUYcgkosw048]=?$/.test(trimmed)) return Buffer.from(trimmed, "base64");
	return undefined;
}

interface LoadOptions {
	/** Setting `master.key`: wins over the file. */
	configured?: string | undefined;
	/** Setting `master.key_previous`. */
	configured_previous?: string | undefined;
	/** Folder of `master.key`, made when missing. */
	data_dir: string;
}

/**
 * The configured master key, else the one in `<data_dir>/master.key`, which the first start makes (mode 0600, on disk before it is used).
 * @throws startup.master_key_invalid — not 32 bytes, or the file can be read by others than its owner
 */
export async function loadMasterKeys(options: LoadOptions): Promise<MasterKeys> {
	const path = join(options.data_dir, "master.key");
	if (options.configured === undefined && !(await exists(path))) await makeFile(path);
	const keys = await findMasterKeys(options);
	if (keys === undefined)
		throw failed("startup.master_key_invalid", { message: `The master key ${path} is gone again.` });
	return keys;
}

/**
 * The same without making a key: undefined where none is configured and there is no file.
 * @throws startup.master_key_invalid
 */
export async function findMasterKeys({
	configured,
	configured_previous,
	data_dir,
}: LoadOptions): Promise<MasterKeys | undefined> {
	const path = join(data_dir, "master.key");
	if (configured === undefined && !(await exists(path))) return undefined;
	const current =
		configured === undefined ? await masterKeyFile(path) : masterKey(configured, "NETCONDUCTOR_MASTER_KEY");
	const previous =
		configured_previous === undefined ? undefined : masterKey(configured_previous, "NETCONDUCTOR_MASTER_KEY_PREVIOUS");
	return { current, previous };
}

/** A key for one purpose (HKDF-SHA256, RFC 5869): the same for the same master key, and of no use for any other purpose. */
export function deriveKey(master: MasterKey, purpose: string, bytes = 32): Buffer {
	return Buffer.from(hkdfSync("sha256", master.bytes, "netconductor", purpose, bytes));
}

function masterKey(text: string, source: string): MasterKey {
	const bytes = parseMasterKey(text);
	if (bytes === undefined) {
		throw failed("startup.master_key_invalid", {
			message: `${source} does not hold a master key: expected 32 bytes as 64 hexadecimal digits or as base64, for example from \`openssl rand -base64 32\`.`,
		});
	}
	return { id: createHash("sha256").update(bytes).digest("hex").slice(0, 8), bytes, source };
}

async function masterKeyFile(path: string): Promise<MasterKey> {
	const { mode } = await stat(path);
	if (process.platform !== "win32" && (mode & 0o077) !== 0) {
		throw failed("startup.master_key_invalid", {
			message: `Others can read the master key in ${path} (mode ${(mode & 0o777).toString(8)}). Run \`chmod 600 ${path}\`; if they may have read it, change the key as well (NETCONDUCTOR_MASTER_KEY_PREVIOUS in the configuration reference).`,
		});
	}
	return masterKey(await readFile(path, "utf8"), path);
}

async function exists(path: string): Promise<boolean> {
	try {
		await stat(path);
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
		throw error;
	}
}

/** The file appears under its name only whole and on disk, and only once: the first of several starting processes wins. */
async function makeFile(path: string): Promise<void> {
	const folder = join(path, "..");
	await mkdir(folder, { recursive: true, mode: 0o700 });
	const draft = `${path}.${randomBytes(6).toString("hex")}`;
	try {
		const file = await open(draft, "wx", 0o600);
		try {
			await file.writeFile(`${randomBytes(32).toString("base64")}\n`);
			await file.sync();
		} finally {
			await file.close();
		}
		await link(draft, path);
		if (process.platform !== "win32") {
			const directory = await open(folder);
			await directory.sync().finally(() => directory.close());
		}
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
	} finally {
		await rm(draft, { force: true });
	}
}
