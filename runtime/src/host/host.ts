import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { Api } from "@netconductor/contracts/kernel/operation";
import { announceOutbox, hearOfOutbox } from "../bus/announce-outbox.ts";
import { readBacklog } from "../bus/backlog.ts";
import type { Carrier } from "../bus/carrier.ts";
import type { Ephemeral } from "../bus/ephemeral.ts";
import { startInbox } from "../bus/inbox.ts";
import { createOutbox, type Outbox } from "../bus/outbox.ts";
import { startRelay } from "../bus/relay.ts";
import { ensureBusTables } from "../bus/tables.ts";
import type { Clock } from "../clock.ts";
import type { Database } from "../db/database.ts";
import { migrate } from "../db/migrate.ts";
import { throughRestart } from "../db/through-restart.ts";
import { failed } from "../errors.ts";
import type { HealthRegistry } from "../health.ts";
import { closeWithin } from "../http/close.ts";
import { createInternalServer } from "../http/internal-server.ts";
import { listenOn } from "../http/listen.ts";
import { createOutbound, type Outbound } from "../http/outbound.ts";
import { type Counters, createMemoryCounters } from "../limits/counters.ts";
import type { Log } from "../log.ts";
import { deriveKey, type MasterKeys } from "../master-key.ts";
import type { Metrics } from "../metrics.ts";
import { createVault, type Vault } from "../vault.ts";
import { isWorkerKeys, type WorkerKeys, workerTokenSeed } from "../worker-keys.ts";
import { type AuditTrail, createAuditTrail, ensureAuditTable } from "./audit-trail.ts";
import type { CallerContext, Invoke, ServiceTransport } from "./call.ts";
import { createServiceClient } from "./client.ts";
import { type DatabaseAccess, openDatabases } from "./databases.ts";
import { withDeadLetters } from "./dead-letters.ts";
import { createHttpTransport } from "./http-transport.ts";
import { createInvoker } from "./invoke.ts";
import { createKeyRotation, ensureRotationTable } from "./key-rotation.ts";
import { createLifecycle, type Lifecycle } from "./lifecycle.ts";
import { startOrder } from "./order.ts";
import type { AnyService, BuiltService, ProcessFacts, ServiceContext, Upgrades } from "./service.ts";
import { createRemoteWorkerTokens, createServiceTokens, type ServiceTokens } from "./service-token.ts";
import { createLocalTransport } from "./transport.ts";

export interface HostOptions {
	/** Services that run in this process. */
	services: readonly AnyService[];
	/** The loaded configuration, by section. */
	config: Readonly<Record<string, unknown>>;
	/** Rules of what requests to the world outside may reach; without them those that hold by default. */
	outbound?: { allow: readonly string[]; deny: readonly string[] };
	/** The master key, or what a worker of a site holds instead: then no service here owns a schema or answers calls. */
	master: MasterKeys | WorkerKeys;
	/** Pool of the worker that runs here. */
	worker_pool?: string | undefined;
	database: DatabaseAccess;
	/** Internal address by service, for those that run elsewhere. */
	peers: Readonly<Record<string, readonly string[] | undefined>>;
	/** Where services of this process answer other processes. Port 0 takes a free one. */
	internal: { host: string; port: number };
	/** Carries events between services. The host closes it. */
	carrier: Carrier;
	/** Carries what may be lost, given the first opened database to do it with. The host closes it. */
	openEphemeral(db: { url: string } | undefined): Ephemeral;
	/** Counts for limits; of this process alone unless told otherwise. The host closes it. */
	counters?: Counters;
	process: ProcessFacts;
	clock: Clock;
	log: Log;
	metrics: Metrics;
	health: HealthRegistry;
}

