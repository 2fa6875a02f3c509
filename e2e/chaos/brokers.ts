import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { apis } from "@netconductor/contracts/apis";
import { type LabRabbit, startRabbit } from "@netconductor/lab/rabbitmq";
import { type LabRedis, startRedis } from "@netconductor/lab/redis";
import { deleteQueues } from "@netconductor/runtime/testing/delete-queues";

/** What the processes of a distributed product reach each other by. */
export interface Brokers {
	rabbit: LabRabbit;
	redis: LabRedis;
}

/** Both for all rounds, with their data in the folder: a RabbitMQ takes longer to start than a round may. */
export async function startBrokers(folder: string): Promise<Brokers> {
	const dirs = { rabbit: join(folder, "rabbitmq"), redis: join(folder, "redis") };
	for (const dir of Object.values(dirs)) mkdirSync(dir, { recursive: true, mode: 0o700 });
	const [rabbit, redis] = await Promise.all([startRabbit({ dir: dirs.rabbit }), startRedis({ dir: dirs.redis })]);
	return { rabbit, redis };
}

/** As they were at first: the next product must not hear of what the one before said. Starts what does not run. */
export async function emptyBrokers({ rabbit, redis }: Brokers): Promise<void> {
	await redis.kill();
	await Promise.all([redis.start(), rabbit.start()]);
	await deleteQueues(
		rabbit.url,
		[...Object.keys(apis), "realtime", "gateway", "dead_letters"].map((name) => `netconductor.${name}`),
	);
}
