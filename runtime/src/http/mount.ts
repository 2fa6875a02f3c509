import type { Api, Operation } from "@netconductor/contracts/kernel/operation";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { failed, toAppError, toProblem } from "../errors.ts";
import type { Answer, RawCall } from "../host/call.ts";
import { defaultMaxBodyBytes } from "../host/transport.ts";
import { currentTraceId } from "../telemetry.ts";

/** A request under way; `signal` aborts when the caller closes the connection before the answer. */
export interface Exchange {
	request: FastifyRequest;
	signal: AbortSignal;
}

/** Answers one operation's request. */
export type Respond = (name: string, operation: Operation, raw: RawCall, exchange: Exchange) => Promise<Answer>;

/** Mounts operations of a contract as routes. Input goes on as the wire has it; the service parses it. */
export function mountApi(
	app: FastifyInstance,
	api: Api,
	selected: (operation: Operation) => boolean,
	respond: Respond,
): void {
	for (const [name, operation] of Object.entries(api.operations)) {
		if (!selected(operation)) continue;
		app.route({
			method: operation.method,
			url: operation.path,
			bodyLimit: operation.max_body_bytes ?? defaultMaxBodyBytes,
			async handler(request, reply) {
				const raw: RawCall = {
					params: request.params as RawCall["params"],
					query: request.query as RawCall["query"],
					body: request.body ?? undefined,
				};
				return send(reply, await respond(name, operation, raw, { request, signal: abortedWith(reply) }));
			},
		});
	}
}

function abortedWith(reply: FastifyReply): AbortSignal {
	const gone = new AbortController();
	reply.raw.once("close", () => {
		if (!reply.raw.writableFinished) gone.abort("caller went away");
	});
	return gone.signal;
}

function send(reply: FastifyReply, { status, content_type, payload }: Answer): FastifyReply {
	reply.status(status);
	if (content_type === "") return reply.send();
	return reply.type(content_type).send(payload);
}

/** Makes every failure of an app a problem document, Fastify's own ones included. */
export function answerWithProblems(app: FastifyInstance): void {
	app.setErrorHandler((thrown, _, reply) => sendProblem(reply, ownError(thrown)));
	app.setNotFoundHandler((request, reply) =>
		sendProblem(
			reply,
			failed("request.unknown_route", { message: `There is no ${request.method} ${pathOnly(request.url)}` }),
		),
	);
}

/** Answers with a problem document (RFC 9457). */
export function sendProblem(reply: FastifyReply, thrown: unknown): FastifyReply {
	const error = toAppError(thrown);
	if (error.kind === "internal" && error.cause !== undefined) reply.log.error({ err: error.cause }, error.message);
	const problem = toProblem(error, currentTraceId());
	const retry_after = error.details?.retry_after_s;
	if (typeof retry_after === "number") reply.header("retry-after", String(Math.ceil(retry_after)));
	return reply.status(problem.status).type("application/problem+json; charset=utf-8").send(JSON.stringify(problem));
}

function pathOnly(url: string): string {
	return url.split("?", 1)[0] ?? url;
}

/** Fastify's errors about a request, in our words. */
function ownError(thrown: unknown): unknown {
	const { code, statusCode, message } = thrown as { code?: string; statusCode?: number; message?: string };
	if (code === "FST_ERR_CTP_BODY_TOO_LARGE" || statusCode === 413) {
		return failed("request.too_large", { message: "The request body is larger than this address takes" });
	}
	if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE" || statusCode === 415) {
		return failed("request.unsupported_media_type", { message: "Send the body as application/json" });
	}
	if (typeof code === "string" && code.startsWith("FST_ERR_CTP_")) {
		return failed("request.invalid", {
			message: "body: not valid JSON",
			errors: [{ path: "body", message: "not valid JSON" }],
		});
	}
	if (typeof statusCode === "number" && statusCode >= 400 && statusCode < 500 && typeof code === "string") {
		return failed("request.invalid", { message: message ?? "The request is not valid" });
	}
	return thrown;
}
