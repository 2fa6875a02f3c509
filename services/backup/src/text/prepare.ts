import { createHmac } from "node:crypto";
import { maskSecrets, normalise, type TextRules } from "@netconductor/runtime/config-text";
import { decodeConfig } from "@netconductor/runtime/text/lines";
import { fold } from "./matcher.ts";
import { hasCrlf, pack, withCrlf } from "./packing.ts";

/** The rules for secrets alone. */
export type MaskingRules = Omit<TextRules, "volatile">;

/** A collected config: what tells it from others, and the forms in which it is stored. */
export interface PreparedConfig {
	/** Nothing but white space, or nothing but lines that change by themselves. */
	empty: boolean;
	content_key: string;
	content_hash: string;
	raw_hash: string;
	raw_size: number;
	normalised_size: number;
	masked_size: number;
	/** Absent when the key is that of the content so far: the text is stored already. */
	forms: ContentForms | undefined;
	/** Absent when these, too, are the content's. */
	raw: PackedRaw | undefined;
}

export interface ContentForms {
	/** The masked text as search compares it. */
	folded: string;
	/** zstd; the normalised text has the masked one as dictionary. */
	masked: Uint8Array;
	normalised: Uint8Array;
}

/** Raw bytes: zstd with the normalised text as dictionary. */
export interface PackedRaw {
	packed: Uint8Array;
	/** The dictionary has CRLF line ends. */
	crlf: boolean;
}

export interface PrepareInput {
	bytes: Uint8Array;
	rules: TextRules;
	/** Texts are told apart by keyed hashes: from a plain one a reader of the masked text could find a short secret by trying. */
	hash_key: Uint8Array;
	/** The device's content so far; most configs are unchanged, and then half the work is not needed. */
	current?: { content_key: string; raw_hash: string } | undefined;
}

export function prepareConfig({ bytes, rules, hash_key, current }: PrepareInput): PreparedConfig {
	const normalised_text = normalise(decodeConfig(bytes), rules);
	const masked_text = maskSecrets(normalised_text, rules);
	const normalised = Buffer.from(normalised_text);
	const masked = Buffer.from(masked_text);
	const hash = (name: string, ...parts: Uint8Array[]) => {
		const hmac = createHmac("sha256", hash_key).update(`${name}\0`);
		for (const part of parts) hmac.update(`${part.byteLength}\0`).update(part);
		return hmac.digest("hex");
	};
	const content_key = hash("content", normalised, masked);
	const raw_hash = hash("raw", bytes);
	const isCurrent = content_key === current?.content_key;
	return {
		empty: normalised_text.trim() === "",
		content_key,
		content_hash: hash("normalised", normalised),
		raw_hash,
		raw_size: bytes.byteLength,
		normalised_size: normalised.byteLength,
		masked_size: masked.byteLength,
		forms: isCurrent
			? undefined
			: { folded: fold(masked_text), masked: pack(masked), normalised: pack(normalised, masked) },
		raw: isCurrent && raw_hash === current.raw_hash ? undefined : packRaw(bytes, normalised),
	};
}

function packRaw(bytes: Uint8Array, normalised: Buffer): PackedRaw {
	const crlf = hasCrlf(bytes);
	return { packed: pack(bytes, crlf ? withCrlf(normalised) : normalised), crlf };
}
