import type { Api, Operation } from "@netconductor/contracts/kernel/operation";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { failed, toAppError, toProblem } from "../errors.ts";
import type { Answer, RawCall } from "../host/call.ts";
import { defaultMaxBodyBytes } from "../host/transport.ts";
import { currentTraceId } from "../telemetry.ts";

/** A request under way; `signal` aborts when the caller closes the connection before the answer. */
export interface Exchange<C> {
	request: FastifyRequest;
	caller: C;
	signal: AbortSignal;
}

/** Answers one operation's request. */
export type Respond<C> = (name: string, operation: Operation, raw: RawCall, exchange: Exchange<C>) => Promise<Answer>;

/** Tells on whose behalf a request is made, or refuses it by throwing, before anything of its body is read. */
export type Admit<C> = (name: string, operation: Operation, request: FastifyRequest) => C | Promise<C>;

/** Mounts operations of a contract as routes. Input goes on as the wire has it; the service parses it. */
export function mountApi<C>(
	app: FastifyInstance,
	api: Api,
	selected: (operation: Operation) => boolean,
	admit: Admit<C>,
	respond: Respond<C>,
): void {
	const callers = new WeakMap<FastifyRequest, { caller: C }>();
	for (const [name, operation] of Object.entries(api.operations)) {
		if (!selected(operation)) continue;
		withForms(app, operation, (scope) =>
			scope.route({
				method: operation.method,
				url: operation.path,
				bodyLimit: operation.max_body_bytes ?? defaultMaxBodyBytes,
				async preParsing(request, reply) {
					try {
						callers.set(request, { caller: await admit(name, operation, request) });
					} catch (error) {
						if (mayBeLarge(request)) reply.header("connection", "close");
						throw error;
					}
				},
				async handler(request, reply) {
					const admitted = callers.get(request);
					if (admitted === undefined) throw new TypeError(`${name} was called by nobody who was admitted`);
					const raw: RawCall = {
						params: request.params as RawCall["params"],
						query: request.query as RawCall["query"],
						body: request.body ?? undefined,
					};
					return send(reply, await respond(name, operation, raw, { request, ...admitted, signal: abortedWith(reply) }));
				},
			}),
		);
	}
}

/** Forms are read where an operation takes them and nowhere else: pages of others may send them without being asked. */
function withForms(app: FastifyInstance, { forms }: Operation, mount: (scope: FastifyInstance) => void): void {
	if (!forms) {
		mount(app);
		return;
	}
	app.register(async (scope) => {
		scope.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_, text, done) => {
			const form = new URLSearchParams(text.toString());
			const fields = [...new Set(form.keys())].map((name) => [name, form.getAll(name)] as const);
			// A field that is there twice is a list, which no contract takes for a text.
			done(null, Object.fromEntries(fields.map(([name, all]) => [name, all.length === 1 ? all[0] : all])));
		});
		mount(scope);
	});
}

/** Whether taking in the rest of the body, for the sake of the connection, would cost more than a new connection. */
function mayBeLarge({ headers }: FastifyRequest): boolean {
	return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 64 * 1024;
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
