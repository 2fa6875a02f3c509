import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { getCACertificates } from "node:tls";
import {
	type BrotliDecompress,
	createBrotliDecompress,
	createGunzip,
	createInflate,
	type Gunzip,
	type Inflate,
} from "node:zlib";
import { Client, type Dispatcher } from "undici";
import { failed, isAppError } from "../errors.ts";
import { endOf } from "../host/end-of-call.ts";
import { createOutboundRules, type OutboundRules } from "./outbound-rules.ts";

export interface OutboundRequest {
	/** Upper case. */
	method: string;
	/** `http:` or `https:`, without user and password. */
	url: string;
	headers?: Readonly<Record<string, string>>;
	body?: string;
	/** For the connection, TLS included; 10 s unless told. */
	connect_timeout_ms?: number;
	/** For everything, redirects included; 30 s unless told. */
	timeout_ms?: number;
	/** Of the answer's body, unpacked; 1 MiB unless told. */
	max_response_bytes?: number;
	/** Certificates (PEM) that are trusted besides those of the system. */
	ca?: string;
	/** 5 unless told. */
	max_redirects?: number;
	/** An abort ends it with the signal's reason. */
	signal?: AbortSignal;
}

export interface OutboundResponse {
	status: number;
	/** By name in lower case; those that were sent more than once are joined by commas. Without cookies. */
	headers: Record<string, string>;
	body: Buffer;
	/** Where the answer came from, after redirects. It may hold secrets. */
	url: string;
	duration_ms: number;
}

/** Requests to the world outside. */
export interface Outbound {
	/**
	 * Sends one request, as often as it was asked to: once. A name is looked up once, every address it has is held against the rules, and the connection
	 * goes to those addresses; each redirect is held against them again. No cookie is kept and no proxy of the environment used; certificates are
	 * always checked. Headers go to another origin only where they are harmless. A redirect that would turn a write into a read is the answer itself.
	 * No error names more of the address than its origin, and none a header.
	 * @throws outbound.*
	 */
	request(request: OutboundRequest): Promise<OutboundResponse>;
}

const defaults = { connect_timeout_ms: 10_000, timeout_ms: 30_000, max_response_bytes: 1024 * 1024, max_redirects: 5 };

/** @param rules lists as `createOutboundRules` reads them */
export function createOutbound(rules: { allow: readonly string[]; deny: readonly string[] }): Outbound {
	const checked = createOutboundRules(rules);
	return {
		async request(given) {
			const begun_at = performance.now();
			const settings = { ...defaults, ...given };
			const end = endOf(given.signal, begun_at + settings.timeout_ms);
			let hop: Hop = {
				method: given.method,
				url: readUrl(given.url),
				headers: checkHeaders(given.headers),
				body: given.body,
			};
			try {
				for (let followed = 0; ; followed++) {
					const answer = await sendOnce(checked, hop, settings, end.signal);
					const next = nextHop(hop, answer);
					if (next === undefined) {
						const duration_ms = Math.round(performance.now() - begun_at);
						return { ...answer, url: hop.url.href, duration_ms };
					}
					if (followed >= settings.max_redirects) {
						throw failed("outbound.too_many_redirects", {
							message: `It was redirected, by ${hop.url.origin} in the end, more than ${settings.max_redirects} times.`,
							details: { target: hop.url.origin },
						});
					}
					hop = next;
				}
			} catch (error) {
				if (end.isLate()) {
					throw failed("outbound.timeout", {
						message: `${hop.url.origin} gave no whole answer within ${settings.timeout_ms / 1000} s.`,
						details: { target: hop.url.origin, timeout_ms: settings.timeout_ms },
					});
				}
				if (given.signal?.aborted) throw given.signal.reason;
				throw isAppError(error) ? error : connectionError(error, hop.url);
			} finally {
				end.forget();
			}
		},
	};
}

interface Hop {
	method: string;
	url: URL;
	headers: Record<string, string>;
	body: string | undefined;
}

type Settings = OutboundRequest & typeof defaults;
type Answer = Pick<OutboundResponse, "status" | "headers" | "body">;

