import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";

/** Above this, finding repetitions costs more than it saves. */
const largestWindowLog = 27;
const smallWindow = 64 * 1024;

/**
 * zstd (RFC 8878). With a `dictionary`, what that holds already costs next to nothing; the same one is needed to unpack.
 * Level 6 is the first whose search tables cover a dictionary of a megabyte; for small texts level 3 costs a third and saves as much but for 4 %.
 */
export function pack(bytes: Uint8Array, dictionary?: Uint8Array): Buffer {
	const window = bytes.length + (dictionary?.length ?? 0);
	return zstdCompressSync(bytes, {
		params: {
			[constants.ZSTD_c_compressionLevel]: window <= smallWindow ? 3 : 6,
			[constants.ZSTD_c_windowLog]: Math.min(largestWindowLog, Math.max(10, Math.ceil(Math.log2(window + 1)))),
		},
		pledgedSrcSize: bytes.length,
		...(dictionary !== undefined && dictionary.length > 0 && { dictionary: Buffer.from(dictionary) }),
	});
}

/** @throws RangeError when the content is larger than `max_bytes`, or was damaged */
export function unpack(packed: Uint8Array, max_bytes: number, dictionary?: Uint8Array): Buffer {
	return zstdDecompressSync(packed, {
		params: { [constants.ZSTD_d_windowLogMax]: largestWindowLog },
		maxOutputLength: Math.max(1, max_bytes),
		...(dictionary !== undefined && dictionary.length > 0 && { dictionary: Buffer.from(dictionary) }),
	});
}

/** `text` with the line ends that a terminal session has, as a dictionary for what came over one. */
export function withCrlf(text: Uint8Array): Buffer {
	const source = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
	// In latin1 every byte is a character and comes back as it was.
	return Buffer.from(source.toString("latin1").replaceAll("\n", "\r\n"), "latin1");
}

/** Whether most line ends are CRLF. */
export function hasCrlf(bytes: Uint8Array): boolean {
	const sample = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 65_536));
	let ends = 0;
	let crlf = 0;
	for (let at = sample.indexOf(10); at !== -1; at = sample.indexOf(10, at + 1)) {
		ends++;
		if (sample[at - 1] === 13) crlf++;
	}
	return crlf > ends / 2;
}
