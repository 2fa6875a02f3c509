import { isAppError } from "./errors.ts";

const mask = "[redacted]";

/**
 * Secrets that give themselves away by their form, each found in time linear in the text:
 * private keys (also cut short), JWTs, our own tokens, the userinfo of URLs, credentials of an Authorization header, `password=…` and `"password":"…"`.
 */
const secretForms =
	/(?<pem>-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$))|(?<jwt>(?<![\w-])eyJ[\w-]{6,}\.[\w-]{2,}(?:\.[\w-]*)*)|(?<token>\bnc[rt]?_[\w-]{12,})|:\/\/(?<user>[^\s/:@"'<>]*):[^\s/"'<>]*@|:\/\/(?<userinfo>[^\s/:@"'<>]+)@|\b(?<scheme>bearer|basic)\s+(?=[\w.~+/-]*[\d=])[\w.~+/=-]{8,}|(?<name>pass(?:word|wd|phrase)|secret|token|api_?key|community|ticket)(?<is>["'\\]{0,4}[=:]["'\\]{0,4}(?<=[="'\\]))[^\s"'\\,;&}]+/gi;

// Every form above has one of these in it; most log texts have none, and then one quick pass is enough.
const hint =
	/-----BEGIN|eyJ|nc[rt]?_|:\/\/|bearer|basic|(?:pass(?:word|wd|phrase)|secret|token|api_?key|community|ticket)["'\\]{0,4}[=:]/i;

// Cc is C0 and C1; the rest turns text around or hides it on a terminal.
const controls = /[\p{Cc}\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/gu;

/** `text` with secrets masked. The name before a URL's password stays; the password does not. */
export function redactText(text: string): string {
	if (!hint.test(text)) return text;
	return text.replace(secretForms, (...match) => {
		const groups = match.at(-1) as Record<string, string | undefined>;
		if (groups.user !== undefined) return `://${groups.user}:${mask}@`;
		if (groups.userinfo !== undefined) return `://${mask}@`;
		if (groups.scheme !== undefined) return `${groups.scheme} ${mask}`;
		if (groups.name !== undefined) return `${groups.name}${groups.is}${mask}`;
		return mask;
	});
}

/** `text` with control and direction characters made visible, so that what a device sent cannot drive a terminal. Line breaks and tabs stay. */
export function escapeControls(text: string): string {
	return text.replace(controls, (character) => {
		if (character === "\n" || character === "\t") return character;
		const code = character.charCodeAt(0);
		return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
	});
}

const secretKey =
	/(?:^|_)(?:pass(?:word|wd|phrase)?|pwd|passwords|secrets?|tokens?|jwt|authorization|cookies?|credential|communit(?:y|ies)|psk|(?:private|api|master|data|encryption|signing|shared|ssh|secret|access|auth|priv)_?keys?|apikey|privatekey|plaintext)(?:_(?:hash|text|value|string|pem|b64))?$/;

const decided = new Map<string, boolean>();

/** Whether a field of this name holds a secret: `enable_password`, `accessToken`, `X-Api-Key`, … but not `has_password` or `token_type`. */
export function isSecretKey(key: string): boolean {
	const known = decided.get(key);
	if (known !== undefined) return known;
	const words = key
		.slice(0, 200)
		.replace(/([a-z0-9])([A-Z])/g, "$1_$2")
		.replace(/[^A-Za-z0-9]+/g, "_")
		.toLowerCase();
	const secret = secretKey.test(words) && !words.startsWith("has_");
	// Keys may come from outside; the memory of them stays small.
	if (decided.size < 5_000) decided.set(key, secret);
	return secret;
}

const limits = { depth: 8, nodes: 2_000, scan: 65_536, text: 8_192 };

interface Budget {
	nodes: number;
}

/**
 * A plain copy of `value`, fit for a log: fields with a secret's name and texts with a secret's form are masked at any depth, errors and their
 * causes included; depth, size and text length are bounded, so that the cost of a log call is too.
 */
export function redact(value: unknown): unknown {
	return copy(value, 0, { nodes: limits.nodes });
}

/** `redact` for the fields of a log record; its class instances named `keep` are left to a serializer. */
export function redactRecord(record: Record<string, unknown>, keep: readonly string[] = []): Record<string, unknown> {
	const budget = { nodes: limits.nodes };
	const result: Record<string, unknown> = {};
	for (const key in record) result[key] = keep.includes(key) ? record[key] : copyField(key, record[key], 1, budget);
	return result;
}

function copyField(key: string, value: unknown, depth: number, budget: Budget): unknown {
	// Counts and flags under such a name (`tokens: 512`, `password: false`) are not secrets, save a number that is one: `pin`-like passwords.
	if (typeof value === "boolean" || value === null || value === undefined) return value;
	if (isSecretKey(key) && !(typeof value === "number" && /tokens$/i.test(key))) return mask;
	return copy(value, depth, budget);
}

function copy(value: unknown, depth: number, budget: Budget): unknown {
	switch (typeof value) {
		case "string":
			return text(value);
		case "bigint":
			return value.toString();
		case "symbol":
		case "function":
			return undefined;
		case "object":
			break;
		default:
			return value;
	}
	if (value === null) return null;
	if (--budget.nodes < 0) return "[cut]";
	if (value instanceof Error) return copyError(value, depth, budget);
	if (depth >= limits.depth) return Array.isArray(value) ? "[list]" : "[object]";
	if (Array.isArray(value)) {
		const list: unknown[] = [];
		for (const item of value) {
			if (budget.nodes <= 0 || list.length >= limits.nodes) {
				list.push(`[${value.length - list.length} more]`);
				break;
			}
			list.push(copy(item, depth + 1, budget));
		}
		return list;
	}
	if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
	if (value instanceof URL) return text(value.href);
	if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
	if (value instanceof Map) return copy(Object.fromEntries(value), depth, budget);
	if (value instanceof Set) return copy([...value], depth, budget);
	const prototype: unknown = Object.getPrototypeOf(value);
	if (prototype !== Object.prototype && prototype !== null) {
		// A socket, a pool, a request: huge, circular, and nobody chose to log what is inside.
		return `[${(prototype as { constructor?: { name?: string } }).constructor?.name ?? "object"}]`;
	}
	const result: Record<string, unknown> = {};
	for (const [key, inner] of Object.entries(value)) {
		if (budget.nodes <= 0) {
			result["…"] = "[cut]";
			break;
		}
		result[text(key)] = copyField(key, inner, depth + 1, budget);
	}
	return result;
}

/** Redacts before it cuts: a secret cut in half is no longer recognised. */
function text(value: string): string {
	if (value.length <= limits.text) return escapeControls(redactText(value));
	const safe = redactText(value.slice(0, limits.scan)).slice(0, limits.text);
	return `${escapeControls(safe)}… (${value.length} characters)`;
}

// Chosen facts of system and database errors. PostgreSQL's own `detail` is not among them: it quotes whole rows.
const errorFacts = [
	"code",
	"kind",
	"phase",
	"retryable",
	"syscall",
	"address",
	"port",
	"hostname",
	"sqlstate",
	"query",
	"table",
	"constraint",
	"routine",
	"status",
	"statusCode",
];

function copyError(error: Error, depth: number, budget: Budget): Record<string, unknown> {
	const result: Record<string, unknown> = { type: error.name, message: text(String(error.message)) };
	const facts = error as unknown as Record<string, unknown>;
	for (const fact of errorFacts) {
		const value = facts[fact];
		if (typeof value === "string") result[fact] = text(value);
		else if (typeof value === "number" || typeof value === "boolean") result[fact] = value;
	}
	if (isAppError(error)) {
		if (error.details !== undefined) result.details = copy(error.details, depth + 1, budget);
		if (error.errors !== undefined) result.errors = copy(error.errors, depth + 1, budget);
	}
	if (typeof error.stack === "string") result.stack = text(error.stack);
	if (depth < limits.depth && budget.nodes > 0) {
		if (error.cause !== undefined) result.cause = copy(error.cause, depth + 1, budget);
		if (error instanceof AggregateError) {
			result.causes = error.errors.slice(0, 10).map((inner) => copy(inner, depth + 1, budget));
		}
	}
	return result;
}