export interface Host {
	/** Address of the internal server; undefined when no service here answers calls. */
	internal_url: string | undefined;
	/** URL with which a schema's role signs in, to hand to a worker process that may use this schema alone. */
	databaseUrl(schema: string): string | undefined;
	/** A client of a service, wherever it runs, acting as the host. */
	client<A extends Api>(api: A): Client<A, CallerContext>;
	/** Begins the services' background work, in order, and reports ready. */
	start(): Promise<void>;
	/** Ends everything in reverse order. Never throws; what fails is logged. */
	stop(): Promise<void>;
}

const drain_ms = 3_000;
/**
 * So long a process that stops goes on refusing the calls that arrive, before it closes its connections: a call that is on its way when its connection is
 * closed is lost, since nobody knows whether it was heard. Who was refused once asks elsewhere.
 */
const farewell_ms = 500;

/** Builds the services of this process and joins them: databases, keys, events, calls. Nothing moves by itself until `start`. */
export async function createHost(options: HostOptions): Promise<Host> {
	const life = createLifecycle(options.log);
	try {
		return await build(options, life);
	} catch (error) {
		await life.stop();
		throw error;
	}
}

async function build(options: HostOptions, life: Lifecycle): Promise<Host> {
	const { health, master, log } = options;
	let connected = async () => false;
	const services = startOrder(options.services);
	const opened = await openDatabases(services, options.database, master);
	for (const [schema, { db }] of opened) {
		life.onStop(`${schema} database`, () => db.close());
		health.register(`${schema}.database`, () => db.ping());
	}
	const ephemeral = options.openEphemeral([...opened.values()][0]);
	life.onStop("ephemeral", () => ephemeral.close());
	life.onStop("carrier", () => options.carrier.close());
	const counters = options.counters ?? createMemoryCounters();
	life.onStop("counters", () => counters.close());
	health.register("events", () => options.carrier.ping());

	const local = new Map<string, ServiceTransport>();
	const calls = createCalls(options, local, life);
	const outbound = createOutbound(options.outbound ?? { allow: [], deny: [] });
	let internal_url: string | undefined;
	const addressesOf = (name: string): readonly string[] => {
		const here = services.some((service) => service.name === name);
		const addresses = here && internal_url !== undefined ? [internal_url] : options.peers[name];
		if (addresses === undefined) throw new TypeError(`${name} neither runs here nor has an address`);
		return addresses;
	};

	const upgrades = new Map<string, Upgrades>();
	const upgradesOf = (name: string) => upgrades.get(name);
	const answering: { api: Api; invoke: Invoke; upgrades: BuiltService<Api>["upgrades"] }[] = [];
	const starts: (() => Promise<void>)[] = [];
	for (const service of services) {
		const db = service.schema === false ? undefined : opened.get(service.schema)?.db;
		const part = await buildService(service, {
			options,
			life,
			db,
			ephemeral,
			counters,
			calls,
			outbound,
			addressesOf,
			upgradesOf,
		});
		if (part.built.upgrades !== undefined) upgrades.set(service.name, part.built.upgrades);
		local.set(service.name, createLocalTransport(part.api, part.invoke));
		if (Object.keys(part.api.operations).length > 0 || part.built.upgrades !== undefined) {
			answering.push({ api: part.api, invoke: part.invoke, upgrades: part.built.upgrades });
		}
		starts.push(async () => {
			life.onStop(service.name, () => part.built.stop?.());
			await part.built.start?.();
		});
	}

	// Where it has a port of its own, a process says how it is, even one that answers no calls.
	if (answering.length > 0 || options.internal.port !== 0) {
		const tokens = tokensOf("host", options);
		const server = createInternalServer({
			services: answering,
			tokens,
			health,
			metrics: options.metrics,
			log,
		});
		connected = () => new Promise((resolve) => server.server.getConnections((_, count) => resolve(count > 0)));
		await listenOn(server, options.internal, {
			announce: "Answering our own processes at",
			settings: "NETCONDUCTOR_INTERNAL_HOST and NETCONDUCTOR_INTERNAL_PORT",
		});
		life.onStop("internal server", () => closeWithin(server, drain_ms));
		internal_url = urlOf(server.server.address() as AddressInfo);
	}

	return {
		internal_url,
		databaseUrl: (schema) => opened.get(schema)?.url,
		client: (api) => createServiceClient(api, calls("host", api)),
		async start() {
			await life.start();
			for (const start of starts) await start();
			health.enter("running");
		},
		async stop() {
			health.enter("stopping");
			if (await connected()) await sleep(farewell_ms);
			await life.stop();
		},
	};
}