async function sendOnce(rules: OutboundRules, hop: Hop, settings: Settings, signal: AbortSignal): Promise<Answer> {
	const { url, method } = hop;
	const addresses = await untilAborted(addressesOf(rules, url), signal);
	const client = new Client(url.origin, {
		allowH2: false,
		headersTimeout: 0,
		bodyTimeout: 0,
		keepAliveTimeout: 1_000,
		connect: {
			timeout: settings.connect_timeout_ms,
			rejectUnauthorized: true,
			...(settings.ca !== undefined && { ca: [...getCACertificates("default"), settings.ca] }),
			// The addresses that were checked, whatever the name would come to by now.
			lookup: (_name, { all }, answer) => {
				const [first] = addresses;
				if (all) answer(null, addresses);
				else if (first !== undefined) answer(null, first.address, first.family);
			},
		},
	});
	try {
		const response = await client.request({
			path: url.pathname + url.search,
			method: method as Dispatcher.HttpMethod,
			headers: {
				"user-agent": "NetConductor",
				accept: "*/*",
				"accept-encoding": "gzip, br",
				...hop.headers,
			},
			body: hop.body ?? null,
			signal,
		});
		const headers = plainHeaders(response.headers);
		const body = await readBody(response.body, headers["content-encoding"], settings.max_response_bytes, url, signal);
		return { status: response.statusCode, headers, body };
	} finally {
		await client.destroy();
	}
}

/** Every address of a URL's host, each of them permitted. @throws outbound.refused, outbound.unresolved */
async function addressesOf(rules: OutboundRules, url: URL): Promise<{ address: string; family: number }[]> {
	// The URL's reader has made one form of decimal, octal and hexadecimal addresses.
	const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
	const verdict = rules.ofName(host);
	if (verdict === "denied") throw refused(url, "its name is denied by the configuration");
	const family = isIP(host);
	const addresses = family === 0 ? await resolve(host, url) : [{ address: host, family }];
	if (verdict === "allowed") return addresses;
	for (const { address } of addresses) {
		const reason = rules.whyNot(address);
		if (reason !== undefined) throw refused(url, family === 0 ? `${address} is ${reason}` : `that is ${reason}`);
	}
	return addresses;
}

async function resolve(host: string, url: URL): Promise<{ address: string; family: number }[]> {
	try {
		return await lookup(host, { all: true });
	} catch (cause) {
		throw failed("outbound.unresolved", {
			message: `The name ${host} has no address (${(cause as NodeJS.ErrnoException).code ?? "no answer"}).`,
			details: { target: url.origin },
			cause,
		});
	}
}

function refused(url: URL, reason: string) {
	return failed("outbound.refused", {
		message: `${url.origin} may not be asked: ${reason}. NETCONDUCTOR_OUTBOUND_ALLOW names what may be reached in spite of this.`,
		details: { target: url.origin },
	});
}

/** Where the answer sends the request, or undefined where it is the last one. @throws outbound.refused */
function nextHop(hop: Hop, { status, headers }: Answer): Hop | undefined {
	if (headers.location === undefined || ![301, 302, 303, 307, 308].includes(status)) return undefined;
	const reads = hop.method === "GET" || hop.method === "HEAD";
	// 301 and 302 turn a POST into a GET with most clients: what was to be written would be lost, and nobody would know.
	if (!reads && (status === 301 || status === 302)) return undefined;
	const url = readUrl(headers.location, hop.url);
	if (hop.url.protocol === "https:" && url.protocol === "http:") {
		throw refused(url, `${hop.url.origin} redirects to it without TLS`);
	}
	const same = url.origin === hop.url.origin;
	const kept = Object.entries(hop.headers).filter(([name]) => same || harmless.has(name));
	if (status !== 303 || reads) return { ...hop, url, headers: Object.fromEntries(kept) };
	return {
		method: "GET",
		url,
		headers: Object.fromEntries(kept.filter(([name]) => name !== "content-type")),
		body: undefined,
	};
}

const harmless = new Set(["accept", "accept-language", "content-type", "user-agent"]);

/** @throws outbound.bad_request */
function readUrl(text: string, base?: URL): URL {
	const url = URL.parse(text, base);
	const fault =
		url === null
			? "It is no URL"
			: url.protocol !== "http:" && url.protocol !== "https:"
				? "Only http and https are spoken"
				: url.username !== "" || url.password !== ""
					? "A user and password belong into the header authorization, not into the address"
					: undefined;
	if (url === null || fault !== undefined) {
		throw failed("outbound.bad_request", {
			message:
				base === undefined
					? `The address cannot be used: ${fault}.`
					: `${base.origin} redirects to an address that cannot be used: ${fault}.`,
		});
	}
	return url;
}

/** Those that say how a message is carried are the connection's own. */
const ownHeaders =
	/^(?:host|connection|content-length|transfer-encoding|te|trailer|upgrade|keep-alive|expect|accept-encoding|proxy-.*)$/;

