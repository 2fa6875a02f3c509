import type { FastifyInstance } from "fastify";

/** Stops taking requests, lets those under way finish for so long, then closes what is left open. */
export async function closeWithin(app: FastifyInstance, drain_ms: number): Promise<void> {
	const force = setTimeout(() => app.server.closeAllConnections(), drain_ms);
	try {
		await app.close();
	} finally {
		clearTimeout(force);
	}
}
