import type { Api } from "@netconductor/contracts/kernel/operation";
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest } from "fastify";
import { failed } from "../errors.ts";
import type { Invoke } from "../host/invoke.ts";
import type { ServiceTokens } from "../host/service-token.ts";
import type { Log } from "../log.ts";
import { runWithTraceparent, withSpan } from "../telemetry.ts";
import { answerWithProblems, mountApi } from "./mount.ts";

export interface InternalServerOptions {
	services: { api: Api; invoke: Invoke }[];
	tokens: ServiceTokens;
	log: Log;
}

/** Serves the services of this process to our other processes. Every request needs a service token meant for the service it calls. */
export function createInternalServer({ services, tokens, log }: InternalServerOptions): FastifyInstance {
	const app = Fastify({
		loggerInstance: log as FastifyBaseLogger,
		disableRequestLogging: true,
		routerOptions: { maxParamLength: 500 },
	});
	answerWithProblems(app);
	// A body of another type would reach the service unparsed.
	app.removeContentTypeParser("text/plain");
	for (const { api, invoke } of services) {
		mountApi(
			app,
			api,
			() => true,
			(name, _, raw, { request, signal }) =>
				runWithTraceparent(header(request, "traceparent"), () =>
					withSpan(
						`${api.name}.${name}`,
						{},
						async () => {
							const { actor } = await tokens.verify(bearer(request), api.name);
							const remaining_ms = Number(header(request, "x-deadline-ms") ?? Number.NaN);
							const request_id = header(request, "x-request-id");
							return invoke(name, raw, {
								actor,
								signal,
								...(Number.isFinite(remaining_ms) && { deadline_at: Date.now() + remaining_ms }),
								...(request_id !== undefined && { request_id }),
							});
						},
						"server",
					),
				),
		);
	}
	return app;
}

export function header(request: FastifyRequest, name: string): string | undefined {
	const value = request.headers[name];
	return Array.isArray(value) ? value[0] : value;
}

function bearer(request: FastifyRequest): string {
	const [scheme, token] = (request.headers.authorization ?? "").split(" ");
	if (scheme?.toLowerCase() !== "bearer" || !token) {
		throw failed("auth.unauthenticated", { message: "A service token is needed here" });
	}
	return token;
}
