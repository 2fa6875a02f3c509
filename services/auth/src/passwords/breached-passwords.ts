import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";

/** Longer than any line of the list: 40 digits, a colon, a count. */
const line_bytes = 80;
const entry = /^([0-9A-Fa-f]{40})(?::\d+)?\r?$/;

/** Passwords known from breaches, as a file on this machine. */
export interface BreachedPasswords {
	/** Whether the password is in it: some 35 short reads of the whole list. @throws where the file cannot be read any more */
	includes(password: string): Promise<boolean>;
}

/**
 * The list in a file of SHA-1 hashes in rising order, one `HASH:COUNT` a line: the form in which Have I Been Pwned offers its list for download. The file
 * is opened for each question, so that a newer one may take its place.
 * @throws Error where it cannot be read or does not begin like that
 */
export async function openBreachedPasswords(path: string): Promise<BreachedPasswords> {
	await using(path, async (file) => {
		const first = await lineFrom(file, 0);
		if (first === undefined || !entry.test(first.text)) {
			throw new Error("it does not begin with a line HASH:COUNT, the SHA-1 of a password in hexadecimal digits");
		}
	});
	return {
		includes: (password) => using(path, (file) => isListed(file, sha1(password.normalize("NFKC")))),
	};
}

async function using<T>(path: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
	const file = await open(path, "r");
	try {
		return await work(file);
	} finally {
		await file.close();
	}
}

function sha1(text: string): string {
	return createHash("sha1").update(text).digest("hex").toUpperCase();
}

/** Halves the file again and again: between `from` and `to` begin the lines that may be the wanted one. */
async function isListed(file: FileHandle, wanted: string): Promise<boolean> {
	let from = 0;
	let to = (await file.stat()).size;
	while (from < to) {
		const middle = Math.floor((from + to) / 2);
		const line = middle === 0 ? await lineFrom(file, 0) : await lineAfter(file, middle - 1);
		if (line === undefined || line.at >= to) {
			to = middle;
			continue;
		}
		const [, hash = ""] = entry.exec(line.text) ?? [];
		if (hash === "") throw new Error(`The list of breached passwords is broken at byte ${line.at}`);
		const found = hash.toUpperCase();
		if (found === wanted) return true;
		if (found < wanted) from = line.at + 1;
		else to = middle;
	}
	return false;
}

interface Line {
	text: string;
	/** Byte at which it begins. */
	at: number;
}

/** The first line that begins after this byte. */
async function lineAfter(file: FileHandle, byte: number): Promise<Line | undefined> {
	const bytes = await read(file, byte);
	const end = bytes.indexOf("\n");
	return end === -1 ? undefined : lineFrom(file, byte + end + 1);
}

async function lineFrom(file: FileHandle, at: number): Promise<Line | undefined> {
	const bytes = await read(file, at);
	const [text = ""] = bytes.split("\n", 1);
	return text === "" ? undefined : { text, at };
}

async function read(file: FileHandle, position: number): Promise<string> {
	const { bytesRead, buffer } = await file.read(Buffer.alloc(line_bytes), 0, line_bytes, position);
	return buffer.toString("latin1", 0, bytesRead);
}
