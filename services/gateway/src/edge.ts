import { existsSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import type { Server } from "node:tls";
import { fileURLToPath } from "node:url";
import cors from "@fastify/cors";
import staticFiles from "@fastify/static";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import { apis } from "@netconductor/contracts/apis";
import { errorCatalogue } from "@netconductor/contracts/errors";
import { type Actor, isPermitted } from "@netconductor/contracts/kernel/actor";
import { Id } from "@netconductor/contracts/kernel/ids";
import type { Api, Operation } from "@netconductor/contracts/kernel/operation";
import { openApiDocument } from "@netconductor/contracts/openapi";
import type { Clock } from "@netconductor/runtime/clock";
import type { ConfigValue } from "@netconductor/runtime/config";
import { type AppError, failed } from "@netconductor/runtime/errors";
import type { HealthRegistry } from "@netconductor/runtime/health";
import type { ServiceTransport } from "@netconductor/runtime/host/call";
import { anonymous, whyDenied } from "@netconductor/runtime/host/invoke";
import type { ProcessFacts, Upgrades } from "@netconductor/runtime/host/service";
import { answerHealth } from "@netconductor/runtime/http/internal-server";
import { answerWithProblems, mountApi, sendProblem } from "@netconductor/runtime/http/mount";
import { newId } from "@netconductor/runtime/id";
import type { Counters } from "@netconductor/runtime/limits/counters";
import type { Log } from "@netconductor/runtime/log";
import type { Metrics } from "@netconductor/runtime/metrics";
import { runWithTraceparent, withSpan } from "@netconductor/runtime/telemetry";
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest, LogController } from "fastify";
import { apiDocs } from "./api-docs.ts";
import type { Authenticate, Identity } from "./authenticate.ts";
import { certificateFiles, followCertificate, tlsOptions } from "./certificate.ts";
import { createClientAddress } from "./client-address.ts";
import type { gatewayConfig } from "./config.ts";
import { createLimits } from "./limits.ts";
import { securityHeaders } from "./security-headers.ts";
import { passUpgrades } from "./websocket.ts";

export interface EdgeNeeds {
	config: ConfigValue<typeof gatewayConfig>;
	transports: Record<string, ServiceTransport>;
	addressesOf(service: string): readonly string[];
	upgradesOf(service: string): Upgrades | undefined;
	authenticate: Authenticate;
	clock: Clock;
	counters: Counters;
	health: HealthRegistry;
	metrics: Metrics;
	log: Log;
	process: ProcessFacts;
}

declare module "fastify" {
	interface FastifyRequest {
		/** Set before the limits are counted, so that each user has limits of their own. */
		identity: Identity | undefined;
		identity_error: unknown;
	}
}

/** What a user whose one-time password is not changed yet may still do. */
const beforePasswordChange = new Set(["getMe", "changePassword", "logout", "getJwks"]);

/** What a user may still do who has to add a second factor first. */
const beforeSecondFactor = new Set([
	...beforePasswordChange,
	"listMySecondFactors",
	"beginSecondFactor",
	"confirmSecondFactor",
	"beginPasskey",
	"addPasskey",
]);

