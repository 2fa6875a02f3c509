import { createHash, type Hash } from "node:crypto";

/** Whose words stand in a text: a device's name, and the address it was reached at once that is known. */
export interface Speaker {
	device_name: string;
	host?: string | undefined;
	port?: number | undefined;
}

/** Longer lines are compared by their beginning: what follows tells people nothing, and a hostile device may send megabytes without a line end. */
const longestLine = 4_000;

const clockTime = /\b\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?/g;
const instant = /\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)?(?:Z\b|[+-]\d\d:?\d\d\b)?/g;
const duration =
	/\b\d[\d,]{0,15}(?:\.\d{1,9})?\s?(?:ms|milliseconds?|s|secs?|seconds?|min|minutes?|h|hours?|days?|weeks?|years?)\b/g;
const size = /\b\d[\d,]{0,15}(?:\.\d{1,9})?\s?(?:bytes?|[KMG]i?B)\b/g;
const fingerprint = /\bSHA256:[A-Za-z0-9+/]{43}=?/g;

/**
 * A text without its device's name and address: `core-1 (192.0.2.7:22) refused` reads `{device} refused`. What is said of other devices stays.
 */
export function withoutSpeaker(text: string, { device_name, host, port }: Speaker): string {
	const name = literal(device_name);
	const placed = text.replace(
		new RegExp(`${name.before}${name.text} \\((?:\\[[^\\]\\s]{1,60}\\]|[^()\\s:]{1,255}):\\d{1,5}\\)`, "gu"),
		"{device}",
	);
	const named = device_name === "" ? placed : placed.replace(name.pattern, "{device}");
	if (host === undefined || host === "") return named;
	const address = literal(host);
	return named.replace(
		new RegExp(`${address.before}\\[?${address.text}\\]?(?::${port ?? "\\d{1,5}"}(?!\\d))?${address.after}`, "gu"),
		"{address}",
	);
}

/** The same without what differs from one moment and one device to the next: times, durations, sizes, fingerprints of keys. Lines stay lines. */
export function normalised(text: string, speaker: Speaker): string {
	return withoutSpeaker(text, speaker)
		.split("\n")
		.map((line) =>
			line
				.slice(0, longestLine)
				.replace(fingerprint, "{fingerprint}")
				.replace(instant, "{time}")
				.replace(clockTime, "{time}")
				.replace(duration, "{duration}")
				.replace(size, "{size}")
				.trimEnd(),
		)
		.join("\n");
}

/** What errors have in common that are grouped together. */
export function outcomeOfError(error: { code: string; message: string }, speaker: Speaker): string {
	return hashed(createHash("sha256").update(`${error.code}\n${normalised(error.message, speaker)}`));
}

/** Follows an operation's output while it is written, and says in the end what it has in common with others. */
export function followOutput(): { add(text: string, speaker: Speaker): void; outcome(): string } {
	const hash = createHash("sha256");
	return {
		add: (text, speaker) => void hash.update(`${normalised(text.replace(/\n$/, ""), speaker)}\n`),
		outcome: () => hashed(hash),
	};
}

/** A hash among the words that steps have for their outcomes, which begin with a letter. */
function hashed(hash: Hash): string {
	return `#${hash.digest("hex").slice(0, 32)}`;
}

/** The step's own word for an outcome, as people are shown it; null for a hash. */
export function wordOf(outcome: string | null): string | null {
	return outcome === null || outcome.startsWith("#") ? null : outcome;
}

/** A name as part of a pattern, not matched inside a longer one: `core-1` is not part of `core-10` or `core-1-mgmt`. */
function literal(name: string) {
	const text = RegExp.escape(name);
	const before = "(?<![\\p{L}\\p{N}_.-])";
	const after = "(?![\\p{L}\\p{N}_-]|\\.\\p{N})";
	return { text, before, after, pattern: new RegExp(`${before}${text}${after}`, "gu") };
}
