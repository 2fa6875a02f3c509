import type { PlatformDefinition } from "@netconductor/contracts/devices/platform";
import { compileOnce } from "./compile-once.ts";
import { type CompiledPattern, compilePattern } from "./pattern.ts";

/** The parts of a platform definition that say how to treat the text of its configs. */
export type TextRules = Pick<PlatformDefinition, "volatile" | "secrets" | "secret_blocks">;

type MaskingRules = Omit<TextRules, "volatile">;

/** Marks a pattern as an exception. */
const harmlessGroup = "(?P<harmless>";
const secretMask = "<secret>";
const volatileMask = "<volatile>";

/** A line above this that may hold a secret is masked whole: finding the group in it would cost too much. */
const longestMatchedLine = 16 * 1024;
/** How much is treated before other work gets its turn, in characters. */
const sliceLength = 512 * 1024;

const keyBegins = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/;
/** Encrypted keys are salted anew whenever a device writes them out. */
const encryptedKeyBegins = /-----BEGIN ENCRYPTED PRIVATE KEY-----/;
/** Base64 of a key, the headers of an encrypted one ("Proc-Type: 4,ENCRYPTED"), a blank line. */
const keyBody = /^\s*(?:[A-Za-z0-9+/=]*|[A-Za-z-]+: .*)\s*$/;

/**
 * Rules that mask what either masks: those of the day a text was stored and today's. An exception counts only if it was one that day, so that
 * nobody reveals an old secret by excepting it.
 */
export function eitherMasks(stored: MaskingRules, today: MaskingRules): TextRules {
	const added = today.secrets.filter((source) => !source.includes(harmlessGroup));
	return {
		volatile: [],
		secrets: [...new Set([...stored.secrets, ...added])],
		secret_blocks: [...stored.secret_blocks, ...today.secret_blocks],
	};
}

interface Rules {
	volatile: CompiledPattern[];
	secrets: CompiledPattern[];
	/** What these capture is no secret, whatever `secrets` say. */
	harmless: CompiledPattern[];
	/** One pass over a line tells whether any pattern matches; few lines do. */
	mayBeVolatile: Pick<CompiledPattern, "test"> | undefined;
	mayHoldSecret: Pick<CompiledPattern, "test"> | undefined;
	blocks: { start: CompiledPattern; end: CompiledPattern; secrets: CompiledPattern[] }[];
	hasGroups: Map<CompiledPattern, boolean>;
}

function anyOf(sources: string[]): Pick<CompiledPattern, "test"> | undefined {
	if (sources.length === 0) return undefined;
	try {
		return compilePattern(sources.map((source) => `(?:${source})`).join("|"));
	} catch {
		// Patterns that are right one by one may not go together: two may name a group alike.
		const patterns = sources.map(compilePattern);
		return { test: (text) => patterns.some((pattern) => pattern.test(text)) };
	}
}

const rulesOf: (definition: TextRules) => Rules = compileOnce(({ volatile, secrets: given, secret_blocks }) => {
	const compiled = volatile.map(compilePattern);
	const secrets = given.filter((source) => !source.includes(harmlessGroup));
	return {
		volatile: compiled,
		secrets: secrets.map(compilePattern),
		harmless: given.filter((source) => source.includes(harmlessGroup)).map(compilePattern),
		mayBeVolatile: anyOf(volatile),
		mayHoldSecret: anyOf([...secrets, ...secret_blocks.map(({ start }) => start)]),
		blocks: secret_blocks.map((block) => ({
			start: compilePattern(block.start),
			end: compilePattern(block.end),
			secrets: block.secrets.map(compilePattern),
		})),
		// An alternative that matches the empty string shows how many groups the pattern has.
		hasGroups: new Map(compiled.map((p) => [p, (compilePattern(`(?:${p.source})|`).exec("")?.length ?? 1) > 1])),
	};
});

/** A line without what changes by itself, or undefined when the whole line does. */
function settleLine(line: string, rules: Rules): string | undefined {
	const trimmed = line.trimEnd();
	if (rules.mayBeVolatile === undefined || !rules.mayBeVolatile.test(trimmed)) return trimmed;
	if (rules.volatile.some((pattern) => !rules.hasGroups.get(pattern) && pattern.test(trimmed))) return undefined;
	return maskGroups(rules.volatile, trimmed, volatileMask);
}

/** Follows private keys (PEM) through the lines of a text, so that their bodies can be told from other lines. */
function createKeyFinder(begins: RegExp): (line: string) => "begin" | "body" | "end" | undefined {
	let inside = false;
	return (line) => {
		if (inside) {
			inside = !line.includes("-----END ") && keyBody.test(line);
			if (inside) return "body";
			if (line.includes("-----END ")) return "end";
		}
		if (!line.includes("-----BEGIN ") || !begins.test(line)) return undefined;
		inside = !line.includes("-----END ");
		return "begin";
	};
}