/** Headers by name in lower case. @throws outbound.bad_request — naming the header, never its value */
function checkHeaders(given: Readonly<Record<string, string>> = {}): Record<string, string> {
	const headers: Record<string, string> = Object.create(null);
	for (const [name, value] of Object.entries(given)) {
		const key = name.toLowerCase();
		const fault = !/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(key)
			? "its name has characters that none may have"
			: ownHeaders.test(key)
				? "it is set here"
				: !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)
					? "its value has characters that none may have"
					: undefined;
		if (fault !== undefined) {
			throw failed("outbound.bad_request", { message: `The header ${JSON.stringify(name)} cannot be sent: ${fault}.` });
		}
		headers[key] = value;
	}
	return headers;
}

function plainHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
	return Object.fromEntries(
		Object.entries(headers).flatMap(([name, value]) => {
			if (value === undefined || name === "set-cookie") return [];
			return [[name, [value].flat().join(", ")]];
		}),
	);
}

const decoders: Readonly<Record<string, (() => Gunzip | Inflate | BrotliDecompress) | undefined>> = {
	gzip: createGunzip,
	"x-gzip": createGunzip,
	deflate: createInflate,
	br: createBrotliDecompress,
};

/** @throws outbound.too_large, outbound.bad_answer */
async function readBody(
	body: Readable,
	encoding: string | undefined,
	max_bytes: number,
	url: URL,
	signal: AbortSignal,
): Promise<Buffer> {
	const coding = encoding?.trim().toLowerCase() ?? "";
	const decoder = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined;
	if (coding !== "" && coding !== "identity" && decoder === undefined) {
		throw badAnswer(url, `its body is packed as ${JSON.stringify(coding.slice(0, 50))}`);
	}
	const chunks: Buffer[] = [];
	let size = 0;
	const keep = new Transform({
		transform(chunk: Buffer, _encoding, done) {
			size += chunk.length;
			if (size > max_bytes) return done(tooLarge(url, max_bytes));
			chunks.push(chunk);
			done();
		},
	});
	keep.resume();
	const unpacked = decoder?.();
	try {
		await (unpacked === undefined ? pipeline(body, keep, { signal }) : pipeline(body, unpacked, keep, { signal }));
	} catch (cause) {
		// An answer without a body may say how the body would have been packed.
		if (unpacked?.bytesWritten === 0 && (cause as NodeJS.ErrnoException).code === "Z_BUF_ERROR") return Buffer.alloc(0);
		if (/^(?:Z_|ERR__?ERROR_FORMAT|ERR_BROTLI)/.test((cause as NodeJS.ErrnoException).code ?? "")) {
			throw badAnswer(url, "its body cannot be unpacked", cause);
		}
		throw cause;
	}
	return Buffer.concat(chunks);
}

function tooLarge(url: URL, max_bytes: number) {
	return failed("outbound.too_large", {
		message: `${url.origin} answered with more than ${max_bytes} bytes.`,
		details: { target: url.origin, max_bytes },
	});
}

function badAnswer(url: URL, reason: string, cause?: unknown) {
	return failed("outbound.bad_answer", {
		message: `${url.origin} gave an answer that cannot be read: ${reason}.`,
		details: { target: url.origin },
		cause,
	});
}

/** Codes of OpenSSL and Node that mean: somebody else than who was asked for may be there. */
const untrusted = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|ALTNAME|HOSTNAME_MISMATCH/;

function connectionError(cause: unknown, url: URL) {
	// Happy eyeballs answers with the failures of all addresses.
	const one = cause instanceof AggregateError ? (cause.errors[0] as unknown) : cause;
	const code = (one as NodeJS.ErrnoException | undefined)?.code ?? (cause as NodeJS.ErrnoException).code ?? "no answer";
	const details = { target: url.origin, reason: code };
	if (untrusted.test(code)) {
		const message = `The certificate of ${url.origin} is not trusted (${code}).`;
		return failed("outbound.untrusted", { message, details, cause });
	}
	// The parser's error carries what was received: it stays out of the log.
	if ((one as Error | undefined)?.name === "HTTPParserError") return badAnswer(url, "it is no HTTP");
	if (code === "UND_ERR_HEADERS_OVERFLOW" || code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH") {
		return badAnswer(url, code, cause);
	}
	const connecting = code === "UND_ERR_CONNECT_TIMEOUT" ? "it did not accept the connection in time" : code;
	return failed("outbound.unreachable", { message: `${url.origin} cannot be reached: ${connecting}.`, details, cause });
}

/** Looking up a name cannot be ended; not waiting for it can. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
	signal.throwIfAborted();
	const gone = Promise.withResolvers<never>();
	const onAbort = () => gone.reject(signal.reason);
	signal.addEventListener("abort", onAbort, { once: true });
	try {
		return await Promise.race([work, gone.promise]);
	} finally {
		signal.removeEventListener("abort", onAbort);
	}
}