function tokensOf(service: string, { master, worker_pool }: HostOptions): ServiceTokens {
	if (isWorkerKeys(master)) return createRemoteWorkerTokens(master.pool, Buffer.from(master.token_seed, "base64url"));
	return createServiceTokens(service, deriveKey(master.current, "service tokens"), {
		seedOfPool: (pool) => workerTokenSeed(master, pool),
		worker_pool: service === "worker" ? worker_pool : undefined,
	});
}

type Calls = (caller: string, api: Api) => ServiceTransport;

/** Ways to services, found at the first call: what is called may be built after its caller, or run elsewhere. */
function createCalls(options: HostOptions, local: Map<string, ServiceTransport>, life: Lifecycle): Calls {
	const remote = new Map<string, ServiceTransport>();
	// Registered before any service starts, so that one which stops can still call others while it finishes what it has.
	life.onStop("calls to other processes", () =>
		Promise.all([...remote.values()].map((transport) => transport.close())),
	);

	function reach(caller: string, name: string): ServiceTransport {
		const known = local.get(name) ?? remote.get(`${caller} ${name}`);
		if (known !== undefined) return known;
		const base_urls = options.peers[name];
		if (base_urls === undefined)
			throw new TypeError(`${caller} needs ${name}, which neither runs here nor has an address`);
		const transport = createHttpTransport({ service: name, base_urls, tokens: tokensOf(caller, options) });
		remote.set(`${caller} ${name}`, transport);
		return transport;
	}

	return (caller, api) => ({
		call: (operation, name, raw, context) => reach(caller, api.name).call(operation, name, raw, context),
		close: async () => {},
	});
}

interface Surroundings {
	options: HostOptions;
	life: Lifecycle;
	db: Database | undefined;
	ephemeral: Ephemeral;
	counters: Counters;
	calls: Calls;
	outbound: Outbound;
	addressesOf(service: string): readonly string[];
	upgradesOf(service: string): Upgrades | undefined;
}

async function buildService(
	service: AnyService,
	{ options, life, db, ephemeral, counters, calls, outbound, addressesOf, upgradesOf }: Surroundings,
): Promise<{ built: BuiltService<Api>; api: Api; invoke: Invoke }> {
	const { clock, metrics, health } = options;
	const log = options.log.child({ service: service.name });
	const needs: Record<string, Api> = service.needs;
	// A schema that two services share (tasks and its workers) is looked after by the one it is named after.
	const own =
		db !== undefined && service.schema === service.name ? await prepareSchema(service, db, options, log) : undefined;
	const outbox = own?.outbox ?? (db === undefined ? undefined : createOutbox(db));

	const account: Actor = { kind: "service", id: `service:${service.name}`, name: service.name, permissions: ["*"] };
	// Services are written against their declared needs; here they are all alike, and what one did not declare is absent.
	const context = {
		db,
		vault: own?.vault,
		outbox,
		ephemeral,
		counters,
		clients: mapValues(needs, (api) => createServiceClient(api, calls(service.name, api))),
		transports: mapValues(needs, (api) => calls(service.name, api)),
		outbound,
		addressesOf,
		upgradesOf,
		clientOf: <A extends Api>(api: A) => createServiceClient(api, calls(service.name, api)),
		config: service.config === undefined ? undefined : options.config[service.config.section],
		clock,
		log,
		metrics,
		health,
		ownAccount: () => ({ actor: account }),
		process: options.process,
	} as unknown as ServiceContext<never, never>;
	const built: BuiltService<Api> = await service.setup(context);

	if (own !== undefined) {
		sweepRegularly(own.audit, life, log);
		health.registerBacklog(service.name, () => readBacklog(own.db));
		joinBus(service.name, built, own, { options, life, ephemeral }, log);
	} else if (db !== undefined && !options.services.some(({ name }) => name === service.schema)) {
		const announced = announceOutbox({ db, ephemeral });
		life.onStop(`${service.name} outbox`, () => announced.stop());
	}
	const { api, operations } =
		own === undefined
			? { api: service.api, operations: built.operations }
			: withDeadLetters(service.api, built.operations, own.db, clock);
	const invoke = createInvoker({
		api,
		handlers: operations,
		audit: own?.audit,
		observe: (seen) => metrics.observeRequest({ ...seen, operation: `${service.name}.${seen.operation}` }),
		keeps: built.keeps,
		log,
	});
	return { built, api, invoke };
}

