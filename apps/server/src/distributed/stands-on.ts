import { join } from "node:path";
import { missingPackages, requirePackages } from "@netconductor/lab/packages";
import { startRabbit } from "@netconductor/lab/rabbitmq";
import { startRedis } from "@netconductor/lab/redis";
import { startEmbeddedPostgres } from "@netconductor/runtime/db/embedded-postgres";
import type { createLifecycle } from "@netconductor/runtime/host/lifecycle";
import type { Log } from "@netconductor/runtime/log";
import type { Settings } from "../settings.ts";

interface StandsOn {
	settings: Settings;
	data_dir: string;
	log: Log;
	life: ReturnType<typeof createLifecycle>;
}

/**
 * Starts what several processes stand on as far as no address of it is given: the embedded PostgreSQL, the RabbitMQ and Redis of Debian's
 * packages on ports of their own, with data in the data folder. Answers the variables with their addresses.
 * @throws RangeError naming the packages that are missing
 */
export async function startWhatIsNotGiven({
	settings,
	data_dir,
	log,
	life,
}: StandsOn): Promise<Record<string, string>> {
	const starters = [
		{ variable: "DATABASE_URL", given: settings.database.url, start: () => startEmbeddedPostgres({ data_dir, log }) },
		{
			variable: "RABBITMQ_URL",
			given: settings.rabbitmq.url,
			package: "rabbitmq-server" as const,
			start: () => startRabbit({ dir: join(data_dir, "rabbitmq") }),
		},
		{
			variable: "REDIS_URL",
			given: settings.redis.url,
			package: "redis-server" as const,
			start: () => startRedis({ dir: join(data_dir, "redis") }),
		},
	].filter(({ given }) => given === undefined);
	await needPackages(starters);
	const started = await Promise.all(
		starters.map(async ({ variable, start }) => {
			const server = await start();
			life.onStop(variable, () => server.stop());
			log.info(`${variable} was not given: started one`);
			return [variable, server.url] as const;
		}),
	);
	return Object.fromEntries(started);
}

async function needPackages(
	starters: readonly { variable: string; package?: "rabbitmq-server" | "redis-server" }[],
): Promise<void> {
	const packages = starters.flatMap(({ package: name }) => (name === undefined ? [] : [name]));
	if (packages.length === 0) return;
	if ((await missingPackages(packages)).length > 0) process.stdout.write(`Installing ${packages.join(", ")}...\n`);
	const missing = await requirePackages(packages);
	if (missing.length === 0) return;
	const variables = starters.flatMap((starter) =>
		missing.some((name) => name === starter.package) ? [starter.variable] : [],
	);
	throw new RangeError(`install ${missing.join(" and ")}, or set ${variables.join(" and ")}`);
}
