import { AsyncLocalStorage } from "node:async_hooks";
import { randomFillSync } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Span, SpanKind, Tracer } from "@opentelemetry/api";
import { isAppError } from "./errors.ts";
import { redactText } from "./redact.ts";

interface TraceContext {
	/** 32 hexadecimal digits. */
	trace_id: string;
	/** 16 hexadecimal digits. */
	span_id: string;
	sampled: boolean;
	/** The trace begins here and its first span, which takes this id, is still to come. */
	spanless?: boolean;
}

export type SpanAttributes = Record<string, string | number | boolean | undefined>;
export type SpanRole = "internal" | "server" | "client" | "producer" | "consumer";

// A trace belongs to the flow of control and not to a part of the program: the one piece of state that a process shares.
const current = new AsyncLocalStorage<TraceContext>();
let exporting: { tracer: Tracer; api: typeof import("@opentelemetry/api"); sample_ratio: number } | undefined;
/** Ids of the span that is being started, where they were handed out before it. */
let announced: TraceContext | undefined;

/** The current trace's id, as errors and log records carry it. */
export function currentTraceId(): string | undefined {
	return current.getStore()?.trace_id;
}

/** The current position as a W3C `traceparent` header, or undefined outside any trace. */
export function currentTraceparent(): string | undefined {
	const context = current.getStore();
	return context && `00-${context.trace_id}-${context.span_id}-${context.sampled ? "01" : "00"}`;
}

/**
 * Runs `fn` as a continuation of the trace that `traceparent` names: a header, an event's or a run's. Anything that is not a valid
 * one (W3C Trace Context, section 3.2) starts a new trace.
 */
export function runWithTraceparent<T>(traceparent: string | undefined, fn: () => T): T {
	return current.run(parseTraceparent(traceparent) ?? newTrace(), fn);
}

/**
 * Runs `fn` as one step of the trace, starting a trace where there is none, and reports it as a span when an OTLP endpoint is configured.
 * `setAttributes` adds what is known only later. Attributes must not be secrets; their texts are redacted all the same.
 */
export async function withSpan<T>(
	name: string,
	attributes: SpanAttributes,
	fn: (setAttributes: (more: SpanAttributes) => void) => T | Promise<T>,
	role: SpanRole = "internal",
): Promise<T> {
	const known = current.getStore();
	if (exporting === undefined) {
		// A step that nobody will hear of needs no id of its own.
		return known === undefined ? current.run(newTrace(), () => fn(() => {})) : fn(() => {});
	}
	const parent = known ?? newTrace();
	const { tracer, api } = exporting;
	const options = { kind: spanKind(role, api.SpanKind), attributes: safe(attributes) };
	const span = parent.spanless
		? startAnnounced(parent, () => tracer.startSpan(name, options, api.ROOT_CONTEXT))
		: tracer.startSpan(
				name,
				options,
				api.trace.setSpanContext(api.ROOT_CONTEXT, {
					traceId: parent.trace_id,
					spanId: parent.span_id,
					traceFlags: parent.sampled ? api.TraceFlags.SAMPLED : api.TraceFlags.NONE,
					isRemote: true,
				}),
			);
	const { traceId, spanId, traceFlags } = span.spanContext();
	const context = { trace_id: traceId, span_id: spanId, sampled: (traceFlags & api.TraceFlags.SAMPLED) !== 0 };
	try {
		return await current.run(context, async () => fn((more) => void span.setAttributes(safe(more))));
	} catch (error) {
		recordError(span, error, api.SpanStatusCode.ERROR);
		throw error;
	} finally {
		span.end();
	}
}

export interface TelemetryOptions {
	/** Base address of an OTLP/HTTP receiver, such as `http://127.0.0.1:4318`; undefined leaves reporting off. */
	otlp_endpoint: string | undefined;
	/** Name of this process among the spans, such as `netconductor` or `netconductor-worker`. */
	service_name: string;
	version?: string;
	/** Share of traces begun here that are reported, 0 to 1. A trace begun elsewhere keeps its caller's decision. */
	sample_ratio?: number;
	/** Longest time a finished span waits before it is sent. */
	interval_ms?: number;
}

export interface Telemetry {
	/** Sends what is finished. */
	flush(): Promise<void>;
	/** Sends what is finished, for at most two seconds, and stops reporting. Never throws: an unreachable receiver must not keep a process from ending. */
	stop(): Promise<void>;
}

