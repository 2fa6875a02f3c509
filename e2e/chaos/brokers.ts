import { join } from "node:path";
import { type LabRabbit, startRabbit } from "@netconductor/lab/rabbitmq";
import { type LabRedis, startRedis } from "@netconductor/lab/redis";

/** What the processes of a distributed product reach each other by. */
export interface Brokers {
	rabbit: LabRabbit;
	redis: LabRedis;
}

/** Both of this round alone, with their data in the folder. */
export async function startBrokers(folder: string): Promise<Brokers> {
	const [rabbit, redis] = await Promise.all([
		startRabbit({ dir: join(folder, "rabbitmq") }),
		startRedis({ dir: join(folder, "redis") }),
	]);
	return { rabbit, redis };
}