/** The HTTP server that faces the outside. */
export async function createEdge(needs: EdgeNeeds): Promise<FastifyInstance> {
	const { config, log } = needs;
	const files = certificateFiles(config);
	const headers = await securityHeaders(files !== undefined);
	const slow = {
		headersTimeout: Math.min(config.headers_timeout_ms, config.request_timeout_ms),
		connectionsCheckingInterval: Math.min(5_000, config.headers_timeout_ms),
	};
	const app = Fastify({
		loggerInstance: log as FastifyBaseLogger,
		logController: new LogController({ disableRequestLogging: true }),
		trustProxy: config.trusted_proxies.length > 0 ? [...config.trusted_proxies] : false,
		// Never a client's: services recognise what is asked twice by it.
		genReqId: () => newId(),
		// A log for every request costs more than most requests: what is logged about one names it by its trace.
		childLoggerFactory: (logger) => logger,
		routerOptions: { maxParamLength: 500 },
		// A client that sends a byte at a time holds a socket, nothing else, and only for so long.
		requestTimeout: config.request_timeout_ms,
		...(files === undefined ? { http: slow } : { https: { ...slow, ...tlsOptions(files, config, needs.clock.now()) } }),
		connectionTimeout: 0,
		keepAliveTimeout: 65_000,
		forceCloseConnections: "idle",
		// Whoever still asks over a connection that is open while we close gets their answer, and is told that it was the last.
		return503OnClosing: false,
	}) as unknown as FastifyInstance;
	app.removeContentTypeParser("text/plain");
	answerWithProblems(app);
	if (files !== undefined) {
		const unfollow = followCertificate(app.server as unknown as Server, files, () => needs.clock.now(), log);
		app.addHook("onClose", async () => unfollow());
	}

	app.decorateRequest("identity", undefined);
	app.decorateRequest("identity_error", undefined);
	app.addHook("onRequest", (request, reply, done) => {
		reply.headers(headers).header("x-request-id", request.id);
		if (request.url.startsWith("/api/")) reply.header("cache-control", "no-store");
		// A trace of our own for every request: a `traceparent` from outside could join strangers' requests or turn reporting on and off.
		runWithTraceparent(undefined, done);
	});
	app.addHook("onRequest", async (request, reply) => {
		if (!hasTwoHosts(request.raw)) return;
		reply.header("connection", "close");
		// RFC 9112, 3.2: whoever stands in front may have gone by the other one.
		throw failed("request.invalid", { message: "A request names one host" });
	});
	app.addHook("onSend", (_, reply, payload, done) => {
		// Clients are asked to connect elsewhere, those too who asked before.
		if (needs.health.phase() === "stopping") reply.header("connection", "close");
		// From here on only a client that takes nothing of its answer is silent. Node counts anew when it has all of it.
		reply.raw.setTimeout(config.unread_timeout_ms);
		done(null, payload);
	});
	if (config.request_log) logRequests(app, log);
	app.addHook("onRequest", async (request) => {
		try {
			request.identity = await needs.authenticate(request.headers.authorization);
		} catch (error) {
			// Answered by the route, after the limits: guessing tokens is limited like everything else.
			request.identity_error = error;
		}
	});

	await app.register(cors, {
		origin: config.allowed_origins.length > 0 ? [...config.allowed_origins] : false,
		methods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
		allowedHeaders: ["authorization", "content-type"],
		exposedHeaders: ["x-request-id", "retry-after", "ratelimit", "ratelimit-policy"],
		maxAge: 600,
	});
	const limits = createLimits({ config, counters: needs.counters });
	app.addHook("onRequest", async (request, reply) => {
		// A page is dozens of files that never change: many people behind one address must all be able to open it.
		if (/^\/(health|assets)\//.test(request.url)) return;
		const { headers: told, exceeded } = await limits.count(request.identity?.actor, request.ip);
		reply.headers(told);
		if (exceeded !== undefined) throw exceeded;
	});

	for (const api of Object.values<Api>(apis)) {
		const transport = needs.transports[api.name];
		if (transport === undefined) throw new TypeError(`the gateway was given no way to ${api.name}`);
		mountApi(
			app,
			api,
			(operation) => !operation.internal,
			(name, operation, request) => actorOf(request, name, operation),
			(name, operation, raw, { request, caller, signal }) =>
				withSpan(
					`${request.method} ${operation.path}`,
					{ "http.request.method": request.method, "http.route": operation.path, "request.id": request.id },
					() => {
						const actor = { ...caller, ip: request.ip, ...(operation.public && programOf(request)) };
						return transport.call(operation, name, raw, { actor, signal, request_id: request.id });
					},
					"server",
				),
		);
	}
	mountSystem(app, needs);
	await mountDocs(app, needs.process.version);
	await mountWeb(app, config.web_dir);
	const upgrades = passUpgrades(app.server, {
		realtimeHere: () => needs.upgradesOf("realtime"),
		realtimeAddresses: () => needs.addressesOf("realtime"),
		addressOf: createClientAddress(config.trusted_proxies),
		mayTry: limits.mayTryTicket,
		log,
	});
	app.addHook("preClose", async () => upgrades.end());
	return app;
}

function hasTwoHosts({ rawHeaders }: IncomingMessage): boolean {
	return rawHeaders.filter((name, at) => at % 2 === 0 && name.length === 4 && name.toLowerCase() === "host").length > 1;
}

const longestProgram = 200;

/** What the program calls itself, for the session that it may open: a line that may be shown. */
function programOf({ headers }: FastifyRequest): Pick<Actor, "user_agent"> {
	const user_agent = (headers["user-agent"] ?? "")
		.replaceAll(/\p{C}+/gu, " ")
		.trim()
		.slice(0, longestProgram);
	return user_agent === "" ? {} : { user_agent };
}

/** The route instead of the address: tokens and whatever else is typed into addresses stay out of the log. */
function logRequests(app: FastifyInstance, log: Log): void {
	app.addHook("onResponse", async (request, reply) => {
		const { actor } = request.identity ?? {};
		// A proxy's, to find a request in both logs; of what else a client may write there nothing gets into ours.
		const given = Id.safeParse(request.headers["x-request-id"]).data;
		log.info(
			{
				method: request.method,
				route: request.routeOptions.url ?? "unknown",
				status: reply.statusCode,
				ms: Math.round(reply.elapsedTime * 10) / 10,
				request_id: request.id,
				...(given !== undefined && { given_request_id: given }),
				actor_id: actor?.id ?? anonymous.id,
				address: request.ip,
			},
			"request",
		);
	});
}

/** @throws auth.* where the operation needs somebody and nobody valid asks; what they may do is the service's to say, which records it. */
function actorOf(request: FastifyRequest, name: string, operation: Operation): Actor {
	const { identity, identity_error } = request;
	if (identity === undefined) {
		// A stale token must not keep anybody from signing in again.
		if (operation.public) return anonymous;
		throw identity_error;
	}
	const denial = identity.actor.id === anonymous.id ? whyDenied(operation, identity.actor) : undefined;
	if (denial !== undefined) throw denial;
	const owed = operation.public ? undefined : owedBefore(identity, name);
	if (owed !== undefined) throw owed;
	return identity.actor;
}

/** What somebody has to do before this is open to them, if anything. */
function owedBefore(identity: Identity, name: string): AppError | undefined {
	if (identity.must_change_password && !beforePasswordChange.has(name)) {
		return failed("auth.password_change_required", {
			message: "Choose a password of your own first: POST /api/auth/password, or `netconductor login`",
		});
	}
	if (identity.must_add_second_factor && !beforeSecondFactor.has(name)) {
		return failed("auth.second_factor_required", {
			message:
				"This installation asks a second factor of its local users. Add yours first: reload the page, or run `netconductor account second-factor enable`.",
		});
	}
	return undefined;
}

function mountSystem(app: FastifyInstance, { health, metrics }: EdgeNeeds): void {
	app.get("/health/live", async (_, reply) => answerHealth(reply, health.live()));
	app.get("/health/ready", async (_, reply) => answerHealth(reply, await health.ready()));
	app.get("/metrics", async (request, reply) => {
		const owed = request.identity && owedBefore(request.identity, "metrics");
		if (owed !== undefined) return sendProblem(reply, owed);
		const actor = request.identity?.actor ?? anonymous;
		if (!isPermitted(actor, "metrics:read")) {
			return sendProblem(
				reply,
				actor.id === anonymous.id
					? failed("auth.unauthenticated", { message: "Send an API token that holds metrics:read as bearer token" })
					: failed("auth.forbidden", { message: `${actor.name} does not hold the permission metrics:read` }),
			);
		}
		if (actor.device_groups !== undefined) {
			return sendProblem(
				reply,
				failed("auth.out_of_scope", {
					message: `The metrics are of the whole installation, and the role of ${actor.name} is limited to some device groups`,
				}),
			);
		}
		const { content_type, body } = await metrics.expose();
		return reply.type(content_type).send(body);
	});
	app.get<{ Params: { code: string } }>("/docs/errors/:code", async (request, reply) => {
		const { code } = request.params;
		if (!Object.hasOwn(errorCatalogue, code)) {
			return sendProblem(reply, failed("request.unknown_route", { message: "There is no such error code" }));
		}
		return { code, ...errorCatalogue[code as keyof typeof errorCatalogue] };
	});
}

async function mountDocs(app: FastifyInstance, version: string): Promise<void> {
	const document = openApiDocument(version);
	const text = JSON.stringify(document);
	app.get("/api/openapi.json", async (_, reply) => reply.type("application/json; charset=utf-8").send(text));
	await app.register(swagger, { mode: "static", specification: { document: document as never } });
	await app.register(swaggerUi, apiDocs);
}

async function mountWeb(app: FastifyInstance, configured: string | undefined): Promise<void> {
	const root = configured ?? fileURLToPath(new URL("../../../apps/web/dist/", import.meta.url));
	if (!existsSync(root)) return;
	await app.register(staticFiles, {
		root,
		wildcard: false,
		preCompressed: true,
		setHeaders: (reply, path) => {
			reply.header("cache-control", path.includes("/assets/") ? "public, max-age=31536000, immutable" : "no-cache");
		},
	});
	// Addresses of the web app's own pages all answer with the app; unknown API addresses stay problems.
	app.get("/*", (request, reply) => {
		const isPage = /\btext\/html\b/.test(request.headers.accept ?? "");
		if (isPage && !/^\/(api|ws|health|metrics)(\/|$)/.test(request.url)) return reply.sendFile("index.html");
		return sendProblem(
			reply,
			failed("request.unknown_route", { message: `There is no ${request.method} ${request.url.split("?", 1)[0]}` }),
		);
	});
}