/** Starts reporting spans when an endpoint is configured. Without one nothing of OpenTelemetry is loaded, and trace ids still travel. */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
	if (options.otlp_endpoint === undefined) return { flush: async () => {}, stop: async () => {} };
	const [api, sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
		import("@opentelemetry/api"),
		import("@opentelemetry/sdk-trace"),
		import("@opentelemetry/exporter-trace-otlp-http"),
		import("@opentelemetry/resources"),
	]);
	const url = new URL(options.otlp_endpoint);
	// The specification lets the base address be configured; the signal's path is added to it.
	if (!url.pathname.endsWith("/v1/traces")) url.pathname = `${url.pathname.replace(/\/$/, "")}/v1/traces`;
	const processor = new sdk.BatchSpanProcessor({
		exporter: new OTLPTraceExporter({ url: url.href, timeoutMillis: 5_000 }),
		scheduledDelayMillis: options.interval_ms ?? 2_000,
	});
	const provider = new sdk.TracerProvider({
		resource: resourceFromAttributes({
			"service.name": options.service_name,
			...(options.version !== undefined && { "service.version": options.version }),
			"process.pid": process.pid,
		}),
		// A trace is decided on when it begins, which may be before its first span.
		sampler: new sdk.ParentBasedSampler({
			root: {
				shouldSample: () => ({
					decision: announced?.sampled ? sdk.SamplingDecision.RECORD_AND_SAMPLED : sdk.SamplingDecision.NOT_RECORD,
				}),
				toString: () => "announced",
			},
		}),
		idGenerator: {
			generateTraceId: () => announced?.trace_id ?? randomHex(16),
			generateSpanId: () => announced?.span_id ?? randomHex(8),
		},
		spanLimits: { attributeValueLengthLimit: 2_048, attributeCountLimit: 64 },
		spanProcessors: [processor],
	});
	const mine = { tracer: provider.getTracer("netconductor"), api, sample_ratio: options.sample_ratio ?? 1 };
	exporting = mine;
	return {
		flush: () => provider.forceFlush(),
		async stop() {
			if (exporting === mine) exporting = undefined;
			const limit = sleep(2_000, undefined, { ref: false });
			await Promise.race([provider.shutdown().catch(() => {}), limit]);
		},
	};
}

function newTrace(): TraceContext {
	const sampled = Math.random() < (exporting?.sample_ratio ?? 1);
	return { trace_id: randomHex(16), span_id: randomHex(8), sampled, spanless: true };
}

/** The trace's first span; those that are begun later under the same context are its children. */
function startAnnounced(context: TraceContext, start: () => Span): Span {
	context.spanless = false;
	announced = context;
	try {
		return start();
	} finally {
		announced = undefined;
	}
}

const randomPool = Buffer.alloc(4_096);
let randomUsed = randomPool.length;

/** Asks for random bytes a page at a time: every request needs some, and each asking costs more than the bytes. */
function randomHex(bytes: number): string {
	if (randomUsed + bytes > randomPool.length) {
		randomFillSync(randomPool);
		randomUsed = 0;
	}
	randomUsed += bytes;
	return randomPool.toString("hex", randomUsed - bytes, randomUsed);
}

function parseTraceparent(header: string | undefined): TraceContext | undefined {
	const match = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/.exec(header ?? "");
	const [, trace_id = "", span_id = "", flags = ""] = match ?? [];
	if (!/[1-9a-f]/.test(trace_id) || !/[1-9a-f]/.test(span_id)) return undefined;
	return { trace_id, span_id, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

function spanKind(role: SpanRole, kinds: typeof SpanKind): SpanKind {
	return {
		internal: kinds.INTERNAL,
		server: kinds.SERVER,
		client: kinds.CLIENT,
		producer: kinds.PRODUCER,
		consumer: kinds.CONSUMER,
	}[role];
}

function safe(attributes: SpanAttributes): SpanAttributes {
	return Object.fromEntries(
		Object.entries(attributes).map(([key, value]) => [key, typeof value === "string" ? redactText(value) : value]),
	);
}

function recordError(span: Span, error: unknown, code: number): void {
	const message = redactText(error instanceof Error ? error.message : String(error));
	span.setStatus({ code, message });
	if (isAppError(error)) span.setAttribute("error.type", error.code);
	else if (error instanceof Error) span.setAttribute("error.type", error.name);
}
