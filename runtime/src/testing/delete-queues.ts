import { Connection } from "rabbitmq-client";

/** Deletes these queues of a RabbitMQ with what waits in them; those that are not there are left out. */
export async function deleteQueues(url: string, queues: readonly string[]): Promise<void> {
	const connection = new Connection({ url });
	try {
		for (const queue of queues) await connection.queueDelete({ queue });
	} finally {
		await connection.close();
	}
}
