import type { Problem } from "@netconductor/contracts/kernel/errors";
import { Problem as ProblemSchema } from "@netconductor/contracts/kernel/errors";
import { isSafe, type Operation } from "@netconductor/contracts/kernel/operation";
import {
	BrokenCircuitError,
	CircuitState,
	ConsecutiveBreaker,
	circuitBreaker,
	ExponentialBackoff,
	handleWhen,
	type IPolicy,
	retry,
	wrap,
} from "cockatiel";
import { Pool } from "undici";
import { type AppError, failed, fromProblem, isAppError } from "../errors.ts";
import { newId } from "../id.ts";
import { currentTraceparent, withSpan } from "../telemetry.ts";
import type { Answer, CallerContext, RawCall, ServiceTransport } from "./call.ts";
import { endOf } from "./end-of-call.ts";
import type { ServiceTokens } from "./service-token.ts";

export interface HttpTransportOptions {
	/** Name of the service that is called. */
	service: string;
	/** Where it listens for other services: `http://127.0.0.1:8004`. */
	base_url: string;
	tokens: ServiceTokens;
	/** Most connections to it at a time. */
	connections?: number;
}

const defaultTimeoutMs = 30_000;

/**
 * Calls a service in another process over HTTP: service token, trace, deadline, cancellation. Calls that change nothing are repeated
 * when the peer is away for a moment; a peer that stays away is not asked again for two seconds at a time.
 */
export function createHttpTransport({
	service,
	base_url,
	tokens,
	connections = 64,
}: HttpTransportOptions): ServiceTransport {
	const pool = new Pool(base_url, {
		connections,
		pipelining: 1,
		headersTimeout: 0,
		bodyTimeout: 0,
		keepAliveTimeout: 20_000,
	});
	const isAway = handleWhen((error) => isAppError(error) && error.code === "service.unavailable");
	const breaker = circuitBreaker(isAway, { halfOpenAfter: 2_000, breaker: new ConsecutiveBreaker(8) });
	const repeated = wrap(
		retry(isAway, { maxAttempts: 3, backoff: new ExponentialBackoff({ initialDelay: 50, maxDelay: 500 }) }),
		breaker,
	);

	async function send(
		operation: Operation,
		name: string,
		url: string,
		raw: RawCall,
		caller: CallerContext,
		deadline_at: number,
	): Promise<Answer> {
		const remaining_ms = Math.ceil(deadline_at - performance.now());
		if (caller.signal?.aborted) throw failed("request.cancelled", { message: `The caller of ${name} went away` });
		if (remaining_ms <= 0) throw tooLate(service, name);
		const end = endOf(caller.signal, deadline_at);
		const traceparent = currentTraceparent();
		const body = raw.json ?? (raw.body === undefined ? undefined : JSON.stringify(raw.body));
		try {
			const response = await pool.request({
				path: url,
				method: operation.method,
				signal: end.signal,
				headers: {
					authorization: `Bearer ${await tokens.issue(service, caller.actor)}`,
					"x-request-id": caller.request_id ?? newId(),
					"x-deadline-ms": String(remaining_ms),
					...(traceparent !== undefined && { traceparent }),
					...(body !== undefined && { "content-type": "application/json" }),
				},
				body: body ?? null,
			});
			const content_type = String(response.headers["content-type"] ?? "");
			const payload = await response.body.text();
			if (response.statusCode < 400) return { status: response.statusCode, content_type, payload };
			const problem = readProblem(payload, service, response.statusCode);
			throw problem.status === 401 && problem.retryable ? tokenRefused(service) : fromProblem(problem);
		} catch (error) {
			if (isAppError(error)) throw error;
			if (caller.signal?.aborted) throw failed("request.cancelled", { message: `The caller of ${name} went away` });
			if (end.isLate()) throw tooLate(service, name);
			throw failed("service.unavailable", {
				message: `${service} does not answer; is it running?`,
				details: { service, reason: (error as NodeJS.ErrnoException).code ?? "no answer" },
				cause: error,
			});
		} finally {
			end.forget();
		}
	}

	return {
		call: (operation, name, raw, caller) =>
			withSpan(
				`${service}.${name}`,
				{ "http.request.method": operation.method },
				async () => {
					const deadline_at = Math.min(
						caller.deadline_at ?? Number.POSITIVE_INFINITY,
						performance.now() + (operation.timeout_ms ?? defaultTimeoutMs),
					);
					const policy: IPolicy = isSafe(operation) ? repeated : breaker;
					const url = pathOf(operation, raw);
					try {
						return await policy.execute(() => send(operation, name, url, raw, caller, deadline_at));
					} catch (error) {
						if (error instanceof BrokenCircuitError) {
							throw failed("service.unavailable", {
								message: `${service} has not answered lately; asking again in a moment`,
								details: { service, reason: CircuitState[breaker.state] },
							});
						}
						throw error;
					}
				},
				"client",
			),
		close: () => pool.destroy(),
	};
}

function pathOf(operation: Operation, { params, query }: RawCall): string {
	const path = operation.path.replace(/:([a-z_0-9]+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
	const search = new URLSearchParams();
	for (const [name, value] of Object.entries(query)) {
		for (const item of Array.isArray(value) ? value : [value]) search.append(name, item);
	}
	return search.size === 0 ? path : `${path}?${search}`;
}

/** Nothing that the caller did: the two processes do not agree on the time or the master key, perhaps only for a moment. */
function tokenRefused(service: string): AppError {
	return failed("service.unavailable", {
		message: `${service} did not accept this process' token. Set the clocks of the machines alike, and give all processes the same master key.`,
		details: { service, reason: "token refused" },
	});
}

function tooLate(service: string, name: string): AppError {
	return failed("request.deadline_exceeded", { message: `${service} did not answer ${name} in time` });
}

function readProblem(payload: string, service: string, status: number): Problem {
	try {
		return ProblemSchema.parse(JSON.parse(payload));
	} catch (cause) {
		throw failed(status >= 500 ? "service.unavailable" : "service.bad_answer", {
			message: `${service} answered with status ${status} and no explanation`,
			cause,
		});
	}
}