interface OwnSchema {
	db: Database;
	outbox: Outbox;
	vault: Vault;
	audit: AuditTrail;
}

async function prepareSchema(
	service: AnyService,
	db: Database,
	{ master, clock }: HostOptions,
	log: Log,
): Promise<OwnSchema> {
	if (isWorkerKeys(master)) {
		throw failed("startup.worker_keys_invalid", {
			message: `${service.name} cannot run with the keys of a worker: it needs the master key.`,
		});
	}
	await throughRestart(async () => {
		await ensureBusTables(db);
		await ensureAuditTable(db);
		await ensureRotationTable(db);
		if (service.migrations !== undefined) await migrate(db, service.migrations);
	});
	const outbox = createOutbox(db);
	const vault = await createVault({ db, master, service: service.name, log });
	return { db, outbox, vault, audit: createAuditTrail({ service: service.name, db, outbox, clock, log }) };
}

function joinBus(
	service: string,
	built: BuiltService<Api>,
	{ db, outbox, vault }: OwnSchema,
	{ options, life, ephemeral }: Pick<Surroundings, "options" | "life" | "ephemeral">,
	log: Log,
): void {
	const { carrier, clock } = options;
	const { sealed = [] } = built;
	const rotation =
		sealed.length === 0 ? undefined : createKeyRotation({ service, db, vault, sealed, outbox, clock, log });
	const consumers = { ...built.consumers, ...(rotation && { "keys.rotation_requested.v1": rotation.consumer }) };
	life.onStart(async () => {
		const inbox = await startInbox({ db, service, consumers, carrier, clock, log });
		life.onStop(`${service} inbox`, () => inbox.stop());
		const relay = await startRelay({ db, service, carrier, clock, log });
		life.onStop(`${service} relay`, () => relay.stop());
		const onGap = () => {
			inbox.recover();
			relay.recover();
		};
		const heard = hearOfOutbox({ db, ephemeral, onNews: relay.wake, onGap, log });
		life.onStop(`${service} outbox`, () => heard.stop());
		if (rotation !== undefined) {
			rotation.start();
			life.onStop(`${service} key rotation`, () => rotation.stop());
		}
	});
}

function sweepRegularly(audit: AuditTrail, life: Lifecycle, log: Log): void {
	const sweep = async () => {
		try {
			const left = await audit.sweep();
			if (left > 0) log.warn({ left }, "changes were begun by a process that died; recorded as unknown");
		} catch (err) {
			log.error({ err }, "looking for changes that did not end failed");
		}
	};
	life.onStart(async () => {
		await sweep();
		// What it looks for has lain for ten minutes and more.
		const timer = setInterval(sweep, 300_000);
		life.onStop("audit sweep", () => clearInterval(timer));
	});
}

function urlOf({ address, port, family }: AddressInfo): string {
	return family === "IPv6" ? `http://[${address}]:${port}` : `http://${address}:${port}`;
}

function mapValues<T, R>(record: Readonly<Record<string, T>>, change: (value: T) => R): Record<string, R> {
	return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
