import { Agent, request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, type Product, startProduct } from "./product.ts";

/** A server that is told to stop under load: nobody's request is lost, and everybody is told to go elsewhere. */

let product: Product;
beforeAll(async () => {
	product = await startProduct({
		NETCONDUCTOR_HTTP_SHUTDOWN_DELAY_MS: "10000",
		NETCONDUCTOR_WORKERS_PROCESSES: "0",
	});
}, 240_000);
afterAll(() => product?.dispose());

interface Answered {
	status: number;
	connection: string | undefined;
}

/** Rejects where the connection ends without an answer. */
function ask(path: string, agent: Agent): Promise<Answered> {
	return new Promise((resolve, reject) => {
		const headers = { authorization: `Bearer ${product.admin_token}` };
		const asked = request(`${product.url}${path}`, { agent, headers }, (response) => {
			response.resume().once("end", () => {
				resolve({ status: response.statusCode ?? 0, connection: response.headers.connection });
			});
			response.once("error", reject);
		});
		asked.once("error", reject).end();
	});
}

test("under load it says no to the load balancer first, and answers every request that reached it", async () => {
	const agents = Array.from({ length: 8 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
	const answers: Answered[] = [];
	const lost: unknown[] = [];
	let balanced = true;
	// As a load balancer does: asks for as long as the server says that it is ready, over connections that it keeps.
	const clients = agents.map(async (agent) => {
		while (balanced)
			await ask("/api/devices", agent).then(
				(one) => answers.push(one),
				(error) => lost.push(error),
			);
	});
	await eventually("there is load", async () => answers.length > 50);
	const stopped = product.stop();
	const probe = new Agent();
	await eventually("it says that it stops", async () => {
		const { status } = await ask("/health/ready", probe);
		return status === 503;
	});
	const kept = new Agent({ keepAlive: true });
	expect(await ask("/api/devices", kept)).toEqual({ status: 200, connection: "close" });
	const before = answers.length;
	await eventually("it goes on answering meanwhile", async () => answers.length > before + 50);
	balanced = false;
	await Promise.all([...clients, stopped]);
	expect(lost).toEqual([]);
	expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
	expect(answers.at(-1)?.connection).toBe("close");
	expect(answers[0]?.connection).toBe("keep-alive");
	for (const agent of [...agents, probe, kept]) agent.destroy();
});
