import type { FastifyInstance } from "fastify";
import { failed } from "../errors.ts";

/**
 * Begins to listen.
 * @param announce what the log says of the address
 * @param settings the variables that choose the address, for the person who must choose another
 * @throws startup.address_unusable
 */
export async function listenOn(
	app: FastifyInstance,
	{ host, port }: { host: string; port: number },
	{ announce, settings }: { announce: string; settings: string },
): Promise<void> {
	try {
		await app.listen({ host, port, listenTextResolver: (address) => `${announce} ${address}` });
	} catch (cause) {
		const { code } = cause as NodeJS.ErrnoException;
		const why = code === "EADDRINUSE" ? "another program listens there already" : (code ?? String(cause));
		throw failed("startup.address_unusable", {
			message: `Cannot listen on ${host}:${port}: ${why}. Choose another with ${settings}.`,
			cause,
		});
	}
}
