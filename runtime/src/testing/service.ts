import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Client } from "@netconductor/contracts/kernel/client";
import { type Api, defineApi } from "@netconductor/contracts/kernel/operation";
import { createPostgresEphemeral } from "../bus/ephemeral.ts";
import { createInProcessCarrier } from "../bus/in-process-carrier.ts";
import { type Clock, systemClock } from "../clock.ts";
import { type ConfigValue, loadConfig } from "../config.ts";
import { createHealth } from "../health.ts";
import type { CallerContext } from "../host/call.ts";
import { createHost, type Host } from "../host/host.ts";
import { type AnyService, defineService, type Handlers, type ProcessFacts } from "../host/service.ts";
import { newId } from "../id.ts";
import { createLog } from "../log.ts";
import { createMetrics } from "../metrics.ts";
import { outboundConfig } from "../runtime-config.ts";
import { type TestDatabase, testDatabase } from "./database.ts";
import { testMaster } from "./master.ts";

export interface TestHostOptions {
	services: readonly AnyService[];
	/**
	 * Answers in place of services that are not part of the test. Input and answers are checked against the contract like any
	 * service's, so that a peer cannot drift from what it stands for.
	 */
	peers?: readonly AnyService[];
	/** Internal addresses of services in other processes. */
	addresses?: Readonly<Record<string, readonly string[]>>;
	/** Variables as an operator would set them. */
	env?: Readonly<Record<string, string>>;
	clock?: Clock;
	data_dir?: string;
	simulator?: ProcessFacts["simulator"];
	/** Shows what the services log. */
	log_level?: "silent" | "error" | "warn" | "info" | "debug";
}

export interface TestHost {
	host: Host;
	database: TestDatabase;
	/** Calls as `admin` unless told otherwise. */
	client<A extends Api>(api: A, actor?: Actor): Client<A>;
	stop(): Promise<void>;
}

export const admin: Actor = {
	kind: "user",
	id: "01900000-0000-7000-8000-000000000001",
	name: "admin",
	role: "admin",
	permissions: ["*"],
};

/** An actor with just these permissions. */
export function actorWith(...permissions: string[]): Actor {
	return { kind: "user", id: "01900000-0000-7000-8000-000000000002", name: "tester", permissions };
}

/** A service that answers some operations of a contract, for tests of those that call it. Other operations fail. */
export function peer<A extends Api>(api: A, operations: Partial<Handlers<A>>): AnyService {
	const refuse = (name: string) => async () => {
		throw new TypeError(`this test did not expect a call of ${api.name}.${name}`);
	};
	return defineService({
		name: api.name,
		// It keeps no records of changes: only the service that it stands for has an audit trail.
		api: defineApi(
			api.name,
			Object.fromEntries(
				Object.entries(api.operations).map(([name, operation]) => [name, { ...operation, changes: false }]),
			),
		),
		schema: false,
		setup: () => ({
			operations: Object.fromEntries(
				Object.keys(api.operations).map((name) => [name, operations[name as keyof typeof operations] ?? refuse(name)]),
			) as never,
		}),
	});
}

const stands_on = { database: "external", events: "in this process", live: "PostgreSQL" } as const;

/** Services on a real, empty PostgreSQL, joined as the product joins them. */
export async function startTestHost(options: TestHostOptions): Promise<TestHost> {
	const {
		services,
		peers = [],
		addresses = {},
		env = {},
		clock = systemClock,
		data_dir = "/nonexistent",
		simulator,
	} = options;
	const all = [...services, ...peers];
	const database = await testDatabase(services[0]?.name ?? "host");
	const slices = services.flatMap(({ config }) => (config === undefined ? [] : [config]));
	const config = loadConfig({ slices: [outboundConfig, ...slices], env, cwd: "/" });
	const log = createLog({
		level: options.log_level ?? "error",
		destination: { write: (line) => process.stderr.write(line) },
	});
	try {
		const host = await createHost({
			services: all,
			config,
			outbound: config.outbound as ConfigValue<typeof outboundConfig>,
			master: testMaster,
			database: { admin_url: database.admin_url, pool_size: 5 },
			peers: addresses,
			internal: { host: "127.0.0.1", port: 0 },
			carrier: createInProcessCarrier({
				services: services.filter(({ name, schema }) => schema === name).map(({ name }) => name),
			}),
			openEphemeral: (db) => createPostgresEphemeral({ url: db?.url ?? database.url, log }),
			process: { id: newId(), version: "0.0.0-test", data_dir, stands_on, ...(simulator && { simulator }) },
			clock,
			log,
			metrics: createMetrics({ process_metrics: false }),
			health: createHealth(),
		});
		await host.start();
		return {
			host,
			database,
			client(api, actor = admin) {
				const context: CallerContext = { actor };
				const typed = host.client(api) as unknown as Record<
					string,
					(input: unknown, context: CallerContext) => unknown
				>;
				return Object.fromEntries(
					Object.keys(api.operations).map((name) => [name, (input: unknown) => typed[name]?.(input, context)]),
				) as never;
			},
			async stop() {
				await host.stop();
				await database.stop();
			},
		};
	} catch (error) {
		await database.stop();
		throw error;
	}
}
