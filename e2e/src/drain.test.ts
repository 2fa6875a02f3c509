import { Agent, type ClientRequest, request } from "node:http";
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
	const headers = { authorization: `Bearer ${product.admin_token}` };
	return answerTo(request(`${product.url}${path}`, { agent, headers }).end());
}

function answerTo(asked: ClientRequest): Promise<Answered> {
	return new Promise((resolve, reject) => {
		asked.once("error", reject).once("response", (response) => {
			response.resume().once("end", () => {
				resolve({ status: response.statusCode ?? 0, connection: response.headers.connection });
			});
			response.once("error", reject);
		});
	});
}

/** A request whose body has only begun; `end` sends the rest. */
function begin(path: string, agent: Agent): ClientRequest {
	const headers = { "content-type": "application/json", "content-length": 2 };
	const asked = request(`${product.url}${path}`, { method: "POST", agent, headers });
	asked.write("{");
	return asked;
}

test("under load it says no to the load balancer first, and answers every request that reached it", async () => {
	const agents = Array.from({ length: 8 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
	const probe = new Agent();
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
	const kept = new Agent({ keepAlive: true });
	const begun = begin("/api/auth/login", kept);
	const begunAnswer = answerTo(begun);
	await ask("/api/devices", probe);
	const stopped = product.stop();
	await eventually("it says that it stops", async () => {
		const { status } = await ask("/health/ready", probe);
		return status === 503;
	});
	begun.end("}");
	// Also who asked before it stopped is told that this was the last answer here.
	expect(await begunAnswer).toEqual({ status: 400, connection: "close" });
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
