import { stretchWire, type Wire } from "@netconductor/lab/wire";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@netconductor/runtime/db/embedded-postgres";
import { createLog } from "@netconductor/runtime/log";
import type { Brokers } from "./brokers.ts";
import type { RoundPlan } from "./plan-round.ts";

/** What lies between a product and what it stands on, as far as a round does something to it. */
export interface Stretch {
	wires: { postgres?: Wire; rabbitmq?: Wire; redis?: Wire };
	/** Where the product finds what it is not to start itself. */
	env: Record<string, string>;
	/** A PostgreSQL in the data directory that is not the product's own; undefined where the product starts one. */
	database: EmbeddedPostgres | undefined;
	close(): Promise<void>;
}

export async function stretchWires(
	{ faults }: RoundPlan,
	data_dir: string,
	brokers: Brokers | undefined,
): Promise<Stretch> {
	const has = (...kinds: string[]) => faults.some(({ kind }) => kinds.includes(kind));
	const wires: Stretch["wires"] = {};
	const env: Record<string, string> = {};
	let database: EmbeddedPostgres | undefined;
	if (has("postgres_cut", "slow_database")) {
		database = await startEmbeddedPostgres({ data_dir, log: createLog({ level: "error" }) });
		const { username, password, hostname, pathname } = new URL(database.url);
		const { port } = database;
		const folder = decodeURIComponent(hostname);
		wires.postgres = await stretchWire(() =>
			folder.startsWith("/") ? { path: `${folder}/.s.PGSQL.${port}` } : { port },
		);
		env.DATABASE_URL = `postgres://${username}:${password}@127.0.0.1:${wires.postgres.port}${pathname}`;
	}
	if (brokers !== undefined) {
		const { rabbit, redis } = brokers;
		if (has("rabbitmq_cut")) wires.rabbitmq = await stretchWire(() => ({ port: rabbit.port }));
		if (has("redis_cut")) wires.redis = await stretchWire(() => ({ port: redis.port }));
		env.RABBITMQ_URL = through(rabbit.url, wires.rabbitmq);
		env.REDIS_URL = through(redis.url, wires.redis);
	}
	return {
		wires,
		env,
		database,
		async close() {
			for (const wire of Object.values(wires)) await wire.close();
			await database?.stop();
		},
	};
}

function through(url: string, wire: Wire | undefined): string {
	const changed = new URL(url);
	if (wire !== undefined) changed.port = String(wire.port);
	return changed.href;
}
