import type { Problem } from "@netconductor/contracts/kernel/errors";
import { Problem as ProblemSchema } from "@netconductor/contracts/kernel/errors";
import { isSafe, type Operation } from "@netconductor/contracts/kernel/operation";
import { BrokenCircuitError, ExponentialBackoff, handleWhen, retry } from "cockatiel";
import { type AppError, failed, fromProblem, isAppError } from "../errors.ts";
import { leavingHeader } from "../http/leaving.ts";
import { newId } from "../id.ts";
import { currentTraceparent, withSpan } from "../telemetry.ts";
import type { Answer, CallerContext, RawCall, ServiceTransport } from "./call.ts";
import { endOf } from "./end-of-call.ts";
import { createInstances, type Instance, markAway } from "./instances.ts";
import type { ServiceTokens } from "./service-token.ts";

export interface HttpTransportOptions {
	/** Name of the service that is called. */
	service: string;
	/** Where it listens for other services, each of its processes: `http://127.0.0.1:8004`. */
	base_urls: readonly string[];
	tokens: ServiceTokens;
	/** Most connections to one of them at a time. */
	connections?: number;
}

const defaultTimeoutMs = 30_000;

/** Reasons for which nothing of a call was done. */
const notReached = new Set([
	"leaving",
	"ECONNREFUSED",
	"ENOTFOUND",
	"EAI_AGAIN",
	"EHOSTUNREACH",
	"ENETUNREACH",
	"UND_ERR_CONNECT_TIMEOUT",
]);

/**
 * Calls a service in other processes over HTTP: service token, trace, deadline, cancellation. Of several processes the one with the fewest calls is
 * asked; a call that did not reach one goes to the next, whatever it changes. Calls that change nothing are repeated when the peer is away for a
 * moment; a peer that stays away is not asked again for two seconds at a time.
 */
export function createHttpTransport({
	service,
	base_urls,
	tokens,
	connections = 64,
}: HttpTransportOptions): ServiceTransport {
	const isAway = handleWhen((error) => isAppError(error) && error.code === "service.unavailable");
	const instances = createInstances(base_urls, { isAway, connections });
	const repeated = retry(isAway, {
		maxAttempts: 3,
		backoff: new ExponentialBackoff({ initialDelay: 50, maxDelay: 500 }),
	});

	async function untilReached(work: (instance: Instance) => Promise<Answer>): Promise<Answer> {
		const tried = new Set<Instance>();
		for (;;) {
			const instance = instances.choose(tried);
			tried.add(instance);
			instance.calls++;
			try {
				return await instance.breaker.execute(() => work(instance));
			} catch (error) {
				if (isUnreached(error)) markAway(instance);
				if (!isUnreached(error) || tried.size === instances.count) throw error;
			} finally {
				instance.calls--;
			}
		}
	}

	async function send(
		{ pool }: Instance,
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
			if (response.headers[leavingHeader] !== undefined) throw leaving(service);
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
					const url = pathOf(operation, raw);
					const once = () => untilReached((instance) => send(instance, operation, name, url, raw, caller, deadline_at));
					try {
						return await (isSafe(operation) ? repeated.execute(once) : once());
					} catch (error) {
						if (!(error instanceof BrokenCircuitError)) throw error;
						throw failed("service.unavailable", {
							message: `${service} has not answered lately; asking again in a moment`,
							details: { service, reason: "not asked" },
						});
					}
				},
				"client",
			),
		close: instances.close,
	};
}

/** Whether the process was not there to hear of the call, so that another may be asked. */
function isUnreached(error: unknown): boolean {
	if (error instanceof BrokenCircuitError) return true;
	return (
		isAppError(error) && error.code === "service.unavailable" && notReached.has(String(error.details?.reason ?? ""))
	);
}

function pathOf(operation: Operation, { params, query }: RawCall): string {
	const path = operation.path.replace(/:([a-z_0-9]+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
	const search = new URLSearchParams();
	for (const [name, value] of Object.entries(query)) {
		for (const item of Array.isArray(value) ? value : [value]) search.append(name, item);
	}
	return search.size === 0 ? path : `${path}?${search}`;
}

function leaving(service: string): AppError {
	return failed("service.unavailable", {
		message: `${service} stops; no other process of it could be asked`,
		details: { service, reason: "leaving" },
	});
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
