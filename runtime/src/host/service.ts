import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { Api, HandlerInput, HandlerOutput, Operation } from "@netconductor/contracts/kernel/operation";
import type { Ephemeral } from "../bus/ephemeral.ts";
import type { Consumers } from "../bus/inbox.ts";
import type { Outbox } from "../bus/outbox.ts";
import type { Clock } from "../clock.ts";
import type { ConfigSlice, ConfigValue } from "../config.ts";
import type { Database } from "../db/database.ts";
import type { HealthRegistry } from "../health.ts";
import type { Outbound } from "../http/outbound.ts";
import type { Counters } from "../limits/counters.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Vault } from "../vault.ts";
import type { SealedColumn } from "../vault-rotation.ts";
import type { CallerContext, ChangeNote, ServiceTransport } from "./call.ts";
import type { Simulator } from "./simulator.ts";

/** What every handler is given besides its input. */
export interface CallContext extends Required<Omit<CallerContext, "worker_pool">>, Pick<CallerContext, "worker_pool"> {
	/** Adds to the audit record of this call; has no effect where the operation changes nothing. */
	note(change: ChangeNote): void;
}

export type Call<O extends Operation> = HandlerInput<O> & CallContext;

/** A use case: input is parsed and permission checked; the answer is validated after. */
export type Handler<O extends Operation> = (call: Call<O>) => Promise<HandlerOutput<O>>;

export type Handlers<A extends Api> = { [K in keyof A["operations"]]: Handler<A["operations"][K]> };

export type { Consumer, Consumers } from "../bus/inbox.ts";

/** Other services by the name of their contract. */
export type Needs = Record<string, Api>;
export type Clients<N extends Needs> = { [K in keyof N]: Client<N[K], CallerContext> };

/** What a service is given to build itself from. */
export interface ServiceContext<N extends Needs, C extends ConfigSlice> {
	/** The service's own schema. Absent only for services that declare `schema: false`, where touching it throws. */
	db: Database;
	/** Seals secrets at rest with the service's own key. */
	vault: Vault;
	/** Events: written in the caller's transaction, delivered after its commit. */
	outbox: Outbox;
	/** Messages that may be lost: live output, progress ticks. */
	ephemeral: Ephemeral;
	/** Counts within windows, for limits: of all processes together where Redis is configured. */
	counters: Counters;
	clients: Clients<N>;
	/** The ways to the same services, for passing calls on unparsed. */
	transports: { [K in keyof N]: ServiceTransport };
	/** Requests to the world outside: the only way to send one. */
	outbound: Outbound;
	/** Where a service listens for our other processes, this one included, each of its processes: `http://127.0.0.1:41234`. */
	addressesOf(service: string): readonly string[];
	/** What takes connections over for a service that runs in this process; undefined where it does not. Known once the services start. */
	upgradesOf(service: string): Upgrades | undefined;
	/**
	 * A client of whichever service, for one that looks at all of them and needs none to work: it is neither started before nor checked to have
	 * an address.
	 */
	clientOf<A extends Api>(api: A): Client<A, CallerContext>;
	config: ConfigValue<C>;
	clock: Clock;
	log: Log;
	metrics: Metrics;
	health: HealthRegistry;
	/** Context for calls that the service makes on its own account (schedules, consumers, background work). */
	ownAccount(): CallerContext;
	/** Settings of the whole process that a few services need. */
	process: ProcessFacts;
}

export interface ProcessFacts {
	/** Unique for this start of this process. */
	id: string;
	version: string;
	data_dir: string;
	/** Where a browser on this machine reaches the web app by a name; undefined for a process without the gateway. */
	local_url?: string | undefined;
	/** What the process stands on, for people. */
	stands_on: { database: "embedded" | "external"; events: string; live: string };
	/** Loads the simulator; answers undefined where it is not installed. */
	simulator?(): Promise<Simulator | undefined>;
}

/** Takes over connections that ask for an upgrade (WebSocket) under a path. Writes whole frames. */
export interface Upgrades {
	prefix: `/${string}/`;
	accept(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** What a service is made of, once built. */
export interface BuiltService<A extends Api> {
	operations: Handlers<A>;
	/** What it does when something happened elsewhere: each in the transaction that also marks the event as handled, without other I/O. */
	consumers?: Consumers;
	/** Answers that are kept for as long as what they are made of stays as it is. */
	keeps?: {
		/** Tells whether it has: another text after every commit that might make another answer. It is asked at each question, so has to cost little. */
		state(): Promise<string>;
		/** Those operations, the same for all. */
		operations: readonly (keyof A["operations"] & string)[];
	};
	/** Columns that hold what the vault sealed, for key rotation. */
	sealed?: SealedColumn[];
	upgrades?: Upgrades;
	/** Begins background work: schedules, listeners. Every service's operations can be called by then. */
	start?(): Promise<void>;
	/** Takes nothing new, finishes or hands back what runs, closes. Called before the database goes. */
	stop?(): Promise<void>;
}

/** A statement for a service's schema that was restored from a backup of the system: time has passed that its tables know nothing of. */
export interface AfterRestore {
	/** On the tables of the oldest backup that can be restored, as the schema's owner. */
	statement: string;
	/** What whoever restored has to know, or to do, where it changed so many rows. */
	tell?(rows: number): string;
}

/** What `doctor` asks a service's schema, beside a running server or without one. */
export interface Examination {
	/** What the finding is called. */
	check: string;
	/** On the newest tables; a row for each thing that is not as it should be. */
	query: string;
	/** What is wrong, and what to do about it. */
	tell(rows: readonly Record<string, unknown>[]): { detail: string; mend: string };
}

export interface Service<A extends Api = Api, N extends Needs = Needs, C extends ConfigSlice = ConfigSlice> {
	name: string;
	api: A;
	/** PostgreSQL schema; the service's name unless told, false for a service without a database. */
	schema: string | false;
	/** Folder with the schema's migrations. */
	migrations: URL | undefined;
	/** What must not simply go on after a restore. */
	after_restore: readonly AfterRestore[];
	examinations: readonly Examination[];
	config: C | undefined;
	needs: N;
	/** Of its needs, those that start after it. */
	starts_before: readonly string[];
	setup(context: ServiceContext<N, C>): BuiltService<A> | Promise<BuiltService<A>>;
}

/** A service's front door: what it owns, needs and does. */
export function defineService<
	A extends Api,
	const N extends Needs = Record<never, never>,
	C extends ConfigSlice = never,
>(declared: {
	name: string;
	api: A;
	schema?: string | false;
	migrations?: URL;
	after_restore?: readonly AfterRestore[];
	examinations?: readonly Examination[];
	config?: C;
	needs?: N;
	/**
	 * Of its needs, those that need it in turn, and so start after it: it asks them nothing before all have started, and never while it answers
	 * them, or each would wait for the other.
	 */
	starts_before?: readonly (keyof N & string)[];
	setup(context: ServiceContext<N, C>): BuiltService<A> | Promise<BuiltService<A>>;
}): Service<A, N, C> {
	return {
		name: declared.name,
		api: declared.api,
		schema: declared.schema ?? declared.name,
		migrations: declared.migrations,
		after_restore: declared.after_restore ?? [],
		examinations: declared.examinations ?? [],
		config: declared.config,
		needs: declared.needs ?? ({} as N),
		starts_before: declared.starts_before ?? [],
		setup: declared.setup,
	};
}

/** Any service, whatever it needs; for lists of them. */
// biome-ignore lint/suspicious/noExplicitAny: a list holds services of different contracts, which vary in both directions
export type AnyService = Service<any, any, any>;