/** Masks lines one after the other; it remembers being inside a private key or a block. Lines come without their `\n`. */
export function createLineMasker(definition: TextRules): (line: string) => string {
	const rules = rulesOf(definition);
	const partOfKey = createKeyFinder(keyBegins);
	let block: Rules["blocks"][number] | undefined;
	return (line) => {
		const part = partOfKey(line);
		if (part === "body") return secretMask;
		if (part === "end") return line;
		if (part === "begin")
			return line
				.replace(keyBegins, (begin) => `${begin}\0`)
				.replace(/\0.+/, secretMask)
				.replace("\0", "");
		if (block !== undefined) {
			if (block.end.test(line)) block = undefined;
			else if (line.length <= longestMatchedLine) {
				const masked = maskGroups(block.secrets, line, secretMask);
				if (masked !== line) return masked;
			}
		}
		if (rules.mayHoldSecret === undefined || !rules.mayHoldSecret.test(line)) return line;
		if (line.length > longestMatchedLine) return secretMask;
		block = rules.blocks.find(({ start }) => start.test(line)) ?? block;
		return maskGroups(rules.secrets, line, secretMask, rules.harmless);
	};
}

/**
 * A line in which a device may repeat a line of config among words of its own (`% Invalid input: snmp-server community ...`), masked as if
 * that line began at each of its words. For short texts: the cost grows with their square.
 */
export function maskEcho(line: string, definition: TextRules): string {
	let masked = line;
	// From the end, so that masking moves nothing that is still to be looked at.
	for (const { index } of [...line.matchAll(/(?<=^|[\s"'`(:])(?=\S)/g)].reverse()) {
		for (const start of index > 0 ? [index, index - 1] : [index]) {
			masked = masked.slice(0, start) + createLineMasker(definition)(masked.slice(start));
		}
	}
	return masked;
}

/**
 * `line` with what the patterns capture replaced, save where it lies within what `harmless` captures. All look at the line as it came: what
 * one masks must not hide from another.
 */
function maskGroups(patterns: CompiledPattern[], line: string, mask: string, harmless: CompiledPattern[] = []): string {
	const spans = patterns.flatMap((pattern) => pattern.groupSpans(line)).sort((a, b) => a[0] - b[0] || b[1] - a[1]);
	if (spans.length === 0) return line;
	const plain = harmless.flatMap((pattern) => pattern.groupSpans(line));
	let masked = "";
	let from = 0;
	for (const [start, end] of spans) {
		if (plain.some(([first, last]) => start >= first && end <= last)) continue;
		if (start >= from && end > start) masked += line.slice(from, start) + mask;
		from = Math.max(from, end);
	}
	return masked + line.slice(from);
}

/** Calls `visit` with each line of `text`, without line ending (`\n`, `\r\n`), from `start` until about `length` further. Returns where it stopped. */
function eachLine(text: string, start: number, length: number, visit: (line: string) => void): number {
	let from = start;
	const until = start + length;
	while (from < text.length && from < until) {
		const newline = text.indexOf("\n", from);
		const end = newline === -1 ? text.length : newline;
		visit(text.slice(from, text.charCodeAt(end - 1) === 13 && end > from ? end - 1 : end));
		from = end + 1;
	}
	return from;
}

/**
 * Normalises lines one after the other: each without trailing blanks and with what changes by itself blanked, or undefined where the whole line
 * does. It remembers being inside an encrypted private key. Lines come without their `\n`.
 */
export function createLineNormaliser(definition: TextRules): (line: string) => string | undefined {
	const rules = rulesOf(definition);
	const partOfKey = createKeyFinder(encryptedKeyBegins);
	return (line) => (partOfKey(line) === "body" ? undefined : settleLine(line, rules));
}

function normaliser(definition: TextRules): { take(line: string): void; text(): string } {
	const settle = createLineNormaliser(definition);
	const lines: string[] = [];
	return {
		take(line) {
			const settled = settle(line);
			if (settled !== undefined) lines.push(settled);
		},
		text() {
			while (lines.at(-1) === "") lines.pop();
			return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
		},
	};
}

/**
 * The text by which two configs are compared: `\n` line endings, no trailing blanks, what changes by itself left out, exactly one
 * newline at the end. Linear; about 1 s for 50 MB, so use `normaliseInSlices` for text of unknown size where others wait.
 */
export function normalise(text: string, definition: TextRules): string {
	const result = normaliser(definition);
	eachLine(text, 0, Number.POSITIVE_INFINITY, result.take);
	return result.text();
}

/** As `normalise`, letting other work run every few milliseconds. */
export async function normaliseInSlices(text: string, definition: TextRules): Promise<string> {
	const result = normaliser(definition);
	await inSlices(text, result.take);
	return result.text();
}

/** `text` with every secret replaced by `<secret>`: what the platform's patterns capture, and the body of private keys. Line endings become `\n`. */
export function maskSecrets(text: string, definition: TextRules): string {
	const mask = createLineMasker(definition);
	const lines: string[] = [];
	eachLine(text, 0, Number.POSITIVE_INFINITY, (line) => lines.push(mask(line)));
	return lines.join("\n") + (text.endsWith("\n") ? "\n" : "");
}

/** As `maskSecrets`, letting other work run every few milliseconds. */
export async function maskSecretsInSlices(text: string, definition: TextRules): Promise<string> {
	const mask = createLineMasker(definition);
	const lines: string[] = [];
	await inSlices(text, (line) => lines.push(mask(line)));
	return lines.join("\n") + (text.endsWith("\n") ? "\n" : "");
}

async function inSlices(text: string, visit: (line: string) => void): Promise<void> {
	let from = eachLine(text, 0, sliceLength, visit);
	while (from < text.length) {
		await new Promise((resolve) => setImmediate(resolve));
		from = eachLine(text, from, sliceLength, visit);
	}
}
