import type { Api } from "@netconductor/contracts/kernel/operation";
import { isForRemoteWorkers } from "@netconductor/contracts/tasks/remote-workers";
import Fastify, {
	type FastifyBaseLogger,
	type FastifyInstance,
	type FastifyReply,
	type FastifyRequest,
	LogController,
} from "fastify";
import { failed } from "../errors.ts";
import type { HealthRegistry, HealthReport } from "../health.ts";
import type { Invoke } from "../host/call.ts";
import type { BuiltService } from "../host/service.ts";
import type { ServiceTokens } from "../host/service-token.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { runWithTraceparent, withSpan } from "../telemetry.ts";
import { leavingHeader } from "./leaving.ts";
import { answerWithProblems, mountApi } from "./mount.ts";

export interface InternalServerOptions {
	services: { api: Api; invoke: Invoke; upgrades: BuiltService<Api>["upgrades"] }[];
	tokens: ServiceTokens;
	health: HealthRegistry;
	metrics: Metrics;
	log: Log;
}

/** Serves the services of this process to our other processes. Every request needs a service token meant for the service it calls. */
export function createInternalServer({
	services,
	tokens,
	health,
	metrics,
	log,
}: InternalServerOptions): FastifyInstance {
	const app = Fastify({
		loggerInstance: log as FastifyBaseLogger,
		logController: new LogController({ disableRequestLogging: true }),
		routerOptions: { maxParamLength: 500 },
		// The hook below refuses in words that the caller understands.
		return503OnClosing: false,
	});
	answerWithProblems(app);
	app.addHook("onRequest", async (request, reply) => {
		// A call is sent elsewhere before anything of it is done.
		if (health.phase() !== "stopping" || notCalls.has(request.routeOptions.url ?? "")) return;
		reply.header(leavingHeader, "1").header("connection", "close");
		throw failed("service.unavailable", { message: "This process stops; another is to be asked" });
	});
	// A body of another type would reach the service unparsed.
	app.removeContentTypeParser("text/plain");
	for (const { api, invoke } of services) {
		mountApi(
			app,
			api,
			() => true,
			(_, __, request) =>
				tokens.verify(bearer(request), api.name).catch((cause: unknown) => {
					// Retryable: the clocks of two processes may disagree for a moment.
					throw failed("auth.unauthenticated", { message: (cause as Error).message, retryable: true, cause });
				}),
			(name, _, raw, { request, caller: { actor, worker_pool, is_remote }, signal }) =>
				runWithTraceparent(header(request, "traceparent"), () =>
					withSpan(
						`${api.name}.${name}`,
						{},
						async () => {
							const remaining_ms = Number(header(request, "x-deadline-ms") ?? Number.NaN);
							const request_id = header(request, "x-request-id");
							if (is_remote && !isForRemoteWorkers(api.name, name)) throw notForRemoteWorkers(api.name, name);
							return invoke(name, raw, {
								actor,
								worker_pool,
								signal,
								...(Number.isFinite(remaining_ms) && { deadline_at: performance.now() + remaining_ms }),
								...(request_id !== undefined && { request_id }),
							});
						},
						"server",
					),
				),
		);
	}
	app.get("/health/live", async (_, reply) => answerHealth(reply, health.live()));
	app.get("/health/ready", async (_, reply) => answerHealth(reply, await health.ready()));
	app.get("/health/backlogs", () => health.backlogs());
	app.get("/metrics", async (_, reply) => {
		const { content_type, body } = await metrics.expose();
		return reply.type(content_type).send(body);
	});
	app.server.on("upgrade", (request, socket, head) => {
		const owner = services.find(({ upgrades }) => upgrades !== undefined && request.url?.startsWith(upgrades.prefix));
		if (owner?.upgrades === undefined) socket.destroy();
		else owner.upgrades.accept(request, socket, head);
	});
	return app;
}

/** What is asked of a process for itself, also while it stops. */
const notCalls = new Set(["/health/live", "/health/ready", "/health/backlogs", "/metrics"]);

function notForRemoteWorkers(service: string, operation: string): Error {
	return failed("auth.forbidden", {
		message: `A worker with keys of its pool alone may not call ${service}.${operation}; one that holds the master key may.`,
		details: { service, operation },
	});
}

/** A health report as probes expect it: 200 or 503. */
export function answerHealth(reply: FastifyReply, report: HealthReport): FastifyReply {
	return reply.status(report.status === "ok" ? 200 : 503).send(report);
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
